// Decides which tables are mirrored, by which key and with which value types; and says why the others are not. Pure:
// rows of the information schema and settings in, tables and findings out.
import { tableKey } from '../../change/table-key.ts';
import type { CheckResult } from '../check-result.ts';
import { OUT_OF_RANGE } from '../faults.ts';
import type { CatalogColumn, CatalogTable } from './catalog.ts';
import type { Charsets } from './charsets.ts';
import { type MysqlTable, quotedName } from './mysql-table.ts';
import type { MysqlSettings, MysqlTablePolicy } from './settings.ts';
import { quoteIdentifier } from './sql-session.ts';
import { planValue, type ValuePlan } from './value-plan.ts';

/** What the decisions are made from. */
export interface DescribeInput {
  readonly tables: readonly CatalogTable[];
  readonly charsets: Charsets;
  readonly settings: Pick<MysqlSettings, 'tablePolicy' | 'zeroDates'>;
}

/** The tables to mirror, and a finding for every other one and for everything worth knowing. */
export interface Described {
  readonly tables: readonly MysqlTable[];
  readonly results: readonly CheckResult[];
}

/** Decides for all tables. */
export function describeTables(input: DescribeInput): Described {
  const results: CheckResult[] = [];
  const tables: MysqlTable[] = [];
  for (const table of input.tables) {
    const described = describeTable(table, input);
    results.push(...described.results);
    tables.push(...described.tables);
  }
  if (tables.length === 0) {
    const message = 'no table of the source can be mirrored';
    results.push({ subject: 'tables', status: 'fail', code: 'E2027', message, fix: null });
  }
  return { tables, results };
}

function describeTable(table: CatalogTable, { settings, charsets }: DescribeInput): Described {
  const policy = settings.tablePolicy(table.schema, table.name);
  const subject = `table ${table.schema}.${table.name}`;
  const leftOut = (status: 'warn' | 'fail', reason: string, fix: string | null): Described => ({
    tables: [],
    results: [{ subject, status, code: 'E2026', message: `left out: ${reason}`, fix }],
  });
  if (table.engine !== 'InnoDB') {
    const fix = `ALTER TABLE ${quotedName(table)} ENGINE = InnoDB;`;
    return leftOut('warn', `engine ${table.engine} has no transactions`, fix);
  }
  if (table.versioned) return leftOut('warn', 'rows of the past are among its rows (system versioning)', null);
  const [cascade] = table.cascades;
  if (cascade !== undefined) {
    const fix = `ALTER TABLE ${quotedName(table)} DROP FOREIGN KEY ${quoteIdentifier(cascade)}; -- and add it with RESTRICT`;
    return leftOut('warn', `foreign key ${quoteIdentifier(cascade)} changes rows without the log`, fix);
  }
  const kept = table.columns.filter((column) => !column.virtual);
  const key = keyOf(table, kept, policy);
  if (typeof key === 'string') {
    const fix = `ALTER TABLE ${quotedName(table)} ADD PRIMARY KEY (…);`;
    return leftOut(policy.noKey === 'stop' ? 'fail' : 'warn', key, fix);
  }
  const plans: ValuePlan[] = [];
  for (const column of kept) {
    const plan = planColumn(column, { policy, settings, charsets });
    if (typeof plan === 'string') return leftOut('warn', `column ${quoteIdentifier(column.name)}: ${plan}`, null);
    plans.push(plan);
  }
  return { tables: [tableOf(table, { kept, key, plans, settings })], results: findings(table, { kept, key }) };
}

function tableOf(
  table: CatalogTable,
  from: {
    readonly kept: readonly CatalogColumn[];
    readonly key: readonly number[];
    readonly plans: readonly ValuePlan[];
    readonly settings: Pick<MysqlSettings, 'zeroDates'>;
  },
): MysqlTable {
  const { kept, key, plans, settings } = from;
  return {
    source: {
      key: tableKey(table.schema, table.name),
      schema: table.schema,
      name: table.name,
      columns: kept.map((column, index) => ({
        name: column.name,
        id: null,
        nativeType: column.columnType,
        type: plans[index].type,
        nullable: column.nullable,
      })),
      keyColumns: key,
      rowCountEstimate: table.rowCountEstimate,
    },
    plans,
    leftOut: table.columns.filter((column) => column.virtual).map((column) => column.name),
    keyIndex: table.key.join('\0') === key.map((index) => kept[index].name).join('\0') ? table.keyIndex : null,
    nullFaults: settings.zeroDates === 'as_null' ? 1 << OUT_OF_RANGE : 0,
  };
}

function findings(
  table: CatalogTable,
  { kept, key }: { readonly kept: readonly CatalogColumn[]; readonly key: readonly number[] },
): readonly CheckResult[] {
  const subject = `table ${table.schema}.${table.name}`;
  const message = `mirrored by key ${key.map((index) => kept[index]?.name ?? '').join(', ')}`;
  const results: CheckResult[] = [{ subject, status: 'ok', code: null, message, fix: null }];
  const virtual = table.columns.filter((column) => column.virtual).map((column) => column.name);
  if (virtual.length > 0) {
    const left = `virtual columns are not in the log for certain and are left out: ${virtual.join(', ')}`;
    results.push({ subject, status: 'warn', code: null, message: left, fix: null });
  }
  return results;
}

/** The plan of a column, or why it has none. */
function planColumn(
  column: CatalogColumn,
  with_: {
    readonly policy: MysqlTablePolicy;
    readonly settings: Pick<MysqlSettings, 'zeroDates'>;
    readonly charsets: Charsets;
  },
): ValuePlan | string {
  const asString = with_.policy.asString.includes(column.name);
  const plan = planValue(column, { zeroDates: with_.settings.zeroDates, asString });
  if (plan === null) return `type ${column.columnType} is not supported${asString ? ' as a string' : ''}`;
  const { charset } = column;
  if (charset !== null && with_.charsets.converter(charset) === undefined) {
    return `character set ${charset} is not supported`;
  }
  return plan;
}

/** Indexes of the key columns among the kept ones, or why there is no key. */
function keyOf(
  table: CatalogTable,
  kept: readonly CatalogColumn[],
  policy: MysqlTablePolicy,
): readonly number[] | string {
  const names = policy.key === 'auto' ? table.key : policy.key;
  if (names.length === 0) return 'no primary key and no unique key without NULLs';
  const indexes = names.map((name) => kept.findIndex((column) => column.name === name));
  const missing = names.find((_, index) => indexes[index] === -1);
  return missing === undefined ? indexes : `key column ${quoteIdentifier(missing)} is virtual or not there`;
}
