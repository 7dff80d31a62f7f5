// Columns of data files that are no columns of the table. Source: SpecialFields (format notes 04 section 1).
import type { DataField, DataType } from './data-type.ts';
import { tableOptions } from './table-options.ts';
import type { TableSchema } from './table-schema.ts';

const BIGINT_NOT_NULL: DataType = { kind: 'BIGINT', nullable: false };
const TINYINT_NOT_NULL: DataType = { kind: 'TINYINT', nullable: false };

/** `_SEQUENCE_NUMBER`: which of two rows is the newer one; of a row with an id, the snapshot that last changed it. */
export const SEQUENCE_FIELD: DataField = { id: 2147483646, name: '_SEQUENCE_NUMBER', type: BIGINT_NOT_NULL };
/** `_VALUE_KIND` */
export const KIND_FIELD: DataField = { id: 2147483645, name: '_VALUE_KIND', type: TINYINT_NOT_NULL };
/** `_ROW_ID`: the number of a row of a table with row tracking, for as long as the row lives. */
export const ROW_ID_FIELD: DataField = { id: 2147483642, name: '_ROW_ID', type: BIGINT_NOT_NULL };

/** What a table with row tracking tells of each row beside its columns. */
export const TRACKING_FIELDS: readonly DataField[] = [ROW_ID_FIELD, SEQUENCE_FIELD];

/** Whether the field is one of `TRACKING_FIELDS`. */
export function isTrackingField({ id }: Pick<DataField, 'id'>): boolean {
  return id === ROW_ID_FIELD.id || id === SEQUENCE_FIELD.id;
}

/** The schema with what reads may ask for: of a table with row tracking, `_ROW_ID` and `_SEQUENCE_NUMBER` too. */
export function readableSchema(schema: TableSchema): TableSchema {
  return tableOptions(schema).rowTracking ? { ...schema, fields: [...schema.fields, ...TRACKING_FIELDS] } : schema;
}
