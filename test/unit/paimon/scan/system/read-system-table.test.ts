// System tables with conditions, columns, limits and points in time; tables of the catalog.
import { describe, expect, test } from 'vitest';
import { openGlobalTable } from '../../../../../src/paimon/catalog/global-tables.ts';
import { createRowPrinter } from '../../../../../src/paimon/format/row-json.ts';
import type { SnapshotId } from '../../../../../src/paimon/meta/snapshot.ts';
import type { ReadBatch, ReadOptions } from '../../../../../src/paimon/scan/scan.ts';
import { MemoryFileStore } from '../../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../../support/committed-table.ts';
import { type TableSpec, text } from '../../../../support/written-table.ts';

const SPEC: TableSpec = {
  columns: { id: { kind: 'INT', nullable: false }, s: { kind: 'VARCHAR', length: 100, nullable: true } },
  primaryKeys: ['id'],
};

async function lines(batches: AsyncIterable<ReadBatch>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { fields, columns, rowCount } of batches) {
    const print = createRowPrinter(fields);
    for (let row = 0; row < rowCount; row++) found.push(print(columns, row));
  }
  return found;
}

async function orders(): Promise<{ readonly store: MemoryFileStore; readonly table: CommittedTable }> {
  const store = new MemoryFileStore();
  const table = await CommittedTable.create(store, 'shop.orders', SPEC);
  await table.commit([['+I', 1, text('a')]]);
  await table.commit([['-D', 1, text('a')]]);
  await table.commit([['+I', 2, null]], [['+I', 3, text('c')]]);
  return { store, table };
}

async function read(name: string, options: ReadOptions): Promise<readonly string[]> {
  const { table } = await orders();
  return lines(table.table.systemTable(name, options));
}

describe('options of a read', () => {
  test('conditions, columns and a limit', async () => {
    const where = [{ column: 'delta_record_count', operator: '>=' as const, literal: 1n }];
    const columns = ['total_record_count', 'snapshot_id'];
    expect(await read('snapshots', { where, columns, limit: 2 })).toEqual([
      '{"total_record_count":"1","snapshot_id":"1"}',
      '{"total_record_count":"2","snapshot_id":"2"}',
    ]);
    expect(await read('SNAPSHOTS', { columns, limit: 0 })).toEqual([]);
  });

  test('a condition on the kind of a row, which is no column of the table', async () => {
    const where = [{ column: 'rowkind', operator: '=' as const, literal: text('-D') }];
    expect(await read('audit_log', { where, columns: ['id'] })).toEqual(['{"id":1}']);
    expect(await read('audit_log', { columns: ['rowkind'] })).toEqual(
      ['-D', '+I', '+I'].map((kind) => `{"rowkind":"${kind}"}`),
    );
  });

  test('a point in time', async () => {
    const at = { kind: 'snapshot', id: 1n as SnapshotId } as const;
    const columns = ['record_count', 'file_count'];
    expect(await read('partitions', { at, columns })).toEqual(['{"record_count":"1","file_count":"1"}']);
    expect(await read('partitions', { columns })).toEqual(['{"record_count":"4","file_count":"4"}']);
    expect(await read('audit_log', { at })).toEqual(['{"rowkind":"+I","id":1,"s":"a"}']);
  });

  test.each([
    [{ columns: ['nope'] }, 'E3400'],
    [{ where: [{ column: 'snapshot_id', operator: '=' as const, literal: 1 }] }, 'E3400'],
    [{ at: { kind: 'tag', name: 'nope' } as const }, 'E3404'],
  ])('%o is refused', async (options, code) => {
    await expect(read('snapshots', options)).rejects.toMatchObject({ code });
  });
});

describe('tables of the catalog', () => {
  test('options of all tables', async () => {
    const { store } = await orders();
    await CommittedTable.create(store, 'crm.people', { ...SPEC, options: { bucket: '3' } });
    const where = [{ column: 'key', operator: '=' as const, literal: text('bucket') }];
    const found = await lines(
      openGlobalTable(store, 'all_table_options', { where, columns: ['table_name', 'value'] }).batches(),
    );
    expect(found).toContain('{"table_name":"people","value":"3"}');
  });

  test('a name that is none', () => {
    expect(() => openGlobalTable(new MemoryFileStore(), 'nope')).toThrow(expect.objectContaining({ code: 'E3403' }));
  });
});
