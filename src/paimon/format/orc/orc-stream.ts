// Streams of a stripe: bytes in chunks that are decompressed one at a time. Source: ORC specification v1, "Compression".
import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { decompressLz4Raw, decompressSnappy } from 'hyparquet-compressors';
import type { BytesBuilder } from '../../../column/builder.ts';
import { corrupt, unsupported } from '../file-fault.ts';
import { CODEC, type OrcCompression } from './orc-format.ts';

const HEADER_SIZE = 3;
/** Bytes that a stream which is read as a whole may unpack to: so many, and so many more for each that is stored. */
const REST_MIN = 1024 * 1024;
const REST_RATIO = 4096;
const REST_MAX = 0x3fffffff;
const NOTHING = new Uint8Array(0);

/** A stream, read in order. Throws faults of `E3200` and `E3201`, and what the codec throws at damaged bytes. */
export class OrcStream {
  private readonly stored: Uint8Array;
  private readonly compression: OrcCompression;
  private storedAt = 0;
  private bytes: Uint8Array = NOTHING;
  private at = 0;

  constructor(stored: Uint8Array, compression: OrcCompression) {
    this.compression = compression;
    this.stored = stored;
    if (compression.codec !== CODEC.none) return;
    this.bytes = stored;
    this.storedAt = stored.length;
  }

  /** The next byte. */
  byte(): number {
    while (this.at === this.bytes.length) this.nextChunk();
    return this.bytes[this.at++];
  }

  /** Fills the target. */
  read(target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const part = this.part(target.length - done);
      target.set(part, done);
      done += part.length;
    }
  }

  /** Appends bytes to the row being built. */
  appendTo(builder: BytesBuilder, count: number): void {
    for (let left = count; left > 0; ) {
      while (this.at === this.bytes.length) this.nextChunk();
      const size = Math.min(left, this.bytes.length - this.at);
      builder.append(this.bytes, this.at, this.at + size);
      this.at += size;
      left -= size;
    }
  }

  /** All that is left; a fault where few bytes unpack to very many. */
  rest(): Uint8Array {
    const sizeMax = Math.min(REST_MAX, REST_MIN + REST_RATIO * this.stored.length);
    const parts: Uint8Array[] = [];
    let size = 0;
    while (this.at < this.bytes.length || this.storedAt < this.stored.length) {
      const part = this.part(sizeMax);
      parts.push(part);
      size += part.length;
      if (size > sizeMax) throw corrupt('a stream is too large');
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  /** The next bytes, at most `sizeMax` of them and at least one. */
  private part(sizeMax: number): Uint8Array {
    while (this.at === this.bytes.length) this.nextChunk();
    const part = this.bytes.subarray(this.at, this.at + sizeMax);
    this.at += part.length;
    return part;
  }

  private nextChunk(): void {
    const { stored, storedAt } = this;
    const { blockSize, codec } = this.compression;
    const left = stored.length - storedAt - HEADER_SIZE;
    if (left < 0) throw corrupt('a stream ends before its values');
    const header = stored[storedAt] | (stored[storedAt + 1] << 8) | (stored[storedAt + 2] << 16);
    const size = header >> 1;
    if (size > left) throw corrupt('a chunk ends behind its stream');
    const start = storedAt + HEADER_SIZE;
    const chunk = stored.subarray(start, start + size);
    this.storedAt = start + size;
    this.at = 0;
    this.bytes = (header & 1) === 1 ? chunk : decompressChunk(codec, chunk, blockSize);
    if (this.bytes.length > blockSize) throw corrupt('a chunk is larger than the file says');
  }
}

function decompressChunk(codec: number, chunk: Uint8Array, sizeMax: number): Uint8Array {
  switch (codec) {
    case CODEC.zlib:
      return inflateRawSync(chunk, { maxOutputLength: sizeMax });
    case CODEC.snappy:
      return decoded(chunk, snappySize(chunk), { sizeMax, decode: decompressSnappy });
    case CODEC.lz4:
      return decoded(chunk, lz4Size(chunk), { sizeMax, decode: decompressLz4Raw });
    case CODEC.zstd:
      return zstdDecompressSync(chunk, { maxOutputLength: sizeMax });
    default:
      throw unsupported(`codec of an ORC file: codec=${codec}`);
  }
}

interface BlockCodec {
  readonly sizeMax: number;
  readonly decode: (chunk: Uint8Array, size: number) => Uint8Array;
}

/** These decoders throw plain errors, and only for bytes that are not theirs. */
function decoded(chunk: Uint8Array, size: number, { sizeMax, decode }: BlockCodec): Uint8Array {
  if (size > sizeMax) throw corrupt('a chunk is larger than the file says');
  let bytes: Uint8Array;
  try {
    bytes = decode(chunk, size);
  } catch (error) {
    throw corrupt(`a chunk cannot be decoded: ${error instanceof Error ? error.message : 'unknown reason'}`);
  }
  if (bytes.length !== size) throw corrupt('a chunk has another size than it says');
  return bytes;
}

/** Snappy's raw format begins with the size as a varint. */
function snappySize(chunk: Uint8Array): number {
  let size = 0;
  for (let at = 0; at < 5 && at < chunk.length; at++) {
    size += (chunk[at] & 127) * 128 ** at;
    if (chunk[at] < 128) return size;
  }
  throw corrupt('a Snappy chunk has no size');
}

/** LZ4's block format does not say its size: the sum of its literals and matches. */
function lz4Size(chunk: Uint8Array): number {
  let size = 0;
  let at = 0;
  const lengthAt = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      do length += chunk[at] ?? 0;
      while (chunk[at++] === 255);
    }
    return length;
  };
  while (at < chunk.length) {
    const token = chunk[at++];
    const literals = lengthAt(token >> 4);
    at += literals;
    size += literals;
    // The last sequence is literals only.
    if (at >= chunk.length) break;
    at += 2;
    size += lengthAt(token & 15) + 4;
  }
  return size;
}
