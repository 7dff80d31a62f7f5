// The kinds of written rows as the table's options want them.
import { TributaryError } from '../../base/errors.ts';
import { isRetract, rowKindText, UPDATE_BEFORE } from '../../column/row-kind.ts';
import { bytesAt, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** The kinds of rows: those given, or with `rowkind.field` the texts of a column. Throws `E3304` for another text. */
export function rowKinds(
  schema: TableSchema,
  rows: { readonly columns: readonly Vector[]; readonly kinds: Uint8Array },
): Uint8Array {
  const { rowKindField } = tableOptions(schema);
  if (rowKindField === null) return rows.kinds;
  const column = rows.columns[schema.fields.findIndex((field) => field.name === rowKindField)];
  return rows.kinds.map((_, row) => {
    const isText = column.kind === 'bytes' && validityAt(column, row) === PRESENT;
    const text = isText ? new TextDecoder().decode(bytesAt(column, row)).toUpperCase() : '';
    const kind = [0, 1, 2, 3].find((candidate) => rowKindText(candidate) === text);
    if (kind === undefined) throw new TributaryError('E3304', `column holds no row kind: column=${rowKindField}`);
    return kind;
  });
}

/** Whether a row of that kind is left out: `ignore-delete` leaves out -U and -D, `ignore-update-before` -U (RowKindFilter). */
export function isLeftOut(kind: number, options: TableOptions): boolean {
  if (options.ignoreDelete) return isRetract(kind);
  return options.ignoreUpdateBefore && kind === UPDATE_BEFORE;
}
