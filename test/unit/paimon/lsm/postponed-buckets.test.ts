// Postponed buckets: rows are put away as they come, and stay so until a compaction puts them into buckets.
import { describe, expect, test } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { LEFT_OUT, type TableSpec, text, WrittenTable } from '../../../support/written-table.ts';

const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
const NANOS: DataType = { kind: 'TIMESTAMP', precision: 9, nullable: true };
const NAME = /^data--u-.{36}-s-\d+-w-.{36}-\d+\.avro$/;

function spec(options: Record<string, string> = {}): TableSpec {
  return { columns: { id: BIGINT, name: STRING }, primaryKeys: ['id'], options: { bucket: '-2', ...options } };
}

describe('rows of postponed buckets', () => {
  // Of columns that have a mode of their own there are statistics.
  test.each<[Record<string, string>, readonly string[]]>([
    [{}, []],
    [{ 'file.format': 'orc', 'changelog-producer': 'input', 'fields.name.stats-mode': 'full' }, ['name']],
    [{ 'merge-engine': 'first-row', 'metadata.stats-mode': 'full' }, []],
    [{ 'sequence.field': 'name' }, []],
  ])('are written as they came: %o', async (options, valueStatsCols) => {
    const table = new WrittenTable(spec(options));
    table.write([
      ['+I', 7n, text('z')],
      ['+I', 3n, text('b')],
    ]);
    table.write([
      ['-U', 7n, text('z')],
      ['+U', 7n, text('a')],
      ['-D', 3n, text('b')],
    ]);
    const message = await table.commit();
    expect(message).toMatchObject({ changelog: [], deleted: [], index: [] });
    const [entry, ...others] = message?.added ?? [];
    expect(others).toEqual([]);
    expect(await table.fileRows(entry)).toEqual([
      { kind: '+I', sequence: -1n, values: [7n, 'z'] },
      { kind: '+I', sequence: -1n, values: [3n, 'b'] },
      { kind: '-U', sequence: -1n, values: [7n, 'z'] },
      { kind: '+U', sequence: -1n, values: [7n, 'a'] },
      { kind: '-D', sequence: -1n, values: [3n, 'b'] },
    ]);
    expect(entry).toMatchObject({ bucket: -2, totalBuckets: -2 });
    expect(entry.file).toMatchObject({ level: 0, rowCount: 5, deleteRowCount: 2, valueStatsCols });
    expect(entry.file.fileName).toMatch(NAME);
  });

  test('have a file in each partition, the files of one writer the same beginning', async () => {
    const table = new WrittenTable({ ...spec(), primaryKeys: ['id', 'name'], partitionKeys: ['name'] });
    table.write([
      ['+I', 2n, text('b')],
      ['+I', 1n, text('a')],
      ['+I', 1n, text('b')],
    ]);
    await table.commit();
    table.write([['+I', 5n, text('a')]]);
    await table.commit();
    const entries = table.messages.flatMap((message) => message.added);
    const rows = await Promise.all(entries.map((entry) => table.fileRows(entry)));
    expect(rows.map((ofFile) => ofFile.map(({ values }) => values))).toEqual([
      [
        [2n, 'b'],
        [1n, 'b'],
      ],
      [[1n, 'a']],
      [[5n, 'a']],
    ]);
    const beginnings = entries.map(({ file }) => file.fileName.replace(/-w-.*/, ''));
    expect(new Set(beginnings).size).toBe(1);
    table.openWriter();
    table.write([['+I', 6n, text('a')]]);
    const [other] = (await table.commit())?.added ?? [];
    expect(other.file.fileName.startsWith(beginnings[0])).toBe(false);
  });

  test('are in files of the table’s format where Avro cannot hold them', async () => {
    const table = new WrittenTable({ ...spec(), columns: { id: BIGINT, at: NANOS } });
    table.write([['+I', 1n, null]]);
    const [entry] = (await table.commit())?.added ?? [];
    expect(entry.file.fileName).toMatch(/^data--u-.*-0\.parquet$/);
    expect(entry.file.valueStatsCols).toBeNull();
  });

  test('have to be whole', async () => {
    const table = new WrittenTable(spec());
    table.write([['+U', 1n, LEFT_OUT]]);
    await expect(table.commit()).rejects.toMatchObject({ code: 'E3301' });
  });

  test('are seen by no read, left alone by compactions and replaced by a truncation', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const table = await CommittedTable.create(store, 'db.t', spec());
    await table.commit([['+I', 1n, text('a')]], [['+I', 2n, text('b')]]);
    for await (const batch of table.table.read()) expect(batch.rowCount).toBe(0);
    await table.truncate();
    await table.commit([['+I', 3n, text('c')]]);
    const live = (await table.table.liveFiles()).entries();
    expect(live.map(({ file, bucket }) => [file.rowCount, bucket])).toEqual([[1, -2]]);
  });
});
