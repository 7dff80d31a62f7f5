// Which indexes the data files of a table have: `file-index.<kind>.columns` and the options of each column. Source:
// FileIndexOptions.
import { TributaryError } from '../../base/errors.ts';
import type { DataType } from './data-type.ts';
import type { TableSchema } from './table-schema.ts';

/** The kinds of indexes that can be written. */
export type FileIndexKind = 'bloom-filter' | 'bitmap' | 'bsi' | 'range-bitmap';

const KINDS: readonly FileIndexKind[] = ['bloom-filter', 'bitmap', 'bsi', 'range-bitmap'];
const PREFIX = 'file-index.';
const COLUMNS_ENDING = '.columns';

/** One index of a table's files. */
export interface FileIndexSpec {
  readonly kind: FileIndexKind;
  readonly column: string;
  /** The key of a MAP whose values are indexed; null for the column's own. */
  readonly mapKey: string | null;
  /** The type of the values. */
  readonly type: DataType;
  /** By the part of their names behind the column's, such as `items`. */
  readonly options: Readonly<Record<string, string>>;
}

/** The indexes that the table's options ask for, each once. Throws `E3231`. */
export function fileIndexSpecs(schema: TableSchema): readonly FileIndexSpec[] {
  const specs = new Map<string, FileIndexSpec>();
  for (const [option, value] of Object.entries(schema.options)) {
    if (!option.startsWith(PREFIX) || !option.endsWith(COLUMNS_ENDING)) continue;
    const kind = kindOf(option);
    for (const name of value.split(',').map((text) => text.trim())) {
      const spec = { kind, ...columnOf(schema, option, name), options: columnOptions(schema, kind, name) };
      specs.set(`${kind}.${name}`, spec);
    }
  }
  refuseStrayOptions(schema, [...specs.keys()]);
  return [...specs.values()];
}

/** `E3231` for an option that cannot be followed. */
export function badFileIndex(option: string, what: string): TributaryError {
  return new TributaryError('E3231', `file index cannot be written: ${what}: option=${option}`);
}

function kindOf(option: string): FileIndexKind {
  const text = option.slice(PREFIX.length, -COLUMNS_ENDING.length);
  const kind = KINDS.find((known) => known === text);
  if (kind === undefined) throw badFileIndex(option, 'unknown kind');
  return kind;
}

/** A column by its name, or as `column[key]` the values of a key of a MAP. */
function columnOf(schema: TableSchema, option: string, name: string): Omit<FileIndexSpec, 'kind' | 'options'> {
  const [, column, mapKey = null] = /^([^[]*)(?:\[(.*)\])?$/.exec(name) ?? [];
  const field = schema.fields.find((candidate) => candidate.name === (mapKey === null ? name : column));
  if (field === undefined) throw badFileIndex(option, `no such column: ${name}`);
  if (mapKey === null) return { column: name, mapKey, type: field.type };
  const { type } = field;
  const isTextMap = type.kind === 'MAP' && (type.key.kind === 'CHAR' || type.key.kind === 'VARCHAR');
  if (!isTextMap) throw badFileIndex(option, `column is no MAP of texts: ${column}`);
  return { column: field.name, mapKey, type: type.value };
}

/** What is said of the column; of a MAP's key also what is said of the MAP. */
function columnOptions(schema: TableSchema, kind: FileIndexKind, name: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const column of new Set([name.replace(/\[.*\]$/, ''), name])) {
    for (const { option, key } of namedOptions(schema, kind)) {
      if (option === `${PREFIX}${kind}.${column}.${key}`) found[key] = schema.options[option];
    }
  }
  return found;
}

/** Options of single columns: of three parts, the last one their own name. */
function namedOptions(schema: TableSchema, kind: string) {
  const options = Object.keys(schema.options).filter((option) => option.startsWith(`${PREFIX}${kind}.`));
  return options.flatMap((option) => {
    const parts = option.slice(PREFIX.length).split('.');
    return parts.length === 3 ? [{ option, column: parts[1], key: parts[2] }] : [];
  });
}

/** An option of a column without an index is a mistake that the reference refuses, too. */
function refuseStrayOptions(schema: TableSchema, indexed: readonly string[]): void {
  for (const kind of KINDS) {
    for (const { option, column } of namedOptions(schema, kind)) {
      const isKnown = indexed.some((name) => name === `${kind}.${column}` || name.startsWith(`${kind}.${column}[`));
      if (!isKnown) throw badFileIndex(option, `column has no such index: ${column}`);
    }
  }
}
