// A place to mirror in: a database of its own, a warehouse, a configuration, and the real program run on them.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { Table } from '../../src/paimon/table.ts';
import type { FileStore } from '../../src/storage/file-store.ts';
import { openStore, storeSettingsOf } from '../../src/storage/open-store.ts';
import { freshDatabase, type TestDatabase, type TestPostgres, withClient } from './servers.ts';
import { type CliExit, type CliOptions, type CliProcess, spawnCli } from './spawn-cli.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

/** The source's name in the configuration, and so the pipeline's. */
export const PIPELINE = 'shop';

/** As much of a daemon's output as an error shows. */
const OUTPUT_MAX = 4000;
/** A command that is to end and does not is killed. */
const COMMAND_MS_MAX = 60_000;

/** What of the configuration a test decides; everything else is as it is for all. */
export interface SiteSettings {
  /** Further lines of the source, indented by four. */
  readonly source?: string;
  /** Entries of `tables`; default `public.*`. */
  readonly tables?: string;
  readonly commitInterval?: string;
  /** Where the daemon listens; any free port unless given. */
  readonly listen?: string;
  /** How long a daemon tries without a commit. */
  readonly giveUp?: string;
  /** Further top-level lines. */
  readonly rest?: string;
  readonly warehouse?: string;
  /** Of the source in the URL; default the server's. */
  readonly port?: number;
  /** Another database of the server, whose log has to be one with this site's. */
  readonly database?: string;
  /** The source's name; default `shop`. */
  readonly pipeline?: string;
  /** The name of the configuration file, for sites with several. */
  readonly file?: string;
}

