// The Parquet files that the reference wrote: all of them are read, their rows are the rows that the reference reads,
// written again they keep their values, and the bounds we find are the bounds in the reference's manifests.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ColumnBatch } from '../../src/column/vector.ts';
import { type Cell, cellAt } from '../../src/paimon/format/cell.ts';
import type { ColumnCondition, Literal } from '../../src/paimon/format/condition.ts';
import { bytesSource, openParquet, type ParquetFile } from '../../src/paimon/format/parquet/parquet-reader.ts';
import { parquetSchema } from '../../src/paimon/format/parquet/parquet-schema.ts';
import type { FileSummary } from '../../src/paimon/format/data-file.ts';
import { createParquetWriter } from '../../src/paimon/format/parquet/parquet-writer.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { FileStats } from '../../src/paimon/lsm/file-stats.ts';
import { FileColumns } from '../../src/paimon/lsm/key-value-file.ts';
import type { DataField } from '../../src/paimon/schema/data-type.ts';
import type { TableSchema } from '../../src/paimon/schema/table-schema.ts';
import { parseTableSchema } from '../../src/paimon/schema/table-schema-json.ts';
import { canonicalRows, type GoldenCase, type GoldenRow, golden, goldenNames } from '../support/golden.ts';

/** One ADD entry of the decoded manifests. */
interface FileEntry {
  readonly kind: 'ADD' | 'DELETE';
  readonly file: string;
  readonly rows: number;
  readonly schemaId: number;
  readonly deleteRowCount: number;
  readonly valueStatsCols?: readonly string[];
  readonly valueStats: { readonly minHex: string; readonly maxHex: string; readonly nulls: readonly (string | null)[] };
}

/** Cases whose first snapshot is one level-0 file a bucket, so that its files hold the rows that it reads as. */
const READ_AS_WRITTEN = [
  'append-bucketed',
  'append-unaware',
  'big-strings',
  'key-boolean',
  'key-bytes',
  'key-date',
  'key-string',
  'key-timestamp3',
  'key-timestamp6-ltz',
  'key-tinyint',
  'parquet-gzip',
  'parquet-none',
  'parquet-row-groups',
  'parquet-snappy',
  'parquet-zstd',
  'types-float-special',
  'types-key-mix',
  'types-nested-parquet',
  'types-primitive-parquet',
  'wide-70-columns',
];

const ADD = 0;
const UPDATE_AFTER = 2;

describe('rows', () => {
  test.each(READ_AS_WRITTEN)('%s: the first snapshot', async (name) => {
    const found = golden(name);
    const rows: GoldenRow[] = [];
    for (const entry of entriesOf(found, 1)) rows.push(...(await addedRows(found, entry)));
    const answer = found.expected('read-snapshot-1.ndjson');
    expect(canonicalRows(rows)).toEqual(answer.kind === 'rows' ? canonicalRows(answer.rows) : answer);
  });
});

describe('files', () => {
  test.each(parquetCases())('%s', async (name) => {
    const found = golden(name);
    const entries = new Map(entriesOf(found).map((entry) => [entry.file, entry]));
    let checked = 0;
    let leftOut = 0;
    for (const path of parquetFiles(found)) {
      const entry = entries.get(path.slice(path.lastIndexOf('/') + 1));
      if (entry === undefined) continue;
      const schema = schemaOf(found, entry.schemaId);
      const fields = new FileColumns(schema).fields;
      const file = await openFile(path);
      expect(file.rowCount).toBe(entry.rows);
      expect(file.metadata.schema).toEqual(parquetSchema(fields));
      const batches = await readAll(file, fields);
      const { bytes, summary } = await writeAgain(fields, batches);
      const again = await readAll(await openParquet(bytesSource(path, bytes)), fields);
      expect(printed(fields, again)).toEqual(printed(fields, batches));
      checkStatistics(schema, entry, summary);
      leftOut += await checkPruning(file, fields, batches);
      checked++;
    }
    expect(checked).toBeGreaterThan(0);
    // Its files have several pages a row group; in most cases a row group is one page, of a few rows.
    expect(leftOut).toBeGreaterThanOrEqual(name === 'parquet-row-groups' ? 1 : 0);
  });
});

/**
 * Wants the values that the middle row of each row group has: that row is found, and what is read with it is what stands
 * there. Gives how many rows were left out by the reference's statistics of pages.
 */
