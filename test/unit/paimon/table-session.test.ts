// Sessions: rows in and out, what a commit leaves, and two sessions at a time.
import { describe, expect, it } from 'vitest';
import { fsck } from '../../../src/paimon/maintenance/fsck.ts';
import type { RowObject } from '../../../src/paimon/format/row-objects.ts';
import { Lake } from '../../../src/paimon/lake.ts';
import type { Table } from '../../../src/paimon/table.ts';
import { TableSession } from '../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';

function newTable(options: Readonly<Record<string, string>> = {}): Promise<Table> {
  const columns = { id: 'INT', v: 'STRING' };
  return new Lake(new MemoryFileStore()).createTable('db.t', {
    columns,
    primaryKey: ['id'],
    options: { bucket: '1', ...options },
  });
}

async function rowsOf(table: Table): Promise<RowObject[]> {
  const rows: RowObject[] = [];
  for await (const row of table.rows()) rows.push(row);
  return rows;
}

describe('a session', () => {
  it('shows its rows once they are committed, and drops the rest', async () => {
    const table = await newTable();
    const session = await TableSession.open(table, { user: 'a' });
    expect(await session.commit()).toBeNull();
    await session.write([{ id: 1, v: 'one' }, { id: 2 }]);
    expect(await rowsOf(table)).toEqual([]);
    expect(await session.commit()).toMatchObject({ id: 1n, commitUser: 'a', commitIdentifier: 1n });
    await session.delete([{ id: 1 }]);
    await session.close();
    expect(await rowsOf(table)).toEqual([
      { id: 1, v: 'one' },
      { id: 2, v: null },
    ]);
    const next = await TableSession.open(table, { user: 'a' });
    await next.write([{ id: 3, v: 'three' }]);
    expect(await next.commit()).toMatchObject({ commitIdentifier: 2n });
    await next.close();
    expect((await fsck(table)).problems).toEqual([]);
  });

  it('shows the rows of a commit where another has compacted the files that it knew', async () => {
    const table = await newTable({
      'merge-engine': 'first-row',
      'num-levels': '3',
      'compaction.size-ratio': '-100',
      'compaction.max-size-amplification-percent': '100000',
    });
    const session = await TableSession.open(table, { user: 'a' });
    for (let id = 0; id < 2; id++) {
      await session.write([{ id, v: 'x' }]);
      await session.commit();
    }
    const other = await TableSession.open(table, { user: 'b' });
    expect(await other.compact({ full: true })).toMatchObject({ outcome: 'committed', filesBefore: 2 });
    await other.close();
    await session.write([{ id: 2, v: 'x' }]);
    await session.commit();
    await session.close();
    expect(await rowsOf(table)).toHaveLength(3);
  });

  it('compacts what another compaction of the files that it knew has left', async () => {
    const table = await newTable({ 'compaction.force-rewrite-all-files': 'true' });
    const session = await TableSession.open(table, { user: 'a' });
    await session.write([{ id: 1, v: 'x' }]);
    await session.commit();
    const other = await TableSession.open(table, { user: 'b' });
    await other.compact({ full: true });
    await other.close();
    expect(await session.compact({ full: true })).toMatchObject({ outcome: 'committed', filesBefore: 1 });
    await session.close();
    expect((await table.latestSnapshot())?.id).toBe(3n);
  });

  it('compacts what becomes due, unless the table is write-only', async () => {
    for (const writeOnly of ['false', 'true']) {
      const table = await newTable({ 'num-sorted-run.compaction-trigger': '3', 'write-only': writeOnly });
      const session = await TableSession.open(table, { user: 'a' });
      for (let id = 0; id < 4; id++) {
        await session.write([{ id, v: 'x' }]);
        await session.commit();
      }
      const kinds = (await table.liveFiles()).entries().map(({ file }) => file.level > 0);
      expect(kinds.includes(true)).toBe(writeOnly === 'false');
      await session.close();
      expect(await rowsOf(table)).toHaveLength(4);
    }
  });

  it('keeps the files of append tables few, where others do not do so', async () => {
    const filesLeft = async (options: Readonly<Record<string, string>>): Promise<number> => {
      const columns = { id: 'INT', p: 'INT' };
      const lake = new Lake(new MemoryFileStore());
      const table = await lake.createTable('db.t', { columns, partitionedBy: ['p'], options });
      const session = await TableSession.open(table, { user: 'a' });
      for (let id = 0; id < 12; id++) {
        await session.write([{ id, p: id % 2 }]);
        await session.commit();
      }
      await session.close();
      const ids = (await rowsOf(table)).map((row) => Number(row['id'])).toSorted((a, b) => a - b);
      expect(ids).toEqual(Array.from({ length: 12 }, (_, index) => index));
      expect((await fsck(table)).problems).toEqual([]);
      return (await table.liveFiles()).entries().length;
    };
    // Of six commits to a partition, five files become one.
    expect(await filesLeft({})).toBe(4);
    expect(await filesLeft({ 'compaction.min.file-num': '3' })).toBe(4);
    expect(await filesLeft({ 'row-tracking.enabled': 'true' })).toBe(4);
    const others = [{ 'write-only': 'true' }, { 'clustering.incremental': 'true', 'clustering.columns': 'id' }];
    for (const options of others) expect(await filesLeft(options)).toBe(12);
  });

  it('puts the rows of postponed buckets into the table when it compacts', async () => {
    const table = await newTable({ bucket: '-2' });
    const session = await TableSession.open(table, { user: 'a' });
    for (const v of ['old', 'new']) {
      await session.write([{ id: 1, v }]);
      await session.commit();
      expect(await rowsOf(table)).toEqual([]);
    }
    await session.compact();
    expect(await rowsOf(table)).toEqual([{ id: 1, v: 'new' }]);
    await session.delete([{ id: 1 }]);
    await session.write([{ id: 2, v: 'two' }]);
    await session.commit();
    expect(await session.compact({ full: true })).toMatchObject({
      outcome: 'committed',
      filesBefore: 2,
      filesAfter: 1,
    });
    expect(await session.compact({ full: true })).toBeNull();
    await session.close();
    expect(await rowsOf(table)).toEqual([{ id: 2, v: 'two' }]);
    expect((await fsck(table)).problems).toEqual([]);
  });

  it('takes nothing of rows that do not fit', async () => {
    const table = await newTable();
    const session = await TableSession.open(table, { user: 'a' });
    await expect(session.write([{ id: 1 }, { id: 'two' }])).rejects.toMatchObject({ code: 'E3137' });
    expect(await session.commit()).toBeNull();
    await session.close();
  });

  it('commits beside another one', async () => {
    const table = await newTable();
    const [a, b] = [await TableSession.open(table, { user: 'a' }), await TableSession.open(table, { user: 'b' })];
    await a.write([{ id: 1, v: 'a' }]);
    await b.write([{ id: 2, v: 'b' }]);
    await a.commit();
    await b.commit();
    expect(await rowsOf(table)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: 'b' },
    ]);
    for (const session of [a, b]) await session.close();
  });
});

describe('conditions', () => {
  it('take JavaScript values of the type of their column', async () => {
    const table = await newTable();
    expect(table.condition('id', 'in', [1, 2])).toEqual({ column: 'id', operator: 'in', literals: [1, 2] });
    expect(table.condition('id', 'between', [1, 2])).toEqual({ column: 'id', operator: 'between', low: 1, high: 2 });
    expect(table.condition('v', 'like', 'a%')).toEqual({ column: 'v', operator: 'like', pattern: 'a%' });
    expect(() => table.condition('v', '=', 1)).toThrow(expect.objectContaining({ code: 'E3137' }));
    expect(() => table.condition('v', '=', null)).toThrow(expect.objectContaining({ code: 'E3137' }));
    expect(() => table.condition('w', '=', 1)).toThrow(expect.objectContaining({ code: 'E3400' }));
  });
});
