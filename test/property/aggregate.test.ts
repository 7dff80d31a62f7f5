// Least and greatest values and NULLs of columns are those of the rows that are read, whether the metadata told them or not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cell, cellAt, compareCells } from '../../src/paimon/format/cell.ts';
import { aggregateRows } from '../../src/paimon/scan/aggregate.ts';
import type { ReadOptions } from '../../src/paimon/scan/scan.ts';
import type { DataType } from '../../src/paimon/schema/data-type.ts';
import { RealTable } from '../support/real-table.ts';
import { type Change, type TableSpec, text } from '../support/written-table.ts';

const PROPERTY_RUNS = Number(process.env['PROPERTY_SECONDS'] ?? 2) * 6;

const TEXT: DataType = { kind: 'VARCHAR', length: 100, nullable: true };
const COLUMNS = {
  p: { ...TEXT, nullable: false },
  k: { ...TEXT, nullable: false },
  v: { kind: 'INT', nullable: true },
  l: { kind: 'BIGINT', nullable: true },
  s: TEXT,
  d: { kind: 'DOUBLE', nullable: true },
  c: { kind: 'DECIMAL', precision: 25, scale: 2, nullable: true },
  t: { kind: 'TIMESTAMP', precision: 9, nullable: true },
} as const satisfies TableSpec['columns'];
const NAMES = Object.keys(COLUMNS);

const SPECS: readonly (TableSpec & { readonly name: string })[] = [
  { name: 'a key', columns: COLUMNS, primaryKeys: ['k'], options: { 'num-sorted-run.compaction-trigger': '2' } },
  {
    name: 'partitions and short bounds',
    columns: COLUMNS,
    primaryKeys: ['p', 'k'],
    partitionKeys: ['p'],
    options: { bucket: '2', 'metadata.stats-mode': 'truncate(1)', 'fields.l.stats-mode': 'none' },
  },
  {
    name: 'deletion vectors',
    columns: COLUMNS,
    primaryKeys: ['k'],
    options: { 'deletion-vectors.enabled': 'true', 'deletion-vectors.merge-on-read': 'true' },
  },
  { name: 'no key', columns: COLUMNS, primaryKeys: [], options: { bucket: '-1' } },
];

const row = fc.record({
  p: fc.constantFrom('a', 'b'),
  k: fc.constantFrom('k', 'key-1', 'key-1-with-a-long-end', 'é', 'zz'),
  v: fc.option(fc.integer({ min: -5, max: 5 })),
  l: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  s: fc.option(
    fc.constantFrom('', 'a', 'a text that is cut off somewhere', 'a text that is cut off later', '\u{10ffff}'),
  ),
  d: fc.option(fc.constantFrom(0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY)),
  c: fc.option(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n })),
  t: fc.option(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })),
  isDelete: fc.boolean(),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.array(row, { minLength: 1, maxLength: 6 }) },
  { weight: 2, arbitrary: fc.constantFrom('compact' as const, 'compact full' as const) },
);

const utf8 = (value: string | null): Cell => (value === null ? null : text(value));

/** The same by looking at every row. */
async function byReading(table: RealTable, options: ReadOptions) {
  let rowCount = 0;
  const cells = NAMES.map((): Cell[] => []);
  for await (const batch of table.table.read({ ...options, columns: NAMES })) {
    rowCount += batch.rowCount;
    for (let at = 0; at < batch.rowCount; at++) {
      batch.fields.forEach(({ type }, index) => {
        const cell = cellAt(type, batch.columns[index], at);
        cells[index].push(cell instanceof Uint8Array ? cell.slice() : cell);
      });
    }
  }
  const columns = cells.map((all) => {
    const values = all.filter((cell) => cell !== null).sort(compareCells);
    return { min: values[0] ?? null, max: values.at(-1) ?? null, nullCount: all.length - values.length };
  });
  return { rowCount, columns };
}

describe('aggregates', () => {
  it.each(SPECS)('of a table with $name are those of its rows', async (spec) => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const table = await RealTable.create(spec);
      for (const one of steps) {
        if (typeof one === 'string') await table.compact({ full: one === 'compact full' });
        else {
          const kindOf = (isDelete: boolean) => (isDelete && spec.primaryKeys.length > 0 ? '-D' : '+I');
          const changes = one.map(
            (r): Change => [kindOf(r.isDelete), text(r.p), text(r.k), r.v, r.l, utf8(r.s), r.d, r.c, r.t],
          );
          await table.commit(changes);
        }
      }
      for (const options of [{}, { where: [{ column: 'v', operator: '>=', literal: 0 } as const] }]) {
        const { store, schemas, path: tablePath } = table.table;
        const plan = await table.table.plan({ ...options, columns: NAMES });
        const found = await aggregateRows({ store, schemas, tablePath }, plan, options);
        expect(found).toEqual(await byReading(table, options));
      }
    });
    await fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
});
