// The command line as a user runs it, against a real PostgreSQL: the whole way to an equal lake, clean ends, and the
// coded refusals of everything that is set up wrong.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { Table } from '../../src/paimon/table.ts';
import type { DaemonStatus } from '../../src/server/status.ts';
import { openStore, storeSettingsOf } from '../../src/storage/open-store.ts';
import { freshDatabase, postgres, type TestDatabase, type TestPostgres, withClient } from '../support/servers.ts';
import { runCli, spawnCli } from '../support/spawn-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A database with a small table, and a directory for configuration and lake. */
interface Site {
  readonly database: TestDatabase;
  readonly directory: string;
  readonly lake: string;
}

let server: TestPostgres;
/** A role that may mirror, with a password that no other text contains. */
const user = `mirror_${randomUUID().slice(0, 8)}`;
const password = `p%W:${randomUUID()}@/`;

beforeAll(async () => {
  server = await postgres();
  await withClient(server.url, (client) =>
    client.query(`create role ${user} login replication password '${password}'`),
  );
});

afterAll(async () => {
  await withClient(server.url, (client) => client.query(`drop owned by ${user}; drop role ${user}`));
  await server.stop();
});

async function site(): Promise<Site> {
  const database = await freshDatabase(server);
  await withClient(database.url, (client) =>
    client.query(`grant create on database ${database.name} to ${user}; grant all on schema public to ${user}; set role ${user};
      create table items (id bigint primary key, name text, price numeric(10, 2));
      insert into items select n, 'item ' || n, n * 1.25 from generate_series(1, 100) n`),
  );
  const directory = tempDir();
  return { database, directory, lake: join(directory, 'lake') };
}

/** URL of the test's database as the mirroring role. */
function urlOf({ database }: Site, secret = password): string {
  const url = new URL(database.url);
  url.username = user;
  url.password = encodeURIComponent(secret);
  return url.href;
}

/** Writes a configuration; `source` are further lines of its source, `rest` of the file. */
function configFile(
  at: Site,
  parts: { readonly source?: string; readonly rest?: string; readonly lake?: string } = {},
): string {
  const file = join(at.directory, 'tributary.yaml');
  writeFileSync(
    file,
    `version: 1
lake: { warehouse: ${JSON.stringify(parts.lake ?? at.lake)} }
sources:
  shop:
    url: "\${env:SOURCE_URL}"
    slot: { name: ${at.database.name} }
    publication: { name: ${at.database.name} }
    heartbeat: { interval: 1s }
    tables: [ public.* ]
${parts.source ?? ''}
commit: { interval: 200ms }
http: { listen: "127.0.0.1:0" }
${parts.rest ?? ''}`,
  );
  return file;
}

function withUrl(at: Site, secret = password): { readonly env: Readonly<Record<string, string>> } {
  return { env: { SOURCE_URL: urlOf(at, secret) } };
}

async function lakeRows(at: Site, table: string): Promise<readonly string[]> {
  const opened = await Table.open(openStore(storeSettingsOf(at.lake)), { database: 'public', table });
  const rows: string[] = [];
  for await (const batch of opened.read()) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(print(batch.columns, row));
  }
  return rows.sort();
}

async function sourceRows(at: Site): Promise<readonly string[]> {
  const { rows } = await withClient(at.database.url, (client) =>
    client.query<{ text: string }>(
      `select format('{"id":"%s","name":%s,"price":"%s"}', id, coalesce(to_json(name)::text, 'null'), price) as text from items`,
    ),
  );
  return rows.map(({ text }) => text).sort();
}

async function change(at: Site, sql: string): Promise<void> {
  await withClient(at.database.url, (client) => client.query(sql));
}

/** What a refused command must leave alone: no snapshot in the lake, no slot on the server. */
async function expectNothingDone(at: Site): Promise<void> {
  const files = existsSync(at.lake) ? readdirSync(at.lake, { recursive: true, encoding: 'utf8' }) : [];
  expect(files.filter((path) => path.includes('snapshot'))).toEqual([]);
  const { rows } = await withClient(server.url, (client) =>
    client.query('select slot_name from pg_replication_slots where database = $1', [at.database.name]),
  );
  expect(rows).toEqual([]);
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string; readonly docs: string };
}

/** Runs `run --until-caught-up --json` and gives its exit code and the printed failure. */
async function failedRun(
  file: string,
  options: Parameters<typeof runCli>[1],
): Promise<{ readonly code: number | null } & Failure> {
  const { code, stderr } = await runCli(['run', '-c', file, '--until-caught-up', '--json'], options);
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return { code, ...(JSON.parse(last) as Failure) };
}

