// The codecs of Avro containers. Source: Avro specification 1.11, "Required Codecs" and "Optional Codecs".
import { constants, crc32, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decompressSnappy } from 'hyparquet-compressors';
import { corrupt, unsupported } from '../file-fault.ts';
import { compressSnappy } from '../parquet/snappy-compress.ts';

/** The codecs of data files, by their names in the header of a container. */
export type DataCodec = 'null' | 'deflate' | 'snappy' | 'zstandard';

/** Bytes of a block after decompression: far above what writers make, and a bound for what damaged bytes may ask for. */
const BLOCK_SIZE_MAX = 0x3fffffff;
const CHECKSUM_SIZE = 4;

/** Compresses a block; `level` is that of zstandard. */
export function compressBlock(codec: DataCodec, level: number, block: Uint8Array): Uint8Array {
  switch (codec) {
    case 'null':
      return block;
    case 'deflate':
      return deflateRawSync(block);
    case 'zstandard':
      return zstdCompressSync(block, {
        chunkSize: block.length + (block.length >> 7) + 256,
        params: { [constants.ZSTD_c_compressionLevel]: level },
      });
    case 'snappy': {
      const compressed = compressSnappy(block);
      const bytes = Buffer.allocUnsafe(compressed.length + CHECKSUM_SIZE);
      bytes.set(compressed);
      bytes.writeUInt32BE(crc32(block), compressed.length);
      return bytes;
    }
  }
}

/**
 * Decompresses a block to `sizeMax` bytes at most. Throws faults of `E3200` and `E3201`, and what the codec throws at
 * damaged bytes.
 */
export function decompressBlock(codec: string, bytes: Uint8Array, sizeMax = BLOCK_SIZE_MAX): Uint8Array {
  switch (codec) {
    case 'null':
      return bytes;
    case 'deflate':
      return inflateRawSync(bytes, { maxOutputLength: sizeMax });
    case 'zstandard':
      return zstdDecompressSync(bytes, { maxOutputLength: sizeMax });
    case 'snappy':
      return snappyBlock(bytes, sizeMax);
    default:
      throw unsupported(`codec of an Avro file: codec=${codec}`);
  }
}

/** Snappy's raw format, which begins with the size as a varint, and the CRC-32 of what is in it. */
function snappyBlock(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const block = bytes.subarray(0, bytes.length - CHECKSUM_SIZE);
  let size = 0;
  let at = 0;
  do {
    if (at >= block.length || at > 4) throw corrupt('a Snappy block has no size');
    size += (block[at] & 127) * 128 ** at;
  } while (block[at++] >= 128);
  if (size > sizeMax) throw corrupt('a Snappy block is too large');
  // A byte of input makes 64 bytes of output at most, three of them a copy.
  if (size > 64 * block.length) throw corrupt('a Snappy block is shorter than its size says');
  let output: Uint8Array;
  try {
    output = decompressSnappy(block, size);
  } catch (error) {
    throw corrupt(`a Snappy block cannot be decoded: ${error instanceof Error ? error.message : 'unknown reason'}`);
  }
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + block.length, CHECKSUM_SIZE).getUint32(0);
  if (output.length !== size || crc32(output) !== checksum) throw corrupt('a Snappy block does not match its checksum');
  return output;
}
