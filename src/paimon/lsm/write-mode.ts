// Which tables can be written, decided before the first row.
import { TributaryError } from '../../base/errors.ts';
import { BUCKET_DYNAMIC, type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { DataFileFormat } from './data-file-writer.ts';
import { requireSupportedEngine } from './merge/merge-engine.ts';

/** How a table is written. */
export interface WriteMode {
  readonly hasInputChangelog: boolean;
  /** Which bucket a key is in has to be remembered. */
  readonly hasDynamicBuckets: boolean;
  /** Throws `E3301` where the newest version of a row cannot be told from the order of files. */
  requireLookups(): void;
}

/** Throws `E3301` for options that this writer cannot serve, `E3350` for merge engines. */
export function requireWritable(schema: TableSchema): WriteMode {
  const options = tableOptions(schema);
  const hasInputChangelog = options.changelogProducer === 'input' && schema.primaryKeys.length > 0;
  new DataFileFormat(schema, 'data');
  if (hasInputChangelog) new DataFileFormat(schema, 'changelog');
  if (schema.primaryKeys.length > 0) requireKeyedOptions(schema, options);
  else if (options.bucket === 0 || options.bucket < BUCKET_DYNAMIC) refuse('bucket', options.bucket);
  const requireLookups = (): void => {
    if (options.sequenceFields.length > 0) refuse('sequence.field', options.sequenceFields.join(','));
  };
  if (hasInputChangelog) requireLookups();
  const hasDynamicBuckets = options.bucket === BUCKET_DYNAMIC && schema.primaryKeys.length > 0;
  return { hasInputChangelog, hasDynamicBuckets, requireLookups };
}

function requireKeyedOptions(schema: TableSchema, options: TableOptions): void {
  requireSupportedEngine(schema);
  if (options.bucket === 0 || options.bucket < BUCKET_DYNAMIC) refuse('bucket', options.bucket);
  const { changelogProducer } = options;
  // Readers of such tables wait for changelog files (format notes 08, item 47).
  if (changelogProducer !== 'none' && changelogProducer !== 'input') refuse('changelog-producer', changelogProducer);
  // Readers of such tables skip level 0 (format notes 08, item 48).
  if (options.deletionVectors) refuse('deletion-vectors.enabled', 'true');
  const isCrossPartition = schema.partitionKeys.some((key) => !schema.primaryKeys.includes(key));
  if (isCrossPartition) refuse('partition', schema.partitionKeys.join(','));
}

function refuse(option: string, value: string | number): never {
  throw new TributaryError('E3301', `table with this option cannot be written yet: ${option}=${value}`);
}
