// The demo on MariaDB and MySQL: it ends by itself with an equal lake, goes on from a kept directory, and leaves no server.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { comparison } from '../support/demo-summary.ts';
import { mysqlKinds, mysqlProgramFolder } from '../support/mysql-servers.ts';
import { runCli, spawnCli } from '../support/spawn-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const TABLES = ['customers', 'products', 'orders', 'order_items', 'payments'];

test.each(mysqlKinds())('%s: ends by itself with an equal lake; a second run goes on from there', async (kind) => {
  const parent = tempDir();
  // As root the server runs under an account of its own, which has to get through.
  chmodSync(parent, 0o711);
  const server = ['--source', kind, '--programs', mysqlProgramFolder(kind)];
  const directory = ['--directory', join(parent, 'demo')];
  const first = await runCli(['demo', '--exit-after', '8s', ...server, ...directory]);
  expect(first, first.stdout + first.stderr).toMatchObject({ code: 0 });
  const before = comparison(first.stdout);
  expect([...before.keys()]).toEqual(TABLES);

  const second = await runCli(['demo', '--exit-after', '6s', ...server, ...directory]);
  expect(second, second.stdout + second.stderr).toMatchObject({ code: 0 });
  const after = comparison(second.stdout);
  expect([...after.keys()]).toEqual(TABLES);
  expect(Number(after.get('orders')?.[1])).toBeGreaterThan(Number(before.get('orders')?.[1]));
});

test.each(mysqlKinds())('%s: an interrupt ends it cleanly', async (kind) => {
  const demo = spawnCli(['demo', '--source', kind, '--programs', mysqlProgramFolder(kind)]);
  await demo.waitFor(/s: streaming/, 120_000);
  expect(await demo.kill('SIGINT')).toEqual({ code: 130, signal: null });
  expect(demo.stdout()).toContain('All 5 tables are equal.');
});

test('a server of the other kind is told apart', async () => {
  const kinds = mysqlKinds();
  expect(kinds).toContain('mariadb');
  const refused = await runCli(['demo', '--source', 'mysql', '--programs', mysqlProgramFolder('mariadb')]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('E9010 no MySQL server on this machine');
});
