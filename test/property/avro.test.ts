// Any column of any type that Avro has survives the Avro writer and reader, however rows are batched; what Avro does not
// have is refused with a code; and damaged files give coded errors.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { openAvro } from '../../src/paimon/format/avro/avro-reader.ts';
import { createAvroWriter } from '../../src/paimon/format/avro/avro-writer.ts';
import type { DataCodec } from '../../src/paimon/format/avro/avro-codec.ts';
import { type Cell, cellAt, entryTypes, vectorOf } from '../../src/paimon/format/cell.ts';
import { bytesSource } from '../../src/paimon/format/parquet/parquet-reader.ts';
import type { DataField, DataType } from '../../src/paimon/schema/data-type.ts';
import { anyType, cellOf } from '../support/arbitrary-columns.ts';

const LIMIT = { numRuns: Number(process.env['PROPERTY_SECONDS'] ?? '2') * 100 };

interface Column {
  readonly type: DataType;
  readonly cells: readonly Cell[];
  readonly codec: DataCodec;
  readonly readRows: number;
}

const anyColumn: fc.Arbitrary<Column> = anyType.chain((type) =>
  fc.record({
    type: fc.constant(type),
    cells: fc.array(cellOf(type), { minLength: 1, maxLength: 60 }),
    codec: fc.constantFrom<DataCodec[]>('null', 'deflate', 'snappy', 'zstandard'),
    readRows: fc.integer({ min: 1, max: 50 }),
  }),
);

/** The file; null where a type is refused. */
async function written({ type, cells, codec }: Column): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  const fields: readonly DataField[] = [{ id: 1, name: 'c', type }];
  try {
    const writer = createAvroWriter({ fields, codec, zstdLevel: 1, statistics: true }, { write });
    await writer.append({ rowCount: cells.length, columns: [vectorOf(type, cells)] }, null, 0, cells.length);
    await writer.finish();
    return Uint8Array.from(Buffer.concat(parts));
  } catch (error) {
    if (isTributaryError(error, 'E3210')) return null;
    throw error;
  }
}

async function readBack(bytes: Uint8Array, { type, cells, readRows }: Column): Promise<readonly Cell[]> {
  const file = await openAvro(bytesSource('damaged.avro', bytes), cells.length);
  const reader = file.openRowGroup(0, [{ name: 'c', type }]);
  const read: Cell[] = [];
  for (let batch = await reader.next(readRows); batch !== null; batch = await reader.next(readRows)) {
    for (let row = 0; row < batch.rowCount; row++) read.push(cellAt(type, batch.columns[0], row));
  }
  return read;
}

/** Entries of maps in an order of their own: which one a file gives them in means nothing. */
function canonical(cell: Cell, type: DataType): unknown {
  if (cell === null || !Array.isArray(cell)) return cell;
  const items = cell as readonly Cell[];
  if (type.kind === 'ARRAY') return items.map((item) => canonical(item, type.element));
  if (type.kind === 'ROW') return items.map((item, index) => canonical(item, type.fields[index]?.type ?? type));
  const { key, value } = entryTypes(type);
  const plain = (_: string, part: unknown): unknown => (typeof part === 'bigint' ? `${part}n` : part);
  return (items as readonly (readonly [Cell, Cell])[])
    .map((entry) => JSON.stringify([canonical(entry[0], key), canonical(entry[1], value)], plain))
    .sort();
}

test('a column is read as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(anyColumn, async (column) => {
      const bytes = await written(column);
      if (bytes === null) return;
      const read = await readBack(bytes, column);
      expect(read.map((cell) => canonical(cell, column.type))).toEqual(
        column.cells.map((cell) => canonical(cell, column.type)),
      );
    }),
    LIMIT,
  );
});

test('damaged files give coded errors', async () => {
  await fc.assert(
    fc.asyncProperty(anyColumn, fc.nat(), fc.integer({ min: 0, max: 255 }), async (column, place, byte) => {
      const bytes = await written(column);
      if (bytes === null) return;
      bytes[place % bytes.length] = byte;
      const outcome = await readBack(bytes, column).catch((error: unknown) => error);
      expect(!(outcome instanceof Error) || isTributaryError(outcome), String(outcome)).toBe(true);
    }),
    LIMIT,
  );
});
