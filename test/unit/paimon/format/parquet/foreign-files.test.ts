// Files of another writer (pyarrow 26): delta encodings, pages of version 2, every codec, INT96, decimals of fixed
// length. All hold the rows of rows.ndjson.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../../src/base/json-text.ts';
import { builderFor } from '../../../../../src/column/builder.ts';
import type { ColumnBatch } from '../../../../../src/column/vector.ts';
import { bytesSource, openParquet, type ParquetFile } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import { createRowPrinter, createRowReader } from '../../../../../src/paimon/format/row-json.ts';
import { type DataField, type DataType, shapeOf } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';

const TYPES: Readonly<Record<string, string>> = {
  i: 'INT',
  l: 'BIGINT',
  b: 'BOOLEAN',
  f: 'FLOAT',
  d: 'DOUBLE',
  s: 'STRING',
  dec: 'DECIMAL(25, 3)',
  ts: 'TIMESTAMP(6)',
};

const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const STRING = parseDataType('STRING');
const INT: DataType = { kind: 'INT', nullable: true };

const FIELDS: readonly DataField[] = [
  ...Object.entries(TYPES).map(([name, type], id) => ({ id, name, type: parseDataType(type) })),
  { id: 8, name: 'a', type: { kind: 'ARRAY', element: BIGINT, nullable: true } },
  { id: 9, name: 'm', type: { kind: 'MAP', key: STRING, value: INT, nullable: true } },
  {
    id: 10,
    name: 'r',
    type: {
      kind: 'ROW',
      nullable: true,
      fields: [
        { id: 11, name: 'x', type: INT },
        { id: 12, name: 'y', type: { kind: 'ARRAY', element: STRING, nullable: true } },
      ],
    },
  },
];

function fixture(name: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`../../../../fixtures/parquet/${name}`, import.meta.url)));
}

function open(name: string): Promise<ParquetFile> {
  return openParquet(bytesSource(name, fixture(name)));
}

function print(batch: ColumnBatch): readonly string[] {
  const printRow = createRowPrinter(FIELDS);
  return Array.from({ length: batch.rowCount }, (_, row) => printRow(batch.columns, row));
}

function expectedRows(): readonly string[] {
  const lines = Buffer.from(fixture('rows.ndjson')).toString('utf8').trimEnd().split('\n');
  const builders = FIELDS.map((field) => builderFor(shapeOf(field.type)));
  const read = createRowReader(FIELDS);
  lines.forEach((line, row) => read(parseJson(line), builders, row));
  return print({ rowCount: lines.length, columns: builders.map((builder) => builder.finish(lines.length)) });
}

describe('all rows', () => {
  test.each(['delta-v2-zstd', 'delta-length-v1-lz4', 'dictionary-v2-snappy', 'dictionary-v1-brotli', 'plain-v1-gzip'])(
    '%s',
    async (name) => {
      const file = await open(`${name}.parquet`);
      const rows: string[] = [];
      for (let index = 0; index < file.rowGroups.length; index++) {
        const reader = file.openRowGroup(index, FIELDS);
        for (let batch = await reader.next(97); batch !== null; batch = await reader.next(97))
          rows.push(...print(batch));
      }
      expect(rows).toEqual(expectedRows());
    },
  );
});

describe('refusals', () => {
  test('an encoding that we do not read names the column and the file', async () => {
    const file = await open('byte-stream-split.parquet');
    const type: DataType = { kind: 'FLOAT', nullable: true };
    await expect(file.readRowGroup(0, [{ name: 'f', type }])).rejects.toMatchObject({
      code: 'E3201',
      context: { column: 'f', file: 'byte-stream-split.parquet' },
    });
  });

  test('a column that is not there', async () => {
    const file = await open('plain-v1-gzip.parquet');
    await expect(file.readRowGroup(0, [{ name: 'zz', type: INT }])).rejects.toMatchObject({ code: 'E3202' });
    expect(file.hasColumn('zz')).toBe(false);
    expect(file.hasColumn('i')).toBe(true);
  });

  test.each<[string, DataType]>([
    ['s', INT],
    ['l', INT],
    ['dec', { kind: 'DECIMAL', precision: 25, scale: 2, nullable: true }],
    ['dec', { kind: 'DECIMAL', precision: 20, scale: 3, nullable: true }],
    ['a', INT],
    ['i', { kind: 'ARRAY', element: INT, nullable: true }],
    ['i', { kind: 'TIMESTAMP', precision: 6, nullable: true }],
  ])('column %s as another type', async (name, type) => {
    const file = await open('delta-v2-zstd.parquet');
    await expect(file.readRowGroup(0, [{ name, type }])).rejects.toMatchObject({ code: 'E3202' });
  });

  test('a timestamp with more digits than its type', async () => {
    const type: DataType = { kind: 'TIMESTAMP', precision: 3, nullable: true };
    for (const name of ['plain-v1-gzip.parquet', 'delta-v2-zstd.parquet']) {
      const file = await open(name);
      await expect(file.readRowGroup(0, [{ name: 'ts', type }])).rejects.toMatchObject({ code: 'E3203' });
    }
  });

  test('bytes that are no Parquet file', async () => {
    await expect(openParquet(bytesSource('x', new Uint8Array(100)))).rejects.toMatchObject({ code: 'E3200' });
  });
});

test('a timestamp of another unit keeps its instant', async () => {
  const nanos: DataType = { kind: 'TIMESTAMP', precision: 9, nullable: true };
  const printed = await Promise.all(
    ['plain-v1-gzip.parquet', 'delta-v2-zstd.parquet'].map(async (name) => {
      const file = await open(name);
      const field = { id: 0, name: 'ts', type: nanos };
      const batch = await file.readRowGroup(0, [field]);
      return createRowPrinter([field])(batch.columns, 4);
    }),
  );
  expect(printed[0]).toBe(printed[1]);
  expect(printed[0]).toContain('2020-01-01T00:00:04.000004000');
});

test('a wider integer is read from a narrower one', async () => {
  const file = await open('delta-v2-zstd.parquet');
  const [wide, narrow] = (await file.readRowGroup(0, [{ name: 'i', type: BIGINT }, FIELDS[0]])).columns;
  const printWide = createRowPrinter([{ id: 0, name: 'i', type: BIGINT }]);
  const printNarrow = createRowPrinter([FIELDS[0]]);
  for (let row = 0; row < wide.length; row++) {
    expect(printWide([wide], row).replaceAll('"', '')).toBe(printNarrow([narrow], row).replaceAll('"', ''));
  }
});
