// `npm run bench -- NAME`: one benchmark of the whole program on a server of its own, or of the engine alone beside the
// Java reference; prints one JSON object.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchEngine } from './engine.ts';
import { benchFreshness } from './freshness.ts';
import { benchGiant } from './giant.ts';
import { benchMysqlGiant, benchMysqlSnapshot, benchMysqlStream, type MysqlOptions } from './mysql.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchStream } from './stream.ts';
import { describeMachine } from './support/machine.ts';
import { type MysqlShop, openMysqlShop } from './support/mysql-shop.ts';
import { openShop, type Shop } from './support/shop.ts';

const USAGE = `usage: npm run bench -- snapshot | stream | freshness | giant [--rows N] [--changes N] [--seconds N] [--repeats N]
       npm run bench -- mysql-snapshot | mysql-stream | mysql-giant [--server mysql | mariadb] [--rows N] …
       npm run bench -- engine [upserts] [read] [compact] [--files reference | tributary] [--repeats N]
`;

interface Options {
  readonly rows: number | undefined;
  readonly changes: number | undefined;
  readonly repeats: number | undefined;
  readonly seconds: number | undefined;
}

type Bench = (shop: Shop, options: Options) => Promise<Record<string, unknown>>;

const BENCHES: Readonly<Record<string, Bench>> = {
  snapshot: (shop, { rows = 2_000_000, repeats = 3 }) => benchSnapshot(shop, { rows, repeats }),
  stream: (shop, { rows = 2_000_000, changes = 500_000, repeats = 3 }) => benchStream(shop, { rows, changes, repeats }),
  freshness: (shop, { rows = 200_000, seconds = 60, repeats = 5 }) => benchFreshness(shop, { rows, seconds, repeats }),
  giant: (shop, { rows = 10_000_000 }) => benchGiant(shop, { rows }),
};

type MysqlBench = (shop: MysqlShop, options: MysqlOptions) => Promise<Record<string, unknown>>;

const MYSQL_BENCHES: Readonly<Record<string, MysqlBench>> = {
  'mysql-snapshot': benchMysqlSnapshot,
  'mysql-stream': benchMysqlStream,
  'mysql-giant': benchMysqlGiant,
};

const number = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: number, changes: number, repeats: number, seconds: number, files: number, server: number },
});
const [name = '', ...only] = positionals;
const count = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** What is measured is what is installed: the build, not sources that Node strips of their types at every start. */
function build(): void {
  const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const project = fileURLToPath(new URL('../tsconfig.build.json', import.meta.url));
  execFileSync(process.execPath, [compiler, '-p', project], { stdio: 'inherit' });
}

function print(server: string, figures: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ bench: name, ...describeMachine(server), ...figures })}\n`);
}

async function onShop(bench: Bench): Promise<void> {
  const shop = await openShop();
  try {
    const { rows, changes, repeats, seconds } = values;
    const options = { rows: count(rows), changes: count(changes), repeats: count(repeats), seconds: count(seconds) };
    print(shop.serverVersion, await bench(shop, options));
  } finally {
    await shop.stop();
  }
}

async function onMysqlShop(bench: MysqlBench): Promise<void> {
  const shop = await openMysqlShop(values.server === 'mysql' ? 'mysql' : 'mariadb');
  try {
    const { rows = '2000000', changes = '500000', repeats = '3' } = values;
    const options = { rows: Number(rows), changes: Number(changes), repeats: Number(repeats) };
    print(shop.serverVersion, await bench(shop, options));
  } finally {
    await shop.stop();
  }
}

if (name === 'engine') {
  build();
  const files = values.files === 'tributary' ? 'tributary' : 'reference';
  print('none', await benchEngine({ repeats: count(values.repeats) ?? 3, only, files }));
} else if (Object.hasOwn(BENCHES, name)) {
  build();
  await onShop(BENCHES[name]);
} else if (Object.hasOwn(MYSQL_BENCHES, name)) {
  build();
  await onMysqlShop(MYSQL_BENCHES[name]);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
