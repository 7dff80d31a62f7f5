// A stream of a stripe while it is written: bytes gather and are compressed chunk by chunk. Source: ORC specification v1,
// "Compression" and "Row Group Index" (positions).
import { ByteBuffer } from '../parquet/byte-buffer.ts';
import { type ChunkCompression, compressChunk } from './chunk-compression.ts';

const HEADER_SIZE = 3;

/** Bytes in order. Those who write put them into `open` and call `settle`. */
export class OutputStream {
  /** What is not compressed yet. */
  readonly open = new ByteBuffer();
  private readonly done = new ByteBuffer();
  private readonly compression: ChunkCompression;

  constructor(compression: ChunkCompression) {
    this.compression = compression;
  }

  /** Bytes held in memory. */
  get bufferedBytes(): number {
    return this.open.size + this.done.size;
  }

  /** Compresses the chunks that are full. */
  settle(): void {
    if (this.open.size >= this.compression.blockSize && this.compression.codec !== 'none') this.compressFull();
  }

  private compressFull(): void {
    const { open } = this;
    const { blockSize } = this.compression;
    let at = 0;
    for (; open.size - at >= blockSize; at += blockSize) this.writeChunk(open.bytes.subarray(at, at + blockSize));
    open.bytes.copyWithin(0, at, open.size);
    open.size -= at;
  }

  private writeChunk(chunk: Uint8Array): void {
    const compressed = compressChunk(this.compression, chunk);
    const isSmaller = compressed.length < chunk.length;
    const stored = isSmaller ? compressed : chunk;
    const header = stored.length * 2 + (isSmaller ? 0 : 1);
    const { done } = this;
    done.room(HEADER_SIZE + stored.length);
    done.bytes[done.size++] = header;
    done.bytes[done.size++] = header >> 8;
    done.bytes[done.size++] = header >> 16;
    done.append(stored);
  }

  /** Appends where the next byte goes: of compressed streams the chunk and the byte in it, else the byte. */
  addPosition(positions: number[]): void {
    if (this.compression.codec !== 'none') positions.push(this.done.size);
    positions.push(this.open.size);
  }

  /** All bytes as they are stored: a view, valid until the next write. */
  finish(): Uint8Array {
    const { codec } = this.compression;
    if (codec === 'none') return this.open.view();
    this.settle();
    if (this.open.size > 0) this.writeChunk(this.open.view());
    this.open.clear();
    return this.done.view();
  }

  /** Starts again empty. */
  clear(): void {
    this.open.clear();
    this.done.clear();
  }
}

/** Metadata of a file, compressed as its streams are. */
export function storedBytes(bytes: Uint8Array, compression: ChunkCompression): Uint8Array {
  const stream = new OutputStream(compression);
  stream.open.append(bytes);
  return stream.finish();
}
