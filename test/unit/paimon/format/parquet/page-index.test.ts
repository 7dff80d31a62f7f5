// The index of pages: what is written stands in it as another reader sees it, and it saves fetching what nobody wants.
import { parquetMetadata, readColumnIndex, readOffsetIndex, type SchemaElement } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { vectorOf } from '../../../../../src/paimon/format/cell.ts';
import type { PlainCondition } from '../../../../../src/paimon/format/condition.ts';
import type { RangeSource } from '../../../../../src/paimon/format/data-file.ts';
import type { FilePlace } from '../../../../../src/paimon/format/file-place.ts';
import { openParquet, type ParquetFile } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import type { RowRanges } from '../../../../../src/paimon/format/row-ranges.ts';
import type { DataField } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';
import { parquetBytes } from '../../../../support/parquet-bytes.ts';

const ROWS = 30_000;
const PAGE_ROWS = 1000;
const NULL_ROWS = 10_000;
const PREFIX = 'é'.repeat(80);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const FIELDS: readonly DataField[] = ['INT', 'STRING', 'STRING', 'DOUBLE', 'STRING'].map((type, id) => ({
  id,
  name: 'iltdn'[id],
  type: parseDataType(type),
}));
const ROW_NUMBERS = Array.from({ length: ROWS }, (_, row) => row);

/** Ascending numbers; long texts; texts of few values; numbers and a NaN; NULLs at first. */
async function written(): Promise<Uint8Array> {
  const columns = [
    vectorOf(FIELDS[0].type, ROW_NUMBERS),
    vectorOf(
      FIELDS[1].type,
      ROW_NUMBERS.map((row) => utf8(`${PREFIX}${(row * 7919) % 104_729}`)),
    ),
    vectorOf(
      FIELDS[2].type,
      ROW_NUMBERS.map((row) => utf8(`of ${Math.floor(row / 10_000)}`)),
    ),
    vectorOf(
      FIELDS[3].type,
      ROW_NUMBERS.map((row) => (row === 5 ? Number.NaN : row / 2)),
    ),
    vectorOf(
      FIELDS[4].type,
      ROW_NUMBERS.map((row) => (row < NULL_ROWS ? null : utf8(String(row)))),
    ),
  ];
  const settings = { fields: FIELDS, pageRows: PAGE_ROWS, compression: 'none' } as const;
  return (await parquetBytes(settings, columns)).bytes;
}

const BYTES = await written();

interface Counted {
  readonly file: ParquetFile;
  readonly fetched: () => number;
}

/** The file, and how many bytes of it were fetched since it was open. */
async function counted(): Promise<Counted> {
  let total = 0;
  const source: RangeSource = {
    name: 'test',
    sizeBytes: BYTES.length,
    readRange: (offset, sizeBytes) => {
      total += sizeBytes;
      return Promise.resolve(BYTES.subarray(offset, offset + sizeBytes));
    },
  };
  const file = await openParquet(source);
  total = 0;
  return { file, fetched: () => total };
}

async function rowsOf(where: readonly PlainCondition[]): Promise<unknown> {
  return (await counted()).file.rowsThatMayMeet(0, { where, columns: FIELDS });
}

