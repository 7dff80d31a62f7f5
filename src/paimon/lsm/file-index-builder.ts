// Builds the indexes of one data file while its rows are written. Source: DataFileIndexWriter.
import { bytesAt, type MapVector, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { type Cell, cellAt, vectorOf } from '../format/cell.ts';
import type { RowRange } from '../format/column-statistics.ts';
import { createIndex } from '../format/file-index/create-index.ts';
import { fileIndexBytes } from '../format/file-index/file-index-bytes.ts';
import type { IndexBuilder } from '../format/file-index/index-builder.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import { type FileIndexSpec, fileIndexSpecs } from '../schema/file-index-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** Behind the name of a data file: that of the file with its indexes. */
export const INDEX_ENDING = '.index';

/** The indexes that each file of a table has, of those columns that it holds. */
export class FileIndexPlan {
  readonly specs: readonly FileIndexSpec[];
  private readonly fields: readonly DataField[];

  /** `fields` are the columns of the files. Throws `E3231` for what cannot be written. */
  constructor(schema: TableSchema, fields: readonly DataField[]) {
    this.fields = fields;
    const isHeld = ({ column }: FileIndexSpec): boolean => fields.some(({ name }) => name === column);
    // Those of a file are made and thrown away, so that wrong options are refused before there are rows.
    this.specs = fileIndexSpecs(schema).filter((spec) => createIndex(spec) !== null && isHeld(spec));
  }

  /** The builder of a file's indexes; null where files have none. */
  open(): FileIndexBuilder | null {
    return this.specs.length === 0 ? null : new FileIndexBuilder(this.specs, this.fields);
  }
}

interface OpenIndex {
  readonly spec: FileIndexSpec;
  readonly index: IndexBuilder;
  /** The place of the column in the file. */
  readonly place: number;
}

/** The indexes of one file. */
export class FileIndexBuilder {
  private readonly open: readonly OpenIndex[];

  constructor(specs: readonly FileIndexSpec[], fields: readonly DataField[]) {
    this.open = specs.flatMap((spec) => {
      const index = createIndex(spec);
      const place = fields.findIndex((field) => field.name === spec.column);
      return index === null ? [] : [{ spec, index, place }];
    });
  }

  /** Takes the file's next rows, in their order; the columns are those of the file. */
  add(columns: readonly Vector[], rows: RowRange): void {
    for (const { spec, index, place } of this.open) {
      if (spec.mapKey === null) index.add(columns[place], rows);
      else {
        const values = valuesOfKey({ mapKey: spec.mapKey, type: spec.type }, columns[place], rows);
        index.add(values, { order: null, from: 0, to: values.length });
      }
    }
  }

  /** All indexes in one; null where none can hold the file's values. */
  finish(): Uint8Array | null {
    const parts = this.open.flatMap(({ spec, index }) => {
      const body = index.finish();
      return body === null ? [] : [{ ...spec, body }];
    });
    return parts.length === 0 ? null : fileIndexBytes(parts);
  }
}

/** What each row's MAP has for the key; NULL where it has nothing. */
function valuesOfKey(
  { mapKey, type }: { readonly mapKey: string; readonly type: DataType },
  vector: Vector,
  { order, from, to }: RowRange,
): Vector {
  const key = new TextEncoder().encode(mapKey);
  const cells: Cell[] = [];
  for (let index = from; index < to; index++) {
    const row = order === null ? index : order[index];
    const at = vector.kind === 'map' && validityAt(vector, row) === PRESENT ? entryOfKey(vector, row, key) : -1;
    cells.push(at < 0 || vector.kind !== 'map' ? null : cellAt(type, vector.value, at));
  }
  return vectorOf(type, cells);
}

/** The place of a row's entry with the key; -1 where there is none. */
function entryOfKey({ offsets, key: keys }: MapVector, row: number, key: Uint8Array): number {
  for (let at = offsets[row]; at < offsets[row + 1]; at++) {
    if (keys.kind === 'bytes' && Buffer.compare(bytesAt(keys, at), key) === 0) return at;
  }
  return -1;
}
