// What of a table's log is written while it is copied in chunks, and when the copy is complete.
import { expect, test } from 'vitest';
import type { ChangeBatch } from '../../../src/change/change-batch.ts';
import type { PositionOrder, SourcePosition } from '../../../src/change/position.ts';
import type { SourceTable } from '../../../src/change/source-table.ts';
import { tableKey } from '../../../src/change/table-key.ts';
import { DELETE, INSERT, UPDATE_AFTER } from '../../../src/column/row-kind.ts';
import { MISSING, PRESENT } from '../../../src/column/vector.ts';
import { COPY_BEGINS, TableCopy } from '../../../src/mirror/table-copy.ts';
import type { CopyChunk } from '../../../src/source/source.ts';

const KEY = tableKey('public', 't');
const TABLE: SourceTable = {
  key: KEY,
  schema: 'public',
  name: 't',
  columns: ['id', 'big'].map((name, index) => ({
    name,
    id: index + 1,
    nativeType: 'integer',
    type: { kind: 'int32' },
    nullable: index > 0,
  })),
  keyColumns: [0],
  rowCountEstimate: 0,
};
const at = (position: number): SourcePosition => String(position) as SourcePosition;
const order: PositionOrder = {
  includes: (outer, inner) => Number(outer) >= Number(inner),
  earliest: (a, b) => (Number(a) <= Number(b) ? a : b),
  latest: (a, b) => (Number(a) >= Number(b) ? a : b),
  distanceBytes: () => null,
};

/** Rows as kind, key and whether the other column is missing. */
function batch(...rows: readonly (readonly [kind: number, id: number, isMissing?: boolean])[]): ChangeBatch {
  const validity = Uint8Array.from(rows, ([, , isMissing = false]) => (isMissing ? MISSING : PRESENT));
  const length = rows.length;
  return {
    table: KEY,
    rowCount: length,
    kinds: Uint8Array.from(rows, ([kind]) => kind),
    columns: [
      { kind: 'i32', length, values: Int32Array.from(rows, ([, id]) => id), validity: null },
      { kind: 'i32', length, values: new Int32Array(length), validity },
    ],
    beforeImages: false,
    hasMissing: validity.includes(MISSING),
    sizeBytes: 9 * length,
  };
}

function ids(written: ChangeBatch | null): readonly number[] {
  const column = written?.columns[0];
  return column?.kind === 'i32' ? [...column.values] : [];
}

function chunk(position: number, next: string | null = null): CopyChunk {
  return { position: at(position), next, rows: async function* () {}, close: async () => {} };
}

const NONE = { rows: 0, bytes: 0, keys: new Set<string>() };
const ALL = { kind: 'after', bound: null, rowsMax: 5 } as const;

/** A copy whose one chunk showed the log up to 10, and that has followed the log up to there. */
function exactCopy(): TableCopy {
  const copy = new TableCopy(TABLE, COPY_BEGINS, { positions: order, from: at(0) });
  copy.hold(at(5));
  copy.chunkRead(ALL, chunk(10), NONE);
  copy.release();
  copy.admit(batch([UPDATE_AFTER, 7, true]));
  expect(copy.reached(at(10))).toBe(false);
  return copy;
}

test('changes wait for the chunk under way, and the place of the log with them', () => {
  const copy = new TableCopy(TABLE, COPY_BEGINS, { positions: order, from: at(0) });
  expect(ids(copy.admit(batch([INSERT, 1])))).toEqual([1]);
  copy.hold(at(5));
  expect(copy.admit(batch([INSERT, 2], [DELETE, 1]))).toBeNull();
  expect(copy.heldBytes).toBe(18);
  expect(copy.mark(at(8))).toMatchObject({ place: at(5), next: null, isRead: false });
  copy.chunkRead(ALL, chunk(9, 'b'), { ...NONE, rows: 4, bytes: 40 });
  expect(copy.release().map(ids)).toEqual([[2, 1]]);
  expect(copy.mark(at(8))).toMatchObject({ place: at(8), next: 'b', isRead: false, reach: at(9), rows: 4, bytes: 40 });
  expect(copy.nextRange(3)).toEqual({ kind: 'after', bound: 'b', rowsMax: 3 });
});

