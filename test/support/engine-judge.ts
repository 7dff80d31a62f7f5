// Whether an engine reads a table as we do, or as its known limits say.
import { isTributaryError } from '../../src/base/errors.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { ReadBatch } from '../../src/paimon/scan/scan.ts';
import type { DataField } from '../../src/paimon/schema/data-type.ts';
import { comparableRows } from './comparable-rows.ts';
import type { EngineLimit } from './engine-limits.ts';
import type { GoldenRow } from './golden.ts';
import { Refused } from './line-process.ts';

/** Rows with the columns that they have. */
export interface TypedRows {
  readonly fields: readonly DataField[];
  readonly rows: readonly GoldenRow[];
}

/** What came of a read: rows in the form of `comparableRows`, or why it was refused. */
export type Seen = readonly string[] | { readonly refused: string };

/** Our own rows, with `fields` where there is no batch. */
export async function typedRows(batches: AsyncIterable<ReadBatch>, fields: readonly DataField[]): Promise<TypedRows> {
  const rows: GoldenRow[] = [];
  let columns = fields;
  for await (const batch of batches) {
    columns = batch.fields;
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return { fields: columns, rows };
}

/** What a read of ours or of an engine gave. */
export async function seen(read: Promise<TypedRows>): Promise<Seen> {
  try {
    const { fields, rows } = await read;
    return comparableRows(fields, rows);
  } catch (error) {
    if (error instanceof Refused || isTributaryError(error)) return { refused: error.message };
    throw error;
  }
}

/** What is wrong with what an engine read; empty if nothing is. What we refuse it must refuse; a limit must be seen. */
export function problemsOf(what: string, ours: Seen, theirs: Seen, limit: EngineLimit | null): readonly string[] {
  if (limit === null) return difference(what, ours, theirs);
  if (limit.seen instanceof RegExp) {
    if (!('refused' in theirs)) return [`${what}: is read, though a limit says that it is refused`];
    return limit.seen.test(theirs.refused) ? [] : [`${what}: refused otherwise: ${theirs.refused}`];
  }
  if (!('refused' in ours) && !('refused' in theirs) && isSame(ours, theirs))
    return [`${what}: its limit was not seen`];
  if (limit.seen === 'other rows' || 'refused' in ours) return [];
  return difference(what, [...limit.seen(ours)].sort(), theirs);
}

/** The first row in which two reads differ. */
export function difference(what: string, wanted: Seen, found: Seen): readonly string[] {
  if ('refused' in wanted || 'refused' in found) {
    const [left, right] = [wanted, found].map((side) => ('refused' in side ? side.refused : `${side.length} rows`));
    return 'refused' in wanted && 'refused' in found ? [] : [`${what}: wanted ${left}, found ${right}`];
  }
  if (isSame(wanted, found)) return [];
  const at = Array.from({ length: Math.max(wanted.length, found.length) }).findIndex(
    (_, index) => wanted[index] !== found[index],
  );
  return [`${what}: ${wanted.length} rows, found ${found.length}: wanted ${wanted[at]}, found ${found[at]}`];
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((row, index) => row === other[index]);
}
