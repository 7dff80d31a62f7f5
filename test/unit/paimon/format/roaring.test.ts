// Roaring bitmaps: any numbers read back as they were written, in every form of container.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LittleEndianReader } from '../../../../src/paimon/format/little-endian.ts';
import {
  bitmapBytes,
  readBitmap,
  readRoaring,
  unionOfBitmaps,
  writeRoaring,
} from '../../../../src/paimon/format/roaring.ts';

function read(bytes: Uint8Array): { readonly values: readonly number[]; readonly end: number } {
  const values: number[] = [];
  const end = readRoaring(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, { base: 0, values });
  return { values, end };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('unionOfBitmaps', () => {
  it('keeps all 2^32 numbers as runs', () => {
    const keys = Array.from({ length: 65536 }, (_, key) => key);
    const all = keys.map((key) => ({ key, form: 'runs', words: Uint16Array.of(0, 65535), count: 65536 }) as const);
    const halves = [0, 32768].map((first) =>
      all.map((container) => ({ ...container, words: Uint16Array.of(first, 32767), count: 32768 })),
    );
    const bytes = hex(bitmapBytes(all));
    expect(bytes).toHaveLength(2 * (4 + 8192 + 65536 * (4 + 4 + 6)));
    expect(hex(bitmapBytes(unionOfBitmaps(halves[0], halves[1])))).toBe(bytes);
    expect(hex(bitmapBytes(readBitmap(new LittleEndianReader(Buffer.from(bytes, 'hex')))))).toBe(bytes);
  });
});

describe('writeRoaring', () => {
  it('writes nothing as a bitmap without containers', () => {
    expect(hex(writeRoaring(Uint32Array.of()))).toBe('3a30000000000000');
  });

  it('writes a run where that is shorter, without offsets below four containers', () => {
    const bytes = writeRoaring(Uint32Array.of(10, 11, 12, 13, 20, 21, 22, 23, 24, 25));
    expect(hex(bytes)).toBe('3b300000' + '01' + '00000900' + '0200' + '0a000300' + '14000500');
  });

  it('writes more than 4096 scattered numbers as 8 KiB of bits', () => {
    const values = Uint32Array.from({ length: 5000 }, (_, index) => 65536 + 2 * index);
    expect(writeRoaring(values)).toHaveLength(16 + 8192);
  });

  it('reads back what it wrote', () => {
    const container = fc.oneof(
      fc.uniqueArray(fc.nat(65535), { maxLength: 50 }),
      fc
        .record({ first: fc.nat(60000), count: fc.nat(5000), step: fc.integer({ min: 1, max: 13 }) })
        .map((series) =>
          Array.from({ length: series.count }, (_, index) => series.first + series.step * index).filter(
            (v) => v < 65536,
          ),
        ),
    );
    const bitmap = fc.array(fc.tuple(fc.nat(65535), container), { maxLength: 6 }).map((parts) => {
      const values = new Set(parts.flatMap(([key, low]) => low.map((value) => key * 65536 + value)));
      return Uint32Array.from(values).sort();
    });
    fc.assert(
      fc.property(bitmap, (values) => {
        const bytes = writeRoaring(values);
        expect(read(bytes)).toEqual({ values: [...values], end: bytes.length });
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it.each([
    ['that is none', '0000000000000000'],
    ['with keys that do not ascend', '3a300000020000000100000000000000180000001a00000001000200'],
    ['with numbers that do not ascend', '3a3000000100000000000100100000000200' + '0200'],
    ['with runs that overlap', '3b30000001000003000200010001000200' + '0100'],
    ['with a run past the end', '3b3000000100000300010' + '0ffff0100'],
    ['with fewer bits than it says', `3a30000001000000000000101000000000${'00'.repeat(8191)}`],
  ])('refuses a bitmap %s', (_what, bytes) => {
    expect(() => read(Buffer.from(bytes, 'hex'))).toThrow(expect.objectContaining({ code: 'E3402' }));
  });
});
