// Which options of a table that holds data may change, and how options follow a renamed column.
// Source: SchemaManager (checkAlterTableOption, applyRenameColumnsToOptions).
import { TributaryError } from '../../base/errors.ts';
import { isTrueText } from './option-text.ts';
import type { SchemaChange } from './schema-change.ts';
import type { TableSchema } from './table-schema.ts';
import { BUCKET_DYNAMIC, tableOptions } from './table-options.ts';

type Options = Readonly<Record<string, string>>;

/** Options that the files of a table depend on: they stay as they were when the first row was written. */
const IMMUTABLE: ReadonlySet<string> = new Set([
  'bucket-key',
  'bucket-function.type',
  'data-file.path-directory',
  'merge-engine',
  'aggregation.remove-record-on-delete',
  'partial-update.remove-record-on-delete',
  'partial-update.remove-record-on-sequence-group',
  'rowkind.field',
  'primary-key',
  'partition',
  'force-lookup',
  'row-tracking.enabled',
  'data-evolution.enabled',
  'index-file-in-data-file-dir',
  'blob-descriptor-field',
  'blob-external-storage-path',
  'blob-external-storage-field',
  'pk-clustering-override',
]);
/** Once true, rows are missing that nothing brings back. */
const NEVER_TRUE_TO_FALSE: readonly string[] = ['ignore-delete', 'ignore-update-before'];
const CLUSTERED_BY_OPTION = 'pk-clustering-override';

type OptionChange = Extract<SchemaChange, { readonly kind: 'setOption' | 'removeOption' }>;

/** Refuses the change of an option of a table with data where older files would be read wrongly. Throws `E3132`. */
export function checkOptionChange(change: OptionChange, schema: TableSchema): void {
  const { key } = change;
  if (IMMUTABLE.has(key)) throw refused(`option cannot change once the table has data: option=${key}`);
  if (key === 'clustering.columns' && CLUSTERED_BY_OPTION in schema.options) {
    throw refused(`option cannot change with ${CLUSTERED_BY_OPTION}: option=${key}`);
  }
  const before = tableOptions(schema);
  if (change.kind === 'removeOption') {
    if (key === 'bucket') throw refused('option cannot be removed once the table has data: option=bucket');
    return;
  }
  const after = tableOptions({ ...schema, options: { ...schema.options, [key]: change.value } });
  if (key === 'bucket' && (before.bucket === BUCKET_DYNAMIC || after.bucket === BUCKET_DYNAMIC)) {
    throw refused(`a table with data cannot begin or end to have dynamic buckets: from=${before.bucket}`);
  }
  const dvModifiable = isTrueText(schema.options['deletion-vectors.modifiable']);
  if (key === 'deletion-vectors.enabled' && before.deletionVectors !== after.deletionVectors && !dvModifiable) {
    throw refused(
      'deletion vectors cannot be switched on or off in a table with data: set deletion-vectors.modifiable=true first, and compact fully after',
    );
  }
  if (NEVER_TRUE_TO_FALSE.includes(key) && isTrueText(schema.options[key]) && !isTrueText(change.value)) {
    throw refused(`option cannot change from true to false: option=${key}`);
  }
}

/** Options whose key names one column. */
const COLUMN_SUFFIXES: readonly string[] = ['aggregate-function', 'ignore-retract', 'distinct', 'list-agg-delimiter'];
/** Options whose key and value both name columns. */
const COLUMNS_SUFFIXES: readonly string[] = ['sequence-group', 'nested-key'];
const FIELDS_PREFIX = 'fields.';

/** The options with the new names of renamed columns, as the reference follows them. */
export function renameInOptions(options: Options, names: ReadonlyMap<string, string>): Options {
  if (names.size === 0) return options;
  return Object.fromEntries(Object.entries(options).map(([key, value]) => renamedOption(key, value, names)));
}

function renamedOption(key: string, value: string, names: ReadonlyMap<string, string>): [string, string] {
  if (key === 'bucket-key' || key === 'sequence.field') return [key, renamedList(value, names)];
  if (!key.startsWith(FIELDS_PREFIX)) return [key, value];
  const suffix = [...COLUMN_SUFFIXES, ...COLUMNS_SUFFIXES].find((candidate) => key.endsWith(`.${candidate}`));
  if (suffix === undefined) return [key, value];
  const columns = key.slice(FIELDS_PREFIX.length, -suffix.length - 1);
  const renamed = `${FIELDS_PREFIX}${renamedList(columns, names)}.${suffix}`;
  return [renamed, COLUMNS_SUFFIXES.includes(suffix) ? renamedList(value, names) : value];
}

function renamedList(columns: string, names: ReadonlyMap<string, string>): string {
  return columns
    .split(',')
    .map((name) => names.get(name.trim()) ?? name)
    .join(',');
}

function refused(message: string): TributaryError {
  return new TributaryError('E3132', `table is not altered: ${message}`);
}
