// A place to mirror a MySQL database in: a warehouse, a configuration, the real program run on them, and the rows of
// the source in the form of the lake's.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourcePosition } from '../../src/change/position.ts';
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import type { DataType } from '../../src/paimon/schema/data-type.ts';
import { Table } from '../../src/paimon/table.ts';
import { gtidOrder } from '../../src/source/mysql/gtids.ts';
import { openStore, storeSettingsOf } from '../../src/storage/open-store.ts';
import { lakeRows, readerRows, type RowTexts } from './compare-source-lake.ts';
import type { GoldenRow, GoldenValue } from './golden.ts';
import { rowsOf, type TestMysql, type TestMysqlDatabase, withMysql } from './mysql-servers.ts';
import { type CliExit, type CliProcess, spawnCli } from './spawn-cli.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

/** Characters of a value that a difference shows. */
const SHOWN_MAX = 80;

/** A database, a warehouse and the program between them. */
export interface MysqlSite {
  readonly warehouse: string;
  readonly records: CheckpointStore;
  /** Starts `run`. */
  start(flags?: readonly string[]): CliProcess;
  /** Runs another command with the configuration to its end. */
  command(args: readonly string[]): Promise<CliExit & { readonly output: string }>;
  table(name: string): Promise<Table>;
  /** Waits until a record holds everything that the source had committed when this was called, with no table left to copy. */
  caughtUp(timeoutMs?: number): Promise<CheckpointRecord>;
  /** What differs between source and lake, each line with its table. */
  differences(tables: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What of the configuration a test decides. */
export interface MysqlSiteOptions {
  /** Entries of `tables`; all of the database unless given. */
  readonly entries?: string;
  /** Further lines of the source, indented by four. */
  readonly source?: string;
  /** Further top-level lines. */
  readonly rest?: string;
  readonly user?: string;
  /** Where the lake is; a place of its own unless given. */
  readonly warehouse?: string;
  /** The source's name; `shop` unless given. */
  readonly pipeline?: string;
  /** Where the daemon listens; nowhere unless given. */
  readonly listen?: string;
}

/** Makes a site for the tables of a database; `entries` of `tables` are written with `{db}` for its name. */
export function mysqlSite(server: TestMysql, database: TestMysqlDatabase, options: MysqlSiteOptions = {}): MysqlSite {
  const { entries = '[ "{db}.*" ]', source = '', rest = '', user = 'root', listen = null } = options;
  const directory = tempDir();
  const warehouse = options.warehouse ?? join(directory, 'lake');
  const store = openStore(storeSettingsOf(warehouse));
  const records = new CheckpointStore(store, options.pipeline ?? 'shop');
  const file = join(directory, 'tributary.yaml');
  const url = server.url.replace('root', user);
  writeFileSync(
    file,
    `version: 1
lake: { warehouse: ${JSON.stringify(warehouse)} }
sources:
  shop:
    url: ${JSON.stringify(url)}
    heartbeat: { interval: 500ms }
    tables: ${entries.replaceAll('{db}', database.name)}
${source}
commit: { interval: 50ms }
errors: { retry: { initial: 50ms, max: 500ms } }
http: { listen: ${listen} }
log: { format: json }
${rest}
`,
  );
  const started: CliProcess[] = [];
  const table = (name: string): Promise<Table> => Table.open(store, { database: database.name, table: name });
  return {
    warehouse,
    records,
    table,
    start: (flags = []) => {
      const daemon = spawnCli(['run', '-c', file, ...flags]);
      started.push(daemon);
      return daemon;
    },
    command: async ([verb = '', ...args]) => {
      const command = spawnCli([verb, '-c', file, ...args]);
      started.push(command);
      const exit = await command.exit;
      return { ...exit, output: command.stdout() + command.stderr() };
    },
    caughtUp: async (timeoutMs = 60_000) => {
      const end = await logEnd(server);
      const reached = async (): Promise<CheckpointRecord | null> => {
        const record = await records.latest();
        const isThere = record !== null && record.copying.length === 0 && gtidOrder.includes(record.position, end);
        return isThere ? record : null;
      };
      return until(reached, { timeoutMs, what: 'the lake having caught up' }).catch((cause: unknown) => {
        const output = started.at(-1);
        throw new Error(`${String(cause)}\n${((output?.stdout() ?? '') + (output?.stderr() ?? '')).slice(-4000)}`);
      });
    },
    differences: async (tables) => {
      const found: string[] = [];
      for (const name of tables) {
        const opened = await table(name);
        found.push(...differences(opened, await sourceRows(database.url, opened), await lakeRows(opened)));
      }
      return found;
    },
    close: async () => {
      await Promise.all(started.map((daemon) => daemon.kill('SIGKILL')));
    },
  };
}

/** The position of all that is committed. */
function logEnd(server: TestMysql): Promise<SourcePosition> {
  const variable = server.kind === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos';
  return withMysql(server.url, async (connection) => {
    const [[position] = []] = await rowsOf(connection, `select ${variable}`);
    return `${server.kind}:${(position ?? '').replace(/\s/g, '')}` as SourcePosition;
  });
}

/** Rows that one side lacks, and the values that differ in rows of both; a few, none at length. */
function differences(table: Table, expected: RowTexts, actual: RowTexts): readonly string[] {
  const found: string[] = [];
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted, got] = [expected.get(key), actual.get(key)];
    if (wanted === got) continue;
    if (wanted === undefined || got === undefined || got.startsWith('twice')) {
      found.push(`${table.path} ${key}: ${wanted === undefined ? 'not in the source' : 'not in the lake, or twice'}`);
      continue;
    }
    const values = JSON.parse(got) as unknown[];
    for (const [index, value] of (JSON.parse(wanted) as unknown[]).entries()) {
      const [left, right] = [JSON.stringify(value), JSON.stringify(values[index])];
      const { name, type } = table.schema.fields[index];
      if (left !== right) {
        const shown = `expected ${left.slice(0, SHOWN_MAX)}, found ${right.slice(0, SHOWN_MAX)}`;
        found.push(`${table.path} ${key} ${name} ${type.kind}: ${shown}`);
      }
    }
  }
  return found.slice(0, 20);
}

