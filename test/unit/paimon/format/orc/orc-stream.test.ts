// Chunks of ORC streams in every codec, and the bounds that damaged ones meet.
import { deflateRawSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { OrcStream } from '../../../../../src/paimon/format/orc/orc-stream.ts';
import { compressLz4 } from '../../../../../src/paimon/format/parquet/lz4-compress.ts';
import { compressSnappy } from '../../../../../src/paimon/format/parquet/snappy-compress.ts';

const BLOCK_SIZE = 4096;
const CONTENT = Uint8Array.from({ length: BLOCK_SIZE }, (_, index) =>
  index % 700 < 600 ? index % 7 : (index * 31) % 256,
);
const CODECS: readonly (readonly [string, number, (bytes: Uint8Array) => Uint8Array])[] = [
  ['ZLIB', 1, (bytes) => deflateRawSync(bytes)],
  ['SNAPPY', 2, compressSnappy],
  ['LZ4', 4, compressLz4],
  ['ZSTD', 5, (bytes) => zstdCompressSync(bytes)],
];

function chunk(bytes: Uint8Array, isOriginal = false): Uint8Array {
  const header = (bytes.length << 1) | (isOriginal ? 1 : 0);
  return Uint8Array.from([header & 255, (header >> 8) & 255, header >> 16, ...bytes]);
}

describe.each(CODECS)('%s', (_, codec, compress) => {
  const read = (stored: Uint8Array, blockSize = BLOCK_SIZE): Uint8Array =>
    new OrcStream(stored, { codec, blockSize }).rest();

  it('reads chunks one after the other, stored as they are or compressed', () => {
    const stored = [chunk(compress(CONTENT)), chunk(CONTENT.subarray(0, 9), true), chunk(compress(CONTENT))];
    expect(Buffer.compare(read(Buffer.concat(stored)), Buffer.concat([CONTENT, CONTENT.subarray(0, 9), CONTENT]))).toBe(
      0,
    );
  });

  it('does not unpack more than a block', () => {
    expect(() => read(chunk(compress(CONTENT)), BLOCK_SIZE - 1)).toThrow(/larger than/);
    expect(() => read(chunk(CONTENT, true), BLOCK_SIZE - 1)).toThrow('larger than the file says');
  });

  it('does not read behind the stream', () => {
    const stored = chunk(compress(CONTENT));
    expect(() => read(stored.subarray(0, stored.length - 1))).toThrow('a chunk ends behind its stream');
    expect(() => read(stored.subarray(0, 2))).toThrow('a stream ends before its values');
  });
});

it('a codec that is not known is refused', () => {
  const stream = new OrcStream(chunk(CONTENT), { codec: 3, blockSize: BLOCK_SIZE });
  expect(() => stream.byte()).toThrow(expect.objectContaining({ code: 'E3201' }));
});

it('few bytes that unpack to very many are a fault', () => {
  const blockSize = 1 << 23;
  const bomb = chunk(zstdCompressSync(new Uint8Array(blockSize)));
  const stream = new OrcStream(bomb, { codec: 5, blockSize });
  expect(bomb.length).toBeLessThan(1500);
  expect(() => stream.rest()).toThrow('too large');
});
