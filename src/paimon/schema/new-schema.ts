// New versions of a table's schema, brought into the form in which they are stored. Source: Schema, TableSchema (format
// notes 01 section 3).
import { TributaryError } from '../../base/errors.ts';
import type { DataField } from './data-type.ts';
import { allFieldIds } from './field-ids.ts';
import type { TableSchema } from './table-schema.ts';
import type { TableDefinition } from './table-schema-json.ts';
import { validateSchema } from './validate-schema.ts';

/**
 * Schema 0 of a new table. Field ids stay as given; primary-key columns become NOT NULL; keys named by the options
 * `primary-key` and `partition` move to where they belong. Throws `E3103` (a rule), `E3105` (an option).
 */
export function newTableSchema(definition: TableDefinition, timeMillis: number): TableSchema {
  const highestFieldId = Math.max(-1, ...allFieldIds(definition.fields));
  const schema = normalizedSchema({ ...definition, id: 0, highestFieldId, timeMillis });
  validateSchema(schema);
  return schema;
}

/**
 * The schema with the keys that its options `primary-key` and `partition` name, and with NOT NULL primary-key columns.
 * Throws `E3103` for keys that are given twice.
 */
export function normalizedSchema(schema: TableSchema): TableSchema {
  const { 'primary-key': primaryKey, partition, ...options } = schema.options;
  const primaryKeys = keysOf(schema.primaryKeys, primaryKey, 'primary-key');
  return {
    ...schema,
    fields: schema.fields.map((field) => (primaryKeys.includes(field.name) ? notNull(field) : field)),
    partitionKeys: keysOf(schema.partitionKeys, partition, 'partition'),
    primaryKeys,
    options,
  };
}

function notNull(field: DataField): DataField {
  return { ...field, type: { ...field.type, nullable: false } };
}

/** Keys that are given directly or by an option, not both. */
function keysOf(given: readonly string[], byOption: string | undefined, option: string): readonly string[] {
  if (byOption === undefined) return given;
  if (given.length > 0) {
    throw new TributaryError('E3103', `schema is refused: keys are given twice: option=${option}`);
  }
  const names = byOption.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}
