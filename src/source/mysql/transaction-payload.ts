// MySQL's compressed transactions: all events of one in one, as a zstd stream.
import { zstdDecompressSync } from 'node:zlib';
import { TributaryError } from '../../base/errors.ts';

const END_OF_FIELDS = 0;
const PAYLOAD_SIZE = 1;
const COMPRESSION = 2;
const ZSTD = 0;
const NONE = 255;

/** The events in the body `bytes[start … end)`, one after the other and without checksums. Throws E2033. */
export function readPayload(bytes: Buffer, start: number, end: number): Buffer {
  let at = start;
  const packed = (): number => {
    const first = bytes[at++];
    if (first < 0xfb) return first;
    const width = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
    const value = bytes.readUIntLE(at, Math.min(width, 6));
    at += width;
    return value;
  };
  let compression = ZSTD;
  let size = -1;
  for (let field = packed(); field !== END_OF_FIELDS; field = packed()) {
    const next = packed() + at;
    if (field === PAYLOAD_SIZE) size = packed();
    if (field === COMPRESSION) compression = packed();
    at = next;
    if (at >= end) break;
  }
  const payload = bytes.subarray(at, end);
  if (size !== payload.length) throw new TributaryError('E2033', 'compressed transaction is not whole');
  if (compression === NONE) return payload;
  if (compression !== ZSTD) {
    throw new TributaryError('E2033', `compressed transaction of an unknown kind: kind=${compression}`);
  }
  try {
    return zstdDecompressSync(payload);
  } catch (error) {
    throw new TributaryError('E2033', 'compressed transaction cannot be read', { cause: error });
  }
}
