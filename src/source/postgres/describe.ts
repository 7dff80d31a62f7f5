// Decides which tables of the catalog are mirrored, by which key and with which value types; and says why the others
// are not. Pure: catalog rows and settings in, tables and findings out.
import { tableKey } from '../../change/table-key.ts';
import type { CatalogColumn, CatalogTable } from './catalog.ts';
import type { CheckResult } from '../check-result.ts';
import {
  type ColumnLayout,
  type PostgresTable,
  quotedName,
  quoteIdentifier,
  type ReplicaIdentity,
} from './postgres-table.ts';
import type { PostgresSettings, TablePolicy } from './settings.ts';
import { type CatalogType, planValue } from './value-plan.ts';
import { nullFaults } from './value-policies.ts';

/** What the decisions are made from. */
export interface DescribeInput {
  readonly tables: readonly CatalogTable[];
  readonly types: ReadonlyMap<number, CatalogType>;
  /** Encoding of the database is SQL_ASCII. */
  readonly validateUtf8: boolean;
  readonly settings: Pick<PostgresSettings, 'tablePolicy' | 'publication' | 'user'>;
}

/** The tables to mirror, and a finding for every other one and for everything worth knowing. */
export interface Described {
  readonly tables: readonly PostgresTable[];
  readonly results: readonly CheckResult[];
}

/** Decides for all tables. */
export function describeTables(input: DescribeInput): Described {
  const results: CheckResult[] = [];
  const tables: PostgresTable[] = [];
  const partitioned = new Set(input.tables.filter((table) => table.partitioned).map((table) => table.oid));
  const viaRoot = input.settings.publication.viaPartitionRoot;
  for (const table of input.tables) {
    // A partition is part of its root, and the root is the table; without that, the root has no rows of its own.
    if (viaRoot ? table.ancestors.some((ancestor) => partitioned.has(ancestor)) : table.partitioned) continue;
    const described = describeTable(table, input, results);
    if (described !== null) tables.push(described);
  }
  if (tables.length === 0) {
    const message = 'no table of the source can be mirrored';
    results.push({ subject: 'tables', status: 'fail', code: 'E2027', message, fix: null });
  }
  return { tables, results };
}

function describeTable(table: CatalogTable, input: DescribeInput, results: CheckResult[]): PostgresTable | null {
  const policy = input.settings.tablePolicy(table.schema, table.name);
  const refusal = refuse(table, quoteIdentifier(input.settings.user));
  if (refusal !== null) {
    results.push(refusal);
    return null;
  }
  const leftOut = table.columns.filter((column) => column.generated);
  const kept = table.columns.filter((column) => !column.generated);
  const subject = `table ${table.schema}.${table.name}`;
  const keyColumns = keyOf(table, kept, policy);
  if (typeof keyColumns === 'string') {
    const status = policy.noKey === 'stop' ? 'fail' : 'warn';
    const fix = `ALTER TABLE ${quotedName(table)} ADD PRIMARY KEY (…);`;
    results.push({ subject, status, code: 'E2026', message: `left out: ${keyColumns}`, fix });
    return null;
  }
  if (leftOut.length > 0) {
    const names = leftOut.map((column) => column.name).join(', ');
    const message = `generated columns are not in the log and are left out: ${names}`;
    results.push({ subject, status: 'warn', code: null, message, fix: null });
  }
  const message = `mirrored by key ${keyColumns.map((index) => kept[index]?.name ?? '').join(', ')}`;
  results.push({ subject, status: 'ok', code: null, message, fix: null });
  const layout = kept.map((column) => layoutOf(column, input.types, policy));
  return {
    source: {
      key: tableKey(table.schema, table.name),
      schema: table.schema,
      name: table.name,
      columns: kept.map((column, index) => ({
        name: column.name,
        id: column.number,
        nativeType: column.nativeType,
        type: layout[index].plan.type,
        nullable: !column.notNull,
      })),
      keyColumns,
      rowCountEstimate: table.rowCountEstimate,
    },
    oid: table.oid,
    partitioned: table.partitioned,
    hasKeyIndex: hasKeyIndex(
      table,
      keyColumns.map((index) => kept[index].number),
    ),
    owned: table.owned,
    identity: table.identity as ReplicaIdentity,
    layout,
    leftOut: leftOut.map((column) => column.name),
    nullFaults: nullFaults(policy.types),
    validateUtf8: input.validateUtf8,
  };
}

