// What a writer promises: missing values, key changes, changelogs, truncation, sequence numbers, files left behind.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../../../src/base/errors.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { LocalFileStore } from '../../../../src/storage/local/local-file-store.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { batchOf, LEFT_OUT, schemaOf, type TableSpec, text, WrittenTable } from '../../../support/written-table.ts';

const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

function spec(options: Record<string, string> = {}): TableSpec {
  return { columns: { id: BIGINT, name: STRING, note: STRING }, primaryKeys: ['id'], options };
}

const INPUT = { 'changelog-producer': 'input' };

describe('P17: values that the log left out', () => {
  const large = text('x'.repeat(100_000));
  const expected = [[1n, 'b', 'x'.repeat(100_000)]];

  test('insert and update in one batch', async () => {
    const table = new WrittenTable(spec());
    table.write([
      ['+I', 1n, text('a'), large],
      ['+U', 1n, text('b'), LEFT_OUT],
    ]);
    await table.commit();
    expect(await table.rows()).toEqual(expected);
  });

  test.each(['memtable', 'flush', 'commit', 'compaction', 'restart'])('update after %s', async (step) => {
    const table = new WrittenTable(spec());
    table.write([
      ['+I', 1n, text('a'), large],
      ['+I', 2n, text('other'), text('short')],
    ]);
    if (step === 'flush') await table.writer.flush();
    if (step === 'commit' || step === 'compaction' || step === 'restart') await table.commit();
    if (step === 'compaction') await table.compact();
    if (step === 'restart') table.openWriter();
    table.write([
      ['+U', 1n, text('interim'), LEFT_OUT],
      ['-D', 2n, null, null],
    ]);
    table.write([['+U', 1n, text('b'), LEFT_OUT]]);
    await table.commit();
    expect(await table.rows()).toEqual(expected);
    expect(table.liveFiles.entries().some(({ file }) => file.level === 5)).toBe(step === 'compaction');
  });

  test.each(['memtable', 'commit', 'compaction'])(
    'a changed key takes the old key’s values, after %s',
    async (step) => {
      const table = new WrittenTable(spec(INPUT));
      table.write([
        ['+I', 1n, text('a'), large],
        ['+I', 7n, text('seven'), text('not mine')],
      ]);
      if (step !== 'memtable') await table.commit();
      if (step === 'compaction') await table.compact();
      table.write([
        ['-D', 1n, null, null],
        ['+I', 9n, text('b'), LEFT_OUT],
      ]);
      table.write([['+U', 9n, text('c'), LEFT_OUT]]);
      await table.commit();
      expect(await table.rows()).toEqual([
        [7n, 'seven', 'not mine'],
        [9n, 'c', 'x'.repeat(100_000)],
      ]);
      const changes = (await table.changelog())
        .filter(([, id]) => id === 9n)
        .map(([kind, , name, note]) => [kind, name, String(note).length]);
      expect(changes).toEqual([
        ['+I', 'b', 100_000],
        ['-U', 'b', 100_000],
        ['+U', 'c', 100_000],
      ]);
    },
  );

  test('NULL is a value and not missing', async () => {
    const table = new WrittenTable(spec());
    table.write([['+I', 1n, text('a'), null]]);
    await table.commit();
    table.write([['+U', 1n, text('b'), LEFT_OUT]]);
    await table.commit();
    expect(await table.rows()).toEqual([[1n, 'b', null]]);
  });

  test('before-images of the log are a base', async () => {
    const table = new WrittenTable(spec());
    table.write(
      [
        ['-U', 1n, text('a'), large],
        ['+U', 1n, text('b'), LEFT_OUT],
      ],
      true,
    );
    await table.commit();
    expect(await table.rows()).toEqual(expected);
  });

  test.each([
    ['a row that never was', [['+U', 1n, text('b'), LEFT_OUT]]],
    [
      'a row that was deleted',
      [
        ['+I', 1n, text('a'), large],
        ['-D', 1n, null, null],
        ['+U', 1n, text('b'), LEFT_OUT],
      ],
    ],
  ] as const)('%s has none: an error, and nothing is written', async (_name, changes) => {
    const table = new WrittenTable(spec());
    table.write(changes);
    await expect(table.writer.prepareCommit()).rejects.toSatisfy((error) => isTributaryError(error, 'E3300'));
    expect(() => table.write([['+I', 2n, null, null]])).toThrow(expect.objectContaining({ code: 'E3300' }));
    await expect(table.writer.prepareCommit()).rejects.toSatisfy((error) => isTributaryError(error, 'E3300'));
    await table.writer.abort();
    expect(await table.fileNames()).toEqual([]);
    expect(table.writer.bufferedBytes).toBe(0);
  });
});

