// Measures the Parquet writer and reader on the nine columns of a primary-key table's file: JSON on standard output,
// rows per second of CPU time (the fair figure on a shared machine), the median of the rounds.
import { loadavg } from 'node:os';
import { bytesSource, openParquet } from '../src/paimon/format/parquet/parquet-reader.ts';
import { createParquetWriter } from '../src/paimon/format/parquet/parquet-writer.ts';
import { KEY_VALUE_FIELDS, keyValueRows, seeded } from './parquet-rows.ts';

const ROWS = 250_000;
const ROUNDS = 5;
const BATCH_ROWS = 8192;

const batch = keyValueRows(ROWS);

async function write(order: Uint32Array | null): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const sink = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  const writer = createParquetWriter({ fields: KEY_VALUE_FIELDS, compression: 'zstd', level: 1 }, { write: sink });
  await writer.append(batch, order, 0, ROWS);
  await writer.finish();
  return Buffer.concat(parts);
}

async function read(bytes: Uint8Array, columnCount: number): Promise<void> {
  const file = await openParquet(bytesSource('bench', bytes));
  let rows = 0;
  for (let index = 0; index < file.rowGroups.length; index++) {
    const reader = file.openRowGroup(index, KEY_VALUE_FIELDS.slice(0, columnCount));
    for (let next = await reader.next(BATCH_ROWS); next !== null; next = await reader.next(BATCH_ROWS)) {
      rows += next.rowCount;
    }
  }
  if (rows !== ROWS) throw new RangeError(`rows were lost: ${rows}`);
}

async function readRowGroups(bytes: Uint8Array): Promise<void> {
  const file = await openParquet(bytesSource('bench', bytes));
  for (let index = 0; index < file.rowGroups.length; index++) await file.readRowGroup(index, KEY_VALUE_FIELDS);
}

/** Rows per CPU second, the median of the rounds after one to warm up. */
async function rate(action: () => Promise<unknown>): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    await action();
    const { user, system } = process.cpuUsage(before);
    if (round > 0) rates.push((ROWS * 1e6) / (user + system));
  }
  rates.sort((left, right) => left - right);
  return Math.round(rates[ROUNDS >> 1]);
}

function shuffled(): Uint32Array {
  const random = seeded(7);
  const order = Uint32Array.from({ length: ROWS }, (_, row) => row);
  for (let row = ROWS - 1; row > 0; row--) {
    const other = random(row + 1);
    [order[row], order[other]] = [order[other], order[row]];
  }
  return order;
}

const order = shuffled();
const bytes = await write(null);
const result = {
  bench: 'parquet',
  node: process.version,
  rows: ROWS,
  fileBytes: bytes.length,
  writeRowsPerCpuSecond: await rate(() => write(null)),
  writeShuffledRowsPerCpuSecond: await rate(() => write(order)),
  readBatchesRowsPerCpuSecond: await rate(() => read(bytes, KEY_VALUE_FIELDS.length)),
  readRowGroupsRowsPerCpuSecond: await rate(() => readRowGroups(bytes)),
  readTwoColumnsRowsPerCpuSecond: await rate(() => read(bytes, 2)),
  peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  load: loadavg().map((load) => Math.round(load * 100) / 100),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
