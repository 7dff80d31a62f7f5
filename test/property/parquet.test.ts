// Any column of any type survives the Parquet writer and reader, however rows are batched, ordered and paged; the
// writer's bounds are exact; and damaged files give coded errors.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import type { Vector } from '../../src/column/vector.ts';
import { bytesToBigInt, type Cell, cellAt, vectorOf } from '../../src/paimon/format/cell.ts';
import type { ColumnBound } from '../../src/paimon/format/parquet/column-bounds.ts';
import type { Literal, PlainCondition } from '../../src/paimon/format/condition.ts';
import { joinedRows, type RowRanges } from '../../src/paimon/format/row-ranges.ts';
import { rowsThatMeet } from '../../src/paimon/scan/predicate.ts';
import type { ParquetCompression } from '../../src/paimon/format/parquet/compression.ts';
import { bytesSource, openParquet, ParquetFile } from '../../src/paimon/format/parquet/parquet-reader.ts';
import type { FileSummary } from '../../src/paimon/format/data-file.ts';
import { createParquetWriter } from '../../src/paimon/format/parquet/parquet-writer.ts';
import type { DataField, DataType } from '../../src/paimon/schema/data-type.ts';
import { anyType, cellOf } from '../support/arbitrary-columns.ts';

const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? '2');
const LIMIT = { numRuns: SECONDS * 150 };

interface Table {
  readonly type: DataType;
  readonly cells: readonly Cell[];
  readonly order: readonly number[];
  readonly cuts: readonly number[];
  readonly readRows: number;
  readonly settings: {
    readonly compression: ParquetCompression;
    readonly dictionary: boolean;
    readonly pageRows: number;
    readonly pageBytes: number;
    readonly rowGroupRows: number;
  };
}

const anyTable: fc.Arbitrary<Table> = fc
  .tuple(anyType, fc.oneof(fc.constant(20), fc.constant(3), fc.constant(200)))
  .chain(([type, rows]) =>
    fc.array(cellOf(type), { minLength: 1, maxLength: rows, size: 'max' }).chain((cells) =>
      fc.record({
        type: fc.constant(type),
        cells: fc.constant(cells),
        order: fc.shuffledSubarray(
          cells.map((_, row) => row),
          { minLength: 1 },
        ),
        cuts: fc.array(fc.nat({ max: cells.length }), { maxLength: 3 }),
        readRows: fc.integer({ min: 1, max: 50 }),
        settings: fc.record({
          compression: fc.constantFrom<ParquetCompression[]>('none', 'snappy', 'gzip', 'lz4', 'zstd'),
          dictionary: fc.boolean(),
          pageRows: fc.integer({ min: 1, max: 100 }),
          pageBytes: fc.constantFrom(16, 1024, 1 << 20),
          rowGroupRows: fc.integer({ min: 1, max: 300 }),
        }),
      }),
    ),
  );

function fieldOf(table: Table): DataField {
  return { id: 1, name: 'c', type: table.type };
}

async function write(table: Table): Promise<{ readonly bytes: Uint8Array; readonly summary: FileSummary }> {
  const parts: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  const writer = createParquetWriter({ fields: [fieldOf(table)], ...table.settings }, { write });
  const batch = { rowCount: table.cells.length, columns: [vectorOf(table.type, table.cells)] };
  const order = Uint32Array.from(table.order);
  const cuts = [0, ...table.cuts.filter((cut) => cut < order.length), order.length].sort((a, b) => a - b);
  for (let index = 1; index < cuts.length; index++) await writer.append(batch, order, cuts[index - 1], cuts[index]);
  const summary = await writer.finish();
  return { bytes: Buffer.concat(parts), summary };
}

async function readBatches(file: ParquetFile, table: Table): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (let index = 0; index < file.rowGroups.length; index++) {
    const reader = file.openRowGroup(index, [fieldOf(table)]);
    for (let batch = await reader.next(table.readRows); batch !== null; batch = await reader.next(table.readRows)) {
      cells.push(...cellsOf(table.type, batch.columns[0]));
    }
  }
  return cells;
}

