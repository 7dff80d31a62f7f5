// Columns of rows in several files: updated by the ids of rows, read, compacted, and refused where two do so at a time.
import { describe, expect, it } from 'vitest';
import { type RowObject, rowObjects } from '../../../src/paimon/format/row-objects.ts';
import { Lake } from '../../../src/paimon/lake.ts';
import { fsck } from '../../../src/paimon/maintenance/fsck.ts';
import type { SnapshotId } from '../../../src/paimon/meta/snapshot.ts';
import type { ReadOptions } from '../../../src/paimon/scan/scan.ts';
import { parseDataType } from '../../../src/paimon/schema/data-type-text.ts';
import type { Table } from '../../../src/paimon/table.ts';
import { TableSession } from '../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';

function newTable(options: Readonly<Record<string, string>> = {}): Promise<Table> {
  return new Lake(new MemoryFileStore()).createTable('db.t', {
    columns: { p: 'STRING', id: 'INT', v: 'STRING', w: 'BIGINT' },
    partitionedBy: ['p'],
    options: {
      bucket: '-1',
      'row-tracking.enabled': 'true',
      'data-evolution.enabled': 'true',
      'compaction.min.file-num': '2',
      ...options,
    },
  });
}

async function rowsOf(table: Table, options: ReadOptions = {}): Promise<RowObject[]> {
  const rows: RowObject[] = [];
  for await (const row of table.rows(options)) rows.push(row);
  return rows.toSorted((a, b) => Number(a['id']) - Number(b['id']));
}

async function filled(session: TableSession): Promise<void> {
  for (const start of [0, 3]) {
    const ids = [start, start + 1, start + 2];
    await session.write(ids.map((id) => ({ p: id < 4 ? 'a' : 'b', id, v: `v${id}`, w: id })));
    await session.commit();
  }
}

async function fileCount(table: Table): Promise<number> {
  return (await table.liveFiles()).entries().length;
}

