// The benchmark's database: a server with safe settings, one table of orders, and the changes that are made to it.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import {
  freshDatabase,
  localPostgresKinds,
  postgres,
  type TestPostgres,
  withClient,
} from '../../test/support/servers.ts';
import { removeDir, tempDir } from '../../test/support/temp-dir.ts';

/** The pipeline's name; slot and publication are called after it. */
const PIPELINE = 'bench';
export const SLOT = `tributary_${PIPELINE}`;
export const PUBLICATION = `tributary_${PIPELINE}`;
const TABLE = 'orders';
const ROWS_PER_TRANSACTION = 100;

/** A server with the database of orders and a place for lakes. */
export interface Shop {
  readonly server: TestPostgres;
  readonly url: string;
  readonly serverVersion: string;
  /** A directory for lakes and configurations. */
  readonly directory: string;
  readonly lakeDirectory: string;
  readonly configFile: string;
  stop(): Promise<void>;
}

const SERVER_SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  autovacuum: 'off',
};

/** Folder of the server's client programs, where the system's packages have put them. */
const CLIENT_FOLDERS = [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`);

/** A client program such as `pg_recvlogical`; null where it is not installed. */
export function clientProgram(name: string): string | null {
  const paths = [...CLIENT_FOLDERS, '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((folder) =>
    join(folder, name),
  );
  return paths.find((path) => existsSync(path)) ?? null;
}

/** Starts the server (the system's packages first, they bring the programs of the limits) and makes the empty table. */
export async function openShop(): Promise<Shop> {
  const kind = localPostgresKinds().includes('system') ? 'system' : 'embedded';
  const server = await postgres({ settings: SERVER_SETTINGS, kind });
  const database = await freshDatabase(server);
  const directory = tempDir();
  const shop = {
    server,
    url: database.url,
    serverVersion: `PostgreSQL ${Math.floor(server.versionNumber / 10000)}.${server.versionNumber % 10000} (${kind})`,
    directory,
    lakeDirectory: join(directory, 'lake'),
    configFile: join(directory, 'tributary.yaml'),
    stop: () => server.stop(),
  };
  await withClient(shop.url, makeTable);
  return shop;
}

async function makeTable(client: pg.Client): Promise<void> {
  await client.query(
    `create table ${TABLE} (id bigint primary key, customer_id int, amount numeric(18,2), status text, created_at timestamp(6), note text)`,
  );
  // A row is a function of its id: notes of 96 to 104 characters that compress as text of ids and hashes does.
  await client.query(`create function order_row(id bigint) returns ${TABLE} language sql immutable parallel safe as $$
    select row(id, (hashint8(id) & 65535), ((hashint8(id + 1) & 134217727) / 100.0)::numeric(18,2),
      (array['new','paid','packed','shipped','delivered','returned'])[1 + (hashint8(id + 2) & 1073741823) % 6],
      timestamp '2026-01-01' + (hashint8(id + 3) & 1073741823) * interval '29369 microseconds',
      md5(id::text) || md5((-id)::text) || md5((id * 7)::text) || left(md5((id * 11)::text), (hashint8(id + 4) & 7) + 1))::${TABLE} $$`);
}

/** Inserts rows from one id on, in one transaction. */
export async function loadOrders(shop: Shop, first: number, count: number): Promise<void> {
  await withClient(shop.url, (client) =>
    client.query(
      `insert into ${TABLE} select (order_row(id)).* from generate_series($1::bigint, $1::bigint + $2::bigint - 1) id`,
      [first, count],
    ),
  );
}

/** Ends a load: statistics and a checkpoint, so that neither falls into a measured run. */
export async function settle(shop: Shop): Promise<void> {
  await withClient(shop.url, async (client) => {
    await client.query(`vacuum analyze ${TABLE}`);
    await client.query('checkpoint');
  });
}

/** Transactions of 100 updates of single rows, spread over the table; returns the end of the log. */
export async function updateOrders(shop: Shop, rowCount: number, changes: number): Promise<string> {
  return withClient(shop.url, async (client) => {
    await client.query(`create or replace procedure many_updates(transactions int, row_count bigint) language plpgsql as $$
      declare t int; r int;
      begin
        for t in 1..transactions loop
          for r in 1..${ROWS_PER_TRANSACTION} loop
            update ${TABLE} set amount = (t % 1000000) / 100.0, status = 'paid'
              where id = 1 + (hashint8(t::bigint * 1000 + r)::bigint & 2147483647) % row_count;
          end loop;
          commit;
        end loop;
      end $$`);
    await client.query('set synchronous_commit = off');
    await client.query('call many_updates($1, $2)', [Math.ceil(changes / ROWS_PER_TRANSACTION), rowCount]);
    await client.query('set synchronous_commit = on');
    await client.query('checkpoint');
    return endOfLog(client);
  });
}

/** Where the log ends now, flushed. */
export async function endOfLog(client: pg.Client): Promise<string> {
  await client.query(`select pg_logical_emit_message(true, '${PIPELINE}', 'end')`);
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
  return rows[0].lsn;
}

/** A copy of a slot: a run reads it, and the slot stays where it is. A slot of the new name goes first. */
export async function copySlot(shop: Shop, from: string, to: string): Promise<void> {
  await dropSlot(shop, to);
  await withClient(shop.url, (client) => client.query('select pg_copy_logical_replication_slot($1, $2)', [from, to]));
}

/** Drops a slot; it need not exist. */
export async function dropSlot(shop: Shop, name: string): Promise<void> {
  await withClient(shop.url, (client) =>
    client.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [name]),
  );
}

/** Everything of a mirror away: slot, publication, lake. */
export async function dropMirror(shop: Shop): Promise<void> {
  await dropSlot(shop, SLOT);
  await withClient(shop.url, (client) => client.query(`drop publication if exists ${PUBLICATION}`));
  removeDir(shop.lakeDirectory);
}

/** Writes the daemon's configuration; all other options are at their defaults. Returns the arguments that name it. */
export function configure(shop: Shop, options: { readonly interval?: string } = {}): readonly string[] {
  const url = new URL(shop.url);
  const lines = [
    'version: 1',
    `lake: { warehouse: "file://${shop.lakeDirectory}" }`,
    `sources: { ${PIPELINE}: { url: "${url.href}", tables: [ public.${TABLE} ] } }`,
    ...(options.interval === undefined ? [] : [`commit: { interval: ${options.interval} }`]),
    'http: { listen: null }',
    'log: { level: warn }',
  ];
  writeFileSync(shop.configFile, `${lines.join('\n')}\n`);
  return ['-c', shop.configFile];
}
