// Decodes pgoutput text from memory into column batches and nothing more: rows per CPU second of the decoder alone.
// The row is that of shared measurements: bigint key, int, numeric(18,2), short text, timestamp, note of 100 characters.
import { cpus } from 'node:os';
import type { SourcePosition } from '../src/change/position.ts';
import { LogDecoder } from '../src/source/postgres/log-decoder.ts';
import { begin, commit, insert, relation } from '../test/support/pgoutput-messages.ts';
import { numericModifier, OID, testTable } from '../test/support/pgoutput-table.ts';

const ROWS = 200_000;
const ROUNDS = 7;
const ROWS_PER_TRANSACTION = 100;
const COLUMNS = [
  { name: 'id', typeOid: OID.int8, identity: true },
  { name: 'customer_id', typeOid: OID.int4 },
  { name: 'amount', typeOid: OID.numeric, modifier: numericModifier(18, 2) },
  { name: 'status', typeOid: OID.text },
  { name: 'created_at', typeOid: OID.timestamp },
  { name: 'note', typeOid: OID.text },
];
const STATUSES = ['new', 'paid', 'packed', 'shipped', 'delivered', 'returned'];

function messages(): Buffer[] {
  const note = 'the quick brown fox jumps over the lazy dog and goes on to the river where it drinks some water';
  const all: Buffer[] = [];
  for (let row = 0; row < ROWS; row++) {
    const lsn = BigInt(1000 + row);
    if (row % ROWS_PER_TRANSACTION === 0) all.push(begin(lsn));
    if (row === 0) all.push(relation(100, 'orders', COLUMNS));
    const minute = String(row % 60).padStart(2, '0');
    const day = String(1 + (Math.floor(row / 5000) % 28)).padStart(2, '0');
    const created = `2024-03-${day} 12:${minute}:31.${String(row).padStart(6, '0').slice(0, 6)}`;
    const amount = `${row % 10_000}.${String(row % 100).padStart(2, '0')}`;
    const status = STATUSES[row % STATUSES.length] ?? '';
    all.push(insert(100, [String(row), String(row % 5000), amount, status, created, `${note} ${row}`]));
    if (row % ROWS_PER_TRANSACTION === ROWS_PER_TRANSACTION - 1) all.push(commit(lsn, lsn + 50n));
  }
  return all;
}

/** The messages as the driver hands them over: slices of chunks of 64 KiB with the 25 bytes of XLogData before. */
function chunked(all: readonly Buffer[]): Buffer[] {
  const whole = Buffer.concat(all.map((message) => Buffer.concat([Buffer.alloc(25), message])));
  let at = 0;
  return all.map((message) => {
    const slice = whole.subarray(at, at + 25 + message.length);
    at += 25 + message.length;
    return slice;
  });
}

function decodeAll(chunks: readonly Buffer[]): number {
  const table = testTable('orders', COLUMNS);
  const places = new Map([[table.source.key, '0/0' as SourcePosition]]);
  const decoder = new LogDecoder({ tables: [table], places, beforeImages: new Set() });
  let rows = 0;
  const drain = (): void => {
    for (const event of decoder.events) {
      if (event.kind === 'table-failed') throw event.error;
      if (event.kind === 'changes') for (const batch of event.changes) rows += batch.rowCount;
    }
    decoder.events.length = 0;
  };
  for (const chunk of chunks) {
    decoder.message(chunk, 25);
    if (decoder.events.length > 0) drain();
  }
  decoder.flush();
  drain();
  return rows;
}

const chunks = chunked(messages());
const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
const rates: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const before = process.cpuUsage();
  const rows = decodeAll(chunks);
  const used = process.cpuUsage(before);
  if (rows !== ROWS) throw new Error(`decoded ${rows} rows of ${ROWS}`);
  rates.push(Math.round(rows / ((used.user + used.system) / 1e6)));
}
rates.sort((a, b) => a - b);
const result = {
  bench: 'decode',
  node: process.version,
  cpu: cpus()[0]?.model ?? '',
  rows: ROWS,
  bytes,
  rowsPerCpuSecond: { median: rates[Math.floor(ROUNDS / 2)], least: rates[0], best: rates[ROUNDS - 1] },
};
process.stdout.write(`${JSON.stringify(result)}\n`);