test('it is complete once the log is past what the chunks showed', () => {
  const copy = new TableCopy(TABLE, { ...COPY_BEGINS, isRead: true, reach: at(10) }, { positions: order, from: at(0) });
  expect(copy.nextRange(3)).toBeNull();
  expect(copy.reached(at(9))).toBe(false);
  expect(copy.reached(at(10))).toBe(true);
});

test('P7 a row that the log gives in part is read by its key, once the log is past what the chunks showed', () => {
  const copy = new TableCopy(TABLE, COPY_BEGINS, { positions: order, from: at(0) });
  copy.hold(at(5));
  copy.chunkRead(ALL, chunk(10), NONE);
  copy.release();
  expect(ids(copy.admit(batch([UPDATE_AFTER, 1, true], [UPDATE_AFTER, 2], [DELETE, 3], [INSERT, 4, true])))).toEqual([
    2, 3,
  ]);
  expect(copy.mark(at(6)).unread).toEqual([['1'], ['4']]);
  expect(copy.nextRange(3)).toBeNull();
  expect(copy.reached(at(10))).toBe(false);
  const range = { kind: 'keys', keys: [['1'], ['4']] } as const;
  expect(copy.nextRange(3)).toEqual(range);
  copy.hold(at(11));
  copy.chunkRead(range, chunk(12), { ...NONE, keys: new Set(['["1"]', '["4"]']) });
  // What waited meanwhile has its base now.
  copy.admit(batch([UPDATE_AFTER, 1, true]));
  expect(copy.reached(at(11))).toBe(false);
  expect(copy.release().map(ids)).toEqual([[1]]);
  expect(copy.reached(at(11))).toBe(false);
  expect(copy.reached(at(12))).toBe(true);
});

test('after that only rows without a base are unread: unread ones, and those that were gone or move away when read', () => {
  const copy = exactCopy();
  expect(ids(copy.admit(batch([UPDATE_AFTER, 1, true], [DELETE, 2], [INSERT, 3, true])))).toEqual([1, 2, 3]);
  expect(ids(copy.admit(batch([UPDATE_AFTER, 7, true], [DELETE, 7], [INSERT, 8, true])))).toEqual([7]);
  expect(copy.mark(at(11)).unread).toEqual([['7'], ['8']]);
  copy.chunkRead({ kind: 'keys', keys: [['7'], ['8']] }, chunk(20), { ...NONE, keys: new Set(['["8"]']) });
  expect(
    ids(copy.admit(batch([UPDATE_AFTER, 7, true], [UPDATE_AFTER, 8, true], [DELETE, 8], [INSERT, 9, true]))),
  ).toEqual([8, 8]);
  expect(copy.mark(at(12)).unread).toEqual([['7'], ['9']]);
  copy.chunkRead({ kind: 'keys', keys: [['7'], ['9']] }, chunk(30), { ...NONE, keys: new Set(['["9"]']) });
  expect(copy.reached(at(30))).toBe(true);
  // Past all that was shown, a row that was read is like any other.
  expect(ids(copy.admit(batch([DELETE, 9], [INSERT, 10, true])))).toEqual([9, 10]);
});

test('a table that the log empties has nothing unread', () => {
  const copy = exactCopy();
  expect(copy.mark(at(10)).unread).toEqual([['7']]);
  copy.emptied();
  expect(copy.reached(at(10))).toBe(true);
});

test('too many unread keys make the copy begin anew, in place', () => {
  const copy = exactCopy();
  const many = Array.from({ length: 200_001 }, (_, id) => [INSERT, id, true] as const);
  copy.admit(batch([DELETE, 7], ...many.slice(0, 2)));
  for (const row of many) copy.admit(batch([DELETE, 7], row));
  expect(copy.mark(at(11))).toMatchObject({ unread: [], isRead: false, next: null });
  expect(copy.nextRange(9)).toEqual({ kind: 'after', bound: null, rowsMax: 9 });
});
