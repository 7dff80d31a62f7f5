// What the writer decides: dictionaries, row groups, what the footer says, and what it refuses.
import { describe, expect, test } from 'vitest';
import type { Vector } from '../../../../../src/column/vector.ts';
import { MISSING } from '../../../../../src/column/vector.ts';
import { type Cell, cellAt, vectorOf } from '../../../../../src/paimon/format/cell.ts';
import { PLAIN, RLE_DICTIONARY } from '../../../../../src/paimon/format/parquet/parquet-format.ts';
import { bytesSource, openParquet, type ParquetFile } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import {
  createParquetWriter,
  type ParquetWriterOptions,
} from '../../../../../src/paimon/format/parquet/parquet-writer.ts';
import type { ColumnCondition, Literal } from '../../../../../src/paimon/format/condition.ts';
import type { DataField, DataType } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';
import { parquetBytes } from '../../../../support/parquet-bytes.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Written {
  readonly file: ParquetFile;
  readonly fields: readonly DataField[];
  readonly vector: Vector;
  readonly writes: readonly number[];
}

async function write(
  type: string,
  cells: readonly Cell[],
  options: Partial<ParquetWriterOptions> = {},
): Promise<Written> {
  const fields = [{ id: 1, name: 'c', type: parseDataType(type) }];
  const vector = vectorOf(fields[0].type, cells);
  const { bytes, writes } = await parquetBytes({ fields, ...options }, [vector]);
  return { file: await openParquet(bytesSource('test', bytes)), fields, vector, writes };
}

async function expectSame({ file, fields, vector }: Written): Promise<void> {
  let row = 0;
  for (let index = 0; index < file.rowGroups.length; index++) {
    const [read] = (await file.readRowGroup(index, fields)).columns;
    for (let at = 0; at < read.length; at++, row++) expect(hexAt(read, at)).toBe(hexAt(vector, row));
  }
  expect(row).toBe(vector.length);
}

function hexAt(vector: Vector, row: number): string {
  if (vector.kind === 'bytes') {
    return Buffer.from(vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1])).toString('hex');
  }
  if (vector.kind === 'i64') return `${vector.values[2 * row]},${vector.values[2 * row + 1]}`;
  return vector.kind === 'i32' ? `${vector.values[row]}` : '';
}

describe('dictionary', () => {
  const kinds: readonly [string, (value: number) => Cell][] = [
    ['INT', (value) => value],
    ['BIGINT', (value) => BigInt(value) << 33n],
    ['STRING', (value) => utf8(`a value with a long common beginning ${value}`)],
  ];

  test.each(kinds)('%s of few distinct values', async (type, cell) => {
    const written = await write(
      type,
      Array.from({ length: 30_000 }, (_, row) => cell(row % 6)),
    );
    const [chunk] = written.file.rowGroups[0].columns;
    expect(chunk.encodings).toContain(RLE_DICTIONARY);
    expect(chunk.uncompressedBytes).toBeLessThan(30_000);
    await expectSame(written);
  });

  test.each(kinds)('%s of distinct values', async (type, cell) => {
    const written = await write(
      type,
      Array.from({ length: 5000 }, (_, row) => cell(row)),
    );
    const [chunk] = written.file.rowGroups[0].columns;
    expect(chunk.encodings).not.toContain(RLE_DICTIONARY);
    expect(chunk.dictionaryPageOffset).toBeNull();
    await expectSame(written);
  });

  test.each(kinds)('%s that turns distinct after some pages: both encodings in one chunk', async (type, cell) => {
    const cells = Array.from({ length: 30_000 }, (_, row) => cell(row < 6000 ? row % 10 : row));
    const written = await write(type, cells, { pageRows: 1000 });
    const [chunk] = written.file.rowGroups[0].columns;
    expect(chunk.encodings).toEqual(expect.arrayContaining([RLE_DICTIONARY, PLAIN]));
    await expectSame(written);
    // The least value came by its code, the greatest came plain.
    const last = type === 'STRING' ? 9999 : 29_999;
    const value = (number: number): unknown =>
      type === 'STRING' ? Buffer.from(cell(number) as Uint8Array) : cell(number);
    const statistics = written.file.columnStatistics(0, written.fields[0]);
    expect(statistics).toEqual({ nullCount: 0, bounds: { min: value(0), max: value(last) } });
  });

  test('more entries than a code page of the processor', async () => {
    const cells = Array.from({ length: 60_000 }, (_, row) => (row * 7919) % 20_000);
    const written = await write('INT', cells);
    expect(written.file.rowCount).toBe(60_000);
    await expectSame(written);
  });

  test('none where it is turned off', async () => {
    const written = await write(
      'INT',
      Array.from({ length: 5000 }, () => 1),
      { dictionary: false },
    );
    expect(written.file.rowGroups[0].columns[0].encodings).not.toContain(RLE_DICTIONARY);
  });
});

