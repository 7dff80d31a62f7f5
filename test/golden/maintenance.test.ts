// `tables --advise` and `maintenance` on a lake that nobody has kept in order.
import { inspect } from 'node:util';
import type { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import { maintenanceCommand } from '../../src/cli/maintenance.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import { tablesCommand } from '../../src/cli/tables.ts';
import { Lake } from '../../src/paimon/lake.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { tempDir } from '../support/temp-dir.ts';

const COMMITS = 12;

async function untidyLake(): Promise<string> {
  const warehouse = tempDir();
  const lake = Lake.open(warehouse);
  const columns = { id: 'BIGINT', note: 'STRING' };
  const options = { bucket: '1', 'write-only': 'true' };
  const tables = [
    await lake.createTable('ods.keyed', { columns, primaryKey: ['id'], options }),
    await lake.createTable('ods.log', { columns, options: { 'write-only': 'true' } }),
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

/** Runs a command in this process, and gives what it prints. */
async function printed(command: Command, args: readonly string[]): Promise<string> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await command.parseAsync(args, { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return text;
}

async function json(command: Command, args: readonly string[]): Promise<readonly Record<string, string>[]> {
  return JSON.parse(await printed(command, [...args, '--json'])) as readonly Record<string, string>[];
}

test('advice names what is wrong, a dry run changes nothing, maintenance puts it right', async () => {
  const warehouse = await untidyLake();
  const at = ['--warehouse', warehouse];
  const before = await Promise.all(['ods.keyed', 'ods.log'].map((name) => rowsOf(warehouse, name)));
  const subjects = async (): Promise<readonly string[]> =>
    (await json(tablesCommand(), ['--advise', ...at])).map(({ table, subject }) => `${table} ${subject}`);
  expect(await subjects()).toEqual(['ods.keyed sorted-runs', 'ods.log small-files']);

  const deeds = (list: readonly Record<string, string>[]): readonly string[] =>
    list.map(({ table, deed, result }) => `${table} ${deed}: ${result}`);
  const wanted = ['ods.keyed compact: would be done', 'ods.log compact: would be done'];
  expect(deeds(await json(maintenanceCommand(), [...at, '--dry-run']))).toEqual(wanted);
  expect(await subjects()).toHaveLength(2);

  expect(deeds(await json(maintenanceCommand(), at))).toEqual([
    `ods.keyed compact: committed: ${COMMITS} files became 1`,
    `ods.log compact: committed: ${COMMITS} files became 1`,
  ]);
  expect(await subjects()).toEqual([]);
  const after = await Promise.all(['ods.keyed', 'ods.log'].map((name) => rowsOf(warehouse, name)));
  expect(after).toEqual(before);
  expect(await printed(maintenanceCommand(), [...at, 'ods.keyed'])).toBe('nothing to do\n');

  const where = ['compact', ...at, '--table', 'ods.log'];
  const report = JSON.parse(await printed(await tableCommand(), [...where, '--order-by', 'note,id'])) as unknown;
  expect(report).toEqual({ partitions: 1, filesBefore: 1, filesAfter: 1, rows: COMMITS });
  expect(await rowsOf(warehouse, 'ods.log')).toEqual(after[1]);
  const unsaid = printed(await tableCommand(), [...where, '--order-strategy', 'zorder']);
  await expect(unsaid).rejects.toMatchObject({ code: 'E6200' });
});
