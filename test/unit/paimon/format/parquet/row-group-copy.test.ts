// Row groups taken over from other files: the same bytes, the same rows, bounds and page indexes as if they had been
// written here; and what is not taken over.
import { describe, expect, test } from 'vitest';
import { type Cell, vectorOf } from '../../../../../src/paimon/format/cell.ts';
import { allRows } from '../../../../../src/paimon/format/row-ranges.ts';
import { bytesSource, openParquet } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import {
  createParquetWriter,
  type ParquetWriterOptions,
} from '../../../../../src/paimon/format/parquet/parquet-writer.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';

const TYPES = [
  'BIGINT NOT NULL',
  'STRING',
  'DOUBLE',
  'DECIMAL(30, 2)',
  'TIMESTAMP(9)',
  { type: 'ARRAY', element: 'INT' },
];
const FIELDS = TYPES.map((type, id) => ({ id, name: `c${id}`, type: parseDataType(type) }));
/** Every row group is large enough to be kept, and pages are small. */
const LARGE = { rowGroupRows: 400, pageRows: 64 };

function cellsOf(row: number): Cell[] {
  const isNull = row % 7 === 0;
  const decimal = BigInt(row) * 10n ** 20n;
  const text = new TextEncoder().encode(`text ${row % 3 === 0 ? row : 'again'}`);
  const time = BigInt(row) * 1001n;
  return [BigInt(row), ...(isNull ? [null, null] : [text, row + 0.5]), decimal, isNull ? null : time, [row, null]];
}

interface Built {
  readonly bytes: Uint8Array;
  readonly columns: unknown;
  readonly taken: readonly boolean[];
}

/** A file of rows, ranges of them appended or, as files of their own, taken over. */
async function build(
  parts: readonly ({ readonly from: number; readonly to: number } | { readonly file: Uint8Array })[],
  options: Partial<ParquetWriterOptions> = {},
): Promise<Built> {
  const written: Uint8Array[] = [];
  const write = async (bytes: Uint8Array): Promise<void> => void written.push(bytes.slice());
  const writer = createParquetWriter({ fields: FIELDS, ...LARGE, ...options }, { write });
  const taken: boolean[] = [];
  for (const part of parts) {
    if ('file' in part) taken.push(await writer.appendFile(bytesSource('part', part.file)));
    else {
      const rows = Array.from({ length: part.to - part.from }, (_, index) => cellsOf(part.from + index));
      const columns = FIELDS.map(({ type }, column) =>
        vectorOf(
          type,
          rows.map((cells) => cells[column]),
        ),
      );
      const batch = { rowCount: rows.length, columns };
      // A page ends between two calls.
      for (let at = 0; at < rows.length; at += 64) await writer.append(batch, null, at, Math.min(at + 64, rows.length));
    }
  }
  const { columns } = await writer.finish();
  return { bytes: new Uint8Array(Buffer.concat(written)), columns, taken };
}

async function readAll(bytes: Uint8Array): Promise<unknown> {
  const file = await openParquet(bytesSource('whole', bytes));
  const batches = [];
  for (let group = 0; group < file.rowGroups.length; group++) batches.push(await file.readRowGroup(group, FIELDS));
  return batches;
}

