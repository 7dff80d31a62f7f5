// Planning of scans and commits by the number of a table's files: 1,000, 10,000 and 100,000 of them in partitions of
// 16 buckets with 25 files each, written as manifests alone, a partition a commit. Prints JSON, times in milliseconds of
// the processor: the median of some plans after a first one, and what the first took (`cold`).
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { seededRandom } from '../src/base/random.ts';
import { FileSystemCatalog } from '../src/paimon/catalog/file-system-catalog.ts';
import { encodeCells } from '../src/paimon/format/binary-row.ts';
import type { Cell } from '../src/paimon/format/cell.ts';
import type { Condition } from '../src/paimon/format/condition.ts';
import type { DataFileMeta } from '../src/paimon/meta/data-file-meta.ts';
import { FILE_ADD, type ManifestEntry } from '../src/paimon/meta/manifest-entry.ts';
import { simpleStats } from '../src/paimon/meta/stats.ts';
import { type DataType, MAX_LENGTH } from '../src/paimon/schema/data-type.ts';
import { Table } from '../src/paimon/table.ts';
import { LocalFileStore } from '../src/storage/local/local-file-store.ts';

const SIZES = (process.argv[2] ?? '1000,10000,100000').split(',').map(Number);
const ROUNDS = 7;
const BUCKETS = 16;
const FILES_A_BUCKET = 25;
const ROWS_A_FILE = 1000;
const KEY: DataType = { kind: 'BIGINT', nullable: false };
const DAY: DataType = { kind: 'DATE', nullable: false };
const TYPES: Readonly<Record<string, DataType>> = {
  day: DAY,
  id: KEY,
  customer: { kind: 'INT', nullable: true },
  amount: { kind: 'DECIMAL', precision: 12, scale: 2, nullable: true },
  status: { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true },
  updated: { kind: 'TIMESTAMP', precision: 6, nullable: true },
};

const random = seededRandom(1);

/** Time of the processor since the start: machines that are busy say little by the clock. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A file of the highest level that holds `ROWS_A_FILE` keys; `amount` grows with every file of the table. */
function fileOf(day: number, bucket: number, index: number): ManifestEntry {
  const [first, last] = [index * ROWS_A_FILE, (index + 1) * ROWS_A_FILE - 1].map((id) => BigInt(id));
  const order = BigInt((day * BUCKETS + bucket) * FILES_A_BUCKET + index);
  const bounds = (min: Cell, max: Cell) => ({ min, max, nullCount: 0n });
  const file: DataFileMeta = {
    fileName: `data-${random.uuid()}-0.parquet`,
    fileSize: 30_000_000 + index,
    rowCount: ROWS_A_FILE,
    minKey: encodeCells([KEY], [first]),
    maxKey: encodeCells([KEY], [last]),
    keyStats: simpleStats([KEY], [bounds(first, last)]),
    valueStats: simpleStats(Object.values(TYPES), [
      bounds(day, day),
      bounds(first, last),
      bounds(Math.floor(random.unit() * 100), 50_000),
      bounds(order * 100n, order * 100n + 99n),
      bounds(Buffer.from('done'), Buffer.from('sent')),
      bounds(order * 1_000_000n, order * 1_000_000n + 999_999n),
    ]),
    minSequenceNumber: order,
    maxSequenceNumber: order + 999n,
    schemaId: 0,
    level: 5,
    extraFiles: [],
    creationTimeMs: Number(order),
    deleteRowCount: 0,
    embeddedFileIndex: null,
    fileSource: 1,
    valueStatsCols: null,
    externalPath: null,
    firstRowId: null,
    writeCols: null,
  };
  return { kind: FILE_ADD, partition: encodeCells([DAY], [day]), bucket, totalBuckets: BUCKETS, file };
}

interface WrittenTable {
  readonly table: Table;
  readonly commitMs: { readonly median: number; readonly max: number };
}

async function writeTable(warehouse: string, fileCount: number): Promise<WrittenTable> {
  const store = new LocalFileStore(warehouse);
  const place = { database: 'bench', table: `files_${fileCount}` };
  const fields = Object.entries(TYPES).map(([name, type], id) => ({ id, name, type }));
  const options = { bucket: String(BUCKETS) };
  const definition = { fields, primaryKeys: ['day', 'id'], partitionKeys: ['day'], options, comment: null };
  await new FileSystemCatalog(store).createTable(place, definition, 0);
  const table = await Table.open(store, place);
  const committer = await table.committer({ clock: systemClock, random });
  const times: number[] = [];
  for (let day = 0; day * BUCKETS * FILES_A_BUCKET < fileCount; day++) {
    const added: ManifestEntry[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      for (let index = 0; index < FILES_A_BUCKET; index++) added.push(fileOf(day, bucket, index));
    }
    const by = { commitUser: 'bench', commitIdentifier: BigInt(day + 1) };
    const start = cpuMs();
    await committer.commit({ kind: 'COMPACT', added, deleted: [], changelog: [], ...by });
    times.push(cpuMs() - start);
  }
  return { table, commitMs: { median: median(times), max: round(Math.max(...times)) } };
}

function queries(fileCount: number): Readonly<Record<string, readonly Condition[]>> {
  const day = Math.floor(fileCount / BUCKETS / FILES_A_BUCKET / 2);
  const order = BigInt(fileCount) / 2n;
  return {
    all: [],
    'one partition': [{ column: 'day', operator: '=', literal: day }],
    'one key': [{ column: 'id', operator: '=', literal: 12_345n }],
    'one key of a partition': [
      { column: 'day', operator: '=', literal: day },
      { column: 'id', operator: '=', literal: 12_345n },
    ],
    'a hundredth by value': [
      { column: 'amount', operator: 'between', low: order * 100n, high: (order + BigInt(fileCount) / 100n) * 100n },
    ],
  };
}

async function measure(table: Table, where: readonly Condition[]) {
  const times: number[] = [];
  let files = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const start = cpuMs();
    const { splits } = await table.plan({ where });
    times.push(cpuMs() - start);
    files = splits.reduce((sum, split) => sum + split.files.length, 0);
  }
  return { files, coldMs: round(times[0]), ms: median(times.slice(1)) };
}

async function benchTable(warehouse: string, fileCount: number) {
  const { table, commitMs } = await writeTable(warehouse, fileCount);
  const plans: Record<string, unknown> = {};
  for (const [name, where] of Object.entries(queries(fileCount))) plans[name] = await measure(table, where);
  const start = cpuMs();
  const committer = await table.committer({ clock: systemClock, random });
  const openMs = round(cpuMs() - start);
  const added = [fileOf(100_000, 0, 0)];
  const by = { commitUser: 'bench-2', commitIdentifier: 1n };
  const before = cpuMs();
  await committer.commit({ kind: 'COMPACT', added, deleted: [], changelog: [], ...by });
  const commit = { openMs, firstMs: round(cpuMs() - before), ...commitMs };
  return { plans, commit, peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) };
}

function median(times: readonly number[]): number {
  return round(times.toSorted((a, b) => a - b)[times.length >> 1]);
}

function round(ms: number): number {
  return Number(ms.toPrecision(3));
}

const warehouse = mkdtempSync(join(tmpdir(), 'bench-plan-'));
try {
  const tables: Record<string, unknown> = {};
  for (const size of SIZES) tables[size] = await benchTable(warehouse, size);
  const machine = { node: process.version, cpus: `${cpus().length} × ${cpus()[0].model}`, arch: arch() };
  process.stdout.write(`${JSON.stringify({ bench: 'plan', ...machine, tables }, null, 1)}\n`);
} finally {
  rmSync(warehouse, { recursive: true, force: true });
}
