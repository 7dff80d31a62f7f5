// An append table that we have sorted is the same to the reference, which appends to it and compacts it afterwards.
import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { canonicalRows } from '../support/golden.ts';
import { openReplayed, replayedRows } from '../support/replayed-table.ts';
import { reference, type Reference } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

const DEFINITION = {
  fields: [
    { id: 0, name: 'p', type: 'STRING NOT NULL' },
    { id: 1, name: 'n', type: 'INT' },
    { id: 2, name: 's', type: 'STRING' },
    { id: 3, name: 'd', type: 'DECIMAL(30, 2)' },
    { id: 4, name: 't', type: 'TIMESTAMP(9)' },
    { id: 5, name: 'l', type: { type: 'ARRAY', element: 'INT' } },
  ],
  partitionKeys: ['p'],
  primaryKeys: [],
  comment: '',
};

function rowsOf(step: number) {
  return Array.from({ length: 60 }, (_, index) => {
    const n = (index * 37 + step * 11) % 50;
    const t = `2026-01-${String(1 + (n % 28)).padStart(2, '0')}T00:00:00.00000000${n % 10}`;
    const row = { p: index % 3 === 0 ? 'x' : 'y', n, s: `s${n % 7}`, d: `${n - 25}.50`, t, l: [n, step] };
    return { kind: '+I' as const, row: index % 13 === 0 ? { ...row, n: null, s: null, d: null, t: null } : row };
  });
}

describe.skipIf(java === null)('sorted append tables', () => {
  const client = java as Reference;

  test.each([
    ['order', 's,n'],
    ['zorder', 'd,t'],
    ['hilbert', 'n,s,t'],
  ])('%s by %s', async (strategy, columns) => {
    const warehouse = tempDir();
    mkdirSync(warehouse, { recursive: true });
    const at = { warehouse, table: 'db.t' };
    await client.create(at, { ...DEFINITION, options: { bucket: '-1' } });
    for (const step of [0, 1, 2]) await client.write(at, rowsOf(step));
    const before = canonicalRows(await client.read(at));
    const where = ['--warehouse', warehouse, '--table', 'db.t'];
    const order = ['--order-strategy', strategy, '--order-by', columns];
    await (await tableCommand()).parseAsync(['compact', ...where, ...order], { from: 'user' });
    expect(canonicalRows(await client.read(at))).toEqual(before);
    expect(await client.fsck(at)).toMatchObject({ problems: [] });
    await client.write(at, rowsOf(3));
    await client.compact(at, { full: true });
    const after = canonicalRows(await client.read(at));
    expect(after).toHaveLength(before.length + 60);
    expect(await replayedRows(await openReplayed(warehouse))).toEqual(after);
  });
});
