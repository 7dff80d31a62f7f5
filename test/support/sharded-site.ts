// Tables of one source that are merged into one lake table, on each kind of server. A view in the source shows what the
// merged table has to hold.
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import type { Table } from '../../src/paimon/table.ts';
import { compareSourceAndLake } from './compare-source-lake.ts';
import { mirrorSite } from './mirror-site.ts';
import { freshMysqlDatabase, type MysqlKind, startMysql } from './mysql-servers.ts';
import { mysqlSite } from './mysql-site.ts';
import { postgres } from './servers.ts';
import type { CliProcess } from './spawn-cli.ts';
import { until } from './until.ts';

/** A source with shards `orders_1`, `orders_2` … of `orders`, and a table `other`. */
export interface ShardedSite {
  sql(...statements: readonly string[]): Promise<void>;
  start(): CliProcess;
  /** Waits until the lake has what the source has committed. */
  caughtUp(): Promise<CheckpointRecord>;
  table(name: string): Promise<Table>;
  latestRecord(): Promise<CheckpointRecord | null>;
  /** What differs between source and lake. */
  differences(tables: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Which server. */
export type ShardedKind = 'postgres' | MysqlKind;

const ADD = 'columns: { add: { shard: "{table}" } }';
const SMALL_CHUNKS = '    snapshot: { chunk_rows: 40 }';

/** Starts a server with the tables: `orders_1` to `orders_3` with the rows 1 to 200 each, and `other`. */
export async function shardedSite(kind: ShardedKind, options: string): Promise<ShardedSite> {
  const site = kind === 'postgres' ? await onPostgres(options) : await onMysql(kind, options);
  for (const number of [1, 2, 3]) await addShard(site, number);
  await site.sql('create table other (id int primary key, note text)', 'insert into other values (1, null)');
  await showShards(site, { numbers: [1, 2, 3], columns: 'id, note' });
  return site;
}

/** Makes one more shard, with rows. */
export async function addShard(site: ShardedSite, number: number): Promise<void> {
  const rows = Array.from({ length: 200 }, (_, row) => `(${row + 1}, 'first ${row + 1} of ${number}')`);
  await site.sql(
    `create table orders_${number} (id int primary key, note text)`,
    `insert into orders_${number} values ${rows.join(', ')}`,
  );
}

/** Has the view show these shards. */
export async function showShards(
  site: ShardedSite,
  { numbers, columns }: { readonly numbers: readonly number[]; readonly columns: string },
): Promise<void> {
  const parts = numbers.map((number) => `select 'orders_${number}' as shard, ${columns} from orders_${number}`);
  await site.sql('drop view if exists orders', `create view orders as ${parts.join(' union all ')}`);
}

/** A table with a shard that was emptied has stopped in one record, and is copied anew in the next. */
function followed(caughtUp: () => Promise<CheckpointRecord>): Promise<CheckpointRecord> {
  const reached = async (): Promise<CheckpointRecord | null> => {
    const record = await caughtUp();
    return record.stopped.length === 0 ? record : null;
  };
  return until(reached, { timeoutMs: 120_000, what: 'every table being followed' });
}

async function onPostgres(options: string): Promise<ShardedSite> {
  const server = await postgres({ settings: { fsync: 'off' } });
  const entries = `[ public.*, { match: "public.orders_*", to: public.orders, ${ADD}, ${options} } ]`;
  const site = await mirrorSite(server, {
    settings: { tables: entries, commitInterval: '50ms', source: SMALL_CHUNKS },
  });
  return {
    sql: (...statements) => site.sql(...statements),
    start: () => site.start(),
    caughtUp: () => followed(() => site.caughtUp()),
    table: (name) => site.table(name),
    latestRecord: () => site.records.latest(),
    differences: async (names) =>
      compareSourceAndLake(site.database.url, await Promise.all(names.map((name) => site.table(name)))),
    close: async () => {
      await site.close();
      await server.stop();
    },
  };
}

async function onMysql(kind: MysqlKind, options: string): Promise<ShardedSite> {
  const server = await startMysql(kind);
  const database = await freshMysqlDatabase(server);
  const entries = `[ "{db}.*", { match: "{db}.orders_*", to: "{db}.orders", ${ADD}, ${options} } ]`;
  const site = mysqlSite(server, database, { entries, source: SMALL_CHUNKS });
  return {
    sql: (...statements) => database.sql(...statements),
    start: () => site.start(),
    caughtUp: () => followed(() => site.caughtUp()),
    table: (name) => site.table(name),
    latestRecord: () => site.records.latest(),
    differences: (names) => site.differences(names),
    close: async () => {
      await site.close();
      await server.stop();
    },
  };
}
