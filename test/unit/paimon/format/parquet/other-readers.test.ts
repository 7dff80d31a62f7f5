// Other readers find in our files what we wrote: hyparquet and DuckDB, values and schema.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type Json } from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, test } from 'vitest';
import type { Vector } from '../../../../../src/column/vector.ts';
import { type Cell, vectorOf } from '../../../../../src/paimon/format/cell.ts';
import type { ParquetCompression } from '../../../../../src/paimon/format/parquet/compression.ts';
import type { DataField, DataType } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';
import { parquetBytes } from '../../../../support/parquet-bytes.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const ROWS = 3000;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (element: DataType): DataType => ({ kind: 'ARRAY', element, nullable: true });
const STRING = parseDataType('STRING');
const BIGINT = parseDataType('BIGINT');

interface Column {
  readonly field: DataField;
  readonly cell: (row: number) => Cell;
  /** The value of DuckDB's JSON form. */
  readonly duck: (row: number) => Json;
}

function column(id: number, name: string, type: DataType, values: Pick<Column, 'cell' | 'duck'>): Column {
  return { field: { id, name, type }, ...values };
}

/** Every fifth row is NULL. */
const sparse =
  <Value>(value: (row: number) => Value) =>
  (row: number): Value | null =>
    row % 5 === 0 ? null : value(row);

const COLUMNS: readonly Column[] = [
  column(1, 'id', parseDataType('BIGINT NOT NULL'), { cell: (row) => BigInt(row) * 7n, duck: (row) => `${row * 7}` }),
  column(2, 'status', STRING, {
    cell: sparse((row) => utf8(['NEW', 'PAID', 'naïve 😀'][row % 3])),
    duck: sparse((row) => ['NEW', 'PAID', 'naïve 😀'][row % 3]),
  }),
  column(3, 'note', STRING, { cell: sparse((row) => utf8(`note ${row}`)), duck: sparse((row) => `note ${row}`) }),
  column(4, 'small', parseDataType('TINYINT'), {
    cell: sparse((row) => (row % 256) - 128),
    duck: sparse((row) => (row % 256) - 128),
  }),
  column(5, 'flag', parseDataType('BOOLEAN'), {
    cell: sparse((row) => row % 2 === 0),
    duck: sparse((row) => row % 2 === 0),
  }),
  column(6, 'd9', parseDataType('DECIMAL(9, 2)'), {
    cell: sparse((row) => BigInt(-row)),
    duck: sparse((row) => (-row / 100).toFixed(2)),
  }),
  column(7, 'd18', parseDataType('DECIMAL(18, 0)'), {
    cell: sparse((row) => BigInt(row) * 10n ** 13n),
    duck: sparse((row) => `${BigInt(row) * 10n ** 13n}`),
  }),
  column(8, 'd38', parseDataType('DECIMAL(38, 0)'), {
    cell: sparse((row) => -BigInt(row) * 10n ** 30n),
    duck: sparse((row) => `${-BigInt(row) * 10n ** 30n}`),
  }),
  column(9, 'real', parseDataType('FLOAT'), { cell: sparse((row) => row / 4), duck: sparse((row) => row / 4) }),
  column(10, 'wide', parseDataType('DOUBLE'), { cell: sparse((row) => row / 3), duck: sparse((row) => row / 3) }),
  column(11, 'day', parseDataType('DATE'), {
    cell: sparse((row) => row),
    duck: sparse((row) => new Date(row * 86_400_000).toISOString().slice(0, 10)),
  }),
  column(12, 'at', parseDataType('TIMESTAMP(6)'), {
    cell: sparse((row) => BigInt(row) * 86_400_000_000n + 1n),
    duck: sparse((row) => `${new Date(row * 86_400_000).toISOString().slice(0, 10)} 00:00:00.000001`),
  }),
  column(13, 'nano', parseDataType('TIMESTAMP(9)'), {
    cell: sparse((row) => BigInt(row - 1500) * 86_400_000_000_000n + 2000n),
    duck: sparse((row) => `${new Date((row - 1500) * 86_400_000).toISOString().slice(0, 10)} 00:00:00.000002`),
  }),
  column(14, 'list', nested(nested(BIGINT)), {
    cell: sparse((row) => [[BigInt(row), null], [], null].slice(0, row % 4)),
    duck: sparse((row) => [[`${row}`, null], [], null].slice(0, row % 4)),
  }),
  column(
    15,
    'map',
    { kind: 'MAP', key: STRING, value: BIGINT, nullable: true },
    {
      cell: sparse((row) => (row % 3 === 0 ? [] : [[utf8(`k${row}`), BigInt(row)]])),
      duck: sparse((row) => (row % 3 === 0 ? [] : [{ key: `k${row}`, value: `${row}` }])),
    },
  ),
  column(
    16,
    'row',
    {
      kind: 'ROW',
      nullable: true,
      fields: [
        { id: 17, name: 'x', type: BIGINT },
        { id: 18, name: 'y', type: nested(STRING) },
      ],
    },
    {
      cell: sparse((row) => [row % 2 === 0 ? null : BigInt(row), [utf8('a'), null]]),
      duck: sparse((row) => ({ x: row % 2 === 0 ? null : `${row}`, y: ['a', null] })),
    },
  ),
];

