// Which tables can be written, decided before the first row.
import { TributaryError } from '../../base/errors.ts';
import { requireKnownLayout } from '../schema/foreign-options.ts';
import { partialUpdateOptions } from '../schema/merge-options.ts';
import { BUCKET_DYNAMIC, BUCKET_POSTPONE, type TableOptions, tableOptions } from '../schema/table-options.ts';
import { keysMayMove, type TableSchema } from '../schema/table-schema.ts';
import { DataFileFormat } from './data-file-writer.ts';
import { tableLayout } from './key-value-file.ts';
import { mergeFunctionOf } from './merge/merge-engine.ts';

/** How a table is written. */
export interface WriteMode {
  readonly hasInputChangelog: boolean;
  /** A truncation deletes row by row, as a changelog has to say what went. */
  readonly deletesOnTruncate: boolean;
  /** Changes are given the before-images that they lack: see `completesChanges`. */
  readonly completesChanges: boolean;
  /** Who remembers which bucket a key is in: hashes of the keys of a partition, or an index of all keys; nobody need. */
  readonly assigner: 'hashes' | 'index' | null;
  /** Rows wait, unmerged and unseen, until a compaction puts them into buckets. */
  readonly isPostponed: boolean;
  /** Throws `E3301` where the present version of a row is not simply its newest one in the files. */
  requireLookups(): void;
}

/** Throws `E3301` for options that this writer cannot serve, `E3358` for BLOB columns. */
export function requireWritable(schema: TableSchema): WriteMode {
  const options = tableOptions(schema);
  requireKnownLayout(schema);
  requireNoBlobs(schema);
  const isPostponed = options.bucket === BUCKET_POSTPONE;
  const hasInputChangelog = options.changelogProducer === 'input' && schema.primaryKeys.length > 0 && !isPostponed;
  for (let level = 0; level < options.levelCount; level++) {
    new DataFileFormat(schema, { content: isPostponed ? 'postponed' : 'data', level });
    if (hasInputChangelog) new DataFileFormat(schema, { content: 'changelog', level });
  }
  if (schema.primaryKeys.length > 0) requireKeyedOptions(schema, options);
  else if (options.bucket === 0 || options.bucket < BUCKET_DYNAMIC) refuse('bucket', options.bucket);
  const requireLookups = (): void => {
    if (isPostponed) refuse('bucket', options.bucket);
    if (options.mergeEngine !== 'deduplicate') refuse('merge-engine', options.mergeEngine);
    if (options.sequenceFields.length > 0) refuse('sequence.field', options.sequenceFields.join(','));
  };
  const hasDynamicBuckets = options.bucket === BUCKET_DYNAMIC && schema.primaryKeys.length > 0;
  return {
    hasInputChangelog,
    // A -D would have to be written of rows that wait, too.
    deletesOnTruncate: !isPostponed && (completesChanges(schema) || hasCompactionChangelog(schema)),
    completesChanges: !isPostponed && completesChanges(schema),
    assigner: !hasDynamicBuckets ? null : keysMayMove(schema) ? 'index' : 'hashes',
    isPostponed,
    requireLookups,
  };
}

/** Throws `E3358` for columns that belong into files of their own. */
function requireNoBlobs({ fields }: TableSchema): void {
  const blob = fields.find(({ type }) => type.kind === 'BLOB');
  if (blob !== undefined)
    throw new TributaryError('E3358', `column of type BLOB cannot be written: column=${blob.name}`);
}

/** Whether compactions make the changelog of a table in which a -D that is newer than a row takes it away. */
function hasCompactionChangelog(schema: TableSchema): boolean {
  const { changelogProducer, mergeEngine, sequenceFields } = tableOptions(schema);
  const isMade = changelogProducer === 'lookup' || changelogProducer === 'full-compaction';
  const removes =
    mergeEngine === 'deduplicate' ||
    (mergeEngine === 'partial-update' && partialUpdateOptions(schema).removeRecordOnDelete);
  return isMade && removes && sequenceFields.length === 0;
}

/**
 * Whether the input changelog of the table gets the before-images that changes come without, looked up in the table. Only
 * where a row is simply its newest version; other changelogs are what was written, which has to be complete.
 */
function completesChanges(schema: TableSchema): boolean {
  const { changelogProducer, mergeEngine, sequenceFields } = tableOptions(schema);
  if (schema.primaryKeys.length === 0 || changelogProducer !== 'input') return false;
  return mergeEngine === 'deduplicate' && sequenceFields.length === 0;
}

function requireKeyedOptions(schema: TableSchema, options: TableOptions): void {
  mergeFunctionOf(schema, { layout: tableLayout(schema), dropRetracts: false });
  if (options.bucket === 0 || options.bucket < BUCKET_POSTPONE) refuse('bucket', options.bucket);
}

function refuse(option: string, value: string | number): never {
  throw new TributaryError('E3301', `table with this option cannot be written yet: ${option}=${value}`);
}
