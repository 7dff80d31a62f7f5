// Any split of any changes into sorted runs and batches merges to what a map of the last change of each key holds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytesBuilder, Int32Builder, Int64Builder } from '../../src/column/builder.ts';
import { DELETE, INSERT } from '../../src/column/row-kind.ts';
import { takeVector } from '../../src/column/take.ts';
import {
  bigIntAt,
  bytesAt,
  type Int64Vector,
  NULL,
  PRESENT,
  validityAt,
  type Vector,
} from '../../src/column/vector.ts';
import type { KeyValueBatch, KeyValueLayout, PickedColumns } from '../../src/paimon/lsm/key-values.ts';
import { type LateLayout, lateLayout } from '../../src/paimon/lsm/late-columns.ts';
import { deduplicate } from '../../src/paimon/lsm/merge/deduplicate.ts';
import { mergeRuns } from '../../src/paimon/lsm/merge-reader.ts';
import type { DataField, DataType } from '../../src/paimon/schema/data-type.ts';

const PROPERTY_RUNS = Number(process.env['PROPERTY_SECONDS'] ?? 2) * 100;

/** One change: a key of two columns, a value, an optional sequence field, and its place in the log. */
interface Change {
  readonly number: bigint;
  readonly text: string;
  readonly value: number;
  readonly version: number | null;
  readonly kind: number;
  readonly run: number;
  readonly sequence: bigint;
}

const INT_TYPE: DataType = { kind: 'INT', nullable: true };
const FIELDS: readonly DataField[] = [
  { id: 0, name: 'value', type: INT_TYPE },
  { id: 1, name: 'number', type: { kind: 'BIGINT', nullable: false } },
  { id: 2, name: 'text', type: { kind: 'VARCHAR', length: 100, nullable: false } },
  { id: 3, name: 'version', type: INT_TYPE },
];

const changeArbitrary = fc.record({
  // Neighbours that only differ beyond the precision of a double, and signs.
  number: fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 62n + 1n, -(2n ** 62n) - 1n),
  text: fc.constantFrom('', 'a', 'ab', 'prefixes', 'prefixes-', 'prefixez', 'é', '\u{1f600}'),
  value: fc.integer(),
  version: fc.option(fc.integer({ min: -2, max: 2 })),
  kind: fc.constantFrom(INSERT, INSERT, DELETE),
  run: fc.nat({ max: 6 }),
});

function compareKeys(a: Change, b: Change): number {
  if (a.number !== b.number) return a.number < b.number ? -1 : 1;
  return Buffer.compare(Buffer.from(a.text), Buffer.from(b.text));
}

function batchOf(changes: readonly Change[]): KeyValueBatch {
  const value = new Int32Builder();
  const number = new Int64Builder();
  const text = new BytesBuilder();
  const version = new Int32Builder();
  const sequence = new Int64Builder();
  changes.forEach((change, row) => {
    for (const builder of [value, number, text, version, sequence]) builder.reserve(row);
    value.values[row] = change.value;
    number.setBigInt(row, change.number);
    const bytes = Buffer.from(change.text);
    text.append(bytes, 0, bytes.length);
    text.endRow(row);
    if (change.version === null) version.setAbsent(row, NULL);
    else version.values[row] = change.version;
    sequence.setBigInt(row, change.sequence);
  });
  const columns = [value, number, text, version].map((builder) => builder.finish(changes.length));
  return {
    rowCount: changes.length,
    columns,
    sequence: sequence.finish(changes.length) as Int64Vector,
    kinds: Uint8Array.from(changes, (change) => change.kind),
  };
}

async function* runOf(changes: readonly Change[], batchRows: number): AsyncGenerator<KeyValueBatch> {
  for (let from = 0; from < changes.length; from += batchRows) yield batchOf(changes.slice(from, from + batchRows));
}

/** The run with the columns that decide nothing as late ones, which are picked forwards only. */
async function* lateRun(run: AsyncIterable<KeyValueBatch>, late: LateLayout): AsyncGenerator<KeyValueBatch> {
  for await (const batch of run) {
    const columnsOf = (fields: readonly DataField[]): Vector[] =>
      fields.map((field) => batch.columns[FIELDS.indexOf(field)]);
    const columns = columnsOf(late.fields);
    let next = 0;
    const pick = async (rows: Uint32Array): Promise<PickedColumns> => {
      for (const row of rows) {
        expect(row).toBeGreaterThanOrEqual(next);
        next = row + 1;
      }
      return { columns: columns.map((column) => takeVector(column, rows)), rows: Uint32Array.from(rows.keys()) };
    };
    yield { ...batch, columns: columnsOf(late.heads.fields), late: { pick } };
  }
}

