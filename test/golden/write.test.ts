// The first commit of every golden case, written by our writer from the same rows: the manifest entries say of our files
// what the reference's say of its own, byte for byte where bytes are stored.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { parseJson } from '../../src/base/json-text.ts';
import { seededRandom } from '../../src/base/random.ts';
import { builderFor } from '../../src/column/builder.ts';
import { vectorSizeBytes } from '../../src/column/vector.ts';
import { EMPTY_ROW } from '../../src/paimon/format/binary-row.ts';
import { createRowReader } from '../../src/paimon/format/row-json.ts';
import { LiveFiles } from '../../src/paimon/lsm/live-files.ts';
import { TableWriter } from '../../src/paimon/lsm/table-writer.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import type { WriteBatch } from '../../src/paimon/lsm/write-batch.ts';
import type { SimpleStats } from '../../src/paimon/meta/data-file-meta.ts';
import type { ManifestEntry } from '../../src/paimon/meta/manifest-entry.ts';
import { shapeOf } from '../../src/paimon/schema/data-type.ts';
import type { TableSchema } from '../../src/paimon/schema/table-schema.ts';
import { parseTableSchema } from '../../src/paimon/schema/table-schema-json.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { type GoldenCase, golden, goldenNames, type GoldenRow } from '../support/golden.ts';

const KINDS = ['+I', '-U', '+U', '-D'];

function batchOf(schema: TableSchema, path: string): WriteBatch {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const builders = schema.fields.map((field) => builderFor(shapeOf(field.type)));
  const read = createRowReader(schema.fields, { unknownColumns: 'ignore' });
  const kinds = new Uint8Array(lines.length);
  for (const [row, line] of lines.entries()) {
    const { kind, row: values } = parseJson(line) as { readonly kind?: string; readonly row: never };
    kinds[row] = KINDS.indexOf(kind ?? '+I');
    read(values, builders, row);
  }
  const columns = builders.map((builder) => builder.finish(lines.length));
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), lines.length);
  return { rowCount: lines.length, columns, kinds, beforeImages: true, hasMissing: false, sizeBytes };
}

/** The case's first write step: its rows. */
function firstRows(golden: GoldenCase): string | null {
  const args = golden.steps[1]?.args ?? [];
  const at = args.indexOf('--rows');
  return args[0] === 'write' && at > 0 ? join(golden.directory, args[at + 1]) : null;
}

function schemaOf(golden: GoldenCase): TableSchema {
  return parseTableSchema(readFileSync(join(golden.tableDirectory, 'schema', 'schema-0'), 'utf8'));
}

async function write(schema: TableSchema, batch: WriteBatch): Promise<readonly ManifestEntry[]> {
  const clock = new EagerClock();
  const store = new MemoryFileStore(clock);
  const writer = TableWriter.open({
    store,
    tablePath: 'db.db/t',
    schema,
    liveFiles: new LiveFiles(),
    runner: new InlineRunner(store),
    random: seededRandom(1),
    clock,
  });
  writer.write(batch);
  return (await writer.prepareCommit())?.added ?? [];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function statsOf({ minValues, maxValues, nullCounts }: SimpleStats): GoldenRow {
  return {
    minHex: hex(minValues),
    maxHex: hex(maxValues),
    nulls: (nullCounts ?? []).map((count) => (count === null ? null : String(count))),
  };
}

/** What does not depend on the bytes of the file, the clock or the writer's own counting. */
function ours({ partition, bucket, totalBuckets, file }: ManifestEntry): GoldenRow {
  const isKeyed = file.minKey.length > EMPTY_ROW.length;
  return {
    partition: hex(partition),
    bucket,
    totalBuckets,
    rows: file.rowCount,
    level: file.level,
    deleteRowCount: file.deleteRowCount,
    minKey: hex(file.minKey),
    maxKey: hex(file.maxKey),
    keyStats: isKeyed ? statsOf(file.keyStats) : null,
    valueStats: statsOf(file.valueStats),
    valueStatsCols: file.valueStatsCols === null ? null : [...file.valueStatsCols],
  };
}

function theirs(entry: GoldenRow): GoldenRow {
  const pick = (stats: GoldenRow | undefined): GoldenRow | null =>
    stats === undefined ? null : { minHex: stats['minHex'], maxHex: stats['maxHex'], nulls: stats['nulls'] };
  const { partition, bucket, totalBuckets, rows, level, deleteRowCount, minKey, maxKey } = entry;
  return {
    partition,
    bucket,
    totalBuckets,
    rows,
    level,
    deleteRowCount,
    minKey,
    maxKey,
    keyStats: pick(entry['keyStats'] as GoldenRow | undefined),
    valueStats: pick(entry['valueStats'] as GoldenRow),
    valueStatsCols: entry['valueStatsCols'] ?? null,
  };
}

/** The data files that the reference's first snapshot added; none where it has expired or that commit had no rows. */
function firstDelta(golden: GoldenCase): readonly GoldenRow[] {
  const answer = golden.expected('dump.ndjson');
  if (answer.kind === 'error') throw new Error(answer.error);
  let isFirst = false;
  const entries: GoldenRow[] = [];
  for (const line of answer.rows) {
    if (line['snapshot'] !== undefined) isFirst = line['snapshot'] === 1 && line['list'] === 'delta';
    else if (isFirst && line['kind'] === 'ADD') entries.push(line);
  }
  return entries;
}

const place = (entry: GoldenRow): string => JSON.stringify([entry['partition'], entry['bucket']]);

const byPlace = (a: GoldenRow, b: GoldenRow): number => (place(a) < place(b) ? -1 : 1);

/** Cases of tables that our writer refuses for an option: another issue's work. */
function isWritable(schema: TableSchema): boolean {
  try {
    const store = new MemoryFileStore(new EagerClock());
    const parts = { store, schema, liveFiles: new LiveFiles(), runner: new InlineRunner(store) };
    TableWriter.open({ ...parts, tablePath: 't', random: seededRandom(1), clock: new EagerClock() });
    return true;
  } catch (error) {
    if (isTributaryError(error, 'E3301', 'E3360')) return false;
    throw error;
  }
}

const cases = goldenNames().filter((name) => {
  const opened = golden(name);
  const path = firstRows(opened);
  if (path === null || !opened.expectedNames.includes('dump.ndjson')) return false;
  return readFileSync(path).length > 0 && firstDelta(opened).length > 0 && isWritable(schemaOf(opened));
});

describe('the manifest entries of the first commit', () => {
  test('are compared for most cases', () => expect(cases.length).toBeGreaterThan(45));

  test.each(cases)('%s', async (name) => {
    const opened = golden(name);
    const schema = schemaOf(opened);
    const entries = await write(schema, batchOf(schema, firstRows(opened) as string));
    expect(entries.map(ours).toSorted(byPlace)).toEqual(firstDelta(opened).map(theirs).toSorted(byPlace));
  });
});
