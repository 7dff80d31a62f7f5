// Any column of any type that ORC has survives the ORC writer and reader, however rows are batched; what ORC does not have
// is refused with a code. Damaged ORC files give coded errors or rows, never another failure; and batches of any size give
// the same rows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { type Cell, cellAt, entryTypes, vectorOf } from '../../src/paimon/format/cell.ts';
import type { PlainCondition } from '../../src/paimon/format/condition.ts';
import type { WantedColumn } from '../../src/paimon/format/data-file.ts';
import { openOrc } from '../../src/paimon/format/orc/orc-reader.ts';
import type { OrcWriterOptions } from '../../src/paimon/format/orc/orc-writer.ts';
import { bytesSource } from '../../src/paimon/format/parquet/parquet-reader.ts';
import type { DataType } from '../../src/paimon/schema/data-type.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { anyType, cellOf } from '../support/arbitrary-columns.ts';
import { golden } from '../support/golden.ts';
import { orcBytes } from '../support/orc-bytes.ts';
import { NESTED_FIELDS, orcFixture, ROWS_FIELDS } from '../support/orc-fixtures.ts';

const LIMIT = { numRuns: Number(process.env['PROPERTY_SECONDS'] ?? '2') * 100 };

interface OrcExample {
  readonly bytes: Uint8Array;
  readonly columns: readonly WantedColumn[];
}

async function examplesOf(name: string): Promise<readonly OrcExample[]> {
  const { warehouse } = golden(name);
  const table = await Table.open(new LocalFileStore(warehouse), { database: 'db', table: 't' });
  const bucket = join(warehouse, 'db.db/t/bucket-0');
  const files = readdirSync(bucket).filter((file) => file.endsWith('.orc'));
  return files.map((file) => ({ bytes: readFileSync(join(bucket, file)), columns: table.schema.fields }));
}

/** Damage of compressed files seldom gets past the codec: one is not compressed. */
const EXAMPLES: readonly OrcExample[] = [
  ...(await examplesOf('orc-basic')),
  ...(await examplesOf('types-primitive-orc')),
  { bytes: orcFixture('none.orc'), columns: ROWS_FIELDS },
  { bytes: orcFixture('snappy-version-0.11.orc'), columns: ROWS_FIELDS },
  { bytes: orcFixture('nested.orc'), columns: NESTED_FIELDS },
];

/** The rows, a list of cells each. */
async function read({ bytes, columns }: OrcExample, rowsMax: number): Promise<readonly (readonly Cell[])[]> {
  const file = await openOrc(bytesSource('damaged.orc', bytes));
  const rows: (readonly Cell[])[] = [];
  for (const index of file.rowGroups.keys()) {
    const where = columns.map(({ name }): PlainCondition => ({ column: name, operator: 'is null' }));
    await file.rowsThatMayMeet(index, { where: [{ operator: 'or', conditions: where }], columns });
    const reader = file.openRowGroup(index, columns);
    for (let batch = await reader.next(rowsMax); batch !== null; batch = await reader.next(rowsMax)) {
      const { columns: vectors, rowCount } = batch;
      for (let row = 0; row < rowCount && rows.length < 1000; row++) {
        rows.push(columns.map(({ type }, at) => cellAt(type, vectors[at], row)));
      }
    }
  }
  return rows;
}

test('batches of any size give the same rows', async () => {
  for (const example of EXAMPLES) {
    const all = await read(example, 10_000);
    expect(all.length).toBeGreaterThan(0);
    expect(await read(example, 1)).toEqual(all);
    expect(await read(example, 3)).toEqual(all);
  }
});

const anyDamage = fc.array(fc.record({ place: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), {
  minLength: 1,
  maxLength: 3,
});

test('damaged files give coded errors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyDamage, fc.boolean(), async (which, damages, isCut) => {
      const { bytes, columns } = EXAMPLES[which % EXAMPLES.length];
      const damaged = Uint8Array.from(bytes);
      for (const { place, byte } of damages) damaged[place % damaged.length] = byte;
      const cut = isCut ? damaged.subarray(damages[0].place % damaged.length) : damaged;
      const outcome = await read({ bytes: cut, columns }, 1000).catch((error: unknown) => error);
      expect(!(outcome instanceof Error) || isTributaryError(outcome), String(outcome)).toBe(true);
    }),
    LIMIT,
  );
});

interface Column {
  readonly type: DataType;
  readonly cells: readonly Cell[];
  readonly settings: Omit<OrcWriterOptions, 'fields'>;
  readonly appendRows: number;
  readonly readRows: number;
}

const anySettings: fc.Arbitrary<Column['settings']> = fc.record({
  codec: fc.constantFrom('none', 'zlib', 'snappy', 'lz4', 'zstd'),
  stripeBytes: fc.constantFrom(1, 500, 32 * 1024 * 1024),
  stripeRows: fc.integer({ min: 1, max: 100 }),
  rowIndexStride: fc.integer({ min: 1, max: 50 }),
  dictionaryThreshold: fc.constantFrom(0, 0.5, 1),
});

const anyColumn: fc.Arbitrary<Column> = anyType.chain((type) =>
  fc.record({
    type: fc.constant(type),
    cells: fc.array(cellOf(type), { minLength: 1, maxLength: 120 }),
    settings: anySettings,
    appendRows: fc.integer({ min: 1, max: 120 }),
    readRows: fc.integer({ min: 1, max: 100 }),
  }),
);

/** Null for what ORC has no form of. */
function refused(error: unknown): null {
  if (isTributaryError(error, 'E3210')) return null;
  if (isTributaryError(error, 'E3204') && error.message.includes('within the second before 1970')) return null;
  throw error;
}

/** The cell as files give it: blanks at the end of CHAR are not kept. */
function stored(cell: Cell, type: DataType): unknown {
  if (cell instanceof Uint8Array && type.kind === 'CHAR') {
    return cell.subarray(0, cell.findLastIndex((byte) => byte !== 32) + 1);
  }
  if (!Array.isArray(cell)) return cell;
  const items = cell as readonly Cell[];
  switch (type.kind) {
    case 'ARRAY':
      return items.map((item) => stored(item, type.element));
    case 'ROW':
      return items.map((item, index) => stored(item, type.fields[index].type));
    default: {
      const { key, value } = entryTypes(type);
      const entries = cell as readonly (readonly [Cell, Cell])[];
      return entries.map((entry) => [stored(entry[0], key), stored(entry[1], value)]);
    }
  }
}

test('a column is read as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(anyColumn, async ({ type, cells, settings, appendRows, readRows }) => {
      const fields = [{ id: 1, name: 'c', type }];
      const outcome = await orcBytes({ ...settings, fields }, [vectorOf(type, cells)], appendRows).catch(refused);
      if (outcome === null) return;
      const rows = await read({ bytes: outcome.bytes, columns: fields }, readRows);
      expect(rows).toEqual(cells.map((cell) => [stored(cell, type)]));
    }),
    LIMIT,
  );
});
