// Append tables that are sorted a few files at a time: after every commit and every compaction of ours, the reference
// would sort the same files next, to the same level, and reads the same rows.
import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { pickClustering, pickFullClustering } from '../../src/paimon/lsm/clustering.ts';
import { tableOptions } from '../../src/paimon/schema/table-options.ts';
import type { Table } from '../../src/paimon/table.ts';
import { canonicalRows } from '../support/golden.ts';
import { reference, type Reference } from '../support/reference.ts';
import { openReplayed, replayedRows } from '../support/replayed-table.ts';
import { printedSeed } from '../support/seeds.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
const ROUNDS = 14;

const DEFINITION = {
  fields: [
    { id: 0, name: 'a', type: 'INT' },
    { id: 1, name: 'b', type: 'INT' },
    { id: 2, name: 'text', type: 'STRING' },
  ],
  partitionKeys: [],
  primaryKeys: [],
  comment: '',
  options: {
    bucket: '-1',
    'clustering.incremental': 'true',
    'clustering.columns': 'a,b',
    'num-sorted-run.compaction-trigger': '3',
    'target-file-size': '20 kb',
    'file.compression': 'none',
  },
};

interface Plan {
  readonly files: readonly string[];
  readonly level: number;
}

async function ourPlan(table: Table, full: boolean): Promise<Plan | null> {
  const schema = await table.refresh();
  const files = (await table.liveFiles()).entries().map(({ file }) => file);
  const options = tableOptions(schema);
  const schemas = new Map(
    await Promise.all(files.map(async ({ schemaId }) => [schemaId, await table.schemas.read(schemaId)] as const)),
  );
  const columnsOf = (id: number): string => schemas.get(id)?.options['clustering.columns'] ?? '';
  const pick = full
    ? pickFullClustering(files, options, ({ schemaId }) => columnsOf(schemaId) === schema.options['clustering.columns'])
    : pickClustering(files, options);
  if (pick === null) return null;
  return { level: pick.outputLevel, files: pick.files.map(({ fileName }) => fileName).sort() };
}

describe.skipIf(java === null)('incremental clustering', () => {
  const client = java as Reference;

  test('takes the files that the reference would take', async () => {
    const { random } = printedSeed('clustering', 7);
    const warehouse = tempDir();
    mkdirSync(warehouse, { recursive: true });
    const at = { warehouse, table: 'db.t' };
    const where = ['--warehouse', warehouse, '--table', 'db.t'];
    await client.create(at, DEFINITION);
    const theirPlan = async (full: boolean): Promise<Plan | null> => {
      const text = await client.run(['cluster-plan', ...where, ...(full ? ['--full'] : [])]);
      if (text.trim() === '') return null;
      const { files, level } = JSON.parse(text) as Plan;
      return { files, level };
    };
    const levels = new Set<number | undefined>();
    for (let round = 0; round < ROUNDS; round++) {
      const count = 1 + Math.floor(random.unit() * (round % 7 === 0 ? 2000 : 60));
      const value = (): number => Math.floor(random.unit() * 1000);
      const row = (): object => ({ a: value(), b: value(), text: 'x'.repeat(1 + (value() % 30)) });
      await client.write(at, Array.from({ length: count }, () => ({ kind: '+I', row: row() })) as never);
      const table = await openReplayed(warehouse);
      const due = await ourPlan(table, false);
      expect(due).toEqual(await theirPlan(false));
      expect(await ourPlan(table, true)).toEqual(await theirPlan(true));
      const rows = canonicalRows(await client.read(at));
      const isFull = round === 9 || round === ROUNDS - 1;
      await (await tableCommand()).parseAsync(['compact', ...where, ...(isFull ? ['--full'] : [])], { from: 'user' });
      levels.add(due?.level);
      expect(canonicalRows(await client.read(at))).toEqual(rows);
      expect(await replayedRows(await openReplayed(warehouse))).toEqual(rows);
    }
    // Nothing, a level between, and the highest.
    expect(levels.size).toBeGreaterThanOrEqual(3);
    expect(await theirPlan(true)).toBeNull();
    // Other columns to sort by: what was sorted is to be sorted again.
    await client.alter(at, [{ action: 'setOption', key: 'clustering.columns', value: 'b' }]);
    expect(await theirPlan(true)).toMatchObject({ level: 3 });
    expect(await ourPlan(await openReplayed(warehouse), true)).toEqual(await theirPlan(true));
    expect(await client.fsck(at)).toMatchObject({ problems: [] });
  });
});
