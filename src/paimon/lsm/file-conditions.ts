// Conditions on columns of a table as conditions on what is stored in a file of another version of its schema.
import { TributaryError } from '../../base/errors.ts';
import type { ColumnCondition, PlainCondition } from '../format/condition.ts';
import type { DataField } from '../schema/data-type.ts';
import { isTrackingField } from '../schema/system-fields.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** The schema that is read with, and the version that a file was written with, with the columns that the file holds. */
export interface ReadSchemas {
  /** With `readableSchema`'s columns. */
  readonly read: TableSchema;
  readonly file: TableSchema;
}

/**
 * The conditions with the file's names of the columns, as far as they can be judged by what is stored in the file:
 * those on columns that it does not have, or has with another type, are left out with every `or` they are part of. So
 * are those on ids of rows: where the file has none, its metadata has.
 */
export function conditionsOfFile(
  conditions: readonly PlainCondition[],
  schemas: ReadSchemas,
): readonly PlainCondition[] {
  return conditions.flatMap((condition): readonly PlainCondition[] => {
    switch (condition.operator) {
      case 'and':
        return conditionsOfFile(condition.conditions, schemas);
      case 'or': {
        const branches = condition.conditions.map((branch) => conditionsOfFile([branch], schemas));
        if (branches.some((branch) => branch.length === 0)) return [];
        const joined = branches.map((branch): PlainCondition => ({ operator: 'and', conditions: branch }));
        return [{ operator: 'or', conditions: joined }];
      }
      default: {
        const stored = storedField(condition, schemas);
        const isSame =
          stored !== null && !isTrackingField(stored) && sameType(stored, fieldNamed(schemas.read, condition.column));
        return isSame ? [{ ...condition, column: stored.name }] : [];
      }
    }
  });
}

/** The column of the file that the condition speaks of; null where the file was written before it was added. */
export function storedField(condition: ColumnCondition, schemas: ReadSchemas): DataField | null {
  const wanted = fieldNamed(schemas.read, condition.column);
  return schemas.file.fields.find((field) => field.id === wanted.id) ?? null;
}

/** Bounds are compared only where the type has not changed; nullability does not matter. */
export function sameType(a: DataField, b: DataField): boolean {
  return (
    a.type === b.type || JSON.stringify({ ...a.type, nullable: true }) === JSON.stringify({ ...b.type, nullable: true })
  );
}

/** The column of that name. Throws `E3353`. */
export function fieldNamed(schema: TableSchema, name: string): DataField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field === undefined)
    throw new TributaryError('E3353', `schema has no such column: id=${schema.id} column=${name}`);
  return field;
}
