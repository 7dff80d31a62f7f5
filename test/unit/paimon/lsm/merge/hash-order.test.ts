// The order of Java's HashMap, from hash codes that were computed by hand or are those of the Java language.
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../../../../src/paimon/format/cell.ts';
import { HashOrdered, hashRule } from '../../../../../src/paimon/format/hash-order.ts';
import type { DataType } from '../../../../../src/paimon/schema/data-type.ts';

function ordered(hashes: readonly number[]): HashOrdered<number> {
  const found = new HashOrdered<number>();
  for (const hash of hashes) found.put(String(hash), hash, hash);
  return found;
}

describe('HashOrdered', () => {
  it('gives items by bucket, those of one bucket as they were put in', () => {
    expect(ordered([3, 17, 1, 16]).items()).toEqual([16, 17, 1, 3]);
  });

  it('has 16 buckets for 12 items and 32 for 13', () => {
    const twelve = [16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(ordered(twelve).items()).toEqual(twelve);
    expect(ordered([...twelve, 11]).items()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16]);
  });

  it('keeps the place of a key that is put again', () => {
    const found = ordered([1, 17]);
    found.put('1', 1, 99);
    expect(found.items()).toEqual([99, 17]);
  });

  it('mixes the upper half of a hash in', () => {
    expect(ordered([0x10000, 0]).items()).toEqual([0, 0x10000]);
  });
});

const types: readonly (readonly [DataType, Cell, number])[] = [
  [{ kind: 'BOOLEAN', nullable: true }, true, 1231],
  [{ kind: 'INT', nullable: true }, -7, -7],
  [{ kind: 'BIGINT', nullable: true }, -1n, 0],
  [{ kind: 'BIGINT', nullable: true }, 4294967296n, 1],
  [{ kind: 'DOUBLE', nullable: true }, 1, 1072693248],
  [{ kind: 'FLOAT', nullable: true }, 1, 1065353216],
  [{ kind: 'DECIMAL', precision: 10, scale: 2, nullable: true }, -110n, -3408],
  [{ kind: 'TIMESTAMP', precision: 3, nullable: true }, 1n, 31],
  [{ kind: 'TIMESTAMP', precision: 6, nullable: true }, -1n, 999000],
];

describe('hash codes', () => {
  it.each(types)('%o of %s', (type, cell, hash) => {
    expect(hashRule(type).hashOf(cell)).toBe(hash);
    expect(hashRule(type).hashOf(null)).toBe(0);
  });
});