function refuse(table: CatalogTable, user: string): CheckResult | null {
  const subject = `table ${table.schema}.${table.name}`;
  const name = quotedName(table);
  if (table.unlogged) {
    const message = 'left out: an unlogged table is not in the log';
    return { subject, status: 'warn', code: null, message, fix: `ALTER TABLE ${name} SET LOGGED;` };
  }
  if (table.identity === 'n') {
    const message = 'replica identity is nothing: updates and deletes cannot be followed';
    return { subject, status: 'fail', code: 'E2026', message, fix: `ALTER TABLE ${name} REPLICA IDENTITY DEFAULT;` };
  }
  if (!table.selectable) {
    const message = 'no right to read the table';
    return { subject, status: 'fail', code: 'E2022', message, fix: `GRANT SELECT ON ${name} TO ${user};` };
  }
  if (table.rowSecurity) {
    const message = 'row level security would hide rows';
    return { subject, status: 'fail', code: 'E2025', message, fix: `ALTER ROLE ${user} BYPASSRLS;` };
  }
  return null;
}

/** Indexes of the key columns among the kept ones, or why there is no key. */
function keyOf(table: CatalogTable, kept: readonly CatalogColumn[], policy: TablePolicy): readonly number[] | string {
  const known = identityColumns(table);
  const numbers = policy.key === 'auto' ? automaticKey(table, known) : namedKey(table, policy.key);
  if (typeof numbers === 'string') return numbers;
  if (numbers.length === 0) return 'no primary key and no replica identity index';
  const indexes = numbers.map((number) => kept.findIndex((column) => column.number === number));
  if (indexes.includes(-1)) return 'a key column is generated';
  const unknown = numbers.find((number) => known !== 'all' && !known.includes(number));
  if (unknown !== undefined) {
    const column = table.columns.find((candidate) => candidate.number === unknown);
    return `key column ${column?.name ?? '?'} is not in the replica identity`;
  }
  return indexes;
}

function hasKeyIndex({ primaryKey, identityIndex }: CatalogTable, key: readonly number[]): boolean {
  return [primaryKey, identityIndex].some((numbers) => numbers.join() === key.join());
}

/** Column numbers that the log has of every old row. */
function identityColumns(table: CatalogTable): readonly number[] | 'all' {
  if (table.identity === 'f') return 'all';
  return table.identity === 'i' ? table.identityIndex : table.primaryKey;
}

function automaticKey(table: CatalogTable, known: readonly number[] | 'all'): readonly number[] {
  const { primaryKey, identityIndex } = table;
  const primaryIsKnown = known === 'all' || primaryKey.every((number) => known.includes(number));
  return primaryKey.length > 0 && primaryIsKnown ? primaryKey : identityIndex;
}

function namedKey(table: CatalogTable, names: readonly string[]): readonly number[] | string {
  const columns = names.map((name) => table.columns.find((column) => column.name === name));
  const missing = names.find((_, index) => columns[index] === undefined);
  if (missing !== undefined) return `no column ${quoteIdentifier(missing)}`;
  return columns.map((column) => (column as CatalogColumn).number);
}

function layoutOf(column: CatalogColumn, types: ReadonlyMap<number, CatalogType>, policy: TablePolicy): ColumnLayout {
  const { name, typeOid, modifier } = column;
  if (policy.types.asString.includes(name)) {
    return { name, typeOid, modifier: -1, plan: { type: { kind: 'string' }, element: null } };
  }
  const plan = planValue(types, typeOid, modifier, policy.types);
  // Whether the modifier decides anything is seen by leaving it out.
  const without = planValue(types, typeOid, -1, policy.types);
  const decides = JSON.stringify(plan.type) !== JSON.stringify(without.type);
  return { name, typeOid, modifier: decides ? modifier : -1, plan };
}
