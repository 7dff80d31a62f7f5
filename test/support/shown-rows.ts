// Changes as the lake's row JSON shows them, for comparisons that say which value differs.
import type { ChangeBatch } from '../../src/change/change-batch.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import { lakeType } from '../../src/mapping/lake-type.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';

/** A row after its row kind. */
export type ShownChange = readonly [string, Readonly<Record<string, unknown>>];

/** The rows of a batch. */
export function shownRows(batch: ChangeBatch, table: SourceTable): readonly ShownChange[] {
  const fields = table.columns.map(({ name, type }, id) => ({ id, name, type: lakeType(type, true) }));
  const print = createRowPrinter(fields);
  return Array.from({ length: batch.rowCount }, (_, row) => [
    rowKindText(batch.kinds[row]),
    JSON.parse(print(batch.columns, row)) as ShownChange[1],
  ]);
}

/** A line for each value; columns are named `c0`, `c1` …, after the types. */
export function valueLines(changes: readonly ShownChange[], types: readonly string[]): readonly string[] {
  return changes.flatMap(([kind, row], index) =>
    Object.entries(row).map(
      ([name, value]) =>
        `${index} ${kind} ${types[Number(name.slice(1))] ?? name}: ${JSON.stringify(value).slice(0, 200)}`,
    ),
  );
}

/** What an update of c0, an update of the key and a delete of all make of two rows, with whole old rows. */
export function updatesOf([first, second]: readonly ShownChange[1][]): readonly ShownChange[] {
  const changed = { ...first, c0: 5 };
  const moved = { ...second, id: '7' };
  return [
    ['-U', { ...first }],
    ['+U', changed],
    ['-D', { ...second }],
    ['+I', moved],
    ['-D', changed],
    ['-D', moved],
  ];
}