async function checkPruning(
  file: ParquetFile,
  fields: readonly DataField[],
  batches: readonly ColumnBatch[],
): Promise<number> {
  let leftOut = 0;
  for (const [group, batch] of batches.entries()) {
    const middle = batch.rowCount >> 1;
    const where = fields.flatMap(({ name, type }, index) =>
      conditionOf(name, cellAt(type, batch.columns[index], middle)),
    );
    const rows = await file.rowsThatMayMeet(group, { where, columns: fields });
    expect(rows.some(({ from, to }) => from <= middle && middle < to)).toBe(true);
    const print = createRowPrinter(fields);
    const reader = file.openRowGroup(group, fields, rows);
    for (let read = await reader.next(100); read !== null; read = await reader.next(100)) {
      const { firstRow, rowCount, columns } = read;
      for (let row = 0; row < rowCount; row++) expect(print(columns, row)).toBe(print(batch.columns, firstRow + row));
      leftOut -= rowCount;
    }
    leftOut += batch.rowCount;
  }
  return leftOut;
}

function conditionOf(column: string, cell: Cell): readonly ColumnCondition[] {
  if (cell === null) return [{ column, operator: 'is null' }];
  return Array.isArray(cell) ? [] : [{ column, operator: '=', literal: cell as Literal }];
}

function checkStatistics(schema: TableSchema, entry: FileEntry, summary: FileSummary): void {
  const values = summary.columns.slice(summary.columns.length - schema.fields.length);
  const { stats, columns } = new FileStats(schema, { content: 'data', level: 0, isAvro: false }).valueStats(values);
  expect(columns).toEqual(entry.valueStatsCols ?? null);
  expect(Buffer.from(stats.minValues).toString('hex')).toBe(entry.valueStats.minHex);
  expect(Buffer.from(stats.maxValues).toString('hex')).toBe(entry.valueStats.maxHex);
  expect(stats.nullCounts?.map((count) => count?.toString() ?? null)).toEqual(entry.valueStats.nulls);
}

function parquetCases(): readonly string[] {
  return goldenNames().filter((name) => parquetFiles(golden(name)).length > 0);
}

function parquetFiles(found: GoldenCase): readonly string[] {
  return readdirSync(found.tableDirectory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.parquet'))
    .map((path) => join(found.tableDirectory, path))
    .sort();
}

/** Data files of the manifests: of one snapshot's own changes, or of all. */
function entriesOf(found: GoldenCase, snapshot?: number): readonly FileEntry[] {
  const answer = found.expected('dump.ndjson');
  if (answer.kind !== 'rows') return [];
  let isWanted = false;
  const entries: FileEntry[] = [];
  for (const row of answer.rows) {
    if ('snapshot' in row)
      isWanted = snapshot === undefined || (row['snapshot'] === snapshot && row['list'] === 'delta');
    else if (isWanted && row['kind'] === 'ADD' && 'valueStats' in row) {
      entries.push(JSON.parse(JSON.stringify(row)) as FileEntry);
    }
  }
  return entries;
}

function schemaOf(found: GoldenCase, schemaId: number): TableSchema {
  return parseTableSchema(readFileSync(join(found.tableDirectory, 'schema', `schema-${schemaId}`), 'utf8'));
}

async function openFile(path: string): Promise<ParquetFile> {
  return openParquet(bytesSource(path, readFileSync(path)));
}

async function readAll(file: ParquetFile, fields: readonly DataField[]): Promise<readonly ColumnBatch[]> {
  const batches: ColumnBatch[] = [];
  for (let index = 0; index < file.rowGroups.length; index++) batches.push(await file.readRowGroup(index, fields));
  return batches;
}

async function addedRows(found: GoldenCase, entry: FileEntry): Promise<readonly GoldenRow[]> {
  const schema = schemaOf(found, entry.schemaId);
  const path = parquetFiles(found).find((candidate) => candidate.endsWith(entry.file)) ?? '';
  const fields = new FileColumns(schema).fields;
  const kindIndex = fields.findIndex((field) => field.name === '_VALUE_KIND');
  const rows: GoldenRow[] = [];
  for (const batch of await readAll(await openFile(path), fields)) {
    const kinds = kindIndex < 0 ? null : batch.columns[kindIndex];
    const values = { ...batch, columns: batch.columns.slice(fields.length - schema.fields.length) };
    printed(schema.fields, [values]).forEach((row, index) => {
      const kind = kinds?.kind === 'i32' ? kinds.values[index] : ADD;
      if (kind === ADD || kind === UPDATE_AFTER) rows.push(JSON.parse(row) as GoldenRow);
    });
  }
  return rows;
}

function printed(fields: readonly DataField[], batches: readonly ColumnBatch[]): readonly string[] {
  const print = createRowPrinter(fields);
  return batches.flatMap((batch) => Array.from({ length: batch.rowCount }, (_, row) => print(batch.columns, row)));
}

async function writeAgain(
  fields: readonly DataField[],
  batches: readonly ColumnBatch[],
): Promise<{ readonly bytes: Uint8Array; readonly summary: FileSummary }> {
  const parts: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  const writer = createParquetWriter({ fields }, { write });
  for (const batch of batches) await writer.append(batch, null, 0, batch.rowCount);
  const summary = await writer.finish();
  return { bytes: Buffer.concat(parts), summary };
}
