import { promisify } from 'node:util';
import { constants, createZstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompressPage } from '../../../../../src/paimon/format/parquet/compression.ts';
import { frameWithSize } from '../../../../../src/paimon/format/parquet/zstd-frame.ts';

const ZSTD = 6;
const PAGE = Buffer.from('a page of a writer that streams, as the reference does. '.repeat(3000));

/** A frame as a stream writes it: its header does not tell how long the content is. */
async function streamed(page: Uint8Array): Promise<Buffer> {
  const stream = createZstdCompress();
  for (let at = 0; at < page.length; at += 1000) stream.write(page.subarray(at, at + 1000));
  stream.end();
  return Buffer.concat(await stream.toArray());
}

describe('frameWithSize', () => {
  it('tells the decoder the size, which reads the same', async () => {
    const frame = await streamed(PAGE);
    const sized = frameWithSize(frame, PAGE.length);
    expect(sized).toHaveLength(frame.length + 4);
    expect(await promisify(zstdDecompress)(sized ?? '')).toEqual(PAGE);
    expect(() => zstdDecompressSync(frameWithSize(frame, PAGE.length - 1) ?? '')).toThrow('buffer is too small');
  });

  it('leaves frames alone that tell it themselves, and what is no frame', () => {
    expect(frameWithSize(zstdCompressSync(PAGE), PAGE.length)).toBeNull();
    expect(frameWithSize(new Uint8Array(100), 100)).toBeNull();
    expect(frameWithSize(new Uint8Array(3), 100)).toBeNull();
  });
});

describe('decompressPage', () => {
  it('reads pages of streams, with a checksum or without', async () => {
    expect(decompressPage(ZSTD, await streamed(PAGE), PAGE.length)).toEqual(new Uint8Array(PAGE));
    const checked = zstdCompressSync(PAGE, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    expect(decompressPage(ZSTD, checked, PAGE.length)).toEqual(new Uint8Array(PAGE));
  });

  it('refuses a page of another size than is said', async () => {
    const frame = await streamed(PAGE);
    for (const sizeBytes of [PAGE.length - 1, PAGE.length + 1]) {
      expect(() => decompressPage(ZSTD, frame, sizeBytes)).toThrow(/another size|larger than/);
    }
  });
});
