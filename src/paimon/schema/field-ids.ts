// The ids of fields: given once, never twice, and found at any depth. Source: ReassignFieldId, RowType (format notes 01
// section 3).
import type { DataField, DataType } from './data-type.ts';

/**
 * The columns with new ids as the reference gives them: a column, then what is nested in it; inside a type, what is
 * nested in a field comes before the field (ReassignFieldId).
 */
export function assignFieldIds(columns: readonly DataField[], firstId = 0): readonly DataField[] {
  const giver = new IdGiver(firstId);
  return columns.map((column) => ({ ...column, id: giver.nextId++, type: giver.type(column.type) }));
}

/** The type with new ids for the fields nested in it, and the last of those; `afterId` where it has none. */
export function assignTypeIds(type: DataType, afterId: number): { readonly type: DataType; readonly lastId: number } {
  const giver = new IdGiver(afterId + 1);
  const assigned = giver.type(type);
  return { type: assigned, lastId: giver.nextId - 1 };
}

class IdGiver {
  nextId: number;

  constructor(firstId: number) {
    this.nextId = firstId;
  }

  type(type: DataType): DataType {
    switch (type.kind) {
      case 'ARRAY':
      case 'MULTISET':
        return { ...type, element: this.type(type.element) };
      case 'MAP':
        return { ...type, key: this.type(type.key), value: this.type(type.value) };
      case 'ROW':
        return { ...type, fields: type.fields.map((field) => this.nested(field)) };
      default:
        return type;
    }
  }

  private nested(field: DataField): DataField {
    const type = this.type(field.type);
    return { ...field, id: this.nextId++, type };
  }
}

/** The ids of the fields, nested ones included. */
export function allFieldIds(fields: readonly DataField[]): readonly number[] {
  return fields.flatMap((field) => [field.id, ...nestedFieldIds(field.type)]);
}

function nestedFieldIds(type: DataType): readonly number[] {
  switch (type.kind) {
    case 'ARRAY':
    case 'MULTISET':
      return nestedFieldIds(type.element);
    case 'MAP':
      return [...nestedFieldIds(type.key), ...nestedFieldIds(type.value)];
    case 'ROW':
      return allFieldIds(type.fields);
    default:
      return [];
  }
}