describe('row groups', () => {
  test('end at their rows and are written as they end', async () => {
    const written = await write(
      'INT',
      Array.from({ length: 2500 }, (_, row) => row),
      { rowGroupRows: 1000 },
    );
    expect(written.file.rowGroups.map((group) => group.rowCount)).toEqual([1000, 1000, 500]);
    // Two row groups before the end, the first behind the magic.
    expect(written.writes).toHaveLength(2);
    await expectSame(written);
  });

  test('end at their bytes', async () => {
    const cells = Array.from({ length: 1000 }, (_, row) => utf8(`${row}`.padEnd(1000, 'x')));
    const written = await write('STRING', cells, { rowGroupBytes: 300_000, pageBytes: 50_000 });
    const counts = written.file.rowGroups.map((group) => group.rowCount);
    expect(Math.max(...counts)).toBeLessThan(400);
    expect(Math.min(...counts.slice(0, -1))).toBeGreaterThan(250);
    await expectSame(written);
  });

  const kinds: readonly [string, (row: number) => Cell][] = [
    ['INT', (row) => row],
    ['BIGINT', (row) => BigInt(row) << 20n],
    ['STRING', (row) => utf8(`${row}`)],
    ['BOOLEAN', (row) => (row & 1) === 1],
  ];
  test.each(kinds)('%s: pages with few and with many levels before their values', async (type, cell) => {
    // The levels of a page without runs take a bit a row: 100 rows and 50,000.
    for (const pageRows of [100, 50_000]) {
      const cells = Array.from({ length: pageRows }, (_, row) => ((row * 7) % 11 < 5 ? null : cell(row)));
      const { file, fields } = await write(type, cells, { pageRows, dictionary: false });
      const [read] = (await file.readRowGroup(0, fields)).columns;
      expect(Array.from(cells, (_, row) => cellAt(fields[0].type, read, row))).toEqual(cells);
    }
  });

  test('a file without rows can be read', async () => {
    const { file } = await write('INT', []);
    expect(file.rowCount).toBe(0);
    expect(file.rowGroups).toHaveLength(0);
  });

  test('the estimate grows with what is buffered and ends at the size of the file', async () => {
    const parts: Uint8Array[] = [];
    const write = (bytes: Uint8Array): Promise<void> => {
      parts.push(bytes.slice());
      return Promise.resolve();
    };
    const type = parseDataType('INT');
    const writer = createParquetWriter({ fields: [{ id: 1, name: 'c', type }], dictionary: false }, { write });
    const columns = [
      vectorOf(
        type,
        Array.from({ length: 1000 }, (_, row) => row),
      ),
    ];
    await writer.append({ rowCount: 1000, columns }, null, 0, 1000);
    expect(writer.estimatedSizeBytes).toBe(4000);
    expect(parts).toHaveLength(0);
    const { sizeBytes } = await writer.finish();
    expect(sizeBytes).toBe(Buffer.concat(parts).length);
  });
});

