// Flush alone: 1,000,000 changes of 400,000 keys to level-0 files on a local disk, in the calling thread. Prints JSON.
// Run: node bench/flush.ts [rows a flush] [buckets]
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../src/base/random.ts';
import { BytesBuilder, Int32Builder, Int64Builder } from '../src/column/builder.ts';
import { type Vector, vectorSizeBytes } from '../src/column/vector.ts';
import { runFlush } from '../src/paimon/lsm/flush.ts';
import type { WriteBatch } from '../src/paimon/lsm/write-batch.ts';
import type { DataField, DataType } from '../src/paimon/schema/data-type.ts';
import { newTableSchema } from '../src/paimon/schema/new-schema.ts';
import { LocalFileStore } from '../src/storage/local/local-file-store.ts';

const ROWS = 1_000_000;
const KEYS = 400_000;
const BATCH_ROWS = 10_000;
const REPEATS = 5;
const STATUSES = ['new', 'paid', 'packed', 'shipped', 'returned', 'closed'].map((word) =>
  new TextEncoder().encode(word),
);

const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
const COLUMNS: readonly (readonly [string, DataType])[] = [
  ['id', { kind: 'BIGINT', nullable: false }],
  ['customer_id', { kind: 'INT', nullable: true }],
  ['amount', { kind: 'DECIMAL', precision: 18, scale: 2, nullable: true }],
  ['status', STRING],
  ['created_at', { kind: 'TIMESTAMP', precision: 6, nullable: true }],
  ['note', STRING],
];
const fields: readonly DataField[] = COLUMNS.map(([name, type], id) => ({ id, name, type }));
const schema = newTableSchema(
  { fields, partitionKeys: [], primaryKeys: ['id'], options: { bucket: process.argv[3] ?? '1' }, comment: null },
  0,
);

const random = seededRandom(7);
const words = Array.from({ length: 4096 }, () => random.uuid().slice(0, 3 + Math.floor(random.unit() * 8)));

function note(): Uint8Array {
  let text = '';
  while (text.length < 100) text += `${words[Math.floor(random.unit() * words.length)]} `;
  return new TextEncoder().encode(text);
}

function batch(): WriteBatch {
  const id = new Int64Builder();
  const customer = new Int32Builder();
  const amount = new Int64Builder();
  const status = new BytesBuilder();
  const created = new Int64Builder();
  const notes = new BytesBuilder();
  for (let row = 0; row < BATCH_ROWS; row++) {
    for (const builder of [id, customer, amount, status, created, notes]) builder.reserve(row);
    id.setNumber(row, 5e9 + Math.floor(random.unit() * KEYS));
    customer.values[row] = Math.floor(random.unit() * 50_000);
    amount.setNumber(row, Math.floor(random.unit() * 1e7));
    const state = STATUSES[Math.floor(random.unit() * STATUSES.length)];
    status.append(state, 0, state.length);
    status.endRow(row);
    created.setNumber(row, 1.7e15 + Math.floor(random.unit() * 1e12));
    const bytes = note();
    notes.append(bytes, 0, bytes.length);
    notes.endRow(row);
  }
  const columns: Vector[] = [id, customer, amount, status, created, notes].map((builder) => builder.finish(BATCH_ROWS));
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), BATCH_ROWS);
  const kinds = new Uint8Array(BATCH_ROWS);
  return { rowCount: BATCH_ROWS, columns, kinds, beforeImages: false, hasMissing: false, sizeBytes };
}

const rowsPerFlush = Number(process.argv[2] ?? 250_000);
const batches = Array.from({ length: ROWS / BATCH_ROWS }, batch);
const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
const store = new LocalFileStore(directory);
const rates: number[] = [];
let bytesWritten = 0;
let rowsWritten = 0;
for (let repeat = 0; repeat < REPEATS; repeat++) {
  bytesWritten = 0;
  rowsWritten = 0;
  let firstSequence = 0n;
  const before = process.cpuUsage();
  for (let from = 0; from < batches.length; from += rowsPerFlush / BATCH_ROWS) {
    const part = batches.slice(from, from + rowsPerFlush / BATCH_ROWS);
    const inputs = { batches: part, firstSequence, completesChanges: false, liveFiles: [], deletionVectors: new Map() };
    const request = { ...inputs, tablePath: 'db.db/t', schema, creationTimeMs: 0 };
    const result = await runFlush({ ...request, fileUuid: random.uuid() }, store);
    firstSequence = result.nextSequence;
    for (const { file } of result.added) {
      bytesWritten += file.fileSize;
      rowsWritten += file.rowCount;
    }
  }
  const used = process.cpuUsage(before);
  rates.push(Math.round(ROWS / ((used.user + used.system) / 1e6)));
}
rmSync(directory, { recursive: true });
const figures = {
  bench: 'flush',
  node: process.version,
  cpu: cpus()[0].model,
  load: Number(loadavg()[0].toFixed(1)),
  rows: ROWS,
  keys: KEYS,
  rowsPerFlush,
  rowsPerCpuSecond: { median: rates.toSorted((a, b) => a - b)[Math.floor(REPEATS / 2)], all: rates },
  rowsWritten,
  bytesWritten,
  peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