describe('P11: a changed key', () => {
  test('removes the old row in the same commit, also of a row inserted in it', async () => {
    const table = new WrittenTable(spec());
    table.write([
      ['+I', 1n, text('a'), text('n')],
      ['-D', 1n, null, null],
      ['+I', 2n, text('a'), text('n')],
    ]);
    await table.commit();
    expect(await table.rows()).toEqual([[2n, 'a', 'n']]);
  });
});

describe('changelog-producer=input', () => {
  test('gives every change its before-image, in order', async () => {
    const table = new WrittenTable(spec(INPUT));
    table.write([
      ['+I', 1n, text('a'), text('n')],
      ['+I', 2n, text('b'), null],
    ]);
    await table.commit();
    table.write([
      ['+U', 1n, text('a2'), text('n')],
      ['+U', 1n, text('a3'), text('n')],
      ['-D', 1n, null, null],
      ['+I', 1n, text('a4'), null],
      ['-D', 2n, null, null],
    ]);
    await table.commit();
    expect(await table.changelog()).toEqual([
      ['+I', 1n, 'a', 'n'],
      ['+I', 2n, 'b', null],
      ['-U', 1n, 'a', 'n'],
      ['+U', 1n, 'a2', 'n'],
      ['-U', 1n, 'a2', 'n'],
      ['+U', 1n, 'a3', 'n'],
      ['-D', 1n, 'a3', 'n'],
      ['+I', 1n, 'a4', null],
      ['-D', 2n, 'b', null],
    ]);
    expect(await table.rows()).toEqual([[1n, 'a4', null]]);
  });

  test('an insert of an existing row is an update, an update of none an insert, a delete of none nothing', async () => {
    const table = new WrittenTable(spec(INPUT));
    table.write([['+I', 1n, text('a'), null]]);
    await table.commit();
    table.write([
      ['+I', 1n, text('b'), null],
      ['+U', 2n, text('new'), null],
      ['-D', 3n, null, null],
    ]);
    await table.commit();
    expect((await table.changelog()).slice(1)).toEqual([
      ['-U', 1n, 'a', null],
      ['+U', 1n, 'b', null],
      ['+I', 2n, 'new', null],
    ]);
  });

  test('before-images of the log are given as they are', async () => {
    const table = new WrittenTable(spec(INPUT));
    table.write([['+I', 1n, text('a'), text('n')]], true);
    await table.commit();
    table.write(
      [
        ['-U', 1n, text('a'), text('n')],
        ['+U', 1n, text('b'), LEFT_OUT],
        ['-D', 1n, text('b'), text('n')],
      ],
      true,
    );
    await table.commit();
    expect((await table.changelog()).slice(1)).toEqual([
      ['-U', 1n, 'a', 'n'],
      ['+U', 1n, 'b', 'n'],
      ['-D', 1n, 'b', 'n'],
    ]);
  });

  test('TRUNCATE is a -D for every live row, what follows it an insert', async () => {
    const table = new WrittenTable(spec({ ...INPUT, bucket: '3' }));
    table.write([1n, 2n, 3n].map((id) => ['+I', id, text(`name ${id}`), null] as const));
    await table.commit();
    table.write([['+I', 4n, text('same checkpoint'), null]]);
    await table.writer.truncate();
    table.write([['+I', 2n, text('after'), null]]);
    const message = await table.commit();
    expect(message?.overwrite).toBe(false);
    expect(message?.deleted).toEqual([]);
    expect(await table.rows()).toEqual([[2n, 'after', null]]);
    const changes = await table.changelog();
    const deletes = changes.filter(([kind]) => kind === '-D').map(([, id, name]) => [id, name]);
    expect(deletes.toSorted(([a], [b]) => Number(a as bigint) - Number(b as bigint))).toEqual([
      [1n, 'name 1'],
      [2n, 'name 2'],
      [3n, 'name 3'],
      [4n, 'same checkpoint'],
    ]);
    expect(changes.filter(([kind, id]) => kind === '+I' && id === 2n)).toHaveLength(2);
  });
});