describe('run', () => {
  test('--until-caught-up copies, then follows, and ends with 0; the lake is equal each time', async () => {
    const at = await site();
    const file = configFile(at);
    const first = await runCli(['run', '-c', file, '--until-caught-up'], withUrl(at));
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(await lakeRows(at, 'items')).toEqual(await sourceRows(at));
    await change(
      at,
      "insert into items values (1000, 'né''w', 0.01); update items set name = null where id = 3; delete from items where id = 4; update items set id = 2000 where id = 5",
    );
    const second = await runCli(['run', '-c', file, '--until-caught-up'], withUrl(at));
    expect(second, second.stderr).toMatchObject({ code: 0 });
    const rows = await lakeRows(at, 'items');
    expect(rows).toEqual(await sourceRows(at));
    expect(rows).toHaveLength(100);
    await at.database.drop();
  });

  test('SIGTERM and SIGINT commit and end, with 0 and 130; HTTP and status answer meanwhile', async () => {
    const at = await site();
    const file = configFile(at);
    const daemon = spawnCli(['run', '-c', file], withUrl(at));
    const [, url] = await daemon.waitFor(/"url":"(http[^"]*)"/);
    await ready(url);
    await change(at, "insert into items values (500, 'late', 5)");
    // What has not been received when the signal comes is the next run's.
    const inserted = /^tributary_rows_total\{[^}]*op="insert"[^}]*\} 1$/m;
    await until(async () => inserted.test(await (await fetch(`${url}/metrics`)).text()), { what: 'the row' });
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('tributary_state{pipeline="shop",state="streaming"} 1');
    expect(metrics.endsWith('# EOF\n')).toBe(true);
    expect(await daemon.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await lakeRows(at, 'items')).toEqual(await sourceRows(at));

    const again = spawnCli(['run', '-c', file], withUrl(at));
    const [, secondUrl] = await again.waitFor(/"url":"(http[^"]*)"/);
    await ready(secondUrl);
    expect(await again.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(again.stderr()).toContain('interrupted, committed cleanly');
    await at.database.drop();
  });

  test('status tells the same from lake and source as from the daemon', async () => {
    const at = await site();
    const listen = await freeListen();
    const file = configFile(at);
    writeFileSync(file, readFileSync(file, 'utf8').replace('127.0.0.1:0', listen));
    const before = await runCli(['status', '-c', file, '--json'], withUrl(at));
    expect(JSON.parse(before.stdout)).toMatchObject({
      daemon: null,
      pipelines: [{ pipeline: 'shop', checkpoint: null, log: { status: 'missing' } }],
    });
    const daemon = spawnCli(['run', '-c', file], withUrl(at));
    await daemon.waitFor(/"url":/);
    await ready(`http://${listen}`);
    const during = await runCli(['status', '-c', file, '--json'], withUrl(at));
    expect(JSON.parse(during.stdout)).toMatchObject({
      daemon: {
        pipelines: [
          {
            pipeline: 'shop',
            state: 'streaming',
            connected: true,
            tables: [{ source: 'public.items', table: 'public.items', copied_rows: 100 }],
          },
        ],
      },
      pipelines: [
        { holder: { pid: daemon.pid }, log: { status: 'ok' }, tables: [{ table: 'public.items', state: 'in_cut' }] },
      ],
    });
    await daemon.kill('SIGTERM');
    const after = await runCli(['status', '-c', file], withUrl(at));
    expect(after.code).toBe(0);
    expect(after.stdout).toMatch(
      /daemon {2}none answers[\s\S]*shop: not running[\s\S]*checkpoint \d+ at [\s\S]*slot ok[\s\S]*public\.items/,
    );
    await at.database.drop();
  });
});

