// `tributary demo`, which `npm start` runs: a server of its own with a small shop under live load, an embedded PostgreSQL
// unless asked otherwise, mirrored into a local lake; at its end the two are compared.
import { Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import { loadConfigFile } from '../../config/load-config.ts';
import { PLAIN_RUN } from '../../config/to-settings.ts';
import { parseDuration } from '../../config/units.ts';
import { openStore, storeSettingsOf } from '../../storage/open-store.ts';
import { type Daemon, startDaemon } from '../daemon.ts';
import { createLogger } from '../logger.ts';
import { printLine, sizeText, tableText } from '../output.ts';
import { hideSecrets, redactor } from '../secrets.ts';
import { listenToStopSignals, type StopReason } from '../signals.ts';
import { type DemoDirectory, openDemoDirectory } from './demo-directory.ts';
import { type LoadProgress, runLoad } from './load.ts';
import { mysqlPrograms } from './mysql-programs.ts';
import { openMysqlShop } from './mysql-shop.ts';
import { openPostgresShop } from './postgres-shop.ts';
import { Progress } from './progress.ts';
import { type Shop, SHOP_DATABASE, SHOP_TABLES } from './shop.ts';
import { type TableComparison, verifyTables } from './verify.ts';

/** The servers that the demo runs on; the first unless asked otherwise. */
const SOURCES = ['postgres', 'mariadb', 'mysql'] as const;

interface Options {
  readonly source: (typeof SOURCES)[number];
  readonly programs?: string;
  readonly exitAfter?: string;
  readonly directory?: string;
  readonly rate: string;
}

/** What the parts of the demo share. */
interface Demo {
  readonly server: DemoServer;
  readonly directory: DemoDirectory;
  readonly startedMs: number;
  /** Null to run until interrupted. */
  readonly exitAfterMs: number | null;
  readonly changesPerSecond: number;
  /** Asks for the end. */
  readonly signal: AbortSignal;
}

/** What the demo is to run on. */
interface DemoServer {
  /** Where it comes from, in words. */
  readonly told: string;
  /** Starts it in a directory. */
  readonly open: (directory: string) => Promise<Shop>;
}

const FIRST_SIZE = { customers: 500, products: 200, orders: 1000 };
const CATCH_UP_MS = 60_000;
const POLL_MS = 50;

/** `tributary demo` */
export function demoCommand(): Command {
  return new Command('demo')
    .description('mirror a small shop database under live load into a local lake, with nothing else installed')
    .addOption(
      new Option('--source <server>', 'the server; MariaDB and MySQL are those of this machine')
        .choices(SOURCES)
        .default(SOURCES[0]),
    )
    .option('--programs <dir>', 'the folder of mariadbd or mysqld, where it is not in the search path')
    .option('--exit-after <duration>', 'end by itself, as 20s')
    .option('--directory <dir>', 'keep database and lake here; else they are temporary')
    .option('--rate <changes>', 'row changes a second', '500')
    .action(async (options: Options) => {
      process.exitCode = await runDemo(options);
    });
}

async function runDemo(options: Options): Promise<number> {
  const exitAfterMs = options.exitAfter === undefined ? null : durationOf(options.exitAfter);
  const changesPerSecond = rateOf(options.rate);
  const server = demoServer(options);
  const stop = listenToStopSignals(() => printLine('\nstopping: committing what is complete'));
  const directory = openDemoDirectory(options.directory, options.source);
  try {
    await withServer({
      server,
      directory,
      startedMs: systemClock.monotonicMs(),
      exitAfterMs,
      changesPerSecond,
      signal: stop.signal,
    });
  } catch (error) {
    printLine(`The demo failed; its files stay in ${directory.path} (log: ${directory.logFile}).`);
    throw error;
  } finally {
    stop.release();
  }
  directory.remove();
  return exitCodeOf(stop.reason());
}

function exitCodeOf(reason: StopReason | null): number {
  return reason === 'SIGINT' ? 130 : 0;
}

/** Throws E9010 where the machine has no such server. */
function demoServer({ source, programs }: Options): DemoServer {
  if (source === 'postgres') {
    if (programs !== undefined) throw new TributaryError('E6001', '--programs is for --source mariadb and mysql');
    return {
      told: 'starts an embedded PostgreSQL',
      open: (directory) => openPostgresShop(directory, FIRST_SIZE),
    };
  }
  const found = mysqlPrograms(source, programs);
  return {
    told: `starts a server of its own, ${found.folder}/${found.server},`,
    open: (directory) => openMysqlShop(found, directory, FIRST_SIZE),
  };
}

async function withServer(demo: Demo): Promise<void> {
  printLine('Tributary mirrors PostgreSQL, MySQL and MariaDB into Apache Paimon tables. This demo');
  printLine(`  1. ${demo.server.told} with a small shop`);
  const shop = await demo.server.open(demo.directory.server);
  try {
    const daemon = await startMirror(demo, shop);
    await withMirror(demo, { shop, ...daemon });
  } finally {
    await shop.stop();
  }
}

/** A mirror of the shop that is running. */
interface RunningMirror {
  readonly daemon: Daemon;
  /** Ends it after a last commit. */
  readonly end: AbortController;
}

async function startMirror(demo: Demo, shop: Shop): Promise<RunningMirror> {
  const log = createLogger({
    level: 'info',
    format: 'text',
    sink: demo.directory.logSink(),
    redactor,
    clock: systemClock,
  });
  const end = new AbortController();
  const start = (listen: string): Promise<Daemon> => {
    demo.directory.writeConfig(configText(demo.directory, shop, listen));
    const loaded = loadConfigFile(demo.directory.configFile);
    hideSecrets(loaded);
    return startDaemon({ loaded, run: PLAIN_RUN, log, clock: systemClock, random: systemRandom }, end.signal);
  };
  try {
    return { daemon: await start('127.0.0.1:8780'), end };
  } catch (error) {
    if (!isTributaryError(error, 'E6004')) throw error;
    return { daemon: await start('127.0.0.1:0'), end };
  }
}

function configText({ lake }: DemoDirectory, { address, schema }: Shop, listen: string): string {
  return `# The configuration of the demo.
version: 1
lake:
  warehouse: ${JSON.stringify(lake)}
  database: ${SHOP_DATABASE}
sources:
  shop:
    ${address.join('\n    ')}
    tables:
      - ${schema}.*
      - { match: ${schema}.orders, options: { changelog-producer: input } }
    heartbeat: { interval: 1s }
commit: { interval: 1s }
http: { listen: ${JSON.stringify(listen)} }
`;
}

async function withMirror(demo: Demo, { shop, daemon, end }: RunningMirror & { readonly shop: Shop }): Promise<void> {
  printLine('  2. mirrors its tables into a local lake: first the rows that are there, then every change');
  printLine('  3. lets customers order, pay and cancel meanwhile');
  printLine('  4. at its end compares database and lake');
  printHints(demo, daemon);
  const load = { changes: 0, transactions: 0 };
  const loadEnd = new AbortController();
  const waitEnd = new AbortController();
  const failed = daemon.done.then(([failure]) => {
    throw failure?.error ?? new TributaryError('E9001', 'the mirror ended by itself');
  });
  const loading = runLoad(
    { shop, changesPerSecond: demo.changesPerSecond, clock: systemClock, random: systemRandom, progress: load },
    loadEnd.signal,
  );
  try {
    // A load that fails ends the wait as a mirror that fails does.
    await Promise.race([
      waitForEnd({ ...demo, signal: AbortSignal.any([demo.signal, waitEnd.signal]) }, daemon, load),
      failed,
      loading.then(() => failed),
    ]);
    loadEnd.abort();
    await loading;
    await Promise.race([waitUntilCaughtUp(shop, daemon), failed]);
  } finally {
    waitEnd.abort();
    loadEnd.abort();
    end.abort();
    // Whatever else they report is a consequence of the first failure, which is on its way to the user.
    await Promise.allSettled([loading, failed]);
  }
  await printSummary(demo, { shop, daemon, load });
}

function printHints({ directory }: Demo, { http }: Daemon): void {
  const lake = directory.lake;
  printLine();
  printLine('Try, from another terminal:');
  printLine(
    `  npx tributary query --warehouse ${lake} "select status, count(*), sum(total) from shop.orders group by 1"`,
  );
  printLine(`  npx tributary changelog --warehouse ${lake} shop.orders --follow`);
  printLine(`  npx tributary tables --warehouse ${lake}`);
  printLine(`  npx tributary status -c ${directory.configFile}`);
  if (http !== null) printLine(`  curl ${http.url}/metrics`);
  printLine(demoEnd(directory));
  printLine();
}

function demoEnd({ isKept }: DemoDirectory): string {
  return isKept ? 'Ctrl-C ends the demo; database and lake stay.' : 'Ctrl-C ends the demo and removes its files.';
}

/** Shows the progress until the time is up or somebody asks for the end; at least until the tables are streaming. */
async function waitForEnd(demo: Demo, { pipelines: [pipeline] }: Daemon, load: LoadProgress): Promise<void> {
  const progress = new Progress(process.stdout);
  for (;;) {
    const elapsedMs = systemClock.monotonicMs() - demo.startedMs;
    progress.show({ elapsedMs, nowMs: systemClock.nowMs(), pipeline, load, residentBytes: process.memoryUsage.rss() });
    const isOver = demo.exitAfterMs !== null && elapsedMs >= demo.exitAfterMs && pipeline.checkpoints > 0;
    if (isOver || demo.signal.aborted) return;
    const leftMs = demo.exitAfterMs === null ? progress.intervalMs : Math.max(POLL_MS, demo.exitAfterMs - elapsedMs);
    await systemClock.sleep(Math.min(progress.intervalMs, leftMs), demo.signal).catch(() => {
      // The end of the wait is looked at above.
    });
  }
}

/** Everything that is in the database's log now is to be in the lake. */
async function waitUntilCaughtUp(shop: Shop, { pipelines: [pipeline] }: Daemon): Promise<void> {
  const target = await shop.logEnd();
  const deadlineMs = systemClock.monotonicMs() + CATCH_UP_MS;
  while (pipeline.durablePosition === null || !shop.positions.includes(pipeline.durablePosition, target)) {
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new TributaryError(
        'E6006',
        `lake did not catch up: position=${pipeline.durablePosition ?? 'none'} target=${target}`,
      );
    }
    await systemClock.sleep(POLL_MS);
  }
}