describe('TRUNCATE without a changelog producer', () => {
  test('replaces the content and keeps what follows', async () => {
    const table = new WrittenTable(spec());
    table.write([['+I', 1n, text('a'), null]]);
    const first = await table.commit();
    table.write([['+I', 2n, text('b'), null]]);
    await table.writer.flush();
    table.write([['+I', 3n, text('c'), null]]);
    const truncated = table.writer.truncate();
    table.write([['+I', 4n, text('d'), null]]);
    await truncated;
    const message = await table.commit();
    expect(message?.overwrite).toBe(true);
    expect(message?.deleted.map(({ file }) => file.fileName)).toEqual(first?.added.map(({ file }) => file.fileName));
    expect(await table.rows()).toEqual([[4n, 'd', null]]);
    expect(await table.fileNames()).toHaveLength(2);
  });

  test('leaves no row for a missing value to be taken from', async () => {
    const table = new WrittenTable(spec());
    table.write([['+I', 1n, text('a'), text('n')]]);
    await table.commit();
    await table.writer.truncate();
    table.write([['+U', 1n, text('b'), LEFT_OUT]]);
    await expect(table.writer.prepareCommit()).rejects.toSatisfy((error) => isTributaryError(error, 'E3300'));
  });

  test('of an empty table is nothing', async () => {
    const table = new WrittenTable(spec());
    await table.writer.truncate();
    expect(await table.commit()).toBeNull();
  });

  test('takes away what an outstanding message adds', async () => {
    const table = new WrittenTable(spec());
    table.write([['+I', 1n, text('a'), null]]);
    const first = await table.writer.prepareCommit();
    await table.writer.truncate();
    const second = await table.writer.prepareCommit();
    if (first === null || second === null) throw new Error('two messages were to be made');
    expect(second.deleted.map(({ file }) => file.fileName)).toEqual(first.added.map(({ file }) => file.fileName));
    table.writer.committed(first);
    table.writer.committed(second);
    expect(await table.rows()).toEqual([]);
  });
});

describe('checkpoints', () => {
  test('hold what was written before the call, and nothing of what follows', async () => {
    const table = new WrittenTable(spec());
    table.write([['+I', 1n, null, null]]);
    const first = table.writer.prepareCommit();
    table.write([['+I', 2n, null, null]]);
    const second = table.writer.prepareCommit();
    const rowCounts = [await first, await second].map((message) => message?.added.map(({ file }) => file.rowCount));
    expect(rowCounts).toEqual([[1], [1]]);
    expect(await table.writer.prepareCommit()).toBeNull();
  });

  test('count bytes until they are in files', async () => {
    const table = new WrittenTable(spec());
    const batch = batchOf(table.schema, [['+I', 1n, text('a'), null]]);
    table.writer.write(batch);
    const flush = table.writer.flush();
    expect(table.writer.bufferedBytes).toBe(batch.sizeBytes);
    await flush;
    expect(table.writer.bufferedBytes).toBe(0);
  });

  test('sequence numbers go on after a restart, over all buckets', async () => {
    const table = new WrittenTable(spec({ bucket: '4' }));
    table.write([1n, 2n, 3n, 4n, 5n].map((id) => ['+I', id, null, null] as const));
    await table.commit();
    table.openWriter();
    table.write([['+U', 1n, text('new'), null]]);
    const message = await table.commit();
    expect(message?.added.map(({ file }) => file.minSequenceNumber)).toEqual([5n]);
    expect((await table.rows()).filter(([id]) => id === 1n)).toEqual([[1n, 'new', null]]);
  });

  test('abort removes the files that no message has named and no others', async () => {
    const table = new WrittenTable(spec(INPUT));
    table.write([['+I', 1n, null, null]]);
    await table.commit();
    const before = await table.fileNames();
    table.write([['+I', 2n, null, null]]);
    await table.writer.flush();
    expect((await table.fileNames()).length).toBeGreaterThan(before.length);
    table.write([['+I', 3n, null, null]]);
    await table.writer.abort();
    expect(await table.fileNames()).toEqual(before);
  });
});