/** How a refused command ended. */
export interface SiteFailure {
  readonly exit: number | null;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A replication slot as the server has it. */
export interface SiteSlot {
  readonly confirmed: string | null;
  readonly activePid: number | null;
}

/** A database, a warehouse and the program between them. */
export interface MirrorSite {
  readonly database: TestDatabase;
  readonly directory: string;
  readonly warehouse: string;
  readonly store: FileStore;
  readonly records: CheckpointStore;
  /** Writes a configuration and gives its path. */
  configure(settings?: SiteSettings): string;
  /** Starts `run`, with the configuration written last unless told otherwise. */
  start(options?: CliOptions & { readonly file?: string; readonly flags?: readonly string[] }): CliProcess;
  /** Runs `run --until-caught-up`; rejects with its output unless it ends with 0. */
  catchUp(options?: CliOptions): Promise<void>;
  /** Runs `run --until-caught-up --json`, which is to be refused. */
  refused(options?: CliOptions & { readonly file?: string; readonly flags?: readonly string[] }): Promise<SiteFailure>;
  /** Statements in one session, one after the other. */
  sql(...statements: readonly string[]): Promise<void>;
  /** A table of the lake database `public`. */
  table(name: string): Promise<Table>;
  /** The slot of the pipeline; null where there is none. */
  slot(): Promise<SiteSlot | null>;
  /** The number of snapshots of all tables in the warehouse. */
  snapshotCount(): number;
  latestRecord(): Promise<CheckpointRecord>;
  /** Waits until a record holds everything that the source had committed when this was called, with no table left to copy. */
  caughtUp(timeoutMs?: number): Promise<CheckpointRecord>;
  close(): Promise<void>;
}

/** Makes a site with an empty database; `statements` are run in it. */
export async function mirrorSite(
  server: TestPostgres,
  options: { readonly settings?: SiteSettings; readonly statements?: readonly string[] } = {},
): Promise<MirrorSite> {
  const database = await freshDatabase(server);
  const directory = tempDir();
  const warehouse = options.settings?.warehouse ?? join(directory, 'lake');
  const store = openStore(storeSettingsOf(warehouse));
  const records = new CheckpointStore(store, PIPELINE);
  const started: CliProcess[] = [];
  let current = '';
  const site: MirrorSite = {
    database,
    directory,
    warehouse,
    store,
    records,
    configure: (settings = {}) => {
      current = join(directory, settings.file ?? 'tributary.yaml');
      writeFileSync(current, configText(database, { warehouse, ...settings }));
      return current;
    },
    start: ({ file = current, flags = [], ...cli } = {}) => {
      const daemon = spawnCli(['run', '-c', file, ...flags], cli);
      started.push(daemon);
      return daemon;
    },
    catchUp: async (cli = {}) => {
      const { code, signal, stdout, stderr } = await runToEnd(['run', '-c', current, '--until-caught-up'], cli);
      if (code !== 0) throw new Error(`run --until-caught-up ended with ${code ?? signal}:\n${stdout}${stderr}`);
    },
    refused: async ({ file = current, flags = [], ...cli } = {}) => {
      const { code, stderr } = await runToEnd(['run', '-c', file, '--until-caught-up', '--json', ...flags], cli);
      return { exit: code, ...lastError(stderr) };
    },
    sql: (...statements) =>
      withClient(database.url, async (client) => {
        for (const statement of statements) await client.query(statement);
      }),
    table: (name) => Table.open(store, { database: 'public', table: name }),
    slot: () => slotOf(database),
    snapshotCount: () => snapshotFiles(warehouse).length,
    latestRecord: () => until(() => records.latest(), { what: 'a checkpoint record' }),
    caughtUp: async (timeoutMs = 60_000) => {
      const end = await logEnd(database.url);
      const reached = async (): Promise<CheckpointRecord | null> => {
        const record = await records.latest();
        return record !== null && record.copying.length === 0 && lsnOf(record.position) >= end ? record : null;
      };
      return until(reached, { timeoutMs, what: 'the lake having caught up' }).catch((cause: unknown) => {
        const output = started.map((daemon) => (daemon.stdout() + daemon.stderr()).slice(-OUTPUT_MAX)).at(-1) ?? '';
        throw new Error(`${String(cause)}\n${output}`, { cause });
      });
    },
    close: async () => {
      await Promise.all(started.map((daemon) => daemon.kill('SIGKILL')));
      await database.drop();
    },
  };
  site.configure(options.settings);
  if (options.statements !== undefined) await site.sql(...options.statements);
  return site;
}

async function runToEnd(
  args: readonly string[],
  options: CliOptions,
): Promise<CliExit & { readonly stdout: string; readonly stderr: string }> {
  const command = spawnCli(args, options);
  const ending = new AbortController();
  const limit = systemClock.sleep(COMMAND_MS_MAX, ending.signal).then(
    () => command.kill('SIGKILL'),
    () => undefined,
  );
  const exit = await command.exit;
  ending.abort();
  await limit;
  return { ...exit, stdout: command.stdout(), stderr: command.stderr() };
}

/** A position of PostgreSQL's log as a number. */
export function lsnOf(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

function configText(database: TestDatabase, settings: SiteSettings & { readonly warehouse: string }): string {
  const url = new URL(database.url);
  if (settings.port !== undefined) url.port = String(settings.port);
  if (settings.database !== undefined) url.pathname = `/${settings.database}`;
  return `version: 1
lake: { warehouse: ${JSON.stringify(settings.warehouse)} }
sources:
  ${settings.pipeline ?? PIPELINE}:
    url: ${JSON.stringify(url.href)}
    slot: { name: ${database.name} }
    publication: { name: ${database.name} }
    heartbeat: { interval: 500ms }
    tables: ${settings.tables ?? '[ public.* ]'}
${settings.source ?? ''}
commit: { interval: ${settings.commitInterval ?? '100ms'} }
errors: { retry: { initial: 50ms, max: 500ms, give_up: ${settings.giveUp ?? '5m'} } }
http: { listen: "${settings.listen ?? '127.0.0.1:0'}" }
log: { format: json }
${settings.rest ?? ''}
`;
}

function lastError(stderr: string): Omit<SiteFailure, 'exit'> {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  try {
    return (JSON.parse(line) as { readonly error: Omit<SiteFailure, 'exit'> }).error;
  } catch (cause) {
    throw new Error(`the last line is no error as JSON:\n${stderr}`, { cause });
  }
}

async function slotOf(database: TestDatabase): Promise<SiteSlot | null> {
  const { rows } = await withClient(database.url, (client) =>
    client.query<{ confirmed: string | null; pid: number | null }>(
      'select confirmed_flush_lsn::text as confirmed, active_pid as pid from pg_replication_slots where slot_name = $1',
      [database.name],
    ),
  );
  const row = rows[0];
  return row === undefined ? null : { confirmed: row.confirmed, activePid: row.pid };
}

/** The end of the newest commit record: of what a message of our own, written now, follows. */
async function logEnd(url: string): Promise<bigint> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ lsn: string }>("select pg_logical_emit_message(true, 'tributary-test', '')::text as lsn"),
  );
  return lsnOf(rows[0]?.lsn ?? '0/0');
}

function snapshotFiles(warehouse: string): readonly string[] {
  if (!existsSync(warehouse)) return [];
  const names = readdirSync(warehouse, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /(^|\/)snapshot\/snapshot-\d+$/.test(name));
}
