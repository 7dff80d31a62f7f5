// The different values of a column of one file, and which of them each row has.
import { bytesAt, PRESENT, type Vector } from '../../../column/vector.ts';
import type { DataType } from '../../schema/data-type.ts';
import { type Cell, cellAt } from '../cell.ts';
import type { RowRange } from '../column-statistics.ts';

const ROWS_MIN = 1024;
const NO_VALUE = -1;
const TWO_TO_32 = 2 ** 32;
/** High halves of 64-bit numbers that a double holds exactly. */
const SAFE_HIGH = 2 ** 20;

/** What tells values of one type apart: equal for equal ones. */
type ValueKey = string | number | bigint;

/** Values are numbered as they first come. */
export class DistinctValues {
  /** The values by number; bytes are copies. */
  readonly cells: Cell[] = [];
  rowCount = 0;
  /** Whether the last row with a value was the first to have it. */
  isLastNew = false;
  private readonly type: DataType;
  private readonly numbers = new Map<ValueKey, number>();
  private codes = new Int32Array(ROWS_MIN);

  constructor(type: DataType) {
    this.type = type;
  }

  add(vector: Vector, { order, from, to }: RowRange): void {
    const keyAt = keyReader(vector);
    const { validity } = vector;
    this.reserve(to - from);
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      const isNull = validity !== null && validity[row] !== PRESENT;
      this.codes[this.rowCount++] = isNull ? NO_VALUE : this.numberOf(keyAt(row), vector, row);
    }
  }

  /** The rows that are NULL, ascending. */
  nullRows(): Uint32Array {
    const rows: number[] = [];
    for (let row = 0; row < this.rowCount; row++) if (this.codes[row] === NO_VALUE) rows.push(row);
    return Uint32Array.from(rows);
  }

  /** The rows of each value, ascending. */
  rowsByValue(): readonly Uint32Array[] {
    const ends = new Uint32Array(this.cells.length + 1);
    for (let row = 0; row < this.rowCount; row++) ends[this.codes[row] + 1]++;
    // Rows without a value were counted first.
    ends[0] = 0;
    for (let number = 1; number < ends.length; number++) ends[number] += ends[number - 1];
    const starts = ends.slice();
    const rows = new Uint32Array(ends[this.cells.length]);
    for (let row = 0; row < this.rowCount; row++) {
      const code = this.codes[row];
      if (code !== NO_VALUE) rows[starts[code]++] = row;
    }
    return this.cells.map((_, number) => rows.subarray(ends[number], ends[number + 1]));
  }

  private numberOf(key: ValueKey, vector: Vector, row: number): number {
    const known = this.numbers.get(key);
    this.isLastNew = known === undefined;
    if (known !== undefined) return known;
    const cell = cellAt(this.type, vector, row);
    this.numbers.set(key, this.cells.length);
    return this.cells.push(cell instanceof Uint8Array ? cell.slice() : cell) - 1;
  }

  private reserve(count: number): void {
    if (this.rowCount + count <= this.codes.length) return;
    const larger = new Int32Array(Math.max(2 * this.codes.length, this.rowCount + count));
    larger.set(this.codes.subarray(0, this.rowCount));
    this.codes = larger;
  }
}

function keyReader(vector: Vector): (row: number) => ValueKey {
  switch (vector.kind) {
    case 'i32':
      return (row) => vector.values[row];
    case 'f32':
    case 'f64':
      // A map takes both zeros for one; NaN is one value.
      return (row) => (Object.is(vector.values[row], -0) ? '-0' : vector.values[row]);
    case 'i64':
      return (row) => longKey(vector.values[2 * row + 1], vector.values[2 * row] >>> 0);
    case 'bytes':
      return (row) => {
        const { buffer, byteOffset, length } = bytesAt(vector, row);
        return Buffer.from(buffer, byteOffset, length).toString('latin1');
      };
    default:
      return () => 0;
  }
}

/** No BigInt where a double will do, which is for all but very large numbers. */
function longKey(high: number, low: number): ValueKey {
  const isSafe = high < SAFE_HIGH && high >= -SAFE_HIGH;
  return isSafe ? high * TWO_TO_32 + low : (BigInt(high) << 32n) | BigInt(low);
}
