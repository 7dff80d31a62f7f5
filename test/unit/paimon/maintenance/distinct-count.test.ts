// Counting different values.
import { describe, expect, test } from 'vitest';
import { type Cell, vectorOf } from '../../../../src/paimon/format/cell.ts';
import { DistinctCount } from '../../../../src/paimon/maintenance/distinct-count.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';

function count(type: DataType, ...batches: readonly (readonly Cell[])[]): number {
  const counter = new DistinctCount();
  for (const cells of batches) counter.add(vectorOf(type, cells));
  return Number(counter.count());
}

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('few values are counted exactly', () => {
  test.each<[string, DataType, readonly Cell[], number]>([
    ['nothing', { kind: 'INT', nullable: true }, [], 0],
    ['nulls', { kind: 'INT', nullable: true }, [null, null], 0],
    ['integers', { kind: 'INT', nullable: true }, [1, 2, 1, null, -1], 3],
    ['64-bit integers that share a half', { kind: 'BIGINT', nullable: true }, [1n, 1n << 32n, (1n << 32n) + 1n, 1n], 3],
    ['zeros and not-a-numbers', { kind: 'DOUBLE', nullable: true }, [0, -0, Number.NaN, Number.NaN, 1.5], 3],
    ['texts', { kind: 'VARCHAR', length: 9, nullable: true }, ['', 'a', 'aa', 'aaaa', 'aaaaa', 'a'].map(bytes), 5],
    ['long decimals', { kind: 'DECIMAL', precision: 38, scale: 2, nullable: true }, [1n, 10n ** 30n, 1n], 2],
    ['nanoseconds', { kind: 'TIMESTAMP', precision: 9, nullable: true }, [1n, 2n, 1001n, 1n], 3],
  ])('%s', (_, type, cells, expected) => {
    expect(count(type, cells)).toBe(expected);
    expect(count(type, cells, cells)).toBe(expected);
  });

  test('sixteen thousand', () => {
    expect(
      count(
        { kind: 'INT', nullable: true },
        Array.from({ length: 16384 }, (_, value) => value),
      ),
    ).toBe(16384);
  });
});

test.each([20_000, 50_000, 300_000])('%i values are estimated within three per cent', (size) => {
  const integers = Array.from({ length: size }, (_, value) => value * 7);
  const texts = integers.map((value) => bytes(`value ${value}`));
  for (const found of [
    count({ kind: 'INT', nullable: true }, integers),
    count({ kind: 'VARCHAR', length: 20, nullable: true }, texts),
  ]) {
    expect(Math.abs(found - size) / size).toBeLessThan(0.03);
  }
});
