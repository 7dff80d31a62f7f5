// Stripes are left out by what ORC files of the reference say of them: exactly where no row can meet the condition.
import { describe, expect, it } from 'vitest';
import { type Cell, cellAt, compareCells } from '../../../../../src/paimon/format/cell.ts';
import type { ColumnCondition, Literal } from '../../../../../src/paimon/format/condition.ts';
import type { DataFile, WantedColumn } from '../../../../../src/paimon/format/data-file.ts';
import { openOrc } from '../../../../../src/paimon/format/orc/orc-reader.ts';
import { bytesSource } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import { orcFixture, ROWS_FIELDS } from '../../../../support/orc-fixtures.ts';

/** Columns of types that have bounds. */
const BOUNDED = ['id', 'a', 'b', 'c', 'p', 'sh', 's', 'u', 'd', 'd2', 'f', 'bo', 'dt'];

async function cellsOf(file: DataFile, column: WantedColumn, stripe: number): Promise<readonly Cell[]> {
  const reader = file.openRowGroup(stripe, [column]);
  const cells: Cell[] = [];
  for (let batch = await reader.next(1000); batch !== null; batch = await reader.next(1000)) {
    for (let row = 0; row < batch.rowCount; row++) cells.push(cellAt(column.type, batch.columns[0], row));
  }
  return cells;
}

async function isKept(file: DataFile, stripe: number, condition: ColumnCondition): Promise<boolean> {
  return (await file.rowsThatMayMeet(stripe, { where: [condition], columns: ROWS_FIELDS })).length > 0;
}

/** The greatest of some values. */
function greatest(values: readonly Cell[]): Literal {
  return values.reduce((most, value) => (compareCells(value, most) > 0 ? value : most)) as Literal;
}

describe.each(['none.orc', 'zlib.orc', 'zstd-new-york.orc', 'snappy-version-0.11.orc'])('%s', (name) => {
  it.each(BOUNDED)('%s', async (column) => {
    const file = await openOrc(bytesSource(name, orcFixture(name)));
    const field = ROWS_FIELDS.find((candidate) => candidate.name === column) ?? ROWS_FIELDS[0];
    expect(file.rowGroups.length).toBeGreaterThan(0);
    for (const stripe of file.rowGroups.keys()) {
      const cells = await cellsOf(file, field, stripe);
      const values = cells.filter((cell) => cell !== null && !Number.isNaN(cell));
      for (const value of values) {
        expect(await isKept(file, stripe, { column, operator: '=', literal: value as Literal })).toBe(true);
      }
      expect(await isKept(file, stripe, { column, operator: 'is null' })).toBe(cells.includes(null));
      // A NaN, of which no statistics tell, is above all numbers.
      const max = greatest(values);
      expect(await isKept(file, stripe, { column, operator: '>', literal: max })).toBe(field.type.kind === 'FLOAT');
    }
  });

  it.each(['ts', 'tz', 'arr', 'nosuch'])('%s: nothing is left out', async (column) => {
    const file = await openOrc(bytesSource(name, orcFixture(name)));
    expect(await isKept(file, 0, { column, operator: '<', literal: -(10n ** 17n) })).toBe(true);
  });
});