describe('refusals', () => {
  test('NULL in a required column', async () => {
    const required: DataType = { kind: 'INT', nullable: false };
    const fields = [{ id: 1, name: 'c', type: required }];
    const vector = vectorOf(parseDataType('INT'), [1, null]);
    await expect(parquetBytes({ fields }, [vector])).rejects.toMatchObject({ code: 'E3204', context: { column: 'c' } });
  });

  test('NULL in a required field of a struct that is there', async () => {
    const type = (nullable: boolean): DataType => ({
      kind: 'ROW',
      nullable: true,
      fields: [{ id: 2, name: 'x', type: { kind: 'INT', nullable } }],
    });
    const fields = [{ id: 1, name: 'c', type: type(false) }];
    await expect(parquetBytes({ fields }, [vectorOf(type(true), [[null]])])).rejects.toMatchObject({ code: 'E3204' });
    const { bytes } = await parquetBytes({ fields }, [vectorOf(type(true), [null, [3]])]);
    expect((await openParquet(bytesSource('test', bytes))).rowCount).toBe(2);
  });

  test('a value that its source left out', async () => {
    const vector: Vector = { kind: 'i32', length: 1, values: Int32Array.of(0), validity: Uint8Array.of(MISSING) };
    const fields = [{ id: 1, name: 'c', type: parseDataType('INT') }];
    await expect(parquetBytes({ fields }, [vector])).rejects.toMatchObject({ code: 'E9001' });
  });

  test.each<[string, bigint]>([
    ['DECIMAL(9, 0)', 2n ** 31n],
    ['DECIMAL(20, 0)', 2n ** 72n],
  ])('%s with more digits', async (type, value) => {
    await expect(write(type, [value])).rejects.toMatchObject({ code: 'E3204' });
  });
});

describe('statistics of the footer', () => {
  test('NaN leaves the bounds out, and a zero counts as both', async () => {
    const nan = await write('DOUBLE', [1, Number.NaN]);
    expect(nan.file.columnStatistics(0, nan.fields[0])).toEqual({ nullCount: 0, bounds: null });
    const zero = await write('DOUBLE', [0, -0, null]);
    expect(zero.file.columnStatistics(0, zero.fields[0])).toEqual({ nullCount: 1, bounds: { min: -0, max: 0 } });
  });

  test('strings are ordered by unsigned bytes', async () => {
    const { file, fields } = await write('STRING', [utf8('z'), utf8('é'), utf8('a')]);
    const bounds = file.columnStatistics(0, fields[0])?.bounds;
    expect(bounds).toEqual({ min: Buffer.from('a'), max: Buffer.from('é') });
  });

  test('bounds of more than 4 KiB are left out', async () => {
    const { file, fields } = await write('STRING', [utf8('x'.repeat(5000))]);
    expect(file.columnStatistics(0, fields[0])).toEqual({ nullCount: 0, bounds: null });
  });

  test.each<[string, readonly Cell[], Literal, Literal]>([
    ['INT', [-5, 5], -6, 6],
    ['BIGINT', [-(2n ** 40n), 2n ** 40n], -(2n ** 41n), 2n ** 41n],
    ['DOUBLE', [-5, 5], -6, 6],
    ['STRING', [utf8('b'), utf8('é')], utf8('a'), utf8('日')],
    ['DECIMAL(5, 2)', [-100n, 100n], -101n, 101n],
    ['DECIMAL(38, 0)', [-1000n, 1000n], -4096n, 4096n],
  ])('%s: row groups without rows that meet a condition are found', async (type, cells, below, above) => {
    const { file, fields } = await write(type, [...cells, null]);
    const [{ name: column }] = fields;
    const holds = async (condition: ColumnCondition): Promise<boolean> =>
      (await file.rowsThatMayMeet(0, { where: [condition], columns: fields })).length > 0;
    expect(await holds({ column, operator: 'between', low: below, high: above })).toBe(true);
    expect(await holds({ column, operator: '<=', literal: below })).toBe(false);
    expect(await holds({ column, operator: '=', literal: above })).toBe(false);
    // A NaN, which no bounds tell of, is above all numbers.
    expect(await holds({ column, operator: '>=', literal: above })).toBe(type === 'DOUBLE');
    expect(await holds({ column, operator: '>=', literal: below })).toBe(true);
    expect(await holds({ column, operator: 'is null' })).toBe(true);
  });

  test('a row group without nulls has none', async () => {
    const { file, fields } = await write('INT', [1, 2]);
    const where: readonly ColumnCondition[] = [{ column: fields[0].name, operator: 'is null' }];
    expect(await file.rowsThatMayMeet(0, { where, columns: fields })).toEqual([]);
  });
});
