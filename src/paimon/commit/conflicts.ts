// Whether a commit fits the table as it is: nothing is published that readers or other writers would refuse.
// Source: ConflictDetection (format notes 01 section 5.1).
import { assert, TributaryError } from '../../base/errors.ts';
import { compareBinaryRows } from '../format/binary-row.ts';
import { bucketKey, partitionKey } from '../lsm/live-files.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from '../meta/manifest-entry.ts';
import { fileIdentity } from '../meta/merge-entries.ts';
import type { CommitKind } from '../meta/snapshot.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';
import type { LiveIndex } from './live-index.ts';
import { checkRowIds } from './row-ids.ts';

/** The order of serialized keys of a table; null for an append table, whose files have none. */
export type KeyOrder = ((a: BinaryRowBytes, b: BinaryRowBytes) => number) | null;

/** The key order of a table. */
export function keyOrderOf(schema: TableSchema): KeyOrder {
  const names = trimmedPrimaryKeys(schema);
  if (names.length === 0) return null;
  const types = names.map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name);
    assert(field !== undefined, `key is not a column: column=${name}`);
    return field.type;
  });
  return (a, b) => compareBinaryRows(types, a, b);
}

/** The files that a commit changes. */
export interface FileChanges {
  readonly kind: CommitKind;
  readonly added: readonly ManifestEntry[];
  readonly deleted: readonly ManifestEntry[];
  /** Of files that go on with rows that are there: the snapshot that they were made from. */
  readonly rowsAsOf?: bigint;
}

/** Throws E9001 for changes that contradict themselves, whatever the table holds. */
export function assertConsistent(changes: FileChanges): void {
  const seen = new Set<string>();
  for (const entry of [...changes.deleted, ...changes.added]) {
    const identity = fileIdentity(entry);
    assert(!seen.has(identity), `commit names a file twice: file=${entry.file.fileName} level=${entry.file.level}`);
    seen.add(identity);
  }
  assert(
    changes.added.every((entry) => entry.kind === FILE_ADD) &&
      changes.deleted.every((entry) => entry.kind === FILE_DELETE),
    'commit has entries of the wrong kind',
  );
  // Streaming readers take the delta of an APPEND as level-0 rows, and throw at a DELETE (format notes 01 section 4).
  assert(
    changes.kind !== 'APPEND' || (changes.deleted.length === 0 && changes.added.every(({ file }) => file.level === 0)),
    'APPEND commit deletes files or adds some above level 0',
  );
}

/** Throws E3381, E3450, E3451 or E3452 if the changes do not fit the live files. */
export function checkConflicts(changes: FileChanges, live: LiveIndex, order: KeyOrder): void {
  for (const entry of changes.deleted) {
    if (!live.has(entry)) throw gone(entry);
  }
  for (const entry of changes.added) {
    assert(!live.has(entry), `commit adds a file that is there: file=${entry.file.fileName}`);
  }
  if (changes.kind !== 'OVERWRITE') checkTotalBuckets(changes, live);
  if (order !== null) checkKeyRanges(changes, live, order);
  else checkRowIds(changes, live);
}

function checkTotalBuckets(changes: FileChanges, live: LiveIndex): void {
  const known = new Map<string, number>();
  for (const entry of changes.added) {
    if (entry.totalBuckets <= 0) continue;
    const key = partitionKey(entry.partition);
    const before = known.get(key) ?? totalBucketsOf(live, entry.partition) ?? entry.totalBuckets;
    known.set(key, before);
    if (before === entry.totalBuckets) continue;
    throw new TributaryError(
      'E3452',
      `number of buckets of a partition changes without an overwrite: file=${entry.file.fileName} before=${before} now=${entry.totalBuckets}`,
    );
  }
}

function totalBucketsOf(live: LiveIndex, partition: Uint8Array): number | null {
  for (const entry of live.partition(partition)) if (entry.totalBuckets > 0) return entry.totalBuckets;
  return null;
}

/** On every level above 0 that gets a file, the key ranges of a bucket must not touch. */
function checkKeyRanges(changes: FileChanges, live: LiveIndex, order: NonNullable<KeyOrder>): void {
  const levels = new Map<string, ManifestEntry[]>();
  for (const entry of changes.added) {
    if (entry.file.level === 0) continue;
    const key = levelKey(entry);
    const files = levels.get(key) ?? [];
    files.push(entry);
    levels.set(key, files);
  }
  if (levels.size === 0) return;
  const deleted = new Set(changes.deleted.map(fileIdentity));
  for (const added of levels.values()) {
    const { partition } = added[0];
    const key = levelKey(added[0]);
    const staying = [...live.partition(partition)].filter(
      (entry) => levelKey(entry) === key && !deleted.has(fileIdentity(entry)),
    );
    checkApart([...staying, ...added], order);
  }
}

function levelKey(entry: ManifestEntry): string {
  return `${entry.file.level}/${bucketKey(entry.partition, entry.bucket)}`;
}

function checkApart(entries: ManifestEntry[], order: NonNullable<KeyOrder>): void {
  const files = entries.map((entry) => entry.file).sort((a, b) => order(a.minKey, b.minKey));
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    if (next === undefined || order(file.maxKey, next.minKey) < 0) continue;
    throw new TributaryError(
      'E3451',
      `files of one level overlap: level=${file.level} bucket=${entries[0].bucket} file=${file.fileName} other=${next.fileName}`,
    );
  }
}

function gone(entry: ManifestEntry): TributaryError {
  const { fileName, level } = entry.file;
  return new TributaryError(
    'E3450',
    `file to be deleted is not live: file=${fileName} bucket=${entry.bucket} level=${level}`,
  );
}
