// `tables --advise` and `maintenance` on a lake that nobody has kept in order.
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Lake } from '../../src/paimon/lake.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { runCli } from '../support/spawn-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const COMMITS = 12;

async function untidyLake(): Promise<string> {
  const warehouse = tempDir();
  const lake = Lake.open(warehouse);
  const columns = { id: 'BIGINT', note: 'STRING' };
  const options = { bucket: '1', 'write-only': 'true' };
  const tables = [
    await lake.createTable('ods.keyed', { columns, primaryKey: ['id'], options }),
    await lake.createTable('ods.log', { columns }),
    await lake.createTable('ods.tidy', { columns, primaryKey: ['id'], options: { bucket: '1' } }),
  ];
  for (const table of tables) {
    const session = await TableSession.open(table, { user: 'loader' });
    for (let commit = 0; commit < COMMITS; commit++) {
      await session.write([{ id: commit % 5, note: `note ${commit}` }]);
      if (table.schema.primaryKeys.length > 0) await session.delete([{ id: 100 + commit }]);
      await session.commit();
    }
    await session.close();
  }
  return warehouse;
}

async function rowsOf(warehouse: string, name: string): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const row of (await Lake.open(warehouse).table(name)).rows()) rows.push(inspect(row));
  return rows.sort();
}

async function json(...args: readonly string[]): Promise<readonly Record<string, string>[]> {
  const { code, stdout, stderr } = await runCli([...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as readonly Record<string, string>[];
}

test('advice names what is wrong, a dry run changes nothing, maintenance puts it right', async () => {
  const warehouse = await untidyLake();
  const at = ['--warehouse', warehouse];
  const before = await Promise.all(['ods.keyed', 'ods.log'].map((name) => rowsOf(warehouse, name)));
  const subjects = async (): Promise<readonly string[]> =>
    (await json('tables', '--advise', ...at)).map(({ table, subject }) => `${table} ${subject}`);
  expect(await subjects()).toEqual(['ods.keyed sorted-runs', 'ods.log small-files']);

  const deeds = (list: readonly Record<string, string>[]): readonly string[] =>
    list.map(({ table, deed, result }) => `${table} ${deed}: ${result}`);
  const wanted = ['ods.keyed compact: would be done', 'ods.log compact: would be done'];
  expect(deeds(await json('maintenance', ...at, '--dry-run'))).toEqual(wanted);
  expect(await subjects()).toHaveLength(2);

  expect(deeds(await json('maintenance', ...at))).toEqual([
    `ods.keyed compact: committed: ${COMMITS} files became 1`,
    `ods.log compact: committed: ${COMMITS} files became 1`,
  ]);
  expect(await subjects()).toEqual([]);
  const after = await Promise.all(['ods.keyed', 'ods.log'].map((name) => rowsOf(warehouse, name)));
  expect(after).toEqual(before);
  const { stdout } = await runCli(['maintenance', ...at, 'ods.keyed']);
  expect(stdout).toBe('nothing to do\n');
});
