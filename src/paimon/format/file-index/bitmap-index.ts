// The index type `bitmap`: the rows of each value. Source: format notes 04 section 8 (BitmapFileIndex, versions 1 and 2).
import { type Cell, compareCells } from '../cell.ts';
import type { ColumnCondition } from '../condition.ts';
import type { ColumnIndex } from './column-index.ts';
import { damagedIndex } from './index-fault.ts';
import { type IndexValues, valueSize } from './index-value.ts';
import { RowSet } from './row-set.ts';

/** Where the bitmap of a value is: below zero it is the one row `-1 - offset`. */
interface Entry {
  readonly value: Cell;
  readonly offset: number;
}

/** An opened index: where the bitmap of a value stands. */
interface Opened {
  readonly view: DataView;
  readonly rowCount: number;
  /** Where offsets count from. */
  readonly bodyAt: number;
  /** The offset of the rows with NULL; null where there are none. */
  readonly nullOffset: number | null;
  /** The offset of a value's rows; null where no row has the value. */
  readonly offsetOf: (value: Cell) => number | null;
}

/** A `bitmap` index by its body; the rows that meet a condition, or null. Throws `E3230`, or RangeError where the bytes end early. */
export function openBitmapIndex(body: Uint8Array, values: IndexValues, rowCount: number): ColumnIndex {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const version = view.getInt8(0);
  if (version !== 1 && version !== 2) throw damagedIndex(`unknown version: ${version}`);
  if (view.getInt32(1) !== rowCount) throw damagedIndex(`index of ${view.getInt32(1)} rows instead of ${rowCount}`);
  const opened = version === 1 ? openFirst(view, values) : openSecond(view, values);
  return (condition) => rowsOf(opened, condition);
}

function rowsOf(opened: Opened, condition: ColumnCondition): RowSet | null {
  switch (condition.operator) {
    case 'is null':
      return nullRows(opened);
    case 'is not null':
      return nullRows(opened).not();
    case '=':
      return valueRows(opened, [condition.literal]);
    case '!=':
      return valueRows(opened, [condition.literal]).or(nullRows(opened)).not();
    case 'in':
      return valueRows(opened, condition.literals);
    case 'not in':
      return valueRows(opened, condition.literals).or(nullRows(opened)).not();
    default:
      return null;
  }
}

function nullRows(opened: Opened): RowSet {
  return opened.nullOffset === null ? RowSet.none(opened.rowCount) : rowsAt(opened, opened.nullOffset);
}

function valueRows(opened: Opened, literals: readonly Cell[]): RowSet {
  return literals.reduce<RowSet>((rows, literal) => {
    const offset = opened.offsetOf(literal);
    return offset === null ? rows : rows.or(rowsAt(opened, offset));
  }, RowSet.none(opened.rowCount));
}

function rowsAt({ view, rowCount, bodyAt }: Opened, offset: number): RowSet {
  return offset < 0 ? RowSet.of(rowCount, [-1 - offset]) : RowSet.read(view, bodyAt + offset, rowCount).rows;
}

/** Version 1: all values with their offsets, in no order. */
function openFirst(view: DataView, values: IndexValues): Opened {
  const { rowCount, valueCount, hasNull } = readHead(view);
  let at = 10;
  const nullOffset = hasNull ? view.getInt32(at) : null;
  if (hasNull) at += 4;
  const { entries, end } = readEntries(view, values, { at, count: valueCount, trailing: 4 });
  const offsetOf = (value: Cell): number | null =>
    entries.find((entry) => compareCells(entry.value, value) === 0)?.offset ?? null;
  return { view, rowCount, bodyAt: end, nullOffset, offsetOf };
}

/** Version 2: sorted values in blocks, found by the first value of each. */
function openSecond(view: DataView, values: IndexValues): Opened {
  const { rowCount, hasNull } = readHead(view);
  let at = 10;
  const nullOffset = hasNull ? view.getInt32(at) : null;
  if (hasNull) at += 8;
  const { entries: blocks, end } = readEntries(view, values, { at: at + 4, count: view.getInt32(at), trailing: 4 });
  const blocksAt = end + 4;
  const offsetOf = (value: Cell): number | null => {
    const block = blocks.findLast((candidate) => compareCells(candidate.value, value) <= 0);
    if (block === undefined) return null;
    const blockAt = blocksAt + block.offset;
    const place = { at: blockAt + 4, count: view.getInt32(blockAt), trailing: 8 };
    const { entries } = readEntries(view, values, place);
    return entries.find((entry) => compareCells(entry.value, value) === 0)?.offset ?? null;
  };
  return { view, rowCount, bodyAt: blocksAt + view.getInt32(end), nullOffset, offsetOf };
}

function readHead(view: DataView) {
  return { rowCount: view.getInt32(1), valueCount: view.getInt32(5), hasNull: view.getInt8(9) !== 0 };
}

/** Values, each with its offset and `trailing` bytes in all behind it. */
function readEntries(
  view: DataView,
  values: IndexValues,
  place: { readonly at: number; readonly count: number; readonly trailing: number },
): { readonly entries: readonly Entry[]; readonly end: number } {
  const entries: Entry[] = [];
  let { at } = place;
  for (let index = 0; index < place.count; index++) {
    const value = values.read(view, at);
    at += valueSize(values, value);
    entries.push({ value, offset: view.getInt32(at) });
    at += place.trailing;
  }
  return { entries, end: at };
}