describe('files', () => {
  test('hold each key once, sorted by unsigned UTF-8, with exact keys and counts', async () => {
    const table = new WrittenTable({ columns: { key: STRING, value: BIGINT }, primaryKeys: ['key'] });
    table.write([
      ['+I', text('\u{1f600}'), 1n],
      ['+I', text('\uffee'), 2n],
      ['-D', text('z'), null],
      ['+I', text('\uffee'), 3n],
    ]);
    const message = await table.commit();
    const [entry] = message?.added ?? [];
    expect(await table.fileRows(entry)).toEqual([
      { kind: '-D', sequence: 2n, values: ['z', null] },
      { kind: '+I', sequence: 3n, values: ['\uffee', 3n] },
      { kind: '+I', sequence: 0n, values: ['\u{1f600}', 1n] },
    ]);
    expect(entry.file).toMatchObject({
      rowCount: 3,
      deleteRowCount: 1,
      minSequenceNumber: 0n,
      maxSequenceNumber: 3n,
      level: 0,
      fileSource: 0,
    });
    expect(Buffer.from(entry.file.minKey).toString('hex')).toBe('0000000100000000000000007a00000000000081');
  });

  test('of a partitioned table lie in their partitions', async () => {
    const table = new WrittenTable({
      columns: { day: STRING, id: BIGINT, note: STRING },
      primaryKeys: ['day', 'id'],
      partitionKeys: ['day'],
      options: { bucket: '2' },
    });
    const ids = [1n, 2n, 3n, 4n];
    table.write(ids.flatMap((id) => ['mon', 'tue'].map((day) => ['+I', text(day), id, text('n')] as const)));
    await table.commit();
    table.write([['+U', text('tue'), 3n, LEFT_OUT]]);
    await table.commit();
    expect(await table.rows()).toHaveLength(8);
    expect((await table.store.list('db.db/t')).map(({ name }) => name)).toEqual(['day=mon', 'day=tue']);
  });

  test('of an append table keep the order of writing', async () => {
    const table = new WrittenTable({ columns: { id: BIGINT }, primaryKeys: [], options: { bucket: '-1' } });
    table.write([3n, 1n, 2n, 1n].map((id) => ['+I', id] as const));
    const message = await table.commit();
    const [entry] = message?.added ?? [];
    expect((await table.fileRows(entry)).map(({ values }) => values)).toEqual([[3n], [1n], [2n], [1n]]);
    expect(entry).toMatchObject({ bucket: 0, totalBuckets: -1 });
  });

  test('an append table takes no deletes', async () => {
    const table = new WrittenTable({ columns: { id: BIGINT }, primaryKeys: [], options: { bucket: '-1' } });
    table.write([['-D', 3n]]);
    await expect(table.writer.flush()).rejects.toSatisfy((error) => isTributaryError(error, 'E3304'));
  });
});

describe('options', () => {
  test('sequence.field decides which change of a key stays', async () => {
    const table = new WrittenTable(spec({ 'sequence.field': 'name' }));
    table.write([
      ['+I', 1n, text('b'), text('later by field')],
      ['+I', 1n, text('a'), text('later by arrival')],
      ['+I', 1n, null, text('null loses')],
    ]);
    await table.commit();
    expect(await table.rows()).toEqual([[1n, 'b', 'later by field']]);
  });

  test('rowkind.field, ignore-delete and ignore-update-before', async () => {
    const byField = new WrittenTable(spec({ 'rowkind.field': 'name' }));
    byField.write([
      ['+I', 1n, text('+I'), null],
      ['+I', 2n, text('-D'), null],
    ]);
    await byField.commit();
    expect(await byField.rows()).toEqual([[1n, '+I', null]]);
    const noDelete = new WrittenTable(spec({ 'ignore-delete': 'true' }));
    noDelete.write([
      ['+I', 1n, null, null],
      ['-D', 1n, null, null],
    ]);
    await noDelete.commit();
    expect(await noDelete.rows()).toEqual([[1n, null, null]]);
  });

  test('files that cannot be written are refused', () => {
    const options = { 'file.format': 'orc', 'file.compression': 'lzo' };
    expect(schemaOf(spec(options)).options).toMatchObject(options);
    expect(() => new WrittenTable(spec(options))).toThrow(expect.objectContaining({ code: 'E3301' }));
  });

  test('a column that the format cannot hold leaves no file open or behind', async () => {
    const directory = tempDir();
    const columns = { id: BIGINT, 'a-b': STRING };
    const store = new LocalFileStore(directory);
    const avro = { columns, primaryKeys: ['id'], options: { 'file.format': 'avro' } };
    const table = new WrittenTable(avro, { store });
    table.write([['+I', 1n, text('a')]]);
    await expect(table.writer.flush()).rejects.toMatchObject({ code: 'E3210' });
    const left = readdirSync(directory, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });
});
