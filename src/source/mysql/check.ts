// Looks at everything that must hold before a source can be mirrored, and changes nothing.
import type { ErrorCode } from '../../base/error-codes.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { CheckResult } from '../check-result.ts';
import { readTables } from './catalog.ts';
import { type Charsets, readCharsets } from './charsets.ts';
import { describeTables } from './describe.ts';
import { formatPosition } from './gtids.ts';
import type { MysqlTable } from './mysql-table.ts';
import { type LogFilter, readLogFilter, readLogStart, readPosition, readServer, type ServerFacts } from './server.ts';
import type { MysqlSettings } from './settings.ts';
import { quoteLiteral, type SqlRunner } from './sql-session.ts';

/** What is known of the server after looking. */
export interface Examination {
  readonly results: readonly CheckResult[];
  readonly tables: readonly MysqlTable[];
  readonly server: ServerFacts;
  readonly charsets: Charsets;
  readonly logStart: SourcePosition;
  readonly logEnd: SourcePosition;
}

/** Looks. Throws E2010 to E2013 if the server cannot be asked; everything else is in the results. */
export async function examine(sql: SqlRunner, settings: MysqlSettings): Promise<Examination> {
  const server = await readServer(sql);
  const results = checkServer(server, settings);
  const catalog = await readTables(sql, settings.includes);
  const used = new Set(catalog.flatMap((table) => table.columns.flatMap(({ charset }) => charset ?? [])));
  const charsets = await readCharsets(sql, used);
  const described = describeTables({ tables: catalog, charsets, settings });
  // Without a log, or without the right to ask for it, there is nothing to ask; the results say so.
  const canAsk = results.every(({ status }) => status !== 'fail');
  const nowhere = formatPosition(server.flavor, '');
  const filtered = canAsk ? checkFilter(await readLogFilter(sql), described.tables) : [];
  return {
    results: [...results, ...described.results, ...filtered],
    tables: described.tables,
    server,
    charsets,
    logStart: canAsk ? await readLogStart(sql, server.flavor) : nowhere,
    logEnd: canAsk ? await readPosition(sql, server.flavor) : nowhere,
  };
}

/** Changes in databases that the server does not log are never seen. */
function checkFilter({ only, without }: LogFilter, tables: readonly MysqlTable[]): readonly CheckResult[] {
  const schemas = new Set(tables.map((table) => table.source.schema));
  return [...schemas]
    .filter((schema) => without.includes(schema) || (only.length > 0 && !only.includes(schema)))
    .map((schema) => ({
      subject: `database ${schema}`,
      status: 'fail',
      code: 'E2029',
      message: 'is left out of the log by binlog_do_db or binlog_ignore_db',
      fix: null,
    }));
}

/** One setting of the server and what it must be. */
interface Requirement {
  readonly variable: string;
  readonly wanted: string;
  /** Values that are as good. */
  readonly also?: readonly string[];
  readonly severity: 'fail' | 'warn';
  readonly fix: string;
  /** Only for servers that know the variable. */
  readonly ifKnown?: boolean;
}

const RESTART = ' -- in the configuration of the server, then restart it';
const LOG: readonly Requirement[] = [
  { variable: 'log_bin', wanted: 'ON', severity: 'fail', fix: `log_bin = binlog${RESTART}` },
  { variable: 'binlog_format', wanted: 'ROW', severity: 'fail', fix: "SET GLOBAL binlog_format = 'ROW';" },
  {
    variable: 'binlog_row_metadata',
    wanted: 'FULL',
    severity: 'fail',
    fix: "SET GLOBAL binlog_row_metadata = 'FULL';",
  },
  {
    variable: 'binlog_row_image',
    wanted: 'FULL',
    also: ['NOBLOB'],
    severity: 'fail',
    fix: "SET GLOBAL binlog_row_image = 'FULL';",
  },
  {
    variable: 'binlog_row_value_options',
    wanted: '',
    severity: 'fail',
    fix: "SET GLOBAL binlog_row_value_options = '';",
    ifKnown: true,
  },
];
const MYSQL: readonly Requirement[] = [
  {
    variable: 'gtid_mode',
    wanted: 'ON',
    severity: 'fail',
    fix: `gtid_mode = ON, enforce_gtid_consistency = ON${RESTART}`,
  },
];
const MARIADB: readonly Requirement[] = [
  { variable: 'gtid_strict_mode', wanted: 'ON', severity: 'warn', fix: 'SET GLOBAL gtid_strict_mode = ON;' },
];

function checkServer(server: ServerFacts, settings: MysqlSettings): readonly CheckResult[] {
  const results: CheckResult[] = [{ subject: 'version', status: 'ok', code: null, message: server.version, fix: null }];
  for (const requirement of [...LOG, ...(server.flavor === 'mysql' ? MYSQL : MARIADB)]) {
    results.push(checkVariable(server, requirement));
  }
  results.push(...checkRights(server, settings), checkServerId(server, settings));
  return results;
}

function checkVariable(server: ServerFacts, requirement: Requirement): CheckResult {
  const { variable, wanted, also = [], severity, fix, ifKnown = false } = requirement;
  const value = server.variables.get(variable);
  const good = value === undefined ? ifKnown : [wanted, ...also].includes(value.toUpperCase());
  const shown = `${variable} is ${value === undefined ? 'not known to this server' : value === '' ? 'empty' : value}`;
  if (good) return { subject: variable, status: 'ok', code: null, message: shown, fix: null };
  const code: ErrorCode = 'E2029';
  return { subject: variable, status: severity, code, message: `is not ${wanted}: ${shown}`, fix };
}

/** Rights on everything that a user must have, each in one of its names. */
const RIGHTS: ReadonlyArray<{ readonly names: readonly string[]; readonly mysqlOnly?: boolean }> = [
  { names: ['SELECT'] },
  { names: ['REPLICATION SLAVE'] },
  { names: ['REPLICATION CLIENT', 'BINLOG MONITOR'] },
  { names: ['RELOAD', 'FLUSH_TABLES'], mysqlOnly: true },
];

function checkRights(server: ServerFacts, settings: MysqlSettings): readonly CheckResult[] {
  const everything = /GRANT ALL PRIVILEGES ON \*\.\*/.test(server.grants);
  const missing = RIGHTS.filter(({ mysqlOnly = false }) => !mysqlOnly || server.flavor === 'mysql').filter(
    ({ names }) => !everything && !names.some((name) => server.grants.includes(name)),
  );
  if (missing.length === 0) {
    return [{ subject: 'user', status: 'ok', code: null, message: 'may read tables and the log', fix: null }];
  }
  const rights = missing.map(({ names }) => names[0]).join(', ');
  const fix = `GRANT ${rights} ON *.* TO ${quoteLiteral(settings.user)}@'%';`;
  return [{ subject: 'user', status: 'fail', code: 'E2022', message: `lacks rights: ${rights}`, fix }];
}

/** A replica with the server's own number, or with another replica's, would be cut off. */
function checkServerId(server: ServerFacts, { serverId }: MysqlSettings): CheckResult {
  const subject = 'server_id';
  const theirs = server.variables.get('server_id') ?? '';
  if (theirs === '0') {
    const fix = `server_id = 1${RESTART}`;
    return { subject, status: 'fail', code: 'E2029', message: 'the server has no number', fix };
  }
  if (String(serverId) === theirs) {
    return { subject, status: 'fail', code: 'E2035', message: `is the server's own: server_id=${theirs}`, fix: null };
  }
  return { subject, status: 'ok', code: null, message: `the server is ${theirs}, we are ${serverId}`, fix: null };
}