async function readRowGroups(file: ParquetFile, table: Table): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (let index = 0; index < file.rowGroups.length; index++) {
    const batch = await file.readRowGroup(index, [fieldOf(table)]);
    cells.push(...cellsOf(table.type, batch.columns[0]));
  }
  return cells;
}

/** Buffers and plain arrays of bytes are alike here. */
function plain(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex');
  return Array.isArray(cell) ? cell.map((item) => plain(item as Cell)) : cell;
}

function cellsOf(type: DataType, vector: Vector): readonly Cell[] {
  return Array.from({ length: vector.length }, (_, row) => cellAt(type, vector, row));
}

test('what is written is read', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      const { bytes, summary } = await write(table);
      expect(summary.sizeBytes).toBe(bytes.length);
      expect(summary.rowCount).toBe(table.order.length);
      const file = await openParquet(bytesSource('test', bytes));
      const expected = table.order.map((row) => plain(table.cells[row]));
      expect((await readRowGroups(file, table)).map(plain)).toEqual(expected);
      expect((await readBatches(file, table)).map(plain)).toEqual(expected);
    }),
    LIMIT,
  );
}, 60_000);

const NESTED = new Set(['ARRAY', 'MAP', 'MULTISET', 'ROW', 'VARIANT']);

test('null counts and bounds are exact', async () => {
  const flat = anyTable.filter((table) => !NESTED.has(table.type.kind));
  await fc.assert(
    fc.asyncProperty(flat, async (table) => {
      const { summary } = await write(table);
      const [{ nullCount, bounds }] = summary.columns;
      const cells = table.order.map((row) => table.cells[row]);
      const present = cells.filter((cell) => cell !== null);
      expect(nullCount).toBe(cells.length - present.length);
      const isNanos = table.type.kind.startsWith('TIMESTAMP') && 'precision' in table.type && table.type.precision > 6;
      const sorted = [...present].sort(compareCells);
      const expected = present.length === 0 || isNanos ? [] : [sorted[0], sorted[sorted.length - 1]];
      const found = bounds === null ? [] : [bounds.min, bounds.max];
      expect(found.map((bound) => plain(cellOfBound(table.type, bound)))).toEqual(expected.map(plain));
    }),
    LIMIT,
  );
}, 60_000);

function cellOfBound(type: DataType, bound: ColumnBound): Cell {
  if (type.kind === 'BOOLEAN') return bound !== 0;
  return type.kind === 'DECIMAL' && bound instanceof Uint8Array ? bytesToBigInt(bound) : bound;
}

/** Bytes unsigned; numbers with -0.0 below 0.0 and NaN above all. */
function compareCells(left: Cell, right: Cell): number {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  if (Object.is(left, right)) return 0;
  if (Number.isNaN(left) || (Object.is(right, -0) && left === 0)) return 1;
  if (Number.isNaN(right) || (Object.is(left, -0) && right === 0)) return -1;
  return (left as number) < (right as number) ? -1 : 1;
}

type Span = readonly [number, number];

/** Ranges of rows by where they begin and how long they are, as shares of a row group. */
const anySpans: fc.Arbitrary<readonly Span[]> = fc.array(fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 60 })), {
  minLength: 1,
  maxLength: 4,
});

function rangesOf(spans: readonly Span[], rowCount: number): RowRanges {
  const ranges = spans.map(([start, share]) => {
    const from = Math.floor((start * rowCount) / 100);
    return { from, to: Math.min(rowCount, from + 1 + Math.floor((share * rowCount) / 100)) };
  });
  return joinedRows(ranges, []);
}

async function readRanges(file: ParquetFile, table: Table, spans: readonly Span[]): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const [index, { rowCount }] of file.rowGroups.entries()) {
    const reader = file.openRowGroup(index, [fieldOf(table)], rangesOf(spans, rowCount));
    for (let batch = await reader.next(table.readRows); batch !== null; batch = await reader.next(table.readRows)) {
      cells.push(...cellsOf(table.type, batch.columns[0]));
    }
  }
  return cells;
}

