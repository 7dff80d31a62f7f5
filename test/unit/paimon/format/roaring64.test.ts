// Unions of 64-bit bitmaps are those of Java to the byte: recorded from RoaringBitmap64 of Paimon 1.4.2, with trees of
// every kind of branch and containers of every form.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../../../src/base/errors.ts';
import { Roaring64 } from '../../../../src/paimon/format/roaring64.ts';

const RECORDED = fileURLToPath(new URL('../../../fixtures/roaring/unions64.tsv.zst', import.meta.url));
const unions = zstdDecompressSync(readFileSync(RECORDED))
  .toString()
  .trim()
  .split('\n')
  .map((line) => line.split('\t') as [string, string, string, string]);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const parse = (text: string): Roaring64 => new Roaring64(Buffer.from(text, 'hex'));

describe('64-bit bitmaps', () => {
  test.each(unions)('%s', (_name, one, other, union) => {
    const bitmap = parse(one);
    expect(hex(bitmap.bytes())).toBe(one);
    bitmap.add(parse(other));
    expect(hex(bitmap.bytes())).toBe(union);
    bitmap.add(parse(one));
    expect(hex(parse(hex(bitmap.bytes())).bytes())).toBe(hex(bitmap.bytes()));
  });

  test('damaged ones are refused', () => {
    const [, , , union] = unions.find(([name]) => name === 'node48') ?? unions[0];
    const bytes = Buffer.from(union, 'hex');
    for (let size = 0; size < bytes.length; size++) expect(refused(bytes.subarray(0, size))).toBe(true);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 0x55;
      // Read as another set, or refused: nothing else.
      refused(damaged);
    }
  });
});

/** Whether it is refused; throws what is no refusal. */
function refused(bytes: Uint8Array): boolean {
  try {
    new Roaring64(bytes).bytes();
    return false;
  } catch (error) {
    if (error instanceof RangeError || isTributaryError(error, 'E3402')) return true;
    throw error;
  }
}