describe('a table with data evolution', () => {
  it('takes other values of some columns, and keeps the rest', async () => {
    const table = await newTable({ 'file-index.bloom-filter.columns': 'v' });
    const session = await TableSession.open(table, { user: 'a' });
    await filled(session);
    const ids = new Map(
      (await rowsOf(table, { columns: ['id', '_ROW_ID'] })).map((row) => [row['id'], row['_ROW_ID']]),
    );
    expect(new Set(ids.values())).toEqual(new Set([0n, 1n, 2n, 3n, 4n, 5n]));
    const at = (id: number) => ({ _ROW_ID: ids.get(id) ?? null });
    const snapshot = await session.update([
      { ...at(5), w: 500n },
      { ...at(1), w: null },
    ]);
    expect(snapshot).toMatchObject({ id: 3n, commitKind: 'APPEND', nextRowId: 6n });
    await session.update([{ ...at(1), v: 'x' }]);
    const expected = [0, 1, 2, 3, 4, 5].map((id) => ({
      p: id < 4 ? 'a' : 'b',
      id,
      v: id === 1 ? 'x' : `v${id}`,
      w: id === 1 ? null : BigInt(id === 5 ? 500 : id),
    }));
    expect(await rowsOf(table)).toEqual(expected);
    expect(await rowsOf(table, { at: { kind: 'snapshot', id: 3n as SnapshotId }, columns: ['id', 'v'] })).toHaveLength(
      6,
    );
    expect(await table.count()).toBe(6);
    expect(await rowsOf(table, { where: [table.condition('w', '=', 500n)], columns: ['id'] })).toEqual([{ id: 5 }]);
    expect(await rowsOf(table, { where: [table.condition('w', '=', 5n)] })).toEqual([]);
    // The index of the older file knows nothing of it.
    expect(await rowsOf(table, { where: [table.condition('v', '=', 'x')], columns: ['id'] })).toEqual([{ id: 1 }]);
    expect(await rowsOf(table, { columns: ['w'], limit: 2 })).toHaveLength(2);
    expect(await fileCount(table)).toBe(6);
    await session.compact();
    expect(await fileCount(table)).toBe(2);
    expect(await rowsOf(table)).toEqual(expected);
    const after = await rowsOf(table, { columns: ['id', '_ROW_ID'] });
    expect(after.every((row) => row['_ROW_ID'] === ids.get(row['id']))).toBe(true);
    await session.update([{ ...at(4), v: 'y', w: 1n }]);
    expect((await rowsOf(table))[4]).toEqual({ p: 'b', id: 4, v: 'y', w: 1n });
    expect((await fsck(table)).problems).toEqual([]);
  });

  it('gives columns that were added later, and those that no file has', async () => {
    const table = await newTable();
    const session = await TableSession.open(table, { user: 'a' });
    await filled(session);
    await table.alter([{ kind: 'addColumn', path: ['n'], type: parseDataType('INT'), place: { kind: 'last' } }]);
    expect(await rowsOf(table, { columns: ['n'] })).toEqual(Array.from({ length: 6 }, () => ({ n: null })));
    const next = await TableSession.open(table, { user: 'b' });
    await next.update([{ _ROW_ID: 0n, n: 7 }]);
    expect((await rowsOf(table, { where: [table.condition('n', '=', 7)] })).map((row) => row['v'])).toHaveLength(1);
  });

  it('puts columns together whose files come in batches of other lengths', async () => {
    const table = await newTable({ 'target-file-size': '1 gb' });
    const session = await TableSession.open(table, { user: 'a' });
    const ids = Array.from({ length: 40_000 }, (_, id) => id);
    await session.write(ids.map((id) => ({ p: 'a', id, v: `v${id % 7}`, w: id })));
    await session.commit();
    await table.alter([{ kind: 'setOption', key: 'file.format', value: 'avro' }]);
    const next = await TableSession.open(table, { user: 'b' });
    await next.update(ids.filter((id) => id % 3 === 0).map((id) => ({ _ROW_ID: BigInt(id), w: -id })));
    const wrong: RowObject[] = [];
    let row = 0;
    for await (const batch of table.read({ columns: ['w', 'id', 'v', '_ROW_ID'] })) {
      for (const { w, id, v, _ROW_ID } of rowObjects(batch)) {
        if (w !== BigInt(row % 3 === 0 ? -row : row) || id !== row || v !== `v${row % 7}` || _ROW_ID !== BigInt(row)) {
          wrong.push({ w, id, v, _ROW_ID });
        }
        row++;
      }
    }
    expect(wrong).toEqual([]);
    expect(row).toBe(ids.length);
  });

  it('takes one of two updates of the same rows, and an update or a compaction, not both', async () => {
    const table = await newTable();
    const [first, second] = [
      await TableSession.open(table, { user: 'a' }),
      await TableSession.open(table, { user: 'b' }),
    ];
    await filled(first);
    const both = await Promise.allSettled([
      first.update([{ _ROW_ID: 0n, v: 'first' }]),
      second.update([{ _ROW_ID: 1n, v: 'second' }]),
    ]);
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'E3381' })]);
    const values = (await rowsOf(table)).map((row) => row['v']);
    expect(values.filter((value) => value === 'first' || value === 'second')).toHaveLength(1);
    expect((await fsck(table)).problems).toEqual([]);
    // Nothing that the refused one wrote is left.
    expect((await fsck(table)).orphans).toBe(0);
  });

  it.each([
    ['E3382', [{ _ROW_ID: 9n, v: 'x' }]],
    [
      'E3382',
      [
        { _ROW_ID: 0n, v: 'x' },
        { _ROW_ID: 0n, v: 'y' },
      ],
    ],
    ['E3137', [{ v: 'x' }]],
    [
      'E3137',
      [
        { _ROW_ID: 0n, v: 'x' },
        { _ROW_ID: 1n, w: 1n },
      ],
    ],
    ['E3137', [{ _ROW_ID: 0n, nothing: 1 }]],
    ['E3137', [{ _ROW_ID: 0n, p: 'b' }]],
    ['E3137', [{ _ROW_ID: 0n }]],
  ])('refuses with %s what is no update: %o', async (code, rows) => {
    const table = await newTable();
    const session = await TableSession.open(table, { user: 'a' });
    await filled(session);
    await expect(session.update(rows)).rejects.toMatchObject({ code });
    expect((await fsck(table)).orphans).toBe(0);
  });

  it('is needed for updates by the ids of rows', async () => {
    const table = await newTable({ 'data-evolution.enabled': 'false' });
    const session = await TableSession.open(table, { user: 'a' });
    await expect(session.update([{ _ROW_ID: 0n, v: 'x' }])).rejects.toMatchObject({ code: 'E3301' });
  });
});
