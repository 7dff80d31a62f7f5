// The demo as `npm start` runs it: ends by itself with an equal lake, goes on from a kept directory, ends cleanly when
// interrupted and takes its files with it.
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { comparison } from '../support/demo-summary.ts';
import { runCli, spawnCli } from '../support/spawn-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

test('ends by itself with an equal lake; a second run goes on from the same directory', async () => {
  const parent = tempDir();
  // As root the server runs under an account of its own, which has to get through.
  chmodSync(parent, 0o711);
  const directory = join(parent, 'demo');
  const first = await runCli(['demo', '--exit-after', '4s', '--directory', directory]);
  expect(first, first.stdout + first.stderr).toMatchObject({ code: 0 });
  expect(first.stdout).toContain('All 5 tables are equal.');
  const before = comparison(first.stdout);
  expect([...before.keys()]).toEqual(['customers', 'products', 'orders', 'order_items', 'payments']);
  for (const [sourceRows, lakeRows, sourceSum, lakeSum] of before.values()) {
    expect([lakeRows, lakeSum]).toEqual([sourceRows, sourceSum]);
    expect(Number(lakeRows)).toBeGreaterThan(100);
  }
  // Lines, not a block that is redrawn: nobody sees this on a terminal.
  expect(first.stdout).toMatch(/^\d+\.\d s: (copying|streaming), lag/m);
  expect(first.stdout).not.toContain('\u001b');

  const second = await runCli(['demo', '--exit-after', '3s', '--directory', directory]);
  expect(second, second.stdout + second.stderr).toMatchObject({ code: 0 });
  const after = comparison(second.stdout);
  expect(after.size).toBe(5);
  expect(after.get('orders')).not.toEqual(before.get('orders'));
  // Nothing was copied again.
  expect(Number(after.get('orders')?.[0])).toBeGreaterThan(Number(before.get('orders')?.[0]));
});

test('an interrupt ends it cleanly, and its files go with it', async () => {
  const demo = spawnCli(['demo']);
  const [, lake] = await demo.waitFor(/--warehouse (\S+) /);
  await demo.waitFor(/s: streaming/, 60_000);
  expect(existsSync(lake)).toBe(true);
  expect(await demo.kill('SIGINT')).toEqual({ code: 130, signal: null });
  expect(demo.stdout()).toContain('All 5 tables are equal.');
  expect(existsSync(join(lake, '..'))).toBe(false);
});

test('says what is wrong with its options', async () => {
  const refused = await runCli(['demo', '--exit-after', 'soon']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('E6001 not a duration');
});

test('says so where the machine has no such server', async () => {
  const empty = tempDir();
  for (const [source, product] of [
    ['mariadb', 'MariaDB'],
    ['mysql', 'MySQL'],
  ]) {
    const refused = await runCli(['demo', '--source', source, '--programs', empty]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`E9010 no ${product} server on this machine`);
    // Nothing was begun.
    expect(refused.stdout).toBe('');
  }
});