const FIELDS = COLUMNS.map(({ field }) => field);

function vectors(): readonly Vector[] {
  return COLUMNS.map(({ field, cell }) =>
    vectorOf(
      field.type,
      Array.from({ length: ROWS }, (_, row) => cell(row)),
    ),
  );
}

const SETTINGS = { pageRows: 700, rowGroupRows: 2000 };

describe('DuckDB', () => {
  test.each<ParquetCompression>(['none', 'snappy', 'gzip', 'lz4', 'zstd'])('%s', async (compression) => {
    const { bytes } = await parquetBytes({ fields: FIELDS, compression, ...SETTINGS }, vectors());
    const path = join(tempDir(), 'file.parquet');
    writeFileSync(path, bytes);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const rows = (await connection.runAndReadAll(`select * from '${path}'`)).getRowsJson();
    expect(rows).toEqual(Array.from({ length: ROWS }, (_, row) => COLUMNS.map(({ duck }) => duck(row))));
    const ids = await connection.runAndReadAll(
      `select name, field_id from parquet_schema('${path}') where field_id > 0`,
    );
    expect(ids.getRowsJson()).toEqual(expect.arrayContaining(FIELDS.map(({ id, name }) => [name, `${id}`])));
    const pruned = await connection.runAndReadAll(
      `select count(*) from '${path}' where note = 'note 2999' and id > 14000`,
    );
    expect(pruned.getRowsJson()).toEqual([['1']]);
  });
});

describe('hyparquet', () => {
  test.each<ParquetCompression>(['none', 'snappy', 'gzip', 'lz4', 'zstd'])('%s', async (compression) => {
    const { bytes } = await parquetBytes({ fields: FIELDS, compression, ...SETTINGS }, vectors());
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const columns = ['id', 'status', 'note', 'small', 'flag', 'real', 'wide', 'row'];
    const rows = await parquetReadObjects({ file, compressors, columns });
    expect(rows).toHaveLength(ROWS);
    const expected = (row: number): unknown => ({
      id: BigInt(row) * 7n,
      status: COLUMNS[1].duck(row),
      note: COLUMNS[2].duck(row),
      small: COLUMNS[3].duck(row),
      flag: COLUMNS[4].duck(row),
      real: COLUMNS[8].duck(row),
      wide: COLUMNS[9].duck(row),
      row: row % 5 === 0 ? null : { x: row % 2 === 0 ? null : BigInt(row), y: ['a', null] },
    });
    expect(rows.map((row) => withoutUndefined(row))).toEqual(rows.map((_, row) => expected(row)));
  });
});

/** hyparquet gives undefined for NULL. */
function withoutUndefined(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutUndefined(item)]));
}
