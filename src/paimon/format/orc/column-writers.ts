// The writer of each column of an ORC file, by its type.
import { type ColumnSettings, type ColumnWriter, IntegerColumnWriter } from './column-writer.ts';
import { DecimalColumnWriter } from './decimal-writer.ts';
import { ListColumnWriter, StructColumnWriter } from './nested-writers.ts';
import type { OrcColumn } from './orc-columns.ts';
import { BooleanColumnWriter, ByteColumnWriter, FloatColumnWriter } from './scalar-writers.ts';
import { TextColumnWriter } from './text-writer.ts';
import { TimestampColumnWriter } from './timestamp-writer.ts';

/** The writers of a column and all below it, by their numbers: each before those of its children. */
export function columnWriters(column: OrcColumn, settings: ColumnSettings): readonly ColumnWriter[] {
  const below = column.children.map((child) => columnWriters(child, settings));
  return [
    columnWriter(
      column,
      settings,
      below.map(([child]) => child),
    ),
    ...below.flat(),
  ];
}

function columnWriter(column: OrcColumn, settings: ColumnSettings, children: readonly ColumnWriter[]): ColumnWriter {
  switch (column.kind) {
    case 'BOOLEAN':
      return new BooleanColumnWriter(column, settings);
    case 'BYTE':
      return new ByteColumnWriter(column, settings);
    case 'FLOAT':
    case 'DOUBLE':
      return new FloatColumnWriter(column, settings);
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'BINARY':
      return new TextColumnWriter(column, settings);
    case 'DECIMAL':
      return new DecimalColumnWriter(column, settings);
    case 'TIMESTAMP':
    case 'TIMESTAMP_INSTANT':
      return new TimestampColumnWriter(column, settings);
    case 'LIST':
    case 'MAP':
      return new ListColumnWriter(column, settings, children);
    case 'STRUCT':
      return new StructColumnWriter(column, settings, children);
    default:
      return new IntegerColumnWriter(column, settings);
  }
}
