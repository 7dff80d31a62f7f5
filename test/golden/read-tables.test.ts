// Every snapshot, tag, branch, filter and changelog of the golden tables reads as the reference reads it.
import { describe, expect, it } from 'vitest';
import { TributaryError } from '../../src/base/errors.ts';
import { filterConditions } from '../../src/cli/table/filter.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { ReadOptions } from '../../src/paimon/scan/scan.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type GoldenAnswer, type GoldenCase, type GoldenRow, golden, goldenNames } from '../support/golden.ts';

function openTable(found: GoldenCase, branch?: string): Promise<Table> {
  const name = { database: 'db', table: 't' };
  return Table.open(new LocalFileStore(found.warehouse), branch === undefined ? name : { ...name, branch });
}

/** The rows as JSON texts, sorted: the order of buckets and partitions is free. */
async function readRows(table: Table, options: ReadOptions): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const batch of table.read(options)) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++)
      rows.push(canonical(JSON.parse(print(batch.columns, row)) as GoldenRow));
  }
  return rows.sort();
}

function canonical(row: unknown): string {
  return JSON.stringify(row);
}

/** What stands for an answer that is an error. */
const REFUSAL = 'refused';

function expectedRows(answer: GoldenAnswer): readonly string[] | typeof REFUSAL {
  return answer.kind === 'error' ? REFUSAL : answer.rows.map(canonical).sort();
}

/** The rows, or that the read was refused with a coded error. */
async function outcomeOf<Rows>(reading: Promise<Rows>): Promise<Rows | typeof REFUSAL> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof TributaryError) return REFUSAL;
    throw error;
  }
}

function pointOf(file: string): { readonly options: ReadOptions; readonly branch?: string } | null {
  const [, kind, name] = /^read-(snapshot|tag|branch)-(.+)\.ndjson$/.exec(file) ?? [];
  if (kind === 'snapshot') return { options: { at: { kind, id: BigInt(String(name)) as never } } };
  if (kind === 'tag') return { options: { at: { kind, name: String(name) } } };
  return kind === 'branch' ? { options: {}, branch: String(name) } : null;
}

describe('reads', () => {
  it.each(goldenNames())('%s', async (name) => {
    const found = golden(name);
    const seen: unknown[] = [];
    const expected: unknown[] = [];
    for (const file of found.expectedNames) {
      const point = pointOf(file);
      if (point === null) continue;
      const rows = await outcomeOf(readRows(await openTable(found, point.branch), point.options));
      seen.push({ file, rows });
      expected.push({ file, rows: expectedRows(found.expected(file)) });
    }
    expect(seen).toEqual(expected);
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe('counts', () => {
  it.each(goldenNames())('%s', async (name) => {
    const found = golden(name);
    const table = await openTable(found);
    const latest = found.latest();
    const counted = await outcomeOf(table.count());
    expect(counted).toBe(latest.kind === 'error' ? REFUSAL : latest.rows.length);
    const [first] = table.schema.fields;
    const isNull = await outcomeOf(table.count({ where: [{ column: first.name, operator: 'is null' }] }));
    const notNull = await outcomeOf(table.count({ where: [{ column: first.name, operator: 'is not null' }] }));
    expect(isNull === REFUSAL || notNull === REFUSAL ? REFUSAL : isNull + notNull).toBe(counted);
    expect(await outcomeOf(table.count({ limit: 1 }))).toBe(counted === REFUSAL ? REFUSAL : Math.min(1, counted));
  });
});

describe('filters', () => {
  const filtered = goldenNames().flatMap((name) => {
    const steps = golden(name).steps.filter(({ args, out }) => out !== undefined && args.includes('--filter'));
    return steps.map((step) => ({ name, file: String(step.out), args: step.args }));
  });

  it.each(filtered)('$name: $file', async ({ name, file, args }) => {
    const found = golden(name);
    const table = await openTable(found);
    const where = filterConditions(args.slice(args.indexOf('--filter') + 1), table.schema.fields);
    expect(await readRows(table, { where })).toEqual(expectedRows(found.expected(file.replace('expected/', ''))));
  });
});

/** The changes of all snapshots as the reference prints them, in our order. */
async function readAllChanges(table: Table, after: bigint): Promise<readonly string[]> {
  const rows: string[] = [];
  const latest = await table.latestSnapshot();
  if (latest === null) return rows;
  for await (const batch of table.changes({ after, upTo: latest.id })) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) {
      const kind = rowKindText(batch.kinds[row]);
      rows.push(
        canonical({
          snapshot: Number(batch.snapshotId),
          kind,
          row: JSON.parse(print(batch.columns, row)) as GoldenRow,
        }),
      );
    }
  }
  return rows;
}

/** Sorted by snapshot and key: the order of keys is free, that of the changes of one key is not. */
function byKey(changes: readonly string[], table: Table): readonly string[] {
  const { primaryKeys } = table.schema;
  const keyOf = (text: string): string => {
    const { snapshot, row } = JSON.parse(text) as { snapshot: number; row: GoldenRow };
    const key = primaryKeys.length === 0 ? row : primaryKeys.map((name) => row[name]);
    return canonical([String(snapshot).padStart(9), key]);
  };
  const keyed = changes.map((text) => ({ text, key: keyOf(text) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ text }) => text);
}

describe('changelogs', () => {
  it.each(goldenNames())('%s', async (name) => {
    const found = golden(name);
    const answer = found.expected('changelog.ndjson');
    const table = await openTable(found);
    const earliest = await table.earliestChanges();
    const seen = await outcomeOf(readAllChanges(table, (earliest ?? 1n) - 1n));
    const expected = answer.kind === 'error' ? REFUSAL : byKey(answer.rows.map(canonical), table);
    expect(seen === REFUSAL ? seen : byKey(seen, table)).toEqual(expected);
  });
});
