// The compression codecs of Parquet pages.
import { brotliDecompressSync, constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decompressLz4, decompressLz4Raw, decompressSnappy } from 'hyparquet-compressors';
import { compressLz4 } from './lz4-compress.ts';
import { freeBytes } from '../../../base/free-bytes.ts';
import { corrupt, unsupported } from '../file-fault.ts';
import { compressSnappy } from './snappy-compress.ts';
import { frameWithSize } from './zstd-frame.ts';

/** What `file.compression` may say for Parquet; `lz4` is Parquet's LZ4_RAW. */
export type ParquetCompression = 'none' | 'snappy' | 'gzip' | 'lz4' | 'zstd';

/** The codec of pages that stand as they are: what `decompressPage` gives for others shares no memory with the page. */
export const UNCOMPRESSED = 0;

const CODECS: Readonly<Record<ParquetCompression, number>> = {
  none: UNCOMPRESSED,
  snappy: 1,
  gzip: 2,
  lz4: 7,
  zstd: 6,
};

const BROTLI = 4;
const LZ4_HADOOP = 5;
const CHUNK_MIN = 64;
const FREED_BYTES_MIN = 128 * 1024;

/** Parquet's number of a codec. */
export function codecNumber(compression: ParquetCompression): number {
  return CODECS[compression];
}

/** How a page is compressed. */
export interface PageCompression {
  readonly compression: ParquetCompression;
  /** Of zstd and gzip. */
  readonly level: number;
}

/** Compresses a page. The result may share memory with the input. */
export function compressPage(page: Uint8Array, { compression, level }: PageCompression): Uint8Array {
  switch (compression) {
    case 'none':
      return page;
    case 'snappy':
      return compressSnappy(page);
    case 'gzip':
      return gzipSync(page, { level, chunkSize: compressBound(page.length) });
    case 'lz4':
      return compressLz4(page);
    case 'zstd':
      // One output chunk that surely fits: Node's default of 16 KiB would be filled and joined many times.
      return zstdCompressSync(page, {
        chunkSize: compressBound(page.length),
        params: { [constants.ZSTD_c_compressionLevel]: level },
      });
  }
}

/**
 * Gives the memory of what `compressPage` has made of a page back at once: see `freeBytes`. Nothing may look at it any
 * more. Small results stay: they may be in a buffer that Node shares between many.
 */
export function freeCompressed(compressed: Uint8Array, page: Uint8Array): void {
  const { buffer } = compressed;
  if (!(buffer instanceof ArrayBuffer) || buffer === page.buffer || buffer.byteLength < FREED_BYTES_MIN) return;
  buffer.transfer(0);
}

function compressBound(sizeBytes: number): number {
  return sizeBytes + (sizeBytes >> 7) + 256;
}

/**
 * Decompresses a page of exactly `sizeBytes` bytes. The result may share memory with the input. Throws a fault of
 * `E3200` when the page has another size and of `E3201` for an unknown codec; other errors of the codec as they come.
 */
export function decompressPage(codec: number, page: Uint8Array, sizeBytes: number): Uint8Array {
  // Some writers store nothing at all for an empty page, whatever the codec.
  if (sizeBytes === 0 && page.length === 0) return page;
  const bytes = decompress(codec, page, sizeBytes);
  if (bytes.length !== sizeBytes) throw corrupt(`a page has another size than its header says: bytes=${sizeBytes}`);
  return bytes;
}

function decompress(codec: number, page: Uint8Array, sizeBytes: number): Uint8Array {
  switch (codec) {
    case CODECS.none:
      return page;
    case CODECS.snappy:
      return checked(() => decompressSnappy(page, sizeBytes));
    case CODECS.gzip:
      return plainBytes(gunzipSync(page, oneChunk(sizeBytes)));
    case BROTLI:
      return plainBytes(brotliDecompressSync(page, oneChunk(sizeBytes)));
    case LZ4_HADOOP:
      return checked(() => decompressLz4(page, sizeBytes));
    case CODECS.zstd:
      return decompressZstd(page, sizeBytes);
    case CODECS.lz4:
      return checked(() => decompressLz4Raw(page, sizeBytes));
    default:
      throw unsupported(`codec ${codec} is not known`);
  }
}

/** Options of Node's decoders: an output buffer that all fits, so that none is joined. */
function oneChunk(sizeBytes: number): { readonly chunkSize: number; readonly maxOutputLength: number } {
  return { chunkSize: Math.max(CHUNK_MIN, sizeBytes + 1), maxOutputLength: Math.max(1, sizeBytes) };
}

/** A `Buffer`'s subarrays cost several times those of the array that it is. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function decompressZstd(page: Uint8Array, sizeBytes: number): Uint8Array {
  const sized = frameWithSize(page, sizeBytes);
  if (sized !== null) {
    try {
      return plainBytes(zstdDecompressSync(sized, oneChunk(sizeBytes)));
    } catch {
      // Several frames, or one of another size: what is wrong with it, if anything, is found below.
    } finally {
      freeBytes(sized);
    }
  }
  return plainBytes(zstdDecompressSync(page, oneChunk(sizeBytes)));
}

/** These decoders throw plain errors, and only for bytes that are not theirs. */
function checked(decode: () => Uint8Array): Uint8Array {
  try {
    return decode();
  } catch (error) {
    throw corrupt(`a compressed page cannot be decoded: ${error instanceof Error ? error.message : 'unknown reason'}`);
  }
}