interface Finished {
  readonly shop: Shop;
  readonly daemon: Daemon;
  readonly load: LoadProgress;
}

async function printSummary(demo: Demo, { shop, daemon, load }: Finished): Promise<void> {
  const [pipeline] = daemon.pipelines;
  const store = openStore(storeSettingsOf(demo.directory.lake));
  const compared = await verifyTables({ shop, store, database: SHOP_DATABASE, tables: SHOP_TABLES });
  printLine();
  printLine(
    `${load.transactions} transactions with ${load.changes} row changes were mirrored in ${pipeline.checkpoints} checkpoints,`,
  );
  printLine(`at ${sizeText(process.memoryUsage.rss())} of memory. Database and lake, compared row by row:`);
  printLine(comparisonText(compared));
  const wrong = compared.filter(({ equal }) => !equal);
  if (wrong.length > 0) {
    throw new TributaryError('E6006', `database and lake differ: tables=${wrong.map(({ table }) => table).join(',')}`);
  }
  printLine(`All ${compared.length} tables are equal.`);
  if (demo.directory.isKept) printLine(`Database and lake stay in ${demo.directory.path}.`);
}

function comparisonText(compared: readonly TableComparison[]): string {
  const rows = compared.map(({ table, source, lake, equal }) => [
    table,
    source.rows,
    lake.rows,
    source.checksum,
    lake.checksum,
    equal ? 'equal' : 'DIFFERENT',
  ]);
  return tableText(['table', 'rows in database', 'rows in lake', 'checksum in database', 'checksum in lake', ''], rows);
}

function durationOf(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new TributaryError('E6001', `not a duration such as 20s: option=--exit-after value=${text}`);
}

function rateOf(text: string): number {
  const rate = Number(text);
  if (Number.isFinite(rate) && rate >= 0) return rate;
  throw new TributaryError('E6001', `not a number of changes a second: option=--rate value=${text}`);
}
