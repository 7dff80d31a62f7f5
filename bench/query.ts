// Reads of a table whose files have to be merged: 1,000,000 rows in five overlapping runs (800,000 keys, then four times
// 50,000 random upserts), by our own reader and by SQL, with the merge done by DuckDB and by our reader. Prints JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { seededRandom } from '../src/base/random.ts';
import { builderFor } from '../src/column/builder.ts';
import { vectorSizeBytes } from '../src/column/vector.ts';
import { FileSystemCatalog } from '../src/paimon/catalog/file-system-catalog.ts';
import { LiveFiles } from '../src/paimon/lsm/live-files.ts';
import { InlineRunner } from '../src/paimon/lsm/task-runner.ts';
import type { WriteBatch } from '../src/paimon/lsm/write-batch.ts';
import { type DataType, MAX_LENGTH, shapeOf } from '../src/paimon/schema/data-type.ts';
import { Table } from '../src/paimon/table.ts';
import { openLake } from '../src/query/lake.ts';
import type { SqlSettings } from '../src/query/sql.ts';
import { LocalFileStore } from '../src/storage/local/local-file-store.ts';

const ROUNDS = 5;
const FIRST_ROWS = 800_000;
const UPSERT_ROWS = 50_000;
const UPSERT_COMMITS = 4;
const BATCH_ROWS = 50_000;
const TYPES: Readonly<Record<string, DataType>> = {
  id: { kind: 'BIGINT', nullable: false },
  customer: { kind: 'INT', nullable: true },
  amount: { kind: 'DECIMAL', precision: 12, scale: 2, nullable: true },
  status: { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true },
  note: { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true },
  updated: { kind: 'TIMESTAMP', precision: 6, nullable: true },
};
const STATUS = ['new', 'paid', 'sent', 'done'].map((text) => Buffer.from(text));

/** Orders with these ids; the values come from the seed. */
function batchOf(ids: readonly number[], seed: number): WriteBatch {
  const random = seededRandom(seed);
  const builders = Object.values(TYPES).map((type) => builderFor(shapeOf(type)));
  for (const [row, id] of ids.entries()) {
    for (const [index, builder] of builders.entries()) {
      builder.reserve(row);
      const value = Math.floor(random.unit() * 1_000_000);
      if (builder.kind === 'i64') builder.setNumber(row, index === 0 ? id : value * 1000);
      else if (builder.kind === 'i32') builder.values[row] = value % 50_000;
      else if (builder.kind === 'bytes') {
        const bytes = index === 3 ? STATUS[value % STATUS.length] : Buffer.from(`note ${value} of order ${id}`);
        builder.append(bytes, 0, bytes.length);
        builder.endRow(row);
      }
    }
  }
  const columns = builders.map((builder) => builder.finish(ids.length));
  const kinds = new Uint8Array(ids.length);
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), 0);
  return { rowCount: ids.length, columns, kinds, beforeImages: false, hasMissing: false, sizeBytes };
}

async function writeTable(warehouse: string): Promise<void> {
  const store = new LocalFileStore(warehouse);
  const random = seededRandom(1);
  const fields = Object.entries(TYPES).map(([name, type], id) => ({ id, name, type }));
  const definition = { fields, primaryKeys: ['id'], partitionKeys: [], options: { bucket: '1' }, comment: null };
  await new FileSystemCatalog(store).createTable({ database: 'bench', table: 'orders' }, definition, 0);
  const table = await Table.open(store, { database: 'bench', table: 'orders' });
  const parts = { clock: systemClock, random };
  const committer = await table.committer(parts);
  const writer = table.openWriter({ ...parts, runner: new InlineRunner(store), liveFiles: new LiveFiles() });
  for (let commit = 0; commit <= UPSERT_COMMITS; commit++) {
    const count = commit === 0 ? FIRST_ROWS : UPSERT_ROWS;
    for (let start = 0; start < count; start += BATCH_ROWS) {
      const ids = Array.from({ length: BATCH_ROWS }, (_, row) =>
        commit === 0 ? start + row : Math.floor(random.unit() * FIRST_ROWS),
      );
      writer.write(batchOf(ids, commit * 1000 + start));
    }
    const message = await writer.prepareCommit();
    if (message === null) throw new Error('nothing to commit');
    const { added, deleted, changelog } = message;
    await committer.commit({
      kind: 'APPEND',
      added,
      deleted,
      changelog,
      commitUser: 'bench',
      commitIdentifier: BigInt(commit + 1),
    });
    writer.committed(message);
  }
}

/** Milliseconds of each round. */
async function timed(action: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = systemClock.monotonicMs();
    await action();
    times.push(Math.round(systemClock.monotonicMs() - start));
  }
  return times;
}

async function readRows(warehouse: string, columns?: readonly string[]): Promise<number> {
  const lake = await openLake({ warehouse });
  const table = await lake.table('bench.orders');
  let rows = 0;
  for await (const batch of table.read(columns === undefined ? {} : { columns })) rows += batch.numRows;
  return rows;
}

async function querySql(warehouse: string, settings: SqlSettings, sql: string): Promise<string> {
  const lake = await openLake({ warehouse, sql: settings });
  const result = await lake.sql(sql);
  let text = '';
  for await (const batch of result) text += String(batch.get(0));
  await lake.close();
  return text;
}

function report(name: string, times: readonly number[]): object {
  const median = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
  const rows = FIRST_ROWS + UPSERT_COMMITS * UPSERT_ROWS;
  return {
    name,
    medianMs: median,
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    rowsPerSecond: Math.round((rows / median) * 1000),
  };
}

const SUM = 'select count(*), sum(amount) from bench.orders';
const GROUPS = 'select status, count(*), sum(amount) from bench.orders group by 1 order by 1';
/** Queries that want little of the table. */
const SELECTIVE = {
  'one key': 'select * from bench.orders where id = 400123',
  'a range of keys': 'select count(*), sum(amount) from bench.orders where id between 400000 and 401000',
  'a limit': 'from bench.orders limit 10',
} as const;

/** Each of them with what it wants pushed into the scan, and without. */
async function selectiveReports(warehouse: string): Promise<readonly object[]> {
  const reports: object[] = [];
  for (const [name, sql] of Object.entries(SELECTIVE)) {
    for (const mergeBy of ['duckdb', 'reader'] as const) {
      for (const pushDown of [true, false]) {
        const times = await timed(() => querySql(warehouse, { mergeBy, pushDown }, sql));
        reports.push(report(`sql ${name}: merged by ${mergeBy}, pushed down ${pushDown}`, times));
      }
    }
  }
  return reports;
}

const warehouse = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
try {
  await writeTable(warehouse);
  const results = [
    report('read all columns', await timed(() => readRows(warehouse))),
    report('read two columns', await timed(() => readRows(warehouse, ['id', 'amount']))),
    report('sql count, sum: merged by DuckDB', await timed(() => querySql(warehouse, {}, SUM))),
    report('sql group by: merged by DuckDB', await timed(() => querySql(warehouse, {}, GROUPS))),
    report('sql count, sum: merged by our reader', await timed(() => querySql(warehouse, { mergeBy: 'reader' }, SUM))),
    ...(await selectiveReports(warehouse)),
  ];
  const machine = { cpu: cpus()[0].model, cores: cpus().length, arch: arch(), node: process.versions.node };
  const peakRssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${JSON.stringify({ machine, storedRows: 1_000_000, peakRssMiB, results }, null, 2)}\n`);
} finally {
  rmSync(warehouse, { recursive: true, force: true });
}
