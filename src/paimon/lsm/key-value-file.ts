// The columns of a data file: for a primary-key table the key, `_SEQUENCE_NUMBER`, `_VALUE_KIND`, then all columns of the
// table; for an append table these alone. Source: format notes 04 section 1 (KeyValue, SpecialFields).
import type { ColumnBatch, Vector } from '../../column/vector.ts';
import type { DataField } from '../schema/data-type.ts';
import { KIND_FIELD, SEQUENCE_FIELD } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';

/** Added to a column's id for its key copy (KEY_FIELD_ID_START = Integer.MAX_VALUE / 2). */
const KEY_FIELD_ID_START = 1073741823;
/** Names of key copies are those of their columns behind it. */
export const KEY_PREFIX = '_KEY_';

/** The layout of batches that hold all columns of the table. */
export function tableLayout(schema: TableSchema): KeyValueLayout {
  const options = tableOptions(schema);
  const indexOf = (name: string): number => schema.fields.findIndex((field) => field.name === name);
  return {
    fields: schema.fields,
    keyIndexes: trimmedPrimaryKeys(schema).map(indexOf),
    sequenceIndexes: options.sequenceFields.map(indexOf),
    sequenceDescending: options.sequenceDescending,
  };
}

/** The key copy of a column. */
function keyField(field: DataField): DataField {
  return {
    id: KEY_FIELD_ID_START + field.id,
    name: KEY_PREFIX + field.name,
    type: { ...field.type, nullable: false },
  };
}

/** Turns batches into the columns of a file. Keeps the last batch, as it is often written to several files. */
export class FileColumns {
  /** The columns of the file, in order. */
  readonly fields: readonly DataField[];
  /** The key columns' place in the table, in key order; empty for append tables. */
  readonly keyIndexes: readonly number[];
  /** The first of the table's columns in the file. */
  readonly valuesStart: number;
  private readonly isKeyed: boolean;
  private readonly isThin: boolean;
  private last: { readonly batch: KeyValueBatch; readonly columns: ColumnBatch } | null = null;

  constructor(schema: TableSchema) {
    this.isKeyed = schema.primaryKeys.length > 0;
    this.isThin = tableOptions(schema).thinMode;
    this.keyIndexes = tableLayout(schema).keyIndexes;
    const keys = this.isThin ? [] : this.keyIndexes.map((index) => keyField(schema.fields[index]));
    const system = this.isKeyed ? [...keys, SEQUENCE_FIELD, KIND_FIELD] : [];
    this.fields = [...system, ...schema.fields];
    this.valuesStart = system.length;
  }

  /** The batch as columns of the file; they share its arrays. The batch has all columns of the table. */
  of(batch: KeyValueBatch): ColumnBatch {
    if (!this.isKeyed) return batch;
    if (this.last?.batch === batch) return this.last.columns;
    const keys = this.isThin ? [] : this.keyIndexes.map((index) => batch.columns[index]);
    const kinds: Vector = { kind: 'i32', length: batch.rowCount, values: new Int32Array(batch.kinds), validity: null };
    const columns = { rowCount: batch.rowCount, columns: [...keys, batch.sequence, kinds, ...batch.columns] };
    this.last = { batch, columns };
    return columns;
  }
}
