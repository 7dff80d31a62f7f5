// The benchmark's database on MySQL or MariaDB: safe settings, one table of orders, and the changes made to it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freshMysqlDatabase,
  type MysqlKind,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
  withMysql,
} from '../../test/support/mysql-servers.ts';
import { tempDir } from '../../test/support/temp-dir.ts';

const ROWS_PER_TRANSACTION = 100;
/** Rows of a statement that loads the table. */
const LOAD_ROWS = 500_000;

const SERVER_OPTIONS = ['--innodb-buffer-pool-size=1G', '--innodb-flush-log-at-trx-commit=1', '--sync-binlog=1'];

/** A server with the database of orders and a place for a lake. */
export interface MysqlShop {
  readonly server: TestMysql;
  readonly database: TestMysqlDatabase;
  readonly serverVersion: string;
  readonly directory: string;
  readonly lakeDirectory: string;
  /** Arguments of a command that name the configuration; options that it does not give have their defaults. */
  readonly config: readonly string[];
  stop(): Promise<void>;
}

/** Starts the server and makes the empty table. */
export async function openMysqlShop(kind: MysqlKind): Promise<MysqlShop> {
  const server = await startMysql(kind, SERVER_OPTIONS);
  const database = await freshMysqlDatabase(server);
  const directory = tempDir();
  const lakeDirectory = join(directory, 'lake');
  const configFile = join(directory, 'tributary.yaml');
  writeFileSync(
    configFile,
    `version: 1
lake: { warehouse: "file://${lakeDirectory}" }
sources: { bench: { url: "${server.url}", tables: [ { match: "${database.name}.orders", to: public.orders } ] } }
http: { listen: null }
log: { level: warn }
`,
  );
  await database.sql(
    `create table orders (id bigint primary key, customer_id int, amount decimal(18,2), status varchar(20),
       created_at datetime(6), note varchar(200))`,
  );
  const [[version] = []] = await database.rows('select version()');
  const stop = (): Promise<void> => server.stop();
  const config = ['-c', configFile];
  return { server, database, serverVersion: `${kind} ${version}`, directory, lakeDirectory, config, stop };
}

/** Inserts rows from one id on, half a million in a transaction, not into the binary log. */
export async function loadMysqlOrders(shop: MysqlShop, rows: number): Promise<void> {
  for (let first = 1; first <= rows; first += LOAD_ROWS) {
    await shop.database.sql('set sql_log_bin = 0', ...insertion(shop, first, Math.min(LOAD_ROWS, rows - first + 1)));
  }
  await shop.database.sql('analyze table orders');
}

/** Inserts rows in one transaction, of which the binary log has everything. */
export function insertMysqlOrders(shop: MysqlShop, first: number, count: number): Promise<void> {
  return shop.database.sql(...insertion(shop, first, count));
}

/** A row is a function of its id: notes of 97 to 104 characters that compress as text of hashes does. */
function insertion({ server }: MysqlShop, first: number, count: number): readonly string[] {
  const depth = server.kind === 'mysql' ? 'cte_max_recursion_depth' : 'max_recursive_iterations';
  return [
    `set session ${depth} = 100000000`,
    `insert into orders
       with recursive ids(id) as (select ${first} union all select id + 1 from ids where id < ${first + count - 1})
       select id, crc32(id) & 65535, (crc32(id + 1) & 134217727) / 100,
         elt(1 + crc32(id + 2) % 6, 'new', 'paid', 'packed', 'shipped', 'delivered', 'returned'),
         timestamp '2026-01-01 00:00:00' + interval (crc32(id + 3) & 1073741823) * 29369 microsecond,
         concat(md5(id), md5(-id), md5(id * 7), left(md5(id * 11), (crc32(id + 4) & 7) + 1)) from ids`,
  ];
}

/** Transactions of 100 updates of single rows, spread over the table; returns the file of the log that has them alone. */
export async function updateMysqlOrders(shop: MysqlShop, rowCount: number, changes: number): Promise<string> {
  const { database } = shop;
  await database.sql(
    'drop procedure if exists many_updates',
    `create procedure many_updates(transactions int, row_count bigint)
     begin
       declare t int default 0; declare r int;
       while t < transactions do
         start transaction;
         set r = 0;
         while r < ${ROWS_PER_TRANSACTION} do
           update orders set amount = (t % 1000000) / 100, status = 'paid' where id = 1 + crc32(t * 1000 + r) % row_count;
           set r = r + 1;
         end while;
         commit;
         set t = t + 1;
       end while;
     end`,
    'flush binary logs',
  );
  const [file] = (await database.rows('show binary logs')).map(([name]) => name ?? '').reverse();
  await withMysql(database.url, async (connection) => {
    await connection.query('set global sync_binlog = 0, global innodb_flush_log_at_trx_commit = 0');
    await connection.query(`call many_updates(${Math.ceil(changes / ROWS_PER_TRANSACTION)}, ${rowCount})`);
    await connection.query('set global sync_binlog = 1, global innodb_flush_log_at_trx_commit = 1');
  });
  return file;
}
