// The event with which a transaction begins.
import type { Gtid } from './gtid.ts';

/** The beginning of a transaction. */
export interface TransactionStart {
  readonly gtid: Gtid;
  /** Commit time in milliseconds since the epoch; null where the event has none finer than its header's. */
  readonly commitTimeMs: number | null;
  /** Rows follow without a BEGIN. */
  readonly begun: boolean;
}

const COMMIT_TIME = 42;
const STANDALONE = 1;

/** MySQL's: flags, the server's UUID, the number, two numbers for parallel replicas, the commit time. */
export function readMysqlGtid(bytes: Buffer, start: number, end: number): TransactionStart {
  const hex = bytes.toString('hex', start + 1, start + 17);
  const group = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  const hasTime = end >= start + COMMIT_TIME + 7;
  // 55 bits of microseconds; the highest bit says whether the time at the first server follows.
  const low = hasTime ? bytes.readUIntLE(start + COMMIT_TIME, 6) : 0;
  const microseconds = hasTime ? low + (bytes[start + COMMIT_TIME + 6] & 0x7f) * 2 ** 48 : 0;
  return {
    gtid: { group, server: 0, number: bytes.readBigInt64LE(start + 17) },
    commitTimeMs: hasTime ? Math.floor(microseconds / 1000) : null,
    begun: false,
  };
}

/** MariaDB's: the number, the domain, flags; the server is the event's. */
export function readMariadbGtid(bytes: Buffer, start: number, server: number): TransactionStart {
  return {
    gtid: { group: String(bytes.readUInt32LE(start + 8)), server, number: bytes.readBigUInt64LE(start) },
    commitTimeMs: null,
    begun: (bytes[start + 12] & STANDALONE) === 0,
  };
}
