// Partitions, keys and statistics of files as texts, for the system tables. The texts are those of the reference; values
// that it prints by object identity (binaries) are hex here.
import { arityOf, decodeCells } from '../../format/binary-row.ts';
import { castOf } from '../../format/cast.ts';
import type { Cell } from '../../format/cell.ts';
import { partitionTypes, valueText } from '../../format/partition-path.ts';
import type { BinaryRowBytes, DataFileMeta } from '../../meta/data-file-meta.ts';
import type { DataType } from '../../schema/data-type.ts';
import { dataTypeText } from '../../schema/data-type-text.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../../schema/table-schema.ts';

/** `{2024-01-01, 7}`: values as a cast to a string gives them. */
export function partitionText(schema: TableSchema, partition: BinaryRowBytes): string {
  const types = partitionTypes(schema);
  const cells = decodeCells(types, partition);
  return `{${cells.map((cell, index) => cellText(types[index], cell, false)).join(', ')}}`;
}

/** `[1, a]`; null in append tables, whose files have no keys. */
export function keyText(schema: TableSchema, key: BinaryRowBytes): string | null {
  const names = trimmedPrimaryKeys(schema);
  if (names.length === 0) return null;
  const types = names.map((name) => typeOf(schema, name));
  const cells = decodeCells(types, key);
  return `[${cells.map((cell, index) => cellText(types[index], cell, true)).join(', ')}]`;
}

/** What statistics say of the columns, as `{a=1, b=null}` in the order of the names. */
export interface StatsTexts {
  readonly nullCounts: string;
  readonly min: string;
  readonly max: string;
}

/**
 * The statistics of a file for the columns of the latest schema: matched by field id, values as those of the column's
 * present type. Throws `E3134` for a text that is no value of it.
 */
export function statsTexts(file: DataFileMeta, schema: TableSchema, fileSchema: TableSchema): StatsTexts {
  const stored = file.valueStatsCols ?? fileSchema.fields.map((field) => field.name);
  const types = stored.map((name) => ({ ...typeOf(fileSchema, name), nullable: true }));
  const min = statsCells(types, file.valueStats.minValues);
  const max = statsCells(types, file.valueStats.maxValues);
  const sorted = [...schema.fields].sort((a, b) => (a.name < b.name ? -1 : 1));
  const texts = sorted.map(({ id, name, type }) => {
    const source = fileSchema.fields.find((field) => field.id === id);
    if (source === undefined) return { nulls: `${name}=${file.rowCount}`, min: `${name}=null`, max: `${name}=null` };
    const slot = stored.indexOf(source.name);
    const text = (cells: readonly Cell[] | null): string =>
      `${name}=${slot < 0 || cells === null ? 'null' : castText(types[slot], type, cells[slot])}`;
    const nulls = slot < 0 ? null : (file.valueStats.nullCounts?.[slot] ?? null);
    return { nulls: `${name}=${nulls}`, min: text(min), max: text(max) };
  });
  return {
    nullCounts: `{${texts.map((text) => text.nulls).join(', ')}}`,
    min: `{${texts.map((text) => text.min).join(', ')}}`,
    max: `{${texts.map((text) => text.max).join(', ')}}`,
  };
}

/** Statistics of no columns at all stand where none were kept. */
function statsCells(types: readonly DataType[], row: BinaryRowBytes): readonly Cell[] | null {
  return arityOf(row) === types.length ? decodeCells(types, row) : null;
}

/** The text of a value after the cast of its column's type change. */
function castText(from: DataType, to: DataType, cell: Cell): string {
  const present: DataType = { ...to, nullable: true };
  if (cell === null || dataTypeText(from) === dataTypeText(present)) return cellText(from, cell, true);
  const cast = castOf(from, present);
  return cast === null ? cellText(from, cell, true) : cellText(present, cast(cell), true);
}

function cellText(type: DataType, cell: Cell, legacy: boolean): string {
  if (cell === null) return 'null';
  if (cell instanceof Uint8Array && (type.kind === 'BINARY' || type.kind === 'VARBINARY')) {
    return Buffer.from(cell.buffer, cell.byteOffset, cell.length).toString('hex');
  }
  return valueText(type, cell, legacy);
}

function typeOf(schema: TableSchema, name: string): DataType {
  const field = schema.fields.find((candidate) => candidate.name === name);
  return field === undefined ? { kind: 'BLOB', nullable: true } : field.type;
}
