// MySQL and MariaDB: first copies beside the server's client that reads the same rows to nowhere, the log beside
// mysqlbinlog that stores it, and the memory that one giant transaction takes.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { removeDir } from '../test/support/temp-dir.ts';
import { lakeSize, secondsToCommit } from './support/lake-size.ts';
import { loadNow, rounded, spread } from './support/machine.ts';
import { runMeasured, timed, type Usage } from './support/measured-run.ts';
import { insertMysqlOrders, loadMysqlOrders, type MysqlShop, updateMysqlOrders } from './support/mysql-shop.ts';
import { clientProgram } from './support/shop.ts';

/** Sizes of a run. */
export interface MysqlOptions {
  readonly rows: number;
  readonly changes: number;
  readonly repeats: number;
}

interface Repeat {
  readonly lake: Usage;
  /** Until the snapshot with everything was readable; the process then compacts and ends. */
  readonly commitSeconds: number;
  readonly limitSeconds: number;
}

/** Copies `rows` rows into an empty lake, `repeats` times. */
export async function benchMysqlSnapshot(shop: MysqlShop, options: MysqlOptions): Promise<Record<string, unknown>> {
  const { rows, repeats } = options;
  await loadMysqlOrders(shop, rows);
  const loadBefore = loadNow();
  const done: Repeat[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const limit = await timed(program('mysql', 'mariadb'), [
      ...address(shop),
      '--quick',
      '--batch',
      '-e',
      'select * from orders',
      shop.database.name,
    ]);
    removeDir(shop.lakeDirectory);
    done.push({ ...(await caughtUp(shop)), limitSeconds: limit.wallSeconds });
  }
  return { rows, ...report(rows, done), limit: 'mysql --quick', loadBefore, loadAfter: loadNow() };
}

/** Drains a prepared backlog of `changes` updates on `rows` rows, `repeats` times. */
export async function benchMysqlStream(shop: MysqlShop, options: MysqlOptions): Promise<Record<string, unknown>> {
  const { rows, changes, repeats } = options;
  await loadMysqlOrders(shop, rows);
  await runMeasured(['run', ...shop.config, '--until-caught-up']);
  const kept = join(shop.directory, 'lake-before');
  cpSync(shop.lakeDirectory, kept, { recursive: true });
  const file = await updateMysqlOrders(shop, rows, changes);
  const loadBefore = loadNow();
  const done: Repeat[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const raw = join(shop.directory, 'raw-');
    const limit = await timed(program('mysqlbinlog', 'mariadb-binlog'), [
      ...address(shop),
      '--read-from-remote-server',
      '--raw',
      `--result-file=${raw}`,
      file,
    ]);
    removeDir(shop.lakeDirectory);
    cpSync(kept, shop.lakeDirectory, { recursive: true });
    done.push({ ...(await caughtUp(shop)), limitSeconds: limit.wallSeconds });
  }
  return { rows, changes, ...report(changes, done), limit: 'mysqlbinlog --raw', loadBefore, loadAfter: loadNow() };
}

/** Inserts `rows` rows in one transaction after the first copy of a table of one row, and drains it. */
export async function benchMysqlGiant(shop: MysqlShop, { rows }: MysqlOptions): Promise<Record<string, unknown>> {
  await loadMysqlOrders(shop, 1);
  await runMeasured(['run', ...shop.config, '--until-caught-up']);
  await insertMysqlOrders(shop, 2, rows);
  const loadBefore = loadNow();
  const { wallSeconds, cpuSeconds, peakMiB } = await runMeasured(['run', ...shop.config, '--until-caught-up']);
  return {
    rows,
    wallSeconds: rounded(wallSeconds, 1),
    rowsPerSecond: Math.round(rows / wallSeconds),
    rowsPerCpuSecond: Math.round(rows / cpuSeconds),
    peakMiB,
    bytesInLake: lakeSize(shop.lakeDirectory).bytes,
    loadBefore,
    loadAfter: loadNow(),
  };
}

async function caughtUp(shop: MysqlShop): Promise<Pick<Repeat, 'lake' | 'commitSeconds'>> {
  const lake = await runMeasured(['run', ...shop.config, '--until-caught-up']);
  return { lake, commitSeconds: secondsToCommit(shop.lakeDirectory, lake.startMs) };
}

function address({ server }: MysqlShop): readonly string[] {
  const { hostname, port } = new URL(server.url);
  return ['--no-defaults', `--host=${hostname}`, `--port=${port}`, '--user=root', '--protocol=tcp'];
}

/** The first of these programs that is installed. */
function program(...names: readonly string[]): string {
  const [found] = names.map(clientProgram).filter((path) => path !== null);
  if (found === undefined) throw new Error(`${names.join(' or ')} is not installed: the limit is measured with it`);
  return found;
}

function report(rows: number, done: readonly Repeat[]): Record<string, unknown> {
  const rate = (seconds: (repeat: Repeat) => number) =>
    spread(done.map((repeat) => Math.round(rows / seconds(repeat))));
  return {
    lake: {
      rowsPerSecond: rate((repeat) => repeat.commitSeconds),
      rowsPerCpuSecond: rate(({ lake }) => lake.cpuSeconds),
      peakMiB: spread(done.map(({ lake }) => lake.peakMiB)),
      busyCores: spread(done.map(({ lake }) => rounded(lake.busyCores, 2))),
    },
    limitRowsPerSecond: rate((repeat) => repeat.limitSeconds),
    ratio: spread(done.map((repeat) => rounded(repeat.limitSeconds / repeat.commitSeconds, 3))),
  };
}
