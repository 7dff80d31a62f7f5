// What the lake has of a time before a copy in place (docs/design/0003-first-copies.md): keys of rows that neither the
// copy nor the log has written since, to be looked for in the source.
import type { ChangeBatch } from '../change/change-batch.ts';
import { type RowKey, rowKeyAt, rowKeyText } from '../change/row-key.ts';
import type { SourceTable } from '../change/source-table.ts';
import { valueShape } from '../change/value-type.ts';
import { DELETE } from '../column/row-kind.ts';
import { takeVector } from '../column/take.ts';
import { bigIntAt, type Vector, vectorSizeBytes } from '../column/vector.ts';
import type { LakeTable } from '../mapping/lake-table.ts';
import { mergeFunctionOf } from '../paimon/lsm/merge/merge-engine.ts';
import { tableLayout } from '../paimon/lsm/key-value-file.ts';
import type { KeyValueBatch } from '../paimon/lsm/key-values.ts';
import { bucketReader, mergeLiveFiles } from '../paimon/scan/read.ts';
import { Table } from '../paimon/table.ts';
import { nullVector } from './placed-columns.ts';
import type { FileStore } from '../storage/file-store.ts';

/** So many keys are looked for at once. */
const KEYS_MAX = 1000;

/** Keys of rows of the lake. */
export interface StaleKeys {
  /** The values of the key columns, in key order. */
  readonly columns: readonly Vector[];
  readonly keys: readonly RowKey[];
}

/** The keys of the rows in the newest snapshot whose sequence number is not greater than `upTo`, a thousand at a time. */
export async function* staleKeys(store: FileStore, lake: LakeTable, upTo: bigint): AsyncGenerator<StaleKeys> {
  const table = await Table.open(store, lake);
  const { keyIndexes, fields } = tableLayout(table.schema);
  const plan = await table.plan({ columns: keyIndexes.map((index) => fields[index].name) });
  const layout = {
    fields: plan.fields,
    keyIndexes: plan.fields.map((_, index) => index),
    sequenceIndexes: [],
    sequenceDescending: false,
  };
  const merge = mergeFunctionOf(plan.schema, { layout, dropRetracts: true });
  for (const split of plan.splits) {
    if (split.files.every((file) => file.minSequenceNumber > upTo)) continue;
    const source = { store, tablePath: table.path, schemas: table.schemas };
    const reader = await bucketReader(source, plan.schema, { split, layout });
    for await (const batch of mergeLiveFiles(reader, split, merge)) yield* staleOf(batch, upTo);
  }
}

function* staleOf({ rowCount, columns, sequence }: KeyValueBatch, upTo: bigint): Generator<StaleKeys> {
  const rows: number[] = [];
  for (let row = 0; row < rowCount; row++) if (bigIntAt(sequence, row) <= upTo) rows.push(row);
  for (let from = 0; from < rows.length; from += KEYS_MAX) {
    const page = Uint32Array.from(rows.slice(from, from + KEYS_MAX));
    const taken = columns.map((column) => takeVector(column, page));
    const places = columns.map((_, index) => index);
    yield { columns: taken, keys: Array.from(page, (_, index) => rowKeyAt(taken, places, index)) };
  }
}

/** Deletes of those keys that are not among `present`, texts of keys as `rowKeyText` makes them; null if all are. */
export function deletesOf(
  source: SourceTable,
  { columns, keys }: StaleKeys,
  present: ReadonlySet<string>,
): ChangeBatch | null {
  const rows = Uint32Array.from(keys.flatMap((key, row) => (present.has(rowKeyText(key)) ? [] : [row])));
  if (rows.length === 0) return null;
  const all = source.columns.map((column, index) => {
    const place = source.keyColumns.indexOf(index);
    if (place >= 0) return takeVector(columns[place], rows);
    return nullVector(valueShape(column.type), rows.length);
  });
  return {
    table: source.key,
    rowCount: rows.length,
    columns: all,
    kinds: new Uint8Array(rows.length).fill(DELETE),
    beforeImages: false,
    hasMissing: false,
    sizeBytes: all.reduce((sum, column) => sum + vectorSizeBytes(column), rows.length),
  };
}