describe('appendFile', () => {
  test('takes row groups over as they are: what is read, counted and bounded is as if they were written here', async () => {
    const ranges = [
      { from: 0, to: 500 },
      { from: 500, to: 800 },
      { from: 800, to: 950 },
    ];
    const [first, second] = await Promise.all(ranges.slice(0, 2).map((range) => build([range])));
    const copied = await build([{ file: first.bytes }, { file: second.bytes }, ranges[2]]);
    expect(copied.taken).toEqual([true, true]);
    // The same row groups, written.
    const groups = [ranges[0], ranges[1], ranges[2]].flatMap(({ from, to }) =>
      to - from > 400
        ? [build([{ from, to: from + 400 }]), build([{ from: from + 400, to }])]
        : [build([{ from, to }])],
    );
    const expected = (await Promise.all((await Promise.all(groups)).map(({ bytes }) => readAll(bytes)))).flat();
    expect(await readAll(copied.bytes)).toEqual(expected);
    expect(copied.columns).toEqual((await build([{ from: 0, to: 950 }])).columns);
    // The bytes of the pages are those of the first file: all before its indexes.
    const firstGroup = (await openParquet(bytesSource('first', first.bytes))).rowGroups[0];
    const size = 4 + firstGroup.columns.reduce((sum, chunk) => sum + chunk.compressedBytes, 0);
    expect(copied.bytes.subarray(0, size)).toEqual(first.bytes.subarray(0, size));
  });

  test('keeps the indexes of pages, so that rows are left unread as before', async () => {
    const part = await build([{ from: 500, to: 800 }]);
    const { bytes } = await build([{ from: 0, to: 400 }, { file: part.bytes }]);
    const file = await openParquet(bytesSource('whole', bytes));
    const where = [{ column: 'c0', operator: '=', literal: 700n } as const];
    const may = await file.rowsThatMayMeet(1, { where, columns: FIELDS });
    expect(may).toEqual([{ from: 192, to: 256 }]);
    expect(may).not.toEqual(allRows(300));
    const read = await file.openRowGroup(1, FIELDS.slice(0, 1), may).next(1000);
    expect(read?.columns[0]).toEqual(
      vectorOf(
        FIELDS[0].type,
        Array.from({ length: 64 }, (_, index) => BigInt(692 + index)),
      ),
    );
  });

  test.each([
    ['another codec', {}, { compression: 'snappy' as const }],
    [
      'another type',
      {},
      { fields: FIELDS.map((field, at) => (at === 0 ? { ...field, type: parseDataType('BIGINT') } : field)) },
    ],
    ['another column id', {}, { fields: FIELDS.map((field, at) => (at === 0 ? { ...field, id: 99 } : field)) }],
    ['a row group that is small here', {}, { rowGroupRows: 4000 }],
  ])('takes nothing: %s', async (_, theirs, ours) => {
    const part = await build([{ from: 0, to: 300 }], theirs);
    const whole = await build([{ file: part.bytes }], ours);
    expect(whole.taken).toEqual([false]);
    expect((await openParquet(bytesSource('whole', whole.bytes))).rowCount).toBe(0);
  });

  test('does not end a small row group for a file', async () => {
    const part = await build([{ from: 50, to: 300 }]);
    expect((await build([{ from: 0, to: 50 }, { file: part.bytes }])).taken).toEqual([false]);
    expect((await build([{ from: 0, to: 150 }, { file: part.bytes }])).taken).toEqual([true]);
  });

  test('takes nothing where the bounds of a float are zeros, which stand for either zero', async () => {
    const fields = [{ id: 1, name: 'd', type: parseDataType('DOUBLE') }];
    const column = vectorOf(
      fields[0].type,
      Array.from({ length: 300 }, (_, row) => row),
    );
    const written: Uint8Array[] = [];
    const write = async (bytes: Uint8Array): Promise<void> => void written.push(bytes.slice());
    const writer = createParquetWriter({ fields, ...LARGE }, { write });
    await writer.append({ rowCount: 300, columns: [column] }, null, 0, 300);
    await writer.finish();
    const other = createParquetWriter({ fields, ...LARGE }, { write });
    expect(await other.appendFile(bytesSource('part', Buffer.concat(written)))).toBe(false);
  });

  test('names a file that is cut off', async () => {
    const part = await build([{ from: 0, to: 300 }]);
    const attempt = build([{ file: part.bytes.subarray(0, part.bytes.length - 9) }]);
    await expect(attempt).rejects.toMatchObject({ code: 'E3200', context: { file: 'part' } });
  });
});
