// ALTER on a stored table: versions, races, what depends on data, and reads of before and after.
import { describe, expect, it } from 'vitest';
import { Lake } from '../../../src/paimon/lake.ts';
import type { RowObject } from '../../../src/paimon/format/row-objects.ts';
import type { SnapshotId } from '../../../src/paimon/meta/snapshot.ts';
import type { ReadOptions } from '../../../src/paimon/scan/scan.ts';
import { parseDataType } from '../../../src/paimon/schema/data-type-text.ts';
import type { SchemaChange } from '../../../src/paimon/schema/schema-change.ts';
import type { Table } from '../../../src/paimon/table.ts';
import { TableSession } from '../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';

const FIRST: ReadOptions = { at: { kind: 'snapshot', id: 1n as SnapshotId } };

async function newTable(): Promise<{ readonly lake: Lake; readonly table: Table }> {
  const lake = new Lake(new MemoryFileStore());
  const options = { bucket: '1' };
  const table = await lake.createTable('db.t', { columns: { id: 'INT', v: 'INT' }, primaryKey: ['id'], options });
  return { lake, table };
}

async function write(table: Table, rows: readonly RowObject[]): Promise<void> {
  const session = await TableSession.open(table, { user: 'test' });
  await session.write(rows);
  await session.commit();
  await session.close();
}

async function rowsOf(table: Table, options: ReadOptions = {}): Promise<RowObject[]> {
  const rows: RowObject[] = [];
  for await (const row of table.rows(options)) rows.push(row);
  return rows;
}

const add = (name: string): SchemaChange => ({ kind: 'addColumn', path: [name], type: parseDataType('INT') });

describe('alter', () => {
  it('writes one version for all its changes, and none for a refused one', async () => {
    const { table } = await newTable();
    expect(await table.alter([add('a'), add('b')])).toMatchObject({ id: 1 });
    await expect(table.alter([add('c'), add('a')])).rejects.toMatchObject({ code: 'E3132' });
    expect(table.schema.fields.map((field) => field.name)).toEqual(['id', 'v', 'a', 'b']);
    expect((await table.refresh()).id).toBe(1);
  });

  it('loses no change to another program', async () => {
    const { lake, table } = await newTable();
    const others = await Promise.all(['a', 'b', 'c'].map(() => lake.table('db.t')));
    await Promise.all(others.map((other, index) => other.alter([add(`x${index}`)])));
    const { id, fields } = await table.refresh();
    expect(id).toBe(3);
    expect(fields.map((field) => field.name).toSorted()).toEqual(['id', 'v', 'x0', 'x1', 'x2']);
    expect(new Set(fields.map((field) => field.id)).size).toBe(5);
  });

  it('changes what files depend on as long as there are none', async () => {
    const { table } = await newTable();
    const engine: SchemaChange = { kind: 'setOption', key: 'merge-engine', value: 'partial-update' };
    await table.alter([engine]);
    await write(table, [{ id: 1, v: 1 }]);
    await expect(table.alter([engine])).rejects.toMatchObject({ code: 'E3132' });
  });

  it('shows older rows by the new columns, and a past state by its own', async () => {
    const { table } = await newTable();
    await write(table, [{ id: 1, v: 1 }]);
    await table.alter([
      { kind: 'renameColumn', path: ['v'], newName: 'text' },
      { kind: 'updateColumnType', path: ['text'], type: parseDataType('STRING') },
      add('v'),
    ]);
    await write(table, [{ id: 2, text: 'two', v: 2 }]);
    expect(await rowsOf(table)).toEqual([
      { id: 1, text: '1', v: null },
      { id: 2, text: 'two', v: 2 },
    ]);
    expect(await rowsOf(table, FIRST)).toEqual([{ id: 1, v: 1 }]);
  });

  it('of an option that names a later column closes the past before it', async () => {
    const { table } = await newTable();
    await write(table, [{ id: 1, v: 1 }]);
    await table.alter([add('at'), { kind: 'setOption', key: 'sequence.field', value: 'at' }]);
    await expect(rowsOf(table, FIRST)).rejects.toMatchObject({ code: 'E3103' });
    expect(await rowsOf(table)).toEqual([{ id: 1, v: 1, at: null }]);
  });
});
