// The header of an event of the binary log, and the kinds of events.
import { crc32 } from 'node:zlib';
import { TributaryError } from '../../base/errors.ts';

/** Kinds of events; those from 160 on are MariaDB's. */
export const EVENT = {
  query: 2,
  stop: 3,
  rotate: 4,
  intVar: 5,
  rand: 13,
  userVar: 14,
  formatDescription: 15,
  xid: 16,
  tableMap: 19,
  writeRowsV1: 23,
  updateRowsV1: 24,
  deleteRowsV1: 25,
  incident: 26,
  heartbeat: 27,
  ignorable: 28,
  rowsQuery: 29,
  writeRows: 30,
  updateRows: 31,
  deleteRows: 32,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  transactionContext: 36,
  viewChange: 37,
  xaPrepare: 38,
  partialUpdateRows: 39,
  transactionPayload: 40,
  heartbeatV2: 41,
  annotateRows: 160,
  binlogCheckpoint: 161,
  mariadbGtid: 162,
  gtidList: 163,
  startEncryption: 164,
  queryCompressed: 165,
  writeRowsCompressedV1: 166,
  updateRowsCompressedV1: 167,
  deleteRowsCompressedV1: 168,
  writeRowsCompressed: 169,
  updateRowsCompressed: 170,
  deleteRowsCompressed: 171,
} as const;

/** Bytes of the header. */
export const HEADER_SIZE = 19;
const CHECKSUM_SIZE = 4;

/** What a header says. */
export interface EventHeader {
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly type: number;
  /** Bytes of the event, header and checksum included. */
  readonly size: number;
  /** Where the event ends in its file; 0 for made-up ones. */
  readonly logPosition: number;
  /** Readers that do not know the event may leave it out. */
  readonly ignorable: boolean;
}

/** Reads the header at `start`. */
export function readHeader(bytes: Buffer, start: number): EventHeader {
  return {
    timestamp: bytes.readUInt32LE(start),
    type: bytes[start + 4],
    size: bytes.readUInt32LE(start + 9),
    logPosition: bytes.readUInt32LE(start + 13),
    ignorable: (bytes.readUInt16LE(start + 17) & 0x80) !== 0,
  };
}

/** Where the body of `bytes[start … end)` ends before its checksum. Throws E2036 where that does not fit. */
export function verifyChecksum(bytes: Buffer, start: number, end: number): number {
  const bodyEnd = end - CHECKSUM_SIZE;
  const known = bytes.readUInt32LE(bodyEnd);
  // The flag of a file in use is not part of the sum.
  const sum = crc32(bytes.subarray(start, bodyEnd));
  if (sum !== known) {
    const { type, logPosition } = readHeader(bytes, start);
    throw new TributaryError('E2036', `event of the log is damaged: type=${type} end=${logPosition}`);
  }
  return bodyEnd;
}