/** The cells that such a read gives. */
function cellsOfRanges(file: ParquetFile, table: Table, spans: readonly Span[]): readonly Cell[] {
  let start = 0;
  return file.rowGroups.flatMap(({ rowCount }) => {
    const rows = table.order.slice(start, start + rowCount).map((row) => table.cells[row]);
    start += rowCount;
    return rangesOf(spans, rowCount).flatMap(({ from, to }) => rows.slice(from, to));
  });
}

function withoutIndex(bytes: Uint8Array, { metadata }: ParquetFile): ParquetFile {
  const rowGroups = metadata.rowGroups.map((group) => ({
    ...group,
    columns: group.columns.map((chunk) => ({ ...chunk, offsetIndex: null, columnIndex: null })),
  }));
  return new ParquetFile(bytesSource('test', bytes), { ...metadata, rowGroups });
}

test('ranges of rows are read as they stand in the whole, whether pages are indexed or not', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anySpans, async (table, spans) => {
      const { bytes } = await write(table);
      const file = await openParquet(bytesSource('test', bytes));
      const expected = cellsOfRanges(file, table, spans).map(plain);
      expect((await readRanges(file, table, spans)).map(plain)).toEqual(expected);
      expect((await readRanges(withoutIndex(bytes, file), table, spans)).map(plain)).toEqual(expected);
    }),
    LIMIT,
  );
}, 60_000);

test('damaged pages or indexes give a coded error or the rows that are asked for', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anySpans, fc.nat(), async (table, spans, at) => {
      const { bytes } = await write(table);
      const file = await openParquet(bytesSource('test', bytes));
      const expected = cellsOfRanges(file, table, spans).map(plain);
      bytes[4 + (at % (bytes.length - 4 - footerSize(bytes)))] ^= 1 << (at & 7);
      const read = await readRanges(file, table, spans).then(
        (cells) => cells.map(plain),
        (error: unknown) => {
          if (isTributaryError(error, 'E3200', 'E3201', 'E3202', 'E3203')) return null;
          throw error;
        },
      );
      expect([null, expected]).toContainEqual(read);
    }),
    LIMIT,
  );
}, 60_000);

test('rows that meet conditions are never left out, and others are', async () => {
  const flat = anyTable.filter(({ type, cells }) => !NESTED.has(type.kind) && cells.length > 10);
  let left = 0;
  await fc.assert(
    fc.asyncProperty(flat, fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), async (table, picks) => {
      const { bytes } = await write(table);
      const file = await openParquet(bytesSource('test', bytes));
      const where = [conditionOf(table, picks)];
      const type = { ...table.type, nullable: true };
      let start = 0;
      for (const [index, { rowCount }] of file.rowGroups.entries()) {
        const cells = table.order.slice(start, start + rowCount).map((row) => table.cells[row]);
        start += rowCount;
        const ranges = await file.rowsThatMayMeet(index, { where, columns: [fieldOf(table)] });
        const vector = vectorOf(type, cells);
        const met = rowsThatMeet(where, rowCount, () => ({ type, vector }));
        const kept = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
        left += rowCount - kept;
        const isKept = (row: number): boolean => ranges.some(({ from, to }) => from <= row && row < to);
        expect(cells.filter((_, row) => met[row] === 1 && !isKept(row))).toEqual([]);
      }
    }),
    LIMIT,
  );
  expect(left).toBeGreaterThan(0);
}, 60_000);

/** A condition on the column of a table, with values of its own: a pick chooses each. */
function conditionOf({ cells }: Table, [how, ...picks]: readonly number[]): PlainCondition {
  const column = 'c';
  const present = cells.filter((cell) => cell !== null) as Literal[];
  if (present.length === 0) return { column, operator: 'is null' };
  const [a, b, c] = picks.map((pick) => present[pick % present.length]);
  const literal = a;
  const operators = ['=', '!=', '<', '<=', '>', '>='] as const;
  const choices: readonly PlainCondition[] = [
    ...operators.map((operator) => ({ column, operator, literal })),
    { column, operator: 'in', literals: [a, b] },
    { column, operator: 'not in', literals: [a, b] },
    { column, operator: 'between', low: a, high: b },
    { column, operator: 'not between', low: a, high: b },
    { column, operator: 'is null' },
    { column, operator: 'is not null' },
    {
      operator: 'or',
      conditions: [
        { column, operator: '<', literal: a },
        { column, operator: '>', literal: b },
      ],
    },
    {
      operator: 'and',
      conditions: [
        { column, operator: '>=', literal: a },
        { column, operator: '!=', literal: c },
      ],
    },
  ];
  return choices[how % choices.length];
}

