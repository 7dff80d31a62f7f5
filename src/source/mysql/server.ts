// What a server says about itself: its kind, its settings, its log and our rights.
import type { SourcePosition } from '../../change/position.ts';
import type { Flavor } from './gtid.ts';
import { formatPosition, gtidOrder } from './gtids.ts';
import { field, quoteLiteral, type SqlRunner } from './sql-session.ts';

/** What is known after asking. */
export interface ServerFacts {
  readonly flavor: Flavor;
  readonly version: string;
  /** Variables that decide whether the log can be followed, in lower case; absent ones are not known to the server. */
  readonly variables: ReadonlyMap<string, string>;
  /** Rights on everything, in upper case. */
  readonly grants: string;
}

const VARIABLES = [
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_metadata',
  'binlog_row_value_options',
  'gtid_mode',
  'gtid_strict_mode',
  'server_id',
  'lower_case_table_names',
];

/** Asks the server. Throws E2010 to E2013. */
export async function readServer(sql: SqlRunner): Promise<ServerFacts> {
  const [row] = await sql.query('SELECT VERSION() AS version');
  const version = field(row, 'version');
  const names = VARIABLES.map(quoteLiteral).join(', ');
  const rows = await sql.query(`SHOW GLOBAL VARIABLES WHERE variable_name IN (${names})`);
  const variables = new Map(rows.map((found) => [field(found, 'variable_name').toLowerCase(), found['value'] ?? '']));
  const grants = await sql.query('SHOW GRANTS');
  return {
    flavor: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    version,
    variables,
    grants: grants
      .flatMap((grant) => Object.values(grant))
      .join('\n')
      .toUpperCase(),
  };
}

/** Databases that the server's log is restricted to, and those that it leaves out. */
export interface LogFilter {
  readonly only: readonly string[];
  readonly without: readonly string[];
}

/** Asks for the filter. Throws E2010 to E2013. */
export async function readLogFilter(sql: SqlRunner): Promise<LogFilter> {
  // The statement has another name from MySQL 8.2 on, and only that from 8.4 on.
  const [row] = await sql.query('SHOW MASTER STATUS').catch(() => sql.query('SHOW BINARY LOG STATUS'));
  const names = (column: string): readonly string[] =>
    (row?.[column] ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return { only: names('binlog_do_db'), without: names('binlog_ignore_db') };
}

/** The end of the server's log. */
export async function readPosition(sql: SqlRunner, flavor: Flavor): Promise<SourcePosition> {
  const variable = flavor === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_pos';
  const [row] = await sql.query(`SELECT ${variable} AS position`);
  return formatPosition(flavor, (row?.['position'] ?? '').replace(/\s/g, ''));
}

/**
 * All transactions that are in the log, whether the engine has committed them or not, or will be there soon. MySQL counts
 * a transaction as executed after it is visible, and as owned before that: the owned ones are read first, as one that was
 * owned is executed a moment later.
 */
export async function readLoggedPosition(sql: SqlRunner, flavor: Flavor): Promise<SourcePosition> {
  if (flavor === 'mariadb') return readPosition(sql, flavor);
  const [row] = await sql.query('SELECT @@GLOBAL.gtid_owned AS owned');
  // Each with the threads that own it: `uuid:7#12:8#13`.
  const owned = formatPosition('mysql', (row?.['owned'] ?? '').replace(/\s|#\d+/g, ''));
  return gtidOrder.latest(await readPosition(sql, flavor), owned);
}

/** The transactions before the oldest log that the server still has. */
export async function readLogStart(sql: SqlRunner, flavor: Flavor): Promise<SourcePosition> {
  if (flavor === 'mysql') {
    const [row] = await sql.query('SELECT @@GLOBAL.gtid_purged AS position');
    return formatPosition('mysql', (row?.['position'] ?? '').replace(/\s/g, ''));
  }
  const [first] = await sql.query('SHOW BINARY LOGS');
  const file = quoteLiteral(field(first, 'log_name'));
  const [row] = await sql.query(`SELECT BINLOG_GTID_POS(${file}, 4) AS position`);
  return formatPosition('mariadb', row?.['position'] ?? '');
}