describe('check and slot', () => {
  test('check finds nothing wrong and changes nothing; slot ls and drop know the slot', async () => {
    const at = await site();
    const file = configFile(at);
    const checked = await runCli(['check', '-c', file], withUrl(at));
    expect(checked, checked.stdout).toMatchObject({ code: 0 });
    await expectNothingDone(at);
    await runCli(['run', '-c', file, '--until-caught-up'], withUrl(at));
    const listed = await runCli(['slot', 'ls', '-c', file, '--json'], withUrl(at));
    expect(JSON.parse(listed.stdout)).toContainEqual(
      expect.objectContaining({ slot: at.database.name, ours: true, active_pid: null }),
    );
    const dropped = await runCli(['slot', 'drop', '-c', file, '--json'], withUrl(at));
    expect(dropped, dropped.stderr).toMatchObject({ code: 0 });
    const twice = await runCli(['slot', 'drop', '-c', file, '--json'], withUrl(at));
    expect(twice.code).toBe(2);
    expect(JSON.parse(twice.stderr)).toMatchObject({ error: { code: 'E2024' } });
    await at.database.drop();
  });

  test('P48: a table without a key is left out, named by check, or refused where that is asked for', async () => {
    const at = await site();
    await change(at, `set role ${user}; create table keyless (a integer)`);
    const checked = await runCli(['check', '-c', configFile(at), '--json'], withUrl(at));
    expect(checked.code).toBe(0);
    expect((JSON.parse(checked.stdout) as { results: unknown[] }).results).toContainEqual(
      expect.objectContaining({
        subject: 'table public.keyless',
        status: 'warn',
        code: 'E2026',
        fix: expect.stringContaining('PRIMARY KEY') as string,
      }),
    );
    const strict = configFile(at, { source: '    defaults: { no_key: stop }' });
    expect(await failedRun(strict, withUrl(at))).toMatchObject({ code: 2, error: { code: 'E2026' } });
    await expectNothingDone(at);
    await at.database.drop();
  });
});

describe('bad input: a code, what to do, the right exit code, and nothing done', () => {
  test('a wrong password', async () => {
    const at = await site();
    const failure = await failedRun(configFile(at), withUrl(at, 'wrong'));
    expect(failure).toMatchObject({ code: 2, error: { code: 'E2011', docs: 'docs/ERRORS.md#e2011' } });
    await expectNothingDone(at);
    await at.database.drop();
  });

  test('a role that may not replicate', async () => {
    const at = await site();
    const role = `plain_${randomUUID().slice(0, 8)}`;
    await change(
      at,
      `create role ${role} login password 'plain'; grant usage on schema public to ${role}; grant select on all tables in schema public to ${role}`,
    );
    const url = new URL(at.database.url);
    url.username = role;
    url.password = 'plain';
    const failure = await failedRun(configFile(at), { env: { SOURCE_URL: url.href } });
    expect(failure).toMatchObject({
      code: 2,
      error: { code: 'E2022', message: expect.stringContaining('ALTER ROLE') as string },
    });
    await expectNothingDone(at);
    await change(at, `drop owned by ${role}; drop role ${role}`);
    await at.database.drop();
  });

  test('a server that writes no logical log', async () => {
    const other = await postgres({
      settings: { wal_level: 'replica' },
      kind: server.kind === 'url' ? 'embedded' : server.kind,
    });
    try {
      const directory = tempDir();
      const at: Site = { database: await freshDatabase(other), directory, lake: join(directory, 'lake') };
      await change(at, 'create table items (id bigint primary key)');
      const options = { env: { SOURCE_URL: at.database.url } };
      expect(await failedRun(configFile(at), options)).toMatchObject({
        code: 2,
        error: { code: 'E2020', message: expect.stringContaining('ALTER SYSTEM') as string },
      });
      const checked = await runCli(['check', '-c', configFile(at)], options);
      expect(checked.code).toBe(2);
      expect(checked.stdout).toMatch(/fail +shop +wal_level +E2020/);
    } finally {
      await other.stop();
    }
  });

  test('a server that is not there is tried again, then given up', async () => {
    const at = await site();
    const file = configFile(at, { rest: 'errors: { retry: { initial: 10ms, give_up: 0ms } }' });
    const options = { env: { SOURCE_URL: 'postgres://joe:secret@127.0.0.1:1/shop' } };
    expect(await failedRun(file, options)).toMatchObject({ code: 4, error: { code: 'E2010' } });
    await at.database.drop();
  });

  test('P44: an unknown option, with its line and the nearest name', async () => {
    const at = await site();
    const failure = await failedRun(configFile(at, { rest: 'comit: { interval: 5s }' }), withUrl(at));
    expect(failure).toMatchObject({
      code: 2,
      error: {
        code: 'E1004',
        message: expect.stringMatching(/line=13 option=comit \(did you mean "commit"\?\)/) as string,
      },
    });
    await expectNothingDone(at);
    await at.database.drop();
  });

  test('a warehouse that cannot be written to', async () => {
    const at = await site();
    // Not even root may make a directory there.
    const file = configFile(at, { lake: '/sys/tributary-lake' });
    expect(await failedRun(file, withUrl(at))).toMatchObject({ code: 5, error: { code: 'E3003' } });
    await expectNothingDone(at);
    const checked = await runCli(['check', '-c', file], withUrl(at));
    expect(checked.code).toBe(2);
    expect(checked.stdout).toMatch(/fail +lake +warehouse +E3003/);
    await at.database.drop();
  });

  test('a warehouse that is a file', async () => {
    const at = await site();
    writeFileSync(at.lake, '');
    const failure = await failedRun(configFile(at), withUrl(at));
    expect(failure.code).not.toBe(0);
    expect(failure.error.code).toMatch(/^E30/);
    expect(statSync(at.lake).isFile()).toBe(true);
    await at.database.drop();
  });

  test('a foreign directory in the place of a table is left alone', async () => {
    const at = await site();
    mkdirSync(join(at.lake, 'public.db', 'items'), { recursive: true });
    writeFileSync(join(at.lake, 'public.db', 'items', 'keep.txt'), 'mine');
    await runCli(['run', '-c', configFile(at), '--until-caught-up'], withUrl(at));
    expect(existsSync(join(at.lake, 'public.db', 'items', 'keep.txt'))).toBe(true);
    await at.database.drop();
  });

  test('an address to listen on that is taken', async () => {
    const at = await site();
    const port = new URL(server.url).port;
    const file = configFile(at);
    writeFileSync(file, readFileSync(file, 'utf8').replace('127.0.0.1:0', `127.0.0.1:${port}`));
    expect(await failedRun(file, withUrl(at))).toMatchObject({ code: 2, error: { code: 'E6004' } });
    await expectNothingDone(at);
    await at.database.drop();
  });
});

