// What a SELECT wants of the tables that it names: which rows, which columns, how many rows. Found in DuckDB's own tree of
// the statement; where a form is not known to be harmless, everything is wanted.
import { isJsonObject, type JsonObject, jsonText, type JsonValue, parseJson } from '../base/json-text.ts';

/** What a statement wants of one table. */
export interface TableUse {
  /**
   * What must hold for rows of the table that are wanted: for each place that names the table, expressions that must all
   * be true. Rows are wanted where any of the places wants them; a place without expressions wants all.
   */
  readonly places: readonly TablePlace[];
  /** Names in lower case among which are those of all columns that are wanted; null for all columns. */
  readonly names: ReadonlySet<string> | null;
  /** So many rows are enough, whichever they are; null for all. */
  readonly limit: number | null;
}

/** Where a statement names a table. */
export interface TablePlace {
  /** The conditions of the WHERE around it, as trees of DuckDB. */
  readonly where: readonly JsonObject[];
  /** What columns of the table may be qualified by, in lower case. */
  readonly qualifiers: readonly (readonly string[])[];
  /** Whether columns without a qualifier are of this table. */
  readonly isAlone: boolean;
}

/** Everything of a table. */
export const ALL_OF_IT: TableUse = { places: [], names: null, limit: null };

/** Functions in FROM that do not read a table by its name. */
const PURE_SOURCES: ReadonlySet<unknown> = new Set(['range', 'generate_series', 'unnest']);
/** Other sources that name no table themselves. */
const WITHOUT_NAMES: ReadonlySet<unknown> = new Set(['SUBQUERY', 'EXPRESSION_LIST', 'EMPTY']);
/** The sides of a join whose rows are all in its result, or in none for what WHERE says of them alone. */
const KEPT_SIDES: Readonly<Record<string, readonly string[]>> = {
  INNER: ['left', 'right'],
  LEFT: ['left'],
  RIGHT: ['right'],
};

/**
 * What a statement wants of its tables, by `schema.table` in lower case, from what DuckDB's `json_serialize_sql` gives.
 * Tables that are not in the map are wanted whole; so are all of them where the map is empty.
 */
export function tableUses(serialized: string): ReadonlyMap<string, TableUse> {
  const tree = parseJson(serialized);
  const node = isJsonObject(tree) && tree['error'] === false ? statementNode(tree) : null;
  if (node === null) return new Map();
  const walk = new TreeWalk();
  walk.visit(node);
  if (!walk.isPlain) return new Map();
  const names = walk.wantsAllColumns || walk.namesWholeRow ? null : walk.texts;
  const limit = limitOf(node);
  const uses = new Map<string, TableUse>();
  for (const [table, places] of Map.groupBy(walk.tables, ({ name }) => name)) {
    const wanted = places.map(({ reference }) => walk.places.get(reference) ?? null);
    const filtered = wanted.every((place) => place !== null && place.where.length > 0);
    const known = wanted.flatMap((place) => (filtered && place !== null ? [place] : []));
    uses.set(table, { places: known, names, limit: places.length === 1 ? limit : null });
  }
  return uses;
}

function statementNode({ statements }: JsonObject): JsonObject | null {
  if (!Array.isArray(statements) || statements.length !== 1) return null;
  const [statement] = statements as readonly JsonValue[];
  const node = isJsonObject(statement) ? statement['node'] : undefined;
  return isJsonObject(node) ? node : null;
}

interface NamedTable {
  /** `schema.table` in lower case. */
  readonly name: string;
  readonly reference: JsonObject;
}

/** Goes through a tree and gathers the tables it names, and the conditions on them. */
class TreeWalk {
  readonly tables: NamedTable[] = [];
  readonly places = new Map<JsonObject, TablePlace>();
  /** All texts of the tree in lower case. */
  readonly texts = new Set<string>();
  wantsAllColumns = false;
  /** Whether every table is named where it can be seen. */
  isPlain = true;
  /** What columns are called, without their qualifiers. */
  private readonly lastNames = new Set<string>();