/** Runs in key order with each key once, as flushes make them: within a run the winner of the key stays. */
function runsOf(changes: readonly Change[], beats: (a: Change, b: Change) => boolean): Change[][] {
  const runs = new Map<number, Map<string, Change>>();
  for (const change of changes) {
    const run = runs.get(change.run) ?? new Map<string, Change>();
    const key = `${change.number}/${change.text}`;
    const present = run.get(key);
    if (present === undefined || beats(change, present)) run.set(key, change);
    runs.set(change.run, run);
  }
  return [...runs.values()].map((run) => [...run.values()].sort(compareKeys));
}

function rowsOf(batch: KeyValueBatch): string[] {
  const [value, number, text, version] = batch.columns as [Vector, Vector, Vector, Vector];
  return Array.from({ length: batch.rowCount }, (_, row) => {
    if (value.kind !== 'i32' || number.kind !== 'i64' || text.kind !== 'bytes' || version.kind !== 'i32') return 'kind';
    const seen = validityAt(version, row) === PRESENT ? version.values[row] : null;
    const words = [bigIntAt(number, row), Buffer.from(bytesAt(text, row)).toString(), value.values[row], seen];
    return [...words, batch.kinds[row], bigIntAt(batch.sequence, row)].join('|');
  });
}

function rowOf(change: Change): string {
  const { number, text, value, version, kind, sequence } = change;
  return [number, text, value, version, kind, sequence].join('|');
}

describe('mergeRuns with deduplicate', () => {
  it.each([
    { name: 'by arrival', useVersion: false, descending: false },
    { name: 'by a sequence field', useVersion: true, descending: false },
    { name: 'by a descending sequence field', useVersion: true, descending: true },
  ])('$name: equals the last change of each key', async ({ useVersion, descending }) => {
    const rank = (change: Change): number => {
      if (!useVersion) return 0;
      if (change.version === null) return Number.NEGATIVE_INFINITY;
      return descending ? -change.version : change.version;
    };
    const beats = (a: Change, b: Change): boolean =>
      rank(a) === rank(b) ? a.sequence > b.sequence : rank(a) > rank(b);
    const property = fc.asyncProperty(
      fc.array(changeArbitrary, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 12 }),
      fc.record({
        dropRetracts: fc.boolean(),
        isLate: fc.boolean(),
        // One key column, whose numbers may tell the whole key; two of them.
        keyIndexes: fc.constantFrom([1], [1, 2]),
        // Numbers that a double holds, and others.
        firstSequence: fc.constantFrom(0n, 2n ** 60n),
      }),
      async (drawn, batchRows, windowRows, { dropRetracts, isLate, keyIndexes, firstSequence }) => {
        const layout: KeyValueLayout = {
          fields: FIELDS,
          keyIndexes,
          sequenceIndexes: useVersion ? [3] : [],
          sequenceDescending: descending,
        };
        const changes = drawn.map((change, index) => ({
          ...change,
          text: keyIndexes.length === 1 ? '' : change.text,
          sequence: firstSequence + BigInt(index) * (firstSequence === 0n ? 2n ** 31n : 1n),
        }));
        const late = isLate ? lateLayout(layout) : null;
        const runs = runsOf(changes, beats)
          .map((run) => runOf(run, batchRows))
          .map((run) => (late === null ? run : lateRun(run, late)));
        const merge = deduplicate({ ignoreDelete: false, dropRetracts });
        const seen: string[] = [];
        for await (const batch of mergeRuns(runs, { layout: late?.heads ?? layout, late, merge, windowRows })) {
          expect(batch.rowCount).toBeGreaterThan(0);
          seen.push(...rowsOf(batch));
        }
        const winners = runsOf(
          changes.map((change) => ({ ...change, run: 0 })),
          beats,
        ).flat();
        expect(seen).toEqual(winners.filter((change) => !dropRetracts || change.kind === INSERT).map(rowOf));
      },
    );
    await fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
});