/** The rows of a table as the server prints them, in the form of the lake's. */
async function sourceRows(url: string, table: Table): Promise<RowTexts> {
  const { fields } = table.schema;
  const name = table.path.split('/').at(-1) ?? '';
  const columns = fields.map((field) => expression(field.name, field.type)).join(', ');
  const rows = await withMysql(url, async (connection) => {
    await connection.query("set time_zone = '+00:00'");
    return rowsOf(connection, `select ${columns} from \`${name}\``);
  });
  return readerRows(
    table,
    rows.map(
      (row): GoldenRow =>
        Object.fromEntries(fields.map((field, index) => [field.name, golden(field.type, row[index] ?? null)])),
    ),
  );
}

/** Numbers without padding and with all their digits, bytes in hexadecimal. */
function expression(name: string, { kind }: DataType): string {
  switch (kind) {
    case 'VARBINARY':
      return `lower(hex(cast(\`${name}\` as binary)))`;
    case 'FLOAT':
    case 'DOUBLE':
      return `\`${name}\` + 0e0`;
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'DECIMAL':
      return `\`${name}\` + 0`;
    default:
      return `\`${name}\``;
  }
}

/** The server's text as the reference's JSON has the value. */
function golden(type: DataType, text: string | null): GoldenValue {
  // Zero dates are NULL in the lake unless told otherwise.
  const isZero = text?.startsWith('0000-00-00') === true && type.kind !== 'VARCHAR';
  if (text === null || isZero) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return text === '1';
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'FLOAT':
    case 'DOUBLE':
      return Number(text);
    case 'ARRAY':
      return text === '' ? [] : text.split(',');
    case 'TIMESTAMP':
      return microseconds(text);
    case 'TIMESTAMP_LTZ':
      return `${microseconds(text)}Z`;
    default:
      return text;
  }
}

function microseconds(text: string): string {
  const [whole = '', fraction = ''] = text.replace(' ', 'T').split('.');
  return `${whole}.${fraction.padEnd(6, '0')}`;
}
