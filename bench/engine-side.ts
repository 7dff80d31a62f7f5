// Our side of the `engine` benchmark, a process of its own on the built program: writes rows of the shape that the
// reference's benchmark writes, or reads a table and touches every value.
// Run: node --import ./bench/built-hook.ts bench/engine-side.ts compacted|write-only|rows-only WAREHOUSE ROWS UPDATES EVERY,
// or read WAREHOUSE ROUNDS
import { availableParallelism } from 'node:os';
import { systemClock } from '../src/base/clock.ts';
import { seededRandom } from '../src/base/random.ts';
import { BytesBuilder, Int32Builder, Int64Builder } from '../src/column/builder.ts';
import { type Vector, vectorSizeBytes } from '../src/column/vector.ts';
import { Lake } from '../src/paimon/lake.ts';
import { bucketKey, LiveFiles } from '../src/paimon/lsm/live-files.ts';
import { createTaskRunner } from '../src/paimon/lsm/task-runner.ts';
import type { WriteBatch } from '../src/paimon/lsm/write-batch.ts';
import type { Table } from '../src/paimon/table.ts';

const TABLE = 'bench.t';
const BATCH_ROWS = 10_000;
/** What `limits.workers: auto` is for the daemon: the cores less one, at most 4. */
const THREADS = Math.max(1, Math.min(4, availableParallelism() - 1));

const random = seededRandom(1);

function below(bound: number): number {
  return Math.floor(random.unit() * bound);
}

/** Four hexadecimal digits for each number of 16 bits, as the word that they are in memory. */
const HEX_WORDS = Uint32Array.from({ length: 65_536 }, (_, bits) =>
  Buffer.from(bits.toString(16).padStart(4, '0')).readUInt32LE(),
);
const TEXT_LENGTH_MAX = 128;
const scratch = new Uint8Array(TEXT_LENGTH_MAX);
const scratchWords = new Uint32Array(scratch.buffer);

/** Random hexadecimal digits: making rows is to cost as little as it does the reference's benchmark. */
function appendText(builder: BytesBuilder, row: number, length: number): void {
  for (let at = 0; 4 * at < length; at += 2) {
    const bits = below(4294967296) | 0;
    scratchWords[at] = HEX_WORDS[bits & 65535];
    scratchWords[at + 1] = HEX_WORDS[bits >>> 16];
  }
  builder.append(scratch, 0, length);
  builder.endRow(row);
}

function columnsOf(rowCount: number, idOf: (row: number) => number): readonly Vector[] {
  const [id, c1, c2] = [new Int64Builder(), new Int32Builder(), new Int64Builder()];
  const [c3, c4, c5] = [new BytesBuilder(), new Int64Builder(), new BytesBuilder()];
  const builders = [id, c1, c2, c3, c4, c5];
  for (let row = 0; row < rowCount; row++) {
    for (const builder of builders) builder.reserve(row);
    id.setNumber(row, idOf(row));
    c1.values[row] = below(4294967296) | 0;
    c2.setNumber(row, below(1e12));
    appendText(c3, row, 32);
    c4.setNumber(row, 1.7e15 + below(1e14));
    appendText(c5, row, 90 + below(20));
  }
  return builders.map((builder) => builder.finish(rowCount));
}

function batchOf(rowCount: number, idOf: (row: number) => number): WriteBatch {
  const columns = columnsOf(rowCount, idOf);
  const kinds = new Uint8Array(rowCount);
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), rowCount);
  return { rowCount, columns, kinds, beforeImages: false, hasMissing: false, sizeBytes };
}

interface Sizes {
  readonly rows: number;
  readonly updates: number;
  readonly every: number;
}

/** The rows in order: those that are inserted, then updates of random ones of them; `isDue` where a commit is. */
function* batches({ rows, updates, every }: Sizes): Generator<{ readonly batch: WriteBatch; readonly isDue: boolean }> {
  const total = rows + updates;
  for (let at = 0; at < total; ) {
    const start = at;
    const rowCount = Math.min(BATCH_ROWS, every - (at % every), total - at);
    const batch = batchOf(rowCount, (row) => (start + row < rows ? start + row : below(rows)));
    at += rowCount;
    yield { batch, isDue: at % every === 0 || at === total };
  }
}

function createTable(warehouse: string, options: Readonly<Record<string, string>>): Promise<Table> {
  const columns = {
    id: 'BIGINT',
    c1: 'INT',
    c2: 'DECIMAL(18, 2)',
    c3: 'STRING',
    c4: 'TIMESTAMP(6)',
    c5: 'STRING',
  };
  return Lake.open(warehouse).createTable(TABLE, { columns, primaryKey: ['id'], options: { bucket: '2', ...options } });
}

/** Writes as the mirror does: rows in batches, sorted and encoded in a thread; what is due is compacted there, too. */
async function write(warehouse: string, sizes: Sizes, isCompacted: boolean): Promise<void> {
  const table = await createTable(warehouse, isCompacted ? {} : { 'write-only': 'true' });
  const parts = { clock: systemClock, random };
  const committer = await table.committer(parts);
  const runner = createTaskRunner(table.store, THREADS);
  const liveFiles = new LiveFiles(committer.liveEntries());
  const writer = table.openWriter({ ...parts, runner, liveFiles, commitUser: 'bench' });
  const compactor = await table.openCompactor(
    { ...parts, runner, liveFiles },
    { committer, commitUser: 'bench-compaction' },
  );
  let commitIdentifier = 0n;
  for (const { batch, isDue } of batches(sizes)) {
    writer.write(batch);
    if (!isDue) continue;
    const message = await writer.prepareCommit();
    if (message === null) throw new Error('nothing to commit');
    const { added, deleted, changelog, index } = message;
    const by = { commitUser: 'bench', commitIdentifier: ++commitIdentifier };
    await committer.commit({ kind: 'APPEND', added, deleted, changelog, index, ...by });
    writer.committed(message);
    const only = new Set(added.map((entry) => bucketKey(entry.partition, entry.bucket)));
    if (isCompacted) await compactor.compact({ only });
  }
  await runner.close();
}

/** Adds up something of each value of a column. */
function touched(vector: Vector): number {
  let sum = 0;
  if (vector.kind === 'bytes') for (let row = 0; row < vector.length; row++) sum += vector.bytes[vector.offsets[row]];
  else if (vector.kind === 'i32' || vector.kind === 'i64') for (const word of vector.values) sum = (sum + word) | 0;
  return sum;
}

async function read(warehouse: string, rounds: number): Promise<void> {
  const table = await Lake.open(warehouse).table(TABLE);
  for (let round = 0; round < rounds; round++) {
    const start = systemClock.monotonicMs();
    let rows = 0;
    let sum = 0;
    for await (const batch of table.read()) {
      rows += batch.rowCount;
      for (const column of batch.columns) sum += touched(column);
    }
    const ms = Math.round(systemClock.monotonicMs() - start);
    process.stdout.write(`${JSON.stringify({ round, rows, sum, ms })}\n`);
  }
}

const [verb, warehouse, ...counts] = process.argv.slice(2);
const [first, updates, every] = counts.map(Number);
const sizes = { rows: first, updates, every };
if (verb === 'read') await read(warehouse, first);
else if (verb === 'rows-only') for (const { batch } of batches(sizes)) touched(batch.columns[0]);
else await write(warehouse, sizes, verb === 'compacted');
