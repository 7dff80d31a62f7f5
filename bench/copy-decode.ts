// Decodes the text form of COPY from memory into column batches: rows per CPU second of the decoder alone.
// Run: node bench/copy-decode.ts
import { CopyDecoder } from '../src/source/postgres/copy-decoder.ts';
import { numericModifier, OID, testTable } from '../test/support/pgoutput-table.ts';

const ROWS = 200_000;
const ROUNDS = 7;
const HEADER_BYTES = 5;
const table = testTable('orders', [
  { name: 'id', typeOid: OID.int8 },
  { name: 'customer_id', typeOid: OID.int4 },
  { name: 'amount', typeOid: OID.numeric, modifier: numericModifier(18, 2) },
  { name: 'status', typeOid: OID.text },
  { name: 'created_at', typeOid: OID.timestamp },
  { name: 'note', typeOid: OID.text },
]);
const note = 'the quick brown fox jumps over the lazy dog and goes on to the river where it drinks some water';

/** Chunks of a socket with whole messages, a row each. */
function chunks(): { readonly bytes: Buffer; readonly ends: readonly number[] }[] {
  const made: { bytes: Buffer; ends: number[] }[] = [];
  let rows: Buffer[] = [];
  let ends: number[] = [];
  let size = 0;
  for (let row = 0; row < ROWS; row++) {
    const micros = String(row).padStart(6, '0');
    const line = `${row}\t${row % 5000}\t${row % 10_000}.${10 + (row % 90)}\tdelivered\t2024-03-11 12:22:31.${micros}\t${note}\n`;
    rows.push(Buffer.from(`d....${line}`));
    size += HEADER_BYTES + line.length;
    ends.push(size);
    if (size < 65_000 && row < ROWS - 1) continue;
    made.push({ bytes: Buffer.concat(rows), ends });
    rows = [];
    ends = [];
    size = 0;
  }
  return made;
}

const input = chunks();
const rates: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const decoder = new CopyDecoder(table, '0/1');
  const before = process.cpuUsage();
  for (const { bytes, ends } of input) {
    let start = 0;
    for (const end of ends) {
      decoder.push(bytes, start + HEADER_BYTES, end);
      decoder.take(false);
      start = end;
    }
  }
  const used = process.cpuUsage(before);
  rates.push(Math.round(ROWS / ((used.user + used.system) / 1e6)));
}
process.stdout.write(
  `${JSON.stringify({ bench: 'copy-decode', node: process.version, rows: ROWS, rowsPerCpuSecond: rates })}\n`,
);
