// Hashes against published values (xxHash64) and against plain 64-bit arithmetic (Thomas Wang's mix).
import { describe, expect, it } from 'vitest';
import { vectorOf } from '../../../../../src/paimon/format/cell.ts';
import { rowHash, xxHash64 } from '../../../../../src/paimon/format/file-index/hash64.ts';
import { Word64 } from '../../../../../src/paimon/format/file-index/word64.ts';
import type { DataType } from '../../../../../src/paimon/schema/data-type.ts';

function valueOf(word: Word64): bigint {
  return BigInt.asUintN(64, (BigInt(word.high) << 32n) | BigInt(word.low >>> 0));
}

describe('xxHash64', () => {
  it.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0xfbcea83c8a378bf1n],
  ])('of %j', (text, expected) => {
    const word = new Word64();
    xxHash64(Buffer.from(text), word);
    expect(valueOf(word)).toBe(expected);
  });
});

function mixed(key: bigint): bigint {
  const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
  let hash = signed(~key + (key << 21n));
  hash ^= hash >> 24n;
  hash = signed(hash + (hash << 3n) + (hash << 8n));
  hash ^= hash >> 14n;
  hash = signed(hash + (hash << 2n) + (hash << 4n));
  hash ^= hash >> 28n;
  return BigInt.asUintN(64, hash + (hash << 31n));
}

describe('the mix of numbers', () => {
  const INT: DataType = { kind: 'INT', nullable: true };
  const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
  const DOUBLE: DataType = { kind: 'DOUBLE', nullable: true };
  const FLOAT: DataType = { kind: 'FLOAT', nullable: true };
  const NANOS: DataType = { kind: 'TIMESTAMP', precision: 9, nullable: true };

  it.each<[DataType, number | bigint, bigint]>([
    [INT, 0, 0n],
    [INT, -1, -1n],
    [INT, 2147483647, 2147483647n],
    [BIGINT, -(2n ** 63n), -(2n ** 63n)],
    [BIGINT, 1234567890123456789n, 1234567890123456789n],
    [DOUBLE, 1.5, 0x3ff8000000000000n],
    [DOUBLE, Number.NaN, 0x7ff8000000000000n],
    [FLOAT, -1, BigInt.asIntN(32, 0xbf800000n)],
    [NANOS, 1_000_000_001n, 1_000_000n],
  ])('of %o %s', (type, value, key) => {
    const word = new Word64();
    rowHash(type, vectorOf(type, [value]))?.(0, word);
    expect(valueOf(word)).toBe(mixed(key));
  });

  it('has none for booleans and decimals', () => {
    const decimal: DataType = { kind: 'DECIMAL', precision: 10, scale: 2, nullable: true };
    expect(rowHash(decimal, vectorOf(decimal, [1n]))).toBeNull();
  });
});
