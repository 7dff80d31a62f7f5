// The codecs of the chunks that streams and metadata of ORC files are written in. Source: ORC specification v1,
// "Compression".
import { constants, deflateRawSync, zstdCompressSync } from 'node:zlib';
import { compressLz4 } from '../parquet/lz4-compress.ts';
import { compressSnappy } from '../parquet/snappy-compress.ts';
import type { CODEC } from './orc-format.ts';

/** What `file.compression` and `orc.compress` may say, in capitals or not. */
export type OrcCodec = keyof typeof CODEC;

/** How chunks are compressed. */
export interface ChunkCompression {
  readonly codec: OrcCodec;
  /** Level of zstd. */
  readonly level: number;
  /** Bytes of a chunk before compression, below 2^23. */
  readonly blockSize: number;
}

/** Compresses the bytes of one chunk. The result may share memory with the input. */
export function compressChunk({ codec, level }: ChunkCompression, chunk: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return chunk;
    case 'zlib':
      return deflateRawSync(chunk, { chunkSize: compressBound(chunk.length) });
    case 'snappy':
      return compressSnappy(chunk);
    case 'lz4':
      return compressLz4(chunk);
    case 'zstd':
      // One output chunk that surely fits: Node's default of 16 KiB would be filled and joined many times.
      return zstdCompressSync(chunk, {
        chunkSize: compressBound(chunk.length),
        params: { [constants.ZSTD_c_compressionLevel]: level },
      });
  }
}

function compressBound(sizeBytes: number): number {
  return sizeBytes + (sizeBytes >> 7) + 256;
}
