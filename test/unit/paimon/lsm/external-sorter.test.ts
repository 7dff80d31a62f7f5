// Rows come out of the sorter in order, each once, whether they fit into memory or not.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { bigIntAt, type ColumnBatch } from '../../../../src/column/vector.ts';
import { vectorOf } from '../../../../src/paimon/format/cell.ts';
import { ExternalSorter } from '../../../../src/paimon/lsm/external-sorter.ts';
import { sortKeyMaker } from '../../../../src/paimon/lsm/sort-key.ts';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';

const SCHEMA = newTableSchema(
  {
    fields: [
      { id: 0, name: 'place', type: { kind: 'BIGINT', nullable: false } },
      { id: 1, name: 'value', type: { kind: 'INT', nullable: true } },
    ],
    primaryKeys: [],
    partitionKeys: [],
    options: {},
    comment: null,
  },
  0,
);
const ROWS = 20_000;

/** Sorts rows with few different values, of which some are NULL; gives what comes out and how much was written for it. */
async function sorted(
  bytesMax: number,
): Promise<{ readonly rows: readonly (readonly [number, number])[]; readonly runs: number }> {
  const random = seededRandom(3);
  const spill = new MemoryFileStore(systemClock);
  let runs = 0;
  const openWrite = spill.openWrite.bind(spill);
  spill.openWrite = (path) => {
    runs++;
    return openWrite(path);
  };
  const sorter = new ExternalSorter({
    schema: SCHEMA,
    keysOf: sortKeyMaker(SCHEMA.fields, [1], 'order'),
    spill,
    bytesMax,
  });
  for (let from = 0; from < ROWS; from += 100) {
    const places = Array.from({ length: 100 }, (_, row) => BigInt(from + row));
    const values = places.map(() => (random.unit() < 0.1 ? null : Math.floor(random.unit() * 50)));
    const columns = [vectorOf(SCHEMA.fields[0].type, places), vectorOf(SCHEMA.fields[1].type, values)];
    await sorter.add({ rowCount: 100, columns });
  }
  const rows: [number, number][] = [];
  for await (const batch of sorter.sorted()) rows.push(...pairsOf(batch));
  expect(await spill.list('runs')).toEqual([]);
  return { rows, runs };
}

function pairsOf({ rowCount, columns: [places, values] }: ColumnBatch): [number, number][] {
  if (places.kind !== 'i64' || values.kind !== 'i32') throw new Error('other columns');
  return Array.from({ length: rowCount }, (_, row) => {
    const isNull = values.validity !== null && values.validity[row] !== 0;
    return [isNull ? -1 : values.values[row], Number(bigIntAt(places, row))];
  });
}

describe('a sorter', () => {
  it.each([
    ['in memory', 2 ** 30, 0, 0],
    ['in a few runs', 30_000, 5, 32],
    ['in more runs than are merged at once', 1, 200, 250],
  ])('%s', async (...[, bytesMax, runsMin, runsMax]) => {
    const { rows, runs } = await sorted(bytesMax);
    expect(rows).toHaveLength(ROWS);
    // NULL first; equal values in the order in which they came.
    expect(rows).toEqual(rows.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
    expect(new Set(rows.map(([, place]) => place)).size).toBe(ROWS);
    expect(runs).toBeGreaterThanOrEqual(runsMin);
    expect(runs).toBeLessThanOrEqual(runsMax);
  });
});
