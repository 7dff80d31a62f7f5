// Buffers that are used again: never two users at a time, never more kept than is said.
import { describe, expect, test } from 'vitest';
import { giveBuffer, takeBuffer } from '../../../../../src/paimon/format/parquet/spare-buffers.ts';

const MIB = 1024 * 1024;

describe('spare buffers', () => {
  test('are powers of two that hold what is asked for', () => {
    expect([1, 4096, 4097, 3 * MIB].map((size) => takeBuffer(size).byteLength)).toEqual([4096, 4096, 8192, 4 * MIB]);
  });

  test('are handed out again once they are given back, to one user each', () => {
    const first = takeBuffer(100_000);
    expect(takeBuffer(100_000)).not.toBe(first);
    giveBuffer(first);
    expect(takeBuffer(70_000)).toBe(first);
    expect(takeBuffer(70_000)).not.toBe(first);
  });

  test('are kept up to 32 MiB, and only those of their sizes', () => {
    const buffers = Array.from({ length: 5 }, () => takeBuffer(8 * MIB));
    for (const buffer of [...buffers, new ArrayBuffer(5000), new ArrayBuffer(0)]) giveBuffer(buffer);
    const again = Array.from({ length: 5 }, () => takeBuffer(8 * MIB));
    const known = again.filter((buffer) => buffers.includes(buffer));
    expect(known.length).toBeGreaterThan(0);
    expect(known.length).toBeLessThan(5);
    expect(takeBuffer(5000).byteLength).toBe(8192);
  });
});
