import { describe, expect, it } from 'vitest';
import { rowKindText } from '../../../src/column/row-kind.ts';
import type { Filter } from '../../../src/query/conditions.ts';
import { type Lake, openLake, type TableReadOptions } from '../../../src/query/lake.ts';
import { parseReadAt, timestampMsOf } from '../../../src/query/read-at.ts';
import { summarizeTable } from '../../../src/query/table-summary.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../support/committed-table.ts';
import { EagerClock } from '../../support/eager-clock.ts';
import { type TableSpec, text } from '../../support/written-table.ts';

const SPEC: TableSpec = {
  columns: {
    id: { kind: 'BIGINT', nullable: false },
    amount: { kind: 'DECIMAL', precision: 10, scale: 2, nullable: true },
    day: { kind: 'DATE', nullable: true },
    at: { kind: 'TIMESTAMP', precision: 3, nullable: true },
    note: { kind: 'VARCHAR', length: 100, nullable: true },
  },
  primaryKeys: ['id'],
};
const DAY_MS = 86_400_000n;

async function lakeWithOrders(): Promise<{ readonly lake: Lake; readonly orders: CommittedTable }> {
  const store = new MemoryFileStore(new EagerClock());
  const orders = await CommittedTable.create(store, 'shop.orders', SPEC);
  await orders.commit([
    ['+I', 1n, 9999n, 1, DAY_MS, text('a')],
    ['+I', 2n, 10000n, 2, 2n * DAY_MS, text('b')],
    ['+I', 3n, 10001n, null, null, null],
  ]);
  await orders.commit([['+U', 1n, 20000n, 1, DAY_MS, text('c')]]);
  const lake = await openLake({ warehouse: 'memory' }, { store, clock: new EagerClock() });
  return { lake, orders };
}

async function ids(lake: Lake, options: TableReadOptions): Promise<readonly bigint[]> {
  const table = await lake.table('shop.orders');
  const found: bigint[] = [];
  for await (const batch of table.read(options))
    found.push(...((batch.getChild('id')?.toArray() ?? []) as BigInt64Array));
  return found;
}

describe('reads', () => {
  it('give Arrow batches of the columns asked for', async () => {
    const { lake } = await lakeWithOrders();
    const table = await lake.table('shop.orders');
    const rows: string[] = [];
    for await (const batch of table.read({ columns: ['note', 'id'], limit: 2 })) {
      rows.push(...batch.toArray().map((row) => String(row)));
    }
    expect(rows).toEqual(['{"note": "c", "id": 1}', '{"note": "b", "id": 2}']);
    expect(await lake.tables()).toEqual(['shop.orders']);
  });

  it.each<[Filter, readonly bigint[]]>([
    [{ amount: { gt: 100 } }, [1n, 3n]],
    [{ amount: { ge: '100.00', lt: 200n } }, [2n, 3n]],
    [{ amount: 100 }, [2n]],
    [{ id: { in: [1, '3', 7n] } }, [1n, 3n]],
    [{ id: { ne: 1 }, note: { isNull: true } }, [3n]],
    [{ note: { isNull: false, le: 'b' } }, [2n]],
    [{ note: { like: 'b%' } }, [2n]],
    [{ note: { like: '%' }, id: { notIn: [1] } }, [2n]],
    [{ day: new Date('1970-01-03T00:00:00Z') }, [2n]],
    [{ at: { gt: new Date('1970-01-02T12:00:00Z') } }, [2n]],
    [{ at: '1970-01-02T00:00:00' }, [1n]],
  ])('filter by %o', async (where, expected) => {
    const { lake } = await lakeWithOrders();
    expect(await ids(lake, { where })).toEqual(expected);
  });

  it.each<[TableReadOptions, string]>([
    [{ where: { amuont: 1 } }, 'E6011'],
    [{ where: { amount: { gt: 1.234 } } }, 'E6011'],
    [{ where: { amount: { like: '1' } } }, 'E6011'],
    [{ where: { note: { likes: 'x' } as Filter } }, 'E6011'],
    [{ where: { id: 'x' } }, 'E6011'],
    [{ columns: ['nope'] }, 'E3400'],
    [{ at: { snapshot: 9n } }, 'E3455'],
  ])('are refused for %o', async (options, code) => {
    const { lake } = await lakeWithOrders();
    await expect(ids(lake, options)).rejects.toMatchObject({ code });
  });

  it('give the state of a snapshot', async () => {
    const { lake } = await lakeWithOrders();
    expect(await ids(lake, { at: { snapshot: 1 }, where: { amount: '99.99' } })).toEqual([1n]);
    expect(await ids(lake, { where: { amount: '99.99' } })).toEqual([]);
  });
});

describe('changes', () => {
  it('come as batches with row kinds', async () => {
    const { lake } = await lakeWithOrders();
    const table = await lake.table('shop.orders');
    const found: string[] = [];
    for await (const { snapshotId, kinds, batch } of table.changelog({ columns: ['id'] })) {
      for (const [row, kind] of kinds.entries())
        found.push(`${snapshotId} ${rowKindText(kind)} ${String(batch.get(row))}`);
    }
    expect(found).toEqual(['1 +I {"id": 1}', '1 +I {"id": 2}', '1 +I {"id": 3}', '2 +U {"id": 1}']);
  });
});

describe('summaries', () => {
  it('say whether the number of rows is exact', async () => {
    const { lake, orders } = await lakeWithOrders();
    const { table } = await lake.table('shop.orders');
    expect(await summarizeTable('shop.orders', table)).toMatchObject({
      rowCount: 4n,
      isRowCountExact: false,
      fileCount: 2,
    });
    await orders.truncate();
    await orders.commit([['+I', 1n, null, null, null, null]]);
    expect(await summarizeTable('shop.orders', table)).toMatchObject({
      rowCount: 1n,
      isRowCountExact: true,
      fileCount: 1,
      bucketCount: 1,
      levels: [{ level: 0, fileCount: 1 }],
      snapshotCount: 3,
      latestSnapshotId: 3n,
    });
  });
});

describe('points in time as text', () => {
  it.each([
    ['snapshot:12', { snapshot: 12n }],
    ['tag:v:1', { tag: 'v:1' }],
    ['cut:3', { cut: 3n }],
    ['cut:shop/eu/3', { cut: 3n, pipeline: 'shop/eu' }],
    ['position:0/16B3748', { position: '0/16B3748' }],
    ['timestamp:1700000000000', { timestamp: 1700000000000 }],
  ])('%s', (point, expected) => {
    expect(parseReadAt(point)).toEqual(expected);
  });

  it.each(['', 'snapshot', 'snapshot:', 'snapshot:-1', 'cut:shop/x', 'latest'])('refuse %j', (point) => {
    expect(() => parseReadAt(point)).toThrow(expect.objectContaining({ code: 'E6012' }));
  });

  it('are UTC unless they say otherwise', () => {
    expect(timestampMsOf('1970-01-01 00:00:01')).toBe(1000);
    expect(timestampMsOf('1970-01-01T01:00:01+01:00')).toBe(1000);
    expect(timestampMsOf('1970-01-02')).toBe(86_400_000);
  });
});
