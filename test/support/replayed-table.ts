// What came of a replayed golden case, read in the canonical form of the expected answers.
import { rowKindText } from '../../src/column/row-kind.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { ReadBatch, ReadOptions } from '../../src/paimon/scan/scan.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { canonicalRows, type GoldenRow } from './golden.ts';

/** The table of a replayed case. */
export function openReplayed(warehouse: string): Promise<Table> {
  return Table.open(new LocalFileStore(warehouse), { database: 'db', table: 't' });
}

/** The rows of a state, in canonical form. */
export function replayedRows(table: Table, options: ReadOptions = {}): Promise<readonly string[]> {
  return printedRows(table.read(options));
}

/** The rows of a system table, in canonical form. */
export function systemRows(table: Table, name: string): Promise<readonly string[]> {
  return printedRows(table.systemTable(name));
}

async function printedRows(batches: AsyncIterable<ReadBatch>): Promise<readonly string[]> {
  const rows: GoldenRow[] = [];
  for await (const batch of batches) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return canonicalRows(rows);
}

/** Kinds and rows of all changes, in the order of each key. */
export async function replayedChanges(
  table: Table,
  snapshots: { readonly after: bigint; readonly upTo: bigint },
): Promise<readonly string[]> {
  const changes: GoldenRow[] = [];
  for await (const batch of table.changes(snapshots)) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) {
      const kind = rowKindText(batch.kinds[row]);
      changes.push({ kind, row: JSON.parse(print(batch.columns, row)) as GoldenRow });
    }
  }
  return changesByKey(changes, table.schema.primaryKeys);
}

/** Changes as the reference prints them, in canonical form: by key, those of one key in their order. */
export function changesByKey(changes: readonly GoldenRow[], keys: readonly string[]): readonly string[] {
  const keyed = changes.map(({ kind, row }) => {
    const key = JSON.stringify(keys.map((name) => (row as GoldenRow)[name]));
    return { key, text: JSON.stringify([kind, canonicalRows([row as GoldenRow])]) };
  });
  return keyed.sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key)).map(({ text }) => text);
}
