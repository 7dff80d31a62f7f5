// Dumps of two tables that were made by the same steps, in a form in which they are equal: without what writers draw
// (names, times) and what their encoders decide (sizes of files).
import { type GoldenRow, plainText } from './golden.ts';

/** What was added and taken away by one snapshot, sorted; `list` is `delta` or `changelog`. */
export interface DumpedChange {
  readonly snapshot: number;
  readonly list: string;
  readonly entries: readonly GoldenRow[];
}

/** Drawn by the writer, decided by its encoder, or decoded from what is compared as bytes. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'file',
  'size',
  'creationTime',
  'manifest',
  'extraFiles',
  'partitionValues',
  'minKeyValues',
  'maxKeyValues',
]);

/** The changes of all snapshots by the lines of a dump; lists of the whole state only repeat them. */
export function comparableDump(dump: readonly GoldenRow[]): readonly DumpedChange[] {
  const isExact = isOneBucket(dump);
  const changes: { snapshot: number; list: string; entries: GoldenRow[] }[] = [];
  let list = '';
  for (const line of dump) {
    if ('indexManifest' in line) continue;
    if (line['snapshot'] !== undefined) {
      const snapshot = Number(line['snapshot']);
      list = plainText(line['list']);
      const last = changes.at(-1);
      const isSame = last !== undefined && last.snapshot === snapshot && last.list === list;
      if (list !== 'base' && !isSame) changes.push({ snapshot, list, entries: [] });
    } else if (list !== 'base') changes.at(-1)?.entries.push(line);
  }
  const text = (entry: GoldenRow): string => JSON.stringify(entry);
  return changes.map((change) => {
    const entries = (isExact ? change.entries : withRanks(change.entries)).map(comparableEntry);
    return { ...change, entries: entries.toSorted((a, b) => (text(a) < text(b) ? -1 : 1)) };
  });
}

const place = (line: GoldenRow): string => JSON.stringify([line['partition'], line['bucket']]);

function isOneBucket(dump: readonly GoldenRow[]): boolean {
  return new Set(dump.filter((line) => 'file' in line).map(place)).size === 1;
}

/**
 * The reference numbers the rows of each bucket, we those of the table: what counts is the order within a bucket. The
 * numbers are replaced by their places among those of the bucket's files that one snapshot names.
 */
function withRanks(entries: readonly GoldenRow[]): readonly GoldenRow[] {
  const numbers = new Map<string, Set<number>>();
  for (const line of entries) {
    const known = numbers.get(place(line)) ?? new Set();
    numbers.set(place(line), known.add(Number(line['minSeq'])).add(Number(line['maxSeq'])));
  }
  return entries.map((line) => {
    const ranks = [...(numbers.get(place(line)) ?? [])].sort((a, b) => a - b);
    return { ...line, minSeq: ranks.indexOf(Number(line['minSeq'])), maxSeq: ranks.indexOf(Number(line['maxSeq'])) };
  });
}

function comparableEntry(line: GoldenRow): GoldenRow {
  const entry: Record<string, unknown> = { name: nameForm(plainText(line['file'])) };
  for (const [key, value] of Object.entries(line)) {
    if (LEFT_OUT.has(key)) continue;
    entry[key] = key.endsWith('Stats') ? comparableStats(value as GoldenRow) : value;
  }
  if (isUnaware(line)) for (const name of ['minSeq', 'maxSeq']) delete entry[name];
  entry['extraFiles'] = (line['extraFiles'] as readonly string[]).map((name) => nameForm(name));
  return entry as GoldenRow;
}

/** Append tables without buckets: the reference numbers the rows of each writer from 0, as nothing is ordered by it. */
function isUnaware(line: GoldenRow): boolean {
  return line['totalBuckets'] === -1 && line['keyStats'] === undefined;
}

/** The files that flushes wrote, of all snapshots: what does not depend on when files are compacted. */
export function flushedFiles(changes: readonly DumpedChange[]): readonly GoldenRow[] {
  const entries = changes.flatMap((change) => (change.list === 'delta' ? change.entries : []));
  return entries.filter(({ kind, level }) => kind === 'ADD' && level === 0);
}

function comparableStats({ minHex, maxHex, nulls }: GoldenRow): GoldenRow {
  return { minHex, maxHex, nulls };
}

/** A name of a file without what is drawn. */
function nameForm(name: string): string {
  return name
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-\d+/, '<uuid>')
    .replace(/-u-.*-s-\d+-w-/, '-u-<user>-s-<id>-w-');
}