  visit(value: JsonValue | undefined): void {
    if (typeof value === 'string') this.texts.add(value.toLowerCase());
    else if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) this.visit(item);
    else if (isJsonObject(value)) {
      this.visitObject(value);
      for (const item of Object.values(value)) this.visit(item);
    }
  }

  private visitObject(object: JsonObject): void {
    switch (jsonText(object['type'])) {
      case 'SELECT_NODE':
        this.visitSelect(object);
        return;
      case 'BASE_TABLE':
        this.tables.push({ name: tableName(object), reference: object });
        return;
      case 'STAR':
      case 'POSITIONAL_REFERENCE':
        this.wantsAllColumns = true;
        return;
      case 'COLUMN_REF':
        this.visitColumn(object);
        break;
      default:
    }
  }

  private visitSelect({ from_table: from, where_clause: where, sample }: JsonObject): void {
    // A sample is taken before WHERE.
    const conditions = isJsonObject(where) && !isJsonObject(sample) ? conjuncts(where) : [];
    if (isJsonObject(from)) this.visitFrom(from, { where: conditions, isAlone: from['type'] === 'BASE_TABLE' });
  }

  private visitFrom(from: JsonObject, around: Pick<TablePlace, 'where' | 'isAlone'>): void {
    switch (from['type']) {
      case 'BASE_TABLE': {
        const renames = from['column_name_alias'];
        const isRenamed = Array.isArray(renames) && renames.length > 0;
        if (isRenamed) this.wantsAllColumns = true;
        if (!isRenamed && !isJsonObject(from['sample']))
          this.places.set(from, { ...around, qualifiers: qualifiers(from) });
        return;
      }
      case 'JOIN': {
        const isPlain = from['ref_type'] === 'REGULAR' || from['ref_type'] === 'CROSS';
        const kept = KEPT_SIDES[from['join_type'] as string] ?? [];
        // Columns of a natural join, and of others by position or time, are not named.
        if (!isPlain) this.wantsAllColumns = true;
        for (const side of ['left', 'right']) {
          const table = from[side];
          const where = isPlain && kept.includes(side) ? around.where : [];
          if (isJsonObject(table)) this.visitFrom(table, { where, isAlone: false });
        }
        return;
      }
      case 'TABLE_FUNCTION': {
        const { function: call } = from;
        if (!isJsonObject(call) || !PURE_SOURCES.has(call['function_name'])) this.isPlain = false;
        return;
      }
      default:
        if (!WITHOUT_NAMES.has(from['type'])) this.isPlain = false;
    }
  }

  private visitColumn({ column_names: names }: JsonObject): void {
    const last = Array.isArray(names) ? (names as readonly JsonValue[]).at(-1) : undefined;
    if (typeof last === 'string') this.lastNames.add(last.toLowerCase());
  }

  /** Whether a table stands in place of a column: as a struct of all of its columns. */
  get namesWholeRow(): boolean {
    return this.tables.some(({ reference }) =>
      qualifiers(reference).some((parts) => this.lastNames.has(parts.join('.'))),
    );
  }
}

function tableName({ schema_name: schema, table_name: table }: JsonObject): string {
  return `${jsonText(schema)}.${jsonText(table)}`.toLowerCase();
}

function qualifiers({ alias, schema_name: schema, table_name: table }: JsonObject): readonly (readonly string[])[] {
  if (typeof alias === 'string' && alias !== '') return [[alias.toLowerCase()]];
  const [database, name] = [jsonText(schema).toLowerCase(), jsonText(table).toLowerCase()];
  return [[name], [database, name]];
}

/** The parts of a condition that must all be true. */
function conjuncts(condition: JsonObject): readonly JsonObject[] {
  const { children } = condition;
  if (condition['type'] !== 'CONJUNCTION_AND' || !Array.isArray(children)) return [condition];
  return (children as readonly JsonValue[]).filter(isJsonObject).flatMap(conjuncts);
}

/** Parts of a SELECT that make rows depend on other rows, or on conditions. */
const DECIDING = ['where_clause', 'having', 'qualify', 'sample'];
const GROUPING = ['group_expressions', 'group_sets'];

/** How many rows of its table a statement takes that does no more than that; null for others. */
function limitOf(node: JsonObject): number | null {
  const { type, from_table: from, select_list: columns, cte_map: ctes } = node;
  if (type !== 'SELECT_NODE' || !isJsonObject(from) || from['type'] !== 'BASE_TABLE') return null;
  const isPlain =
    DECIDING.every((part) => !isJsonObject(node[part])) &&
    [...GROUPING.map((part) => node[part]), isJsonObject(ctes) ? ctes['map'] : []].every(isNothing) &&
    node['aggregate_handling'] === 'STANDARD_HANDLING' &&
    !isJsonObject(from['sample']) &&
    Array.isArray(columns) &&
    (columns as readonly JsonValue[]).every(isBareColumn);
  const modifiers = node['modifiers'];
  if (!isPlain || !Array.isArray(modifiers) || modifiers.length !== 1) return null;
  const [modifier] = modifiers as readonly JsonValue[];
  if (!isJsonObject(modifier) || modifier['type'] !== 'LIMIT_MODIFIER') return null;
  const limit = countOf(modifier['limit']);
  const offset = isJsonObject(modifier['offset']) ? countOf(modifier['offset']) : 0;
  return limit === null || offset === null ? null : limit + offset;
}

function isNothing(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isBareColumn(expression: JsonValue): boolean {
  if (!isJsonObject(expression)) return false;
  const { type } = expression;
  if (type === 'STAR') return isNothing(expression['expr']) && isNothing(expression['replace_list']);
  return type === 'COLUMN_REF' || type === 'VALUE_CONSTANT';
}

/** A constant number of rows. */
function countOf(expression: JsonValue | undefined): number | null {
  const value = isJsonObject(expression) && expression['type'] === 'VALUE_CONSTANT' ? expression['value'] : undefined;
  const count = isJsonObject(value) ? value['value'] : undefined;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
}
