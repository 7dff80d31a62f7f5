// Aggregates that the metadata tells open no file, and those that it does not tell are read.
import { describe, expect, it } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { RealTable } from '../../../support/real-table.ts';
import { type TableSpec, text } from '../../../support/written-table.ts';

const TEXT: DataType = { kind: 'VARCHAR', length: 100, nullable: false };
const SPEC: TableSpec = {
  columns: {
    p: TEXT,
    k: TEXT,
    v: { kind: 'INT', nullable: true },
    s: { ...TEXT, nullable: true },
    a: { kind: 'ARRAY', nullable: true, element: { kind: 'INT', nullable: true } },
  },
  primaryKeys: ['p', 'k'],
  partitionKeys: ['p'],
};

const row = (p: string, k: string, v: number | null, s: string | null) =>
  ['+I', text(p), text(k), v, s === null ? null : text(s), null] as const;

/** A table whose rows are where no merge is needed; its data files are gone. */
async function withoutFiles(): Promise<RealTable> {
  const table = await RealTable.create(SPEC);
  await table.commit([row('a', 'a long key that is cut off in statistics', 5, null), row('a', 'b', null, null)]);
  await table.commit([row('b', 'c', -7, null), row('b', 'an even longer key that is cut off', null, null)]);
  for (const partition of ['p=a', 'p=b']) {
    for (const { name } of await table.store.list(`db.db/t/${partition}/bucket-0`)) {
      await table.store.delete(`db.db/t/${partition}/bucket-0/${name}`);
    }
  }
  return table;
}

describe('Table.aggregate', () => {
  it('opens no file where the metadata tells', async () => {
    const { table } = await withoutFiles();
    expect(await table.aggregate(['p', 'k', 'v', 's'])).toEqual({
      rowCount: 4,
      columns: {
        p: { min: 'a', max: 'b', nullCount: 0 },
        k: { min: 'a long key that is cut off in statistics', max: 'c', nullCount: 0 },
        v: { min: -7, max: 5, nullCount: 2 },
        s: { min: null, max: null, nullCount: 4 },
      },
    });
    expect(await table.aggregate([])).toEqual({ rowCount: 4, columns: {} });
  });

  it('reads where it does not', async () => {
    const { table } = await withoutFiles();
    const where = [{ column: 'v', operator: '>', literal: 0 }] as const;
    await expect(table.aggregate(['v'], { where })).rejects.toMatchObject({ code: 'E3001' });
  });

  it('reads rows that have to be merged', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([row('a', 'k', 5, 'x'), row('a', 'l', 7, 'y')]);
    await table.commit([row('a', 'k', 1, 'z'), ['-D', text('a'), text('l'), null, null, null]]);
    expect((await table.table.aggregate(['v', 's'])).columns).toEqual({
      v: { min: 1, max: 1, nullCount: 0 },
      s: { min: 'z', max: 'z', nullCount: 0 },
    });
  });

  it('tells nothing of an empty table, and refuses columns without an order', async () => {
    const { table } = await RealTable.create(SPEC);
    expect(await table.aggregate(['v'])).toEqual({
      rowCount: 0,
      columns: { v: { min: null, max: null, nullCount: 0 } },
    });
    await expect(table.aggregate(['a'])).rejects.toMatchObject({ code: 'E3400' });
    await expect(table.aggregate(['no'])).rejects.toMatchObject({ code: 'E3400' });
  });
});
