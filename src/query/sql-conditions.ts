// Conditions of a WHERE, as DuckDB's tree has them, as conditions of a scan. A condition is taken only where both mean the
// same for every value of the column; others are left to DuckDB, which tries all of them again.
import { isJsonObject, type JsonObject, type JsonValue } from '../base/json-text.ts';
import type { ColumnCondition, Condition, Literal } from '../paimon/format/condition.ts';
import type { DataField } from '../paimon/schema/data-type.ts';
import { columnOfTree, literalOfTree } from './sql-values.ts';
import type { TablePlace } from './sql-statement.ts';

/**
 * Conditions that are true of all rows that any of the places wants; none where a place wants all rows, or what it wants
 * cannot be said.
 */
export function conditionsOfPlaces(places: readonly TablePlace[], fields: readonly DataField[]): readonly Condition[] {
  const branches = places.map((place) => conditionsOfPlace(place, fields));
  if (branches.length === 0 || branches.some((branch) => branch.length === 0)) return [];
  if (branches.length === 1) return branches[0];
  return [{ operator: 'or', conditions: branches.map((conditions) => ({ operator: 'and', conditions })) }];
}

function conditionsOfPlace(place: TablePlace, fields: readonly DataField[]): readonly Condition[] {
  const taking = new ConditionReader(place, fields);
  return place.where.flatMap((tree) => taking.implied(tree) ?? []);
}

const COMPARISONS: Readonly<Record<string, ColumnCondition['operator'] & Comparison>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '!=',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** The comparison with its sides exchanged. */
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

class ConditionReader {
  private readonly place: TablePlace;
  private readonly fields: readonly DataField[];

  constructor(place: TablePlace, fields: readonly DataField[]) {
    this.place = place;
    this.fields = fields;
  }

  /** A condition that is true wherever the tree is; null where none is known. */
  implied(tree: JsonObject): Condition | null {
    switch (tree['type']) {
      case 'CONJUNCTION_AND': {
        const conditions = childrenOf(tree).flatMap((child) => this.implied(child) ?? []);
        return conditions.length === 0 ? null : { operator: 'and', conditions };
      }
      case 'CONJUNCTION_OR': {
        const conditions = childrenOf(tree).map((child) => this.implied(child));
        return conditions.every((condition) => condition !== null) ? { operator: 'or', conditions } : null;
      }
      case 'FUNCTION':
        return this.like(tree);
      default:
        return this.equal(tree);
    }
  }

  /** A condition that is true exactly where the tree is, and false exactly where it is false; null where none is known. */
  private equal(tree: JsonObject): Condition | null {
    const { type } = tree;
    switch (type) {
      case 'CONJUNCTION_AND':
      case 'CONJUNCTION_OR': {
        const operator = type === 'CONJUNCTION_AND' ? 'and' : 'or';
        const conditions = childrenOf(tree).map((child) => this.equal(child));
        return conditions.every((condition) => condition !== null) ? { operator, conditions } : null;
      }
      case 'OPERATOR_NOT': {
        const [child] = childrenOf(tree);
        const condition = child === undefined ? null : this.equal(child);
        return condition === null ? null : { operator: 'not', condition };
      }
      case 'OPERATOR_IS_NULL':
      case 'OPERATOR_IS_NOT_NULL': {
        const field = this.field(childrenOf(tree)[0]);
        if (field === null) return null;
        return { column: field.name, operator: type === 'OPERATOR_IS_NULL' ? 'is null' : 'is not null' };
      }
      case 'COMPARE_IN':
      case 'COMPARE_NOT_IN':
        return this.membership(tree, type === 'COMPARE_IN' ? 'in' : 'not in');
      case 'COMPARE_BETWEEN':
        return this.between(tree);
      case 'COLUMN_REF': {
        const field = this.field(tree);
        return field?.type.kind === 'BOOLEAN' ? { column: field.name, operator: '=', literal: true } : null;
      }
      default:
        return this.comparison(tree);
    }
  }

  private comparison(tree: JsonObject): ColumnCondition | null {
    const operator = COMPARISONS[tree['type'] as string];
    if (operator === undefined) return null;
    const left = this.field(tree['left']);
    const field = left ?? this.field(tree['right']);
    const literal = field === null ? null : literalOfTree(field.type, left === null ? tree['left'] : tree['right']);
    if (field === null || literal === null) return null;
    return { column: field.name, operator: left === null ? MIRRORED[operator] : operator, literal };
  }

  private membership(tree: JsonObject, operator: 'in' | 'not in'): ColumnCondition | null {
    const [first, ...items] = childrenOf(tree);
    const field = this.field(first);
    if (field === null) return null;
    const literals = items.map((item) => literalOfTree(field.type, item));
    return literals.every((literal): literal is Literal => literal !== null)
      ? { column: field.name, operator, literals }
      : null;
  }

  private between(tree: JsonObject): ColumnCondition | null {
    const field = this.field(tree['input']);
    if (field === null) return null;
    const low = literalOfTree(field.type, tree['lower']);
    const high = literalOfTree(field.type, tree['upper']);
    return low === null || high === null ? null : { column: field.name, operator: 'between', low, high };
  }

  /** LIKE, as far as its pattern has no `_`: what one character is, is not for us to say. */
  private like(tree: JsonObject): ColumnCondition | null {
    if (tree['function_name'] !== '~~') return null;
    const [first, second] = childrenOf(tree);
    const field = this.field(first);
    if (field === null || field.type.kind !== 'VARCHAR') return null;
    const pattern = literalOfTree(field.type, second);
    if (!(pattern instanceof Uint8Array)) return null;
    const [begin, ...rest] = new TextDecoder().decode(pattern).replaceAll('\\', '\\\\').split('_');
    return { column: field.name, operator: 'like', pattern: rest.length === 0 ? begin : `${begin}%` };
  }

  private field(tree: JsonValue | undefined): DataField | null {
    return columnOfTree(tree, this.place, this.fields);
  }
}

function childrenOf({ children }: JsonObject): readonly JsonObject[] {
  return Array.isArray(children) ? (children as readonly JsonValue[]).filter(isJsonObject) : [];
}
