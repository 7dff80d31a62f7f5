// Files of the reference (Paimon 1.4.2): every compression but LZO, both versions of the encodings, with dictionaries
// and without, written in other zones than UTC. Those of ROWS all hold the rows of rows.ndjson.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRowPrinter } from '../../../../../src/paimon/format/row-json.ts';
import { openOrc } from '../../../../../src/paimon/format/orc/orc-reader.ts';
import { bytesSource } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import type { DataField } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataField, parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';

const ROWS = ['zlib', 'snappy-version-0.11', 'lz4-direct', 'none', 'zstd-new-york'] as const;

const FIELDS = fieldsOf({
  id: 'BIGINT NOT NULL',
  a: 'INT',
  b: 'BIGINT',
  c: 'BIGINT',
  p: 'BIGINT',
  sh: 'SMALLINT',
  s: 'STRING',
  u: 'STRING',
  ch: 'CHAR(6)',
  d: 'DECIMAL(20, 5)',
  d2: 'DECIMAL(9, 3)',
  ts: 'TIMESTAMP(6)',
  tz: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  ts9: 'TIMESTAMP(9)',
  f: 'FLOAT',
  bo: 'BOOLEAN',
  bin: 'BYTES',
  dt: 'DATE',
  arr: { type: 'ARRAY', element: 'INT' },
  m: { type: 'MAP', key: 'STRING', value: 'INT' },
});

const NESTED = fieldsOf({
  id: 'INT NOT NULL',
  ai: { type: 'ARRAY', element: 'INT' },
  as: { type: 'ARRAY', element: 'STRING' },
  aa: { type: 'ARRAY', element: { type: 'ARRAY', element: 'BIGINT' } },
  m: { type: 'MAP', key: 'STRING NOT NULL', value: 'BIGINT' },
  mi: { type: 'MAP', key: 'INT NOT NULL', value: rowOf({ x: 'DOUBLE', y: 'DECIMAL(10, 3)' }) },
  r: rowOf({ a: 'INT', b: 'STRING', c: rowOf({ d: 'TIMESTAMP(6)', e: { type: 'ARRAY', element: 'STRING' } }) }),
  ar: { type: 'ARRAY', element: rowOf({ k: 'INT', v: 'STRING' }) },
  ms: { type: 'MULTISET', element: 'STRING NOT NULL' },
  ats: { type: 'ARRAY', element: 'TIMESTAMP(3)' },
  ab: { type: 'ARRAY', element: 'BYTES' },
  ad: { type: 'ARRAY', element: 'DECIMAL(38, 2)' },
});

type TypeJson = string | { readonly [name: string]: TypeJson | readonly TypeJson[] | number };

function fieldJsons(
  types: Readonly<Record<string, TypeJson>>,
): readonly { id: number; name: string; type: TypeJson }[] {
  return Object.entries(types).map(([name, type], id) => ({ id, name, type }));
}

function rowOf(types: Readonly<Record<string, TypeJson>>): TypeJson {
  return { type: 'ROW', fields: fieldJsons(types) };
}

function fieldsOf(types: Readonly<Record<string, TypeJson>>): readonly DataField[] {
  return fieldJsons(types).map((field) => parseDataField(field));
}

function fixture(name: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`../../../../fixtures/orc/${name}`, import.meta.url)));
}

function expectedRows(name: string): readonly unknown[] {
  const lines = Buffer.from(fixture(name)).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

async function read(
  name: string,
  fields: readonly DataField[],
  { rowsMax = 10_000, isLocalInstant = true } = {},
): Promise<readonly unknown[]> {
  const file = await openOrc(bytesSource(name, fixture(name)), isLocalInstant);
  const print = createRowPrinter(fields);
  const rows: unknown[] = [];
  for (const group of file.rowGroups.keys()) {
    const reader = file.openRowGroup(group, fields);
    for (let batch = await reader.next(rowsMax); batch !== null; batch = await reader.next(rowsMax)) {
      const { columns, rowCount } = batch;
      for (let row = 0; row < rowCount; row++) rows.push(JSON.parse(print(columns, row)));
    }
  }
  expect(rows.length).toBe(file.rowCount);
  return rows;
}

describe('files of the reference', () => {
  it.each(ROWS)('%s', async (name) => {
    const expected = expectedRows('rows.ndjson');
    expect(await read(`${name}.orc`, FIELDS)).toEqual(expected);
    expect(await read(`${name}.orc`, FIELDS, { rowsMax: 7 })).toEqual(expected);
  });

  it('nested types', async () => {
    const expected = expectedRows('nested.ndjson');
    expect(await read('nested.orc', NESTED)).toEqual(expected);
    expect(await read('nested.orc', NESTED, { rowsMax: 1 })).toEqual(expected);
  });

  it('columns in another order, and not all of them', async () => {
    const [dt, id] = [FIELDS[17], FIELDS[0]];
    const expected = expectedRows('rows.ndjson') as readonly { dt: unknown; id: unknown }[];
    expect(await read('zlib.orc', [dt, id])).toEqual(expected.map((row) => ({ dt: row.dt, id: row.id })));
  });

  it('instants that were stored as they are', async () => {
    const fields = fieldsOf({ id: 'BIGINT NOT NULL', tz: 'TIMESTAMP(6) WITH LOCAL TIME ZONE' });
    const rows = await read('instants-new-york.orc', fields, { isLocalInstant: false });
    expect(rows).toEqual([{ id: '1', tz: '2000-02-12T04:37:00.123456Z' }]);
  });
});

describe('what does not fit', () => {
  it.each([
    ['b', 'INT'],
    ['a', 'SMALLINT'],
    ['a', 'DATE'],
    ['a', 'STRING'],
    ['s', 'BYTES'],
    ['f', 'INT'],
    ['d', 'DECIMAL(20, 4)'],
    ['ts', 'TIMESTAMP(6) WITH LOCAL TIME ZONE'],
    ['dt', 'INT'],
    ['nowhere', 'INT'],
  ])('%s as %s is E3202', async (name, type) => {
    const fields = [{ id: 0, name, type: parseDataType(type) }];
    await expect(read('zlib.orc', fields)).rejects.toMatchObject({ code: 'E3202', context: { file: 'zlib.orc' } });
  });

  it.each([
    ['d', 'DECIMAL(12, 5)'],
    ['ts', 'TIMESTAMP(3)'],
  ])('values of %s as %s are E3203', async (name, type) => {
    const fields = [{ id: 0, name, type: parseDataType(type) }];
    await expect(read('zlib.orc', fields)).rejects.toMatchObject({ code: 'E3203' });
  });
});

describe('damage', () => {
  const open = (bytes: Uint8Array): Promise<unknown> => openOrc(bytesSource('damaged.orc', bytes));

  it.each([0, 1, 3, 100])('a file of its first %i bytes is E3200', async (size) => {
    await expect(open(fixture('zlib.orc').subarray(0, size))).rejects.toMatchObject({ code: 'E3200' });
  });

  it('a source that gives less than its size says is E3200', async () => {
    const bytes = fixture('zlib.orc');
    const source = { ...bytesSource('damaged.orc', bytes), sizeBytes: bytes.length + 10 };
    await expect(openOrc(source)).rejects.toMatchObject({ code: 'E3200' });
  });
});