describe('as another reader sees it', () => {
  const { buffer } = BYTES.slice();
  const metadata = parquetMetadata(buffer);
  const [group] = metadata.row_groups;
  const place = (at: bigint | undefined, size: number | undefined): FilePlace => ({
    offset: Number(at),
    sizeBytes: Number(size),
  });
  const reader = ({ offset, sizeBytes }: FilePlace) => ({ view: new DataView(buffer, offset, sizeBytes), offset: 0 });
  const schemaOf = (index: number): SchemaElement => metadata.schema[index + 1];
  const columnIndex = (index: number) => {
    const { column_index_offset: at, column_index_length: size } = group.columns[index];
    return readColumnIndex(reader(place(at, size)), schemaOf(index));
  };

  test('pages are where the offset index says, and begin with the rows that it says', () => {
    for (const { offset_index_offset: at, offset_index_length: size } of group.columns) {
      const { page_locations: pages } = readOffsetIndex(reader(place(at, size)));
      let end = Number(pages[0].offset);
      for (const page of pages) {
        expect(Number(page.offset)).toBe(end);
        end += page.compressed_page_size;
      }
      expect(Number(pages[0].first_row_index)).toBe(0);
      expect(pages.length).toBeGreaterThan(1);
    }
  });

  test('numbers have the bounds of each page, in ascending order', () => {
    const index = columnIndex(0);
    expect(index.min_values[0]).toBe(0);
    expect(index.max_values.at(-1)).toBe(ROWS - 1);
    expect(index.boundary_order).toBe('ASCENDING');
    expect(index.null_counts?.every((count) => count === 0n)).toBe(true);
  });

  test('long texts are cut, the greatest to one above it', () => {
    const index = columnIndex(1);
    expect(index.min_values[0]).toBe('é'.repeat(64));
    expect(index.max_values[0]).toBe(`${'é'.repeat(63)}ê`);
  });

  test('of pages of NULLs it says so, and of columns with a NaN nothing', () => {
    const index = columnIndex(4);
    expect(index.null_pages[0]).toBe(true);
    expect(index.null_pages.at(-1)).toBe(false);
    expect(index.null_counts?.reduce((sum, count) => sum + count, 0n)).toBe(BigInt(NULL_ROWS));
    expect(group.columns[3].column_index_offset).toBeUndefined();
    expect(group.columns[3].offset_index_offset).toBeDefined();
  });
});

describe('conditions', () => {
  test('leave the pages that may hold such rows', async () => {
    const found = await rowsOf([{ column: 'i', operator: '=', literal: 12_345 }]);
    expect(found).toHaveLength(1);
    const [{ from, to }] = found as { from: number; to: number }[];
    expect(from <= 12_345 && 12_345 < to && to - from < 10_000).toBe(true);
  });

  test('of several columns leave what all of them leave; of one or the other, what either does', async () => {
    const low: PlainCondition = { column: 'i', operator: '<', literal: 9000 };
    const text: PlainCondition = { column: 't', operator: '=', literal: utf8('of 2') };
    expect(await rowsOf([low, text])).toEqual([]);
    expect(await rowsOf([{ operator: 'or', conditions: [low, text] }])).toHaveLength(2);
  });

  test('of few values, of NULLs and of numbers beside NaN leave the pages that have some', async () => {
    const few = (await rowsOf([{ column: 't', operator: '=', literal: utf8('of 0') }])) as RowRanges;
    expect(few).toEqual([{ from: 0, to: few[0].to }]);
    expect(few[0].to).toBeLessThan(20_000);
    expect(await rowsOf([{ column: 't', operator: '=', literal: utf8('of 3') }])).toEqual([]);
    const nulls = (await rowsOf([{ column: 'n', operator: 'is null' }])) as RowRanges;
    expect(nulls[0].to).toBeLessThan(20_000);
    expect(await rowsOf([{ column: 'd', operator: '>', literal: 1e9 }])).toEqual([{ from: 0, to: ROWS }]);
  });
});

test('pages without such rows are not fetched', async () => {
  const { file, fetched } = await counted();
  const where: readonly PlainCondition[] = [{ column: 'i', operator: '=', literal: 12_345 }];
  const rows = await file.rowsThatMayMeet(0, { where, columns: FIELDS });
  const reader = file.openRowGroup(0, FIELDS, rows);
  let rowCount = 0;
  for (let batch = await reader.next(100_000); batch !== null; batch = await reader.next(100_000)) {
    expect(batch.firstRow).toBe(rows[0].from + rowCount);
    rowCount += batch.rowCount;
  }
  expect(rowCount).toBe(rows[0].to - rows[0].from);
  expect(fetched()).toBeLessThan(BYTES.length / 2);
  const whole = await counted();
  await whole.file.readRowGroup(0, FIELDS);
  expect(fetched()).toBeLessThan(whole.fetched() / 2);
});
