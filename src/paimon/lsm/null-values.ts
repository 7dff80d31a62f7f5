// What NULL becomes when rows are written: the default value of the column, or a refusal where it must not be.
// Source: TableWriteImpl (checkNullability), DefaultValueRow.
import { TributaryError } from '../../base/errors.ts';
import { concatVectors } from '../../column/concat.ts';
import { isRetract } from '../../column/row-kind.ts';
import { takeVector } from '../../column/take.ts';
import { NULL, type Vector } from '../../column/vector.ts';
import { vectorOf } from '../format/cell.ts';
import { defaultCell } from '../format/default-value.ts';
import type { DataField } from '../schema/data-type.ts';

/** The columns with default values in the place of NULLs; values that are MISSING stay so. Throws `E3133`. */
export function withDefaults(fields: readonly DataField[], columns: readonly Vector[]): readonly Vector[] {
  return columns.map((column, index) => {
    const { type, defaultValue } = fields[index];
    if (defaultValue === undefined || !hasNull(column)) return column;
    return withDefault(column, vectorOf(type, [defaultCell(type, defaultValue)]));
  });
}

/** Refuses rows that are added with NULL in a column that is NOT NULL. Throws `E3135`. */
export function requireNotNull(fields: readonly DataField[], columns: readonly Vector[], kinds: Uint8Array): void {
  for (const [index, { name, type }] of fields.entries()) {
    const { validity } = columns[index];
    if (type.nullable || validity === null) continue;
    // What a -D has beside its key does not matter: sources may leave it out.
    const at = kinds.findIndex((kind, row) => validity[row] === NULL && !isRetract(kind));
    if (at >= 0) throw new TributaryError('E3135', `row has NULL in a column that is NOT NULL: column=${name}`);
  }
}

function hasNull({ validity, length }: Vector): boolean {
  if (validity === null) return false;
  const at = validity.indexOf(NULL);
  return at >= 0 && at < length;
}

function withDefault(column: Vector, value: Vector): Vector {
  const { length, validity } = column;
  const rows = Uint32Array.from({ length }, (_, row) => (validity?.[row] === NULL ? length : row));
  return takeVector(concatVectors([column, value]), rows);
}
