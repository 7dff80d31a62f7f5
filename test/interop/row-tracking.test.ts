// Append tables whose rows have ids, written, changed and compacted by either side: ids are the same for both at every
// snapshot, and a row keeps its own wherever it goes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { rowObjects } from '../../src/paimon/format/row-objects.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import type { GoldenRow } from '../support/golden.ts';
import { canonicalRows } from '../support/golden.ts';
import { openReplayed, replayedRows, systemRows } from '../support/replayed-table.ts';
import { pypaimon } from '../support/pypaimon.ts';
import { reference, type Reference, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
const python = await pypaimon();

const DEFINITION = {
  fields: [
    { id: 0, name: 'p', type: 'STRING' },
    { id: 1, name: 'id', type: 'INT' },
    { id: 2, name: 'v', type: 'BIGINT' },
  ],
  partitionKeys: ['p'],
  primaryKeys: [],
  comment: '',
};

function rowsOf(step: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    kind: '+I',
    row: { p: index % 3 === 0 ? 'a' : 'b', id: 100 * step + index, v: index % 5 === 0 ? null : String(index * step) },
  }));
}

describe.skipIf(java === null)('row tracking', () => {
  const client = java as Reference;

  /** Writes as both sides in turns, and compares what they say of the rows at each snapshot. */
  async function site(options: Readonly<Record<string, string>>) {
    const warehouse = tempDir();
    mkdirSync(warehouse, { recursive: true });
    const at: TableAt = { warehouse, table: 'db.t' };
    await client.create(at, {
      ...DEFINITION,
      options: { bucket: '-1', 'row-tracking.enabled': 'true', 'compaction.min.file-num': '2', ...options },
    });
    const where = ['--warehouse', warehouse, '--table', 'db.t'];
    let files = 0;
    const file = (rows: readonly object[]): string => {
      const path = join(warehouse, `rows-${files++}.ndjson`);
      writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      return path;
    };
    const run = async (args: readonly string[]) =>
      (await tableCommand()).parseAsync([args[0], ...where, ...args.slice(1)], { from: 'user' });
    /** The rows with their ids, once both sides agree on them. */
    const tracked = async (): Promise<readonly GoldenRow[]> => {
      const theirs = canonicalRows(await client.systable(at, 'row_tracking'));
      const table = await openReplayed(warehouse);
      expect(await systemRows(table, 'row_tracking')).toEqual(theirs);
      return theirs.map((row) => Object.fromEntries(JSON.parse(row) as [string, GoldenRow[string]][]));
    };
    /** Both sides find nothing wrong with what all snapshots name. */
    const sound = async (): Promise<void> => {
      expect((await fsck(await openReplayed(warehouse))).problems).toEqual([]);
      expect(await client.fsck(at)).toMatchObject({ problems: [] });
    };
    return { at, where, file, run, tracked, sound, open: () => openReplayed(warehouse) };
  }

  test.each<Record<string, string>>([{}, { 'file.format': 'orc' }, { 'metadata.stats-mode': 'none' }])(
    'ids stay while either side writes and compacts: %o',
    async (options) => {
      const { at, file, run, tracked, sound, open } = await site(options);
      const idsOf = (rows: readonly GoldenRow[]) =>
        new Map<unknown, unknown>(rows.map((row) => [row['id'], [row['_ROW_ID'], row['_SEQUENCE_NUMBER']]]));
      let known = new Map<unknown, unknown>();
      for (const step of [1, 2, 3, 4]) {
        if (step % 2 === 0) await client.write(at, rowsOf(step, 7));
        else await run(['write', '--rows', file(rowsOf(step, 6))]);
        const rows = await tracked();
        expect(new Set(rows.map((row) => row['_ROW_ID'])).size).toBe(rows.length);
        for (const [id, tracking] of known) expect(idsOf(rows).get(id)).toEqual(tracking);
        known = idsOf(rows);
        if (step === 2) await client.compact(at);
        if (step >= 3) await run(['compact', '--full']);
        expect(idsOf(await tracked())).toEqual(known);
      }
      const snapshot = await (await open()).latestSnapshot();
      expect(snapshot?.nextRowId).toBe(26n);
      expect(await (await open()).snapshots.ids()).toHaveLength(7);
      await sound();
    },
  );

  test.each(['false', 'true'])('rows that are deleted and updated by their ids; bitmap64=%s', async (bitmap64) => {
    const { at, where, file, run, tracked, sound, open } = await site({
      'deletion-vectors.enabled': 'true',
      'deletion-vectors.bitmap64': bitmap64,
    });
    await run(['write', '--rows', file(rowsOf(1, 9))]);
    await client.write(at, rowsOf(2, 5));
    const before = await tracked();
    const gone = before.filter((row) => row['p'] === 'b').slice(0, 3);
    await client.run(['delete-rows', ...where, '--row-ids', ...gone.map((row) => row['_ROW_ID'] as string)]);
    const left = before.filter((row) => !gone.includes(row));
    expect(await tracked()).toEqual(left);
    // An update writes the row anew with its id, and leaves the number to the commit.
    const updated = gone.slice(0, 2).map((row) => ({ ...row, v: '77', _SEQUENCE_NUMBER: null }));
    const columns = ['p', 'id', 'v', '_ROW_ID', '_SEQUENCE_NUMBER'];
    const rows = file(updated.map((row) => ({ row })));
    await client.run(['write-columns', ...where, '--columns', ...columns, '--rows', rows, '--partition', 'p=b']);
    const after = await tracked();
    expect(after).toHaveLength(left.length + 2);
    const changed = after.filter((row) => row['v'] === '77');
    expect(changed.map((row) => row['_ROW_ID'])).toEqual(gone.slice(0, 2).map((row) => row['_ROW_ID']));
    expect(changed.map((row) => row['_SEQUENCE_NUMBER'])).toEqual(['4', '4']);
    await run(['compact', '--full']);
    expect(await tracked()).toEqual(after);
    await client.write(at, rowsOf(3, 4));
    await client.compact(at);
    expect((await tracked()).filter((row) => Number(row['id']) < 300)).toEqual(after);
    const table = await open();
    const ids = [];
    for await (const row of table.rows({ columns: ['_ROW_ID'], where: [table.condition('_ROW_ID', '>=', 14n)] }))
      ids.push(row['_ROW_ID']);
    expect(new Set(ids)).toEqual(new Set([14n, 15n, 16n, 17n]));
    await sound();
  });

  test('an overwrite gives new ids, and the old ones are not given again', async () => {
    const { at, file, run, tracked, sound } = await site({});
    await client.write(at, rowsOf(1, 6));
    const kept = (await tracked()).filter((row) => row['p'] === 'a');
    await run(['write', '--rows', file(rowsOf(2, 3).filter(({ row }) => row.p === 'b')), '--overwrite']);
    const rows = await tracked();
    expect(rows.filter((row) => row['p'] === 'a')).toEqual(kept);
    const fresh = rows.filter((row) => row['p'] === 'b');
    expect(fresh.map((row) => row['_ROW_ID'])).toEqual(['6', '7']);
    const theirs = rowsOf(3, 6).filter(({ row }) => row.p === 'a');
    await client.write(at, theirs, { overwrite: ['p=a'] });
    expect((await tracked()).filter((row) => row['p'] === 'b')).toEqual(fresh);
    await sound();
  });

  test('columns that the reference writes beside rows, and its compaction of them', async () => {
    const { at, where, file, tracked, sound, open } = await site({ 'data-evolution.enabled': 'true' });
    const inPartitions = (step: number, p: string) => rowsOf(step, 6).filter(({ row }) => row.p === p);
    await client.write(at, inPartitions(1, 'a'));
    await client.write(at, inPartitions(2, 'b'));
    await client.write(at, inPartitions(3, 'b'));
    expect(await tracked()).toHaveLength(10);
    const write = (partition: string, columns: readonly string[], first: number, rows: readonly object[]) =>
      client.run([
        'write-columns',
        ...where,
        '--partition',
        partition,
        '--columns',
        ...columns,
        '--first-row-id',
        String(first),
        '--rows',
        file(rows),
      ]);
    await write(
      'p=b',
      ['v'],
      2,
      [7, null, 9, 10].map((v) => ({ row: { v: v === null ? null : String(v) } })),
    );
    await write(
      'p=a',
      ['id', 'v'],
      0,
      [70, 71].map((id) => ({ row: { id, v: '-1' } })),
    );
    await write(
      'p=b',
      ['id'],
      2,
      [80, 81, 82, 83].map((id) => ({ row: { id } })),
    );
    const changed = await tracked();
    expect(changed.filter((row) => row['p'] === 'b' && Number(row['id']) < 90).map((row) => row['v'])).toEqual([
      '7',
      null,
      '9',
      '10',
    ]);
    await client.alter(at, [
      { action: 'addColumn', fieldNames: ['w'], dataType: 'STRING' },
      { action: 'renameColumn', fieldNames: ['v'], newName: 'u' },
    ]);
    await write(
      'p=b',
      ['w'],
      6,
      ['x', 'y', null, 'z'].map((w) => ({ row: { w } })),
    );
    const evolved = await tracked();
    expect(new Set(evolved.map((row) => row['w']))).toEqual(new Set([null, 'x', 'y', 'z']));
    const table = await open();
    const both = [table.condition('u', '=', 9n), table.condition('id', '=', 82)];
    expect(await replayedRows(table, { where: both })).toHaveLength(1);
    expect((await table.plan({ where: [table.condition('u', '=', 12345n)] })).splits).toEqual([]);
    expect(await table.count()).toBe(10);
    for (const [from, to] of [
      [1, 3],
      [3, 6],
      [1, 7],
    ] as const) {
      const ours = [];
      for await (const batch of table.incremental({
        between: { kind: 'snapshots', after: BigInt(from), upTo: BigInt(to) },
      }))
        ours.push(...rowObjects(batch));
      expect(ours).toHaveLength((await client.incremental(at, { from, to })).length);
    }
    await client.compact(at);
    const compacted = await tracked();
    const values = (rows: readonly GoldenRow[]) => rows.map(({ _SEQUENCE_NUMBER: _, ...row }) => row);
    expect(values(compacted)).toEqual(values(evolved));
    await sound();
  });

  test('columns that a session, the reference and pypaimon write in turns', async () => {
    const { at, where, file, run, tracked, sound, open } = await site({ 'data-evolution.enabled': 'true' });
    const table = await open();
    const session = await TableSession.open(table, { user: 'session' });
    const inB = rowsOf(1, 9).filter(({ row }) => row.p === 'b');
    await run(['write', '--rows', file(inB)]);
    await session.write([
      { p: 'b', id: 7, v: 70n },
      { p: 'b', id: 8 },
    ]);
    await session.commit();
    expect(await tracked()).toHaveLength(8);
    await session.update([
      { _ROW_ID: 7n, v: 1n },
      { _ROW_ID: 2n, v: null },
      { _ROW_ID: 0n, v: 5n },
    ]);
    expect(new Set((await tracked()).map((row) => row['_SEQUENCE_NUMBER']))).toEqual(new Set(['3']));
    const ids = [100, 101, 102, 103, 104, 105].map((id) => ({ row: { id } }));
    const columns = ['--partition', 'p=b', '--columns', 'id', '--first-row-id', '0'];
    await client.run(['write-columns', ...where, ...columns, '--rows', file(ids)]);
    await tracked();
    await python?.write(at, {
      append: { p: ['a', 'b'], id: [9, 10], v: [null, 90] },
      update: { _ROW_ID: [1, 6], v: [11, 66], id: [111, 666] },
    });
    const before = await tracked();
    expect(before).toHaveLength(10);
    expect(before.filter((row) => row['id'] === 111 || row['id'] === 666).map((row) => row['v'])).toEqual(['11', '66']);
    expect(canonicalRows((await python?.read(at)) ?? [])).toEqual(await replayedRows(table));
    await session.compact();
    const after = await tracked();
    const values = (rows: readonly GoldenRow[]) => rows.map(({ _SEQUENCE_NUMBER: _, ...row }) => row);
    expect(values(after)).toEqual(values(before));
    expect((await table.liveFiles()).entries().map(({ file: { writeCols } }) => writeCols)).toEqual([null, null, null]);
    await session.update([{ _ROW_ID: 3n, v: -3n }]);
    await client.compact(at);
    expect((await tracked()).find((row) => row['_ROW_ID'] === '3')).toMatchObject({ v: '-3' });
    await session.close();
    await sound();
  });
});