test('P43: no output, log, error, status or metric ever holds the password', async () => {
  const at = await site();
  const file = configFile(at, { rest: 'log: { level: debug, format: json }' });
  const outputs: string[] = [];
  for (const command of [
    ['config', 'show', '-c', file],
    ['config', 'show', '-c', file, '--json'],
    ['check', '-c', file],
    ['status', '-c', file],
    ['slot', 'ls', '-c', file],
  ]) {
    const { stdout, stderr } = await runCli(command, withUrl(at));
    expect(stdout, stderr).not.toBe('');
    outputs.push(stdout, stderr);
  }
  const daemon = spawnCli(['run', '-c', file, '--debug'], withUrl(at));
  const [, url] = await daemon.waitFor(/"url":"(http[^"]*)"/);
  await ready(url);
  for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/status', '/api/v1/tables']) {
    outputs.push(await (await fetch(url + path)).text());
  }
  // The connections break under it, and it says so; the log's own may be opening just then.
  const broken = async (): Promise<boolean> => {
    await change(at, `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`);
    return daemon.stderr().includes('"level":"error"');
  };
  await until(broken, { what: 'a broken connection in the log', intervalMs: 500 });
  await daemon.kill('SIGTERM');
  outputs.push(daemon.stdout(), daemon.stderr());
  const wrong = `x${password}`;
  const refused = await runCli(['run', '-c', file, '--debug'], withUrl(at, wrong));
  expect(refused.stderr).toContain('E2011');
  outputs.push(refused.stdout, refused.stderr);
  const literal = join(at.directory, 'literal.yaml');
  writeFileSync(
    literal,
    `version: 1\nlake: {}\nsources: { shop: { url: ${JSON.stringify(urlOf(at))}, password: ${JSON.stringify(password)}, tabels: [] } }\n`,
  );
  const unknown = await runCli(['config', 'show', '-c', literal]);
  expect(unknown.stderr).toContain('E1004');
  writeFileSync(literal, readFileSync(literal, 'utf8').replace('tabels', 'tables'));
  const shown = await runCli(['config', 'show', '-c', literal]);
  expect(shown.stdout).toContain('***');
  outputs.push(unknown.stdout, unknown.stderr, shown.stdout, shown.stderr);
  for (const output of outputs) {
    expect(output).not.toContain(password);
    expect(output).not.toContain(encodeURIComponent(password));
    expect(output).not.toContain(JSON.stringify(password).slice(1, -1));
  }
  await at.database.drop();
});

async function ready(url: string): Promise<void> {
  await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'readiness' });
  // The first cut of this run is complete.
  const checkpoints = async (): Promise<number> => {
    const status = (await (await fetch(`${url}/api/v1/status`)).json()) as DaemonStatus;
    return status.pipelines[0].checkpoints;
  };
  await until(async () => (await checkpoints()) > 0, { what: 'a checkpoint' });
}

async function freeListen(): Promise<string> {
  return new Promise((done) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(`127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`));
    });
  });
}
