// What pypaimon 2.1.0 does not read, or reads wrong, by rule: everything else it must read as the reference does.
import type { RandomTable } from './random-table.ts';
import { BINARY, type RandomField } from './random-types.ts';

const FLOATS: ReadonlySet<string> = new Set(['FLOAT', 'DOUBLE']);

/** A read of a table. */
export interface LimitedRead {
  /** Those of the table at the point that is read. */
  readonly columns: readonly RandomField[];
  readonly filter: readonly string[];
  readonly names: readonly string[];
}

/** Whether pypaimon reads it right. */
export function pypaimonReads({ drawn, shape }: RandomTable, { columns, filter, names }: LimitedRead): boolean {
  if (isRefused(columns, drawn.options)) return false;
  // It knows no other vectors than those of 32 bits.
  if ('deletion-vectors.bitmap64' in drawn.options) return false;
  // Times within lists, maps and rows have other units to it than in the files.
  if (columns.some(({ type }) => type.kinds().length > 1 && type.kinds().some((kind) => kind.startsWith('TIME'))))
    return false;
  // It has no conditions on TIME of ORC files.
  const isOrc = drawn.options['file.format'] === 'orc';
  if (isOrc && columns.some(({ name, type }) => filter.includes(name) && type.kind === 'TIME')) return false;
  // Of Avro files it gives no rows where it needs none of their columns: partitions and those added later are elsewhere.
  if (!shape.keys.some(({ name }) => names.includes(name))) return false;
  // Nanoseconds are cut off where it looks at values: in keys, in the names of partitions, in filters.
  if ([...shape.keys, ...shape.partitions].some(hasNanoseconds)) return false;
  // NaN is less than nothing to it, and so are bounds that are NaN: files with such rows are left out.
  return !columns.some(
    (column) => filter.includes(column.name) && (FLOATS.has(column.type.kind) || hasNanoseconds(column)),
  );
}

/** It says so: not implemented. */
function isRefused(columns: readonly RandomField[], options: Readonly<Record<string, string>>): boolean {
  if (kindsOf(columns).has('MULTISET')) return true;
  const isPartial = options['merge-engine'] === 'partial-update';
  return isPartial && ('ignore-delete' in options || 'partial-update.remove-record-on-delete' in options);
}

function kindsOf(columns: readonly RandomField[]): ReadonlySet<string> {
  return new Set(columns.flatMap(({ type }) => type.kinds()));
}

function hasNanoseconds({ type }: RandomField): boolean {
  return JSON.stringify(type.json(true)).includes('TIMESTAMP(9)');
}

/** Whether pypaimon writes rows to a table, all of them +I, so that the reference reads them. */
export function pypaimonWrites({ columns, shape, drawn }: RandomTable): boolean {
  if (isRefused(columns, drawn.options) || columns.some(hasNanoseconds)) return false;
  // Its decimals are of a fixed length whatever their precision, which the reference does not filter.
  if (kindsOf(columns).has('DECIMAL')) return false;
  // Its bounds of bytes are in the order of unsigned numbers; the reference's are in that of signed ones.
  if ([...kindsOf(columns)].some((kind) => BINARY.has(kind))) return false;
  // Its ORC files have negative nanoseconds for times before 1970, which the reference does not read.
  const isOrc = drawn.options['file.format'] === 'orc';
  if (isOrc && [...kindsOf(columns)].some((kind) => kind.startsWith('TIMESTAMP'))) return false;
  // It fails at a partition of NULL.
  if (shape.partitions.length > 0 && !shape.isKeyed) return false;
  // Nested values do not fit the schema that it makes for them.
  if (drawn.isAvro && columns.some(({ type }) => type.kinds().length > 1)) return false;
  return !('changelog-producer' in drawn.options);
}
