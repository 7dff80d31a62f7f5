// The status message that a reader of the log sends to the server.
import type { Lsn } from './lsn.ts';

const STANDBY_STATUS = 0x72;
const POSTGRES_EPOCH_MS = 946_684_800_000;

/** A status that names one position as written, flushed and applied; `reply` asks the server to answer at once. */
export function standbyStatus(position: Lsn, nowMs: number, reply: boolean): Buffer {
  const message = Buffer.alloc(34);
  message[0] = STANDBY_STATUS;
  message.writeBigUInt64BE(position, 1);
  message.writeBigUInt64BE(position, 9);
  message.writeBigUInt64BE(position, 17);
  message.writeBigInt64BE(BigInt(Math.round(nowMs) - POSTGRES_EPOCH_MS) * 1000n, 25);
  message[33] = reply ? 1 : 0;
  return message;
}
