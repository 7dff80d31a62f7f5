// Files of the reference (Paimon 1.4.2): every compression but LZO, both versions of the encodings, with dictionaries
// and without, written in other zones than UTC. Those of ROWS all hold the rows of rows.ndjson.
import { describe, expect, it } from 'vitest';
import { createRowPrinter } from '../../../../../src/paimon/format/row-json.ts';
import { openOrc } from '../../../../../src/paimon/format/orc/orc-reader.ts';
import { bytesSource } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import type { DataField } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';
import { fieldsOf, NESTED_FIELDS, orcFixture, ROWS_FIELDS } from '../../../../support/orc-fixtures.ts';

const ROWS = ['zlib', 'snappy-version-0.11', 'lz4-direct', 'none', 'zstd-new-york'] as const;

function expectedRows(name: string): readonly unknown[] {
  const lines = Buffer.from(orcFixture(name)).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

async function read(
  name: string,
  fields: readonly DataField[],
  { rowsMax = 10_000, isLocalInstant = true } = {},
): Promise<readonly unknown[]> {
  const file = await openOrc(bytesSource(name, orcFixture(name)), isLocalInstant);
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
    expect(await read(`${name}.orc`, ROWS_FIELDS)).toEqual(expected);
    expect(await read(`${name}.orc`, ROWS_FIELDS, { rowsMax: 7 })).toEqual(expected);
  });

  it('nested types', async () => {
    const expected = expectedRows('nested.ndjson');
    expect(await read('nested.orc', NESTED_FIELDS)).toEqual(expected);
    expect(await read('nested.orc', NESTED_FIELDS, { rowsMax: 1 })).toEqual(expected);
  });

  it('columns in another order, and not all of them', async () => {
    const [dt, id] = [ROWS_FIELDS[17], ROWS_FIELDS[0]];
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
    await expect(open(orcFixture('zlib.orc').subarray(0, size))).rejects.toMatchObject({ code: 'E3200' });
  });

  it('a source that gives less than its size says is E3200', async () => {
    const bytes = orcFixture('zlib.orc');
    const source = { ...bytesSource('damaged.orc', bytes), sizeBytes: bytes.length + 10 };
    await expect(openOrc(source)).rejects.toMatchObject({ code: 'E3200' });
  });
});