/** Bytes of the footer with its length and magic. */
function footerSize(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUInt32LE(bytes.length - 8) + 8;
}

async function readDamaged(bytes: Uint8Array, table: Table): Promise<readonly unknown[] | null> {
  try {
    const file = await openParquet(bytesSource('test', bytes));
    return (await readRowGroups(file, table)).map(plain);
  } catch (error) {
    if (isTributaryError(error, 'E3200', 'E3201', 'E3202', 'E3203')) return null;
    throw error;
  }
}

test('a damaged page gives a coded error, never another value', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.nat(), fc.integer({ min: 0, max: 7 }), async (table, at, bit) => {
      const { bytes } = await write(table);
      const expected = table.order.map((row) => plain(table.cells[row]));
      bytes[4 + (at % (bytes.length - 4 - footerSize(bytes)))] ^= 1 << bit;
      expect([null, expected]).toContainEqual(await readDamaged(bytes, table));
    }),
    LIMIT,
  );
}, 60_000);

test('a damaged footer gives a coded error or values, never another failure', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.nat(), fc.integer({ min: 1, max: 255 }), async (table, at, bits) => {
      const { bytes } = await write(table);
      bytes[bytes.length - 1 - (at % footerSize(bytes))] ^= bits;
      const read = await readDamaged(bytes, table);
      expect(read === null || Array.isArray(read)).toBe(true);
    }),
    LIMIT,
  );
}, 60_000);

test('a file cut short gives a coded error', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), async (table, share) => {
      const { bytes } = await write(table);
      const cut = bytes.subarray(0, Math.floor(bytes.length * share));
      await expect(openParquet(bytesSource('test', cut))).rejects.toMatchObject({ code: 'E3200' });
    }),
    LIMIT,
  );
}, 60_000);

/** For each row whether a call picks it; a call ends where a number is even. */
const anyPicks = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 40 });

async function pickRows(file: ParquetFile, table: Table, picks: readonly number[], hasRanges: boolean): Promise<void> {
  let start = 0;
  for (const [index, { rowCount }] of file.rowGroups.entries()) {
    const wanted = Array.from({ length: rowCount }, (_, row) => row).filter((row) => picks[row % picks.length] < 4);
    const ranges = joinedRows(
      wanted.map((row) => ({ from: row, to: row + 1 })),
      [],
    );
    const picker = file.openRowPicker(index, [fieldOf(table)], hasRanges ? ranges : undefined);
    const found: Cell[] = [];
    for (let from = 0, to = 0; from < wanted.length; from = to) {
      for (to = from + 1; to < wanted.length && picks[wanted[to] % picks.length] % 2 === 1; ) to++;
      expect((await picker.pick(new Uint32Array(0)))[0]).toHaveLength(0);
      const [column] = await picker.pick(Uint32Array.from(wanted.slice(from, to)));
      found.push(...cellsOf(table.type, column));
    }
    const expected = wanted.map((row) => table.cells[table.order[start + row]]);
    expect(found.map(plain)).toEqual(expected.map(plain));
    start += rowCount;
  }
}

test('rows that are picked are those of the whole, whether pages are indexed or not', async () => {
  await fc.assert(
    fc.asyncProperty(anyTable, anyPicks, fc.boolean(), async (table, picks, hasRanges) => {
      const { bytes } = await write(table);
      const file = await openParquet(bytesSource('test', bytes));
      await pickRows(file, table, picks, hasRanges);
      await pickRows(withoutIndex(bytes, file), table, picks, hasRanges);
    }),
    LIMIT,
  );
}, 60_000);
