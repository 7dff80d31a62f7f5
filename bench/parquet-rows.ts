// The rows of the Parquet measurements: nine columns of a primary-key table's file (three system columns, then id,
// customer, amount, status of six values, timestamp, and a note of about 100 characters).
import type { ColumnBatch, Int64Vector, Vector } from '../src/column/vector.ts';
import { BytesBuilder, Int64Builder } from '../src/column/builder.ts';
import type { DataField, DataType } from '../src/paimon/schema/data-type.ts';
import { MAX_LENGTH } from '../src/paimon/schema/data-type.ts';

const STATUSES = ['NEW', 'PAID', 'PACKED', 'SHIPPED', 'DELIVERED', 'CANCELLED'];
const BIGINT: DataType = { kind: 'BIGINT', nullable: false };
const TEXT: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };

/** The columns of the file. */
export const KEY_VALUE_FIELDS: readonly DataField[] = [
  { id: 1073741823, name: '_KEY_id', type: BIGINT },
  { id: 2147483646, name: '_SEQUENCE_NUMBER', type: BIGINT },
  { id: 2147483645, name: '_VALUE_KIND', type: { kind: 'TINYINT', nullable: false } },
  { id: 0, name: 'id', type: BIGINT },
  { id: 1, name: 'customer_id', type: { kind: 'INT', nullable: true } },
  { id: 2, name: 'amount', type: { kind: 'DECIMAL', precision: 18, scale: 2, nullable: true } },
  { id: 3, name: 'status', type: TEXT },
  { id: 4, name: 'created_at', type: { kind: 'TIMESTAMP', precision: 6, nullable: true } },
  { id: 5, name: 'note', type: TEXT },
];

/** A number below `bound`, at least 0. */
type Random = (bound: number) => number;

/** A generator of numbers below `bound`, the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = Math.trunc(seed);
  function next(bound: number): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound);
  }
  return next;
}

/** So many rows in key order. */
export function keyValueRows(rowCount: number): ColumnBatch {
  const random = seeded(1);
  const words = Array.from({ length: 2000 }, () =>
    Array.from({ length: 3 + random(7) }, () => String.fromCharCode(97 + random(26))).join(''),
  );
  const id = longs(rowCount, (row) => row + 1);
  const start = 1_700_000_000;
  const columns: readonly Vector[] = [
    id,
    longs(rowCount, (row) => row + 1),
    { kind: 'i32', length: rowCount, values: new Int32Array(rowCount), validity: null },
    id,
    {
      kind: 'i32',
      length: rowCount,
      values: Int32Array.from({ length: rowCount }, () => random(200_000)),
      validity: null,
    },
    longs(rowCount, () => random(10_000_000)),
    texts(rowCount, () => STATUSES[random(6)]),
    longs(rowCount, (row) => (start + Math.floor(row / 3)) * 1_000_000 + random(1_000_000)),
    texts(rowCount, () => note(words, random)),
  ];
  return { rowCount, columns };
}

function note(words: readonly string[], random: Random): string {
  const length = 80 + random(40);
  let text = '';
  while (text.length < length) text += `${words[random(words.length)]} `;
  return text.slice(0, length - 1) + (random(50) === 0 ? 'é' : '.');
}

function longs(rowCount: number, value: (row: number) => number): Int64Vector {
  const builder = new Int64Builder();
  for (let row = 0; row < rowCount; row++) {
    builder.reserve(row);
    builder.setNumber(row, value(row));
  }
  return builder.finish(rowCount) as Int64Vector;
}

function texts(rowCount: number, value: (row: number) => string): Vector {
  const builder = new BytesBuilder();
  for (let row = 0; row < rowCount; row++) {
    builder.reserve(row);
    const bytes = Buffer.from(value(row), 'utf8');
    builder.append(bytes, 0, bytes.length);
    builder.endRow(row);
  }
  return builder.finish(rowCount);
}
