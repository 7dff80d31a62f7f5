// The file indexes that the reference wrote tell of every file's rows what a look at the rows tells.
import { describe, expect, it } from 'vitest';
import { cellAt, compareCells, type Cell } from '../../src/paimon/format/cell.ts';
import type { ColumnCondition, Literal } from '../../src/paimon/format/condition.ts';
import { indexBytes, rowsByIndex } from '../../src/paimon/format/file-index/file-index.ts';
import type { RowSet } from '../../src/paimon/format/file-index/row-set.ts';
import { readDataFile } from '../../src/paimon/lsm/data-file-reader.ts';
import { FileIndexPlan } from '../../src/paimon/lsm/file-index-builder.ts';
import type { DataFileMeta } from '../../src/paimon/meta/data-file-meta.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { golden, goldenNames } from '../support/golden.ts';

/** What an index type answers exactly; it answers nothing else. */
const EXACT: Readonly<Record<string, RegExp>> = {
  bitmap: /^(=|!=|in|not in|is null|is not null)$/,
  bsi: /^(=|!=|<|<=|>|>=|in|not in|between|not between|is null|is not null)$/,
  'range-bitmap': /^(=|!=|<|<=|>|>=|in|not in|between|not between|is null|is not null|like)$/,
  'bloom-filter': /^$/,
};

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function conditionsOf(column: string, literals: readonly Literal[]): readonly ColumnCondition[] {
  const [low, high] = literals;
  const comparisons = (['=', '!=', '<', '<=', '>', '>='] as const).flatMap((operator) =>
    literals.map((literal) => ({ column, operator, literal })),
  );
  return [
    ...comparisons,
    { column, operator: 'in', literals },
    { column, operator: 'not in', literals },
    { column, operator: 'between', low, high },
    { column, operator: 'not between', low, high },
    { column, operator: 'is null' },
    { column, operator: 'is not null' },
  ];
}

const INTEGERS = conditionsOf('a', [40, 250, -5, 0, 499, 700, 2147483647]);
const TEXTS = [
  ...conditionsOf('s', ['s10', 's4', 's7', '', 't', 's'].map(text)),
  { column: 's', operator: 'like', pattern: 's1%' } as const,
  { column: 's', operator: 'like', pattern: 'x%' } as const,
];

function isMet(condition: ColumnCondition, value: Cell): boolean {
  if (value === null) return condition.operator === 'is null';
  const compared = (literal: Cell): number => compareCells(value, literal);
  switch (condition.operator) {
    case 'is null':
      return false;
    case 'is not null':
      return true;
    case 'in':
    case 'not in':
      return condition.literals.some((literal) => compared(literal) === 0) === (condition.operator === 'in');
    case 'between':
    case 'not between': {
      const isBetween = compared(condition.low) >= 0 && compared(condition.high) <= 0;
      return isBetween === (condition.operator === 'between');
    }
    case 'like':
    case 'not like': {
      const starts = Buffer.from(value as Uint8Array)
        .toString()
        .startsWith(condition.pattern.slice(0, -1));
      return starts === (condition.operator === 'like');
    }
    default: {
      const order = compared(condition.literal);
      const signs = { '=': [0], '!=': [-1, 1], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] } as const;
      return signs[condition.operator].some((sign) => sign === Math.sign(order));
    }
  }
}

/** The rows of a file, a list of cells each. */
async function rowsOf(table: Table, file: DataFileMeta): Promise<readonly (readonly Cell[])[]> {
  const { fields } = table.schema;
  const rows: Cell[][] = [];
  const request = { path: `${table.path}/bucket-0/${file.fileName}`, file, fileSchema: table.schema, fields };
  for await (const batch of readDataFile(table.store, request)) {
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(fields.map(({ type }, index) => cellAt(type, batch.columns[index], row)));
    }
  }
  return rows;
}

/** An index of the reference with the rows it is of. */
interface Indexed {
  readonly rows: readonly (readonly Cell[])[];
  readonly placeOf: (column: string) => number;
  readonly select: (condition: ColumnCondition) => Promise<RowSet | null>;
}

/** The indexes that a compaction of the file's own rows writes, by our builder. */
async function writtenAgain(table: Table, file: DataFileMeta): Promise<Uint8Array | null> {
  const { fields } = table.schema;
  const builder = new FileIndexPlan(table.schema, table.schema.fields).open();
  const request = { path: `${table.path}/bucket-0/${file.fileName}`, file, fileSchema: table.schema, fields };
  for await (const batch of readDataFile(table.store, request)) {
    builder?.add(batch.columns, { order: null, from: 0, to: batch.rowCount });
  }
  return builder?.finish() ?? null;
}

async function indexedFiles(name: string): Promise<readonly Indexed[]> {
  const table = await Table.open(new LocalFileStore(golden(name).warehouse), { database: 'db', table: 't' });
  const { fields } = table.schema;
  const typeOf = (column: string) => fields.find((field) => field.name === column)?.type;
  const placeOf = (column: string) => fields.findIndex((field) => field.name === column);
  const files = (await table.plan()).splits.flatMap((split) => split.files);
  return Promise.all(
    files.map(async (file) => {
      const path = `${table.path}/bucket-0/${file.extraFiles[0]}`;
      const index = indexBytes(file.fileName, file.embeddedFileIndex ?? (await table.store.read(path)));
      const indexed = { rowCount: file.rowCount, typeOf };
      return {
        rows: await rowsOf(table, file),
        placeOf,
        select: (condition) => rowsByIndex(index, [condition], indexed),
      };
    }),
  );
}

describe.each(goldenNames().filter((name) => name.startsWith('index-')))('%s', (name) => {
  const kind = name.replace(/^index-/, '').replace(/-(embedded|file)$/, '');

  it('tells of rows what a look at them tells', async () => {
    const files = await indexedFiles(name);
    let told = 0;
    for (const { rows, placeOf, select } of files) {
      for (const condition of [...INTEGERS, ...TEXTS]) {
        const selected = await select(condition);
        const expected = rows.flatMap((row, at) => (isMet(condition, row[placeOf(condition.column)]) ? [at] : []));
        if (selected === null) continue;
        told++;
        const isExact = EXACT[kind].test(condition.operator);
        expect([selected.rows(), expected]).toEqual(isExact ? [expected, expected] : [[], []]);
      }
    }
    expect(files).toHaveLength(2);
    expect(told).toBeGreaterThan(10);
  });

  it('is written as the reference writes it, byte for byte', async () => {
    const table = await Table.open(new LocalFileStore(golden(name).warehouse), { database: 'db', table: 't' });
    for (const file of (await table.plan()).splits.flatMap((split) => split.files)) {
      const stored = file.embeddedFileIndex ?? (await table.store.read(`${table.path}/bucket-0/${file.extraFiles[0]}`));
      const written = await writtenAgain(table, file);
      expect(Buffer.from(written ?? []).equals(stored)).toBe(true);
    }
  });

  it('finds every value that is there', async () => {
    for (const { rows, placeOf, select } of await indexedFiles(name)) {
      for (const [at, row] of rows.entries()) {
        for (const column of ['a', 's']) {
          const value = row[placeOf(column)];
          const condition = { column, operator: '=', literal: value as Literal } as const;
          expect((await select(value === null ? { column, operator: 'is null' } : condition))?.has(at) ?? true).toBe(
            true,
          );
        }
      }
    }
  });
});
