// Options of Paimon that this implementation does not act on although others do: those that only leave something undone,
// which is told, and those with which rows would be read or written wrongly, which is refused. docs/compatibility.md has
// the list; options about memory, threads, caches and the sources and sinks of engines are none of these.
import { TributaryError } from '../../base/errors.ts';
import type { TableSchema } from './table-schema.ts';

type OptionTexts = TableSchema['options'];

/** An option that is kept and not followed. */
export interface UnfollowedOption {
  readonly option: string;
  readonly value: string;
  /** What is not done. */
  readonly consequence: string;
}

const UNSHREDDED = 'variants are written whole';
const NO_INDEX = 'no indexes of this kind are built, nor used by reads';

/** What each option leaves undone. */
export const UNFOLLOWED: ReadonlyMap<string, string> = new Map([
  ['metadata.iceberg.storage', 'no Iceberg metadata is written: readers of Iceberg do not see what is committed here'],
  ['commit.callbacks', 'the callbacks, which are Java classes, are not called'],
  ['commit.custom-listeners', 'the listeners, which are Java classes, are not called'],
  ['tag.callbacks', 'the callbacks, which are Java classes, are not called'],
  ['tag.create-success-file', 'no success files are made for tags'],
  ['metastore.partitioned-table', 'partitions are not registered in a metastore'],
  ['metastore.tag-to-partition', 'tags are not registered in a metastore'],
  ['metastore.tag-to-partition.preview', 'tags are not registered in a metastore'],
  ['data-file.external-paths.strategy', "data files are written into the table's own directory"],
  ['partition.idle-time-to-done', 'partitions are marked as done by `table mark-done` alone'],
  ['partition.end-input-to-done', 'partitions are marked as done by `table mark-done` alone'],
  ['visibility-callback.enabled', 'commits do not wait until their rows are compacted and seen'],
  ['query-auth.enabled', 'reads are not restricted to the rows and columns that a catalog allows'],
  ['variant.shreddingSchema', UNSHREDDED],
  ['parquet.variant.shreddingSchema', UNSHREDDED],
  ['variant.inferShreddingSchema', UNSHREDDED],
  ['pk-bitmap.index.columns', NO_INDEX],
  ['pk-btree.index.columns', NO_INDEX],
  ['pk-full-text.index.columns', NO_INDEX],
  ['pk-multivalue.index.columns', NO_INDEX],
  ['pk-vector.index.columns', NO_INDEX],
  ['target-file-row-num', 'the size alone decides when a file is full'],
]);

/** Values by which an option asks for nothing. */
const NOTHING: readonly string[] = ['', 'false', 'none', 'disabled'];
/** Options with which files are other than ours, unless they have a value that means nothing. */
const LAYOUT_REFUSALS: readonly (readonly [option: string, isHarmless: (value: string) => boolean])[] = [
  // Manifests are read by the format that the option says, and ours are Avro.
  ['manifest.format', (value) => value === 'avro'],
  // Files are in the order of other columns than the key: a merge by key would lose and double rows.
  ['pk-clustering-override', isOff],
  // Of two rows of a key the one of the later snapshot wins, whatever its sequence number.
  ['sequence.snapshot-ordering', isOff],
  ['chain-table.enabled', isOff],
];
/** Branches of which a chain table reads the partitions that it does not have itself. */
const CHAIN_BRANCHES: readonly string[] = ['scan.fallback-snapshot-branch', 'scan.fallback-delta-branch'];
/** What `type` may say of a table that is one of ours. */
const OWN_TYPES: readonly string[] = ['table', 'materialized-table'];

function isOff(value: string): boolean {
  return value === 'false';
}

function textOf(options: OptionTexts, option: string): string | null {
  return options[option]?.trim().toLowerCase() ?? null;
}

/** The options of a table that are kept and not followed, in the order of the table's options. */
export function unfollowedOptions(options: OptionTexts): readonly UnfollowedOption[] {
  return Object.entries(options).flatMap(([option, value]) => {
    const consequence = UNFOLLOWED.get(option);
    if (consequence === undefined || NOTHING.includes(value.trim().toLowerCase())) return [];
    return [{ option, value, consequence }];
  });
}

/** Throws `E3301` for a table whose files or commits would be other than its readers expect. */
export function requireKnownLayout({ options }: Pick<TableSchema, 'options'>): void {
  for (const [option, isHarmless] of LAYOUT_REFUSALS) {
    const value = textOf(options, option);
    if (value === null || isHarmless(value)) continue;
    throw new TributaryError('E3301', `table with this option cannot be written yet: ${option}=${options[option]}`);
  }
}

/** A table, or a branch of it, whose metadata stand elsewhere. */
interface KnownTable {
  readonly schema: Pick<TableSchema, 'options'>;
  readonly paths: { readonly root: string; readonly metaRoot: string };
}

/** Throws `E3244` for a table, or a branch of it, of which other rows would be read than it holds. */
export function requireKnownRows({ schema: { options }, paths }: KnownTable): void {
  const isChain = textOf(options, 'chain-table.enabled') === 'true' && paths.metaRoot === paths.root;
  const reads = CHAIN_BRANCHES.every((option) => (textOf(options, option) ?? '') !== '');
  if (isChain && reads) throw unreadable('chain-table.enabled', 'partitions of other branches belong to it');
  if (textOf(options, 'sequence.snapshot-ordering') === 'true')
    throw unreadable('sequence.snapshot-ordering', 'the later snapshot decides which row of a key is the newest');
  const format = textOf(options, 'manifest.format');
  if (format !== null && format !== 'avro') throw unreadable('manifest.format', `manifests are in ${format}`);
}

function unreadable(option: string, reason: string): TributaryError {
  return new TributaryError('E3244', `table with this option cannot be read: ${option} (${reason})`);
}

/** The rule that a new table's options break by which a catalog of files cannot have it; null where there is none. */
export function catalogRule(options: OptionTexts): string | null {
  const type = textOf(options, 'type') ?? 'table';
  if (!OWN_TYPES.includes(type)) return `a catalog of files has no tables of that type: type=${type}`;
  return textOf(options, 'auto-create') === 'true' ? 'auto-create is not for tables in a catalog' : null;
}
