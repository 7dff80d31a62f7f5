// Runs of ORC: the examples of its specification, and what damaged ones do.
import { describe, expect, it } from 'vitest';
import { BooleanRuns, ByteRuns } from '../../../../../src/paimon/format/orc/byte-runs.ts';
import { integerRuns } from '../../../../../src/paimon/format/orc/integer-runs.ts';
import { OrcStream } from '../../../../../src/paimon/format/orc/orc-stream.ts';

function streamOf(bytes: readonly number[]): OrcStream {
  return new OrcStream(Uint8Array.from(bytes), { codec: 0, blockSize: 1024 });
}

function integers(bytes: readonly number[], version: 1 | 2, { count = 1, isSigned = false }): readonly bigint[] {
  const runs = integerRuns(streamOf(bytes), version, isSigned);
  return Array.from({ length: count }, () => {
    runs.next();
    return (BigInt(runs.high) << 32n) | BigInt(runs.low >>> 0);
  });
}

const big = (values: readonly number[]): readonly bigint[] => values.map(BigInt);

describe('integers of version 1', () => {
  it('repeats', () => {
    expect(integers([0x61, 0, 7], 1, { count: 100 })).toEqual(big(Array<number>(100).fill(7)));
  });

  it('repeats with a step', () => {
    const down = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(integers([0x61, 0xff, 0x64], 1, { count: 100 })).toEqual(big(down));
  });

  it('holds literals', () => {
    expect(integers([0xfb, 2, 3, 6, 7, 11], 1, { count: 5 })).toEqual(big([2, 3, 6, 7, 11]));
  });

  it('holds the smallest and the largest', () => {
    const ones = [...Array<number>(9).fill(0xff), 1];
    const bytes = [0xfe, ...ones, 0xfe, ...ones.slice(1)];
    expect(integers(bytes, 1, { count: 2, isSigned: true })).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
  });

  it('steps over the middle of 64 bits', () => {
    expect(integers([0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f], 1, { count: 3 })).toEqual(
      big([4294967295, 4294967296, 4294967297]),
    );
  });
});

describe('integers of version 2', () => {
  it('repeats', () => {
    expect(integers([0x0a, 0x27, 0x10], 2, { count: 5 })).toEqual(big(Array<number>(5).fill(10000)));
  });

  it('holds values directly', () => {
    const bytes = [0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef];
    expect(integers(bytes, 2, { count: 4 })).toEqual(big([23713, 43806, 57005, 48879]));
  });

  it('holds values of 64 bits', () => {
    const bytes = [0x7e, 0x01, ...Array<number>(8).fill(0xff), 0x80, ...Array<number>(7).fill(0)];
    expect(integers(bytes, 2, { count: 2, isSigned: true })).toEqual([-(2n ** 63n), 2n ** 62n]);
  });

  it('patches a base', () => {
    const bytes = [
      0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46, 0x50, 0x5a, 0x64, 0x6e, 0x78,
      0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8,
    ];
    const upwards = Array.from({ length: 16 }, (_, index) => 2040 + 10 * index);
    expect(integers(bytes, 2, { count: 20 })).toEqual(big([2030, 2000, 2020, 1000000, ...upwards]));
  });

  it('adds deltas', () => {
    const bytes = [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46];
    expect(integers(bytes, 2, { count: 10 })).toEqual(big([2, 3, 5, 7, 11, 13, 17, 19, 23, 29]));
  });

  it('subtracts deltas where the first goes down', () => {
    // Base 10, first delta -1, then deltas of 4 bits: 2 and 3.
    expect(integers([0xc6, 0x03, 10, 0x01, 0x23], 2, { count: 4 })).toEqual(big([10, 9, 7, 4]));
  });

  it('adds one delta again and again', () => {
    expect(integers([0xc0, 0x04, 0, 0x06], 2, { count: 5 })).toEqual(big([0, 3, 6, 9, 12]));
  });

  it.each([
    ['ends within its values', [0x5e, 0x03, 0x5c]],
    ['has a patch behind its run', [0x8e, 0x00, 0x2b, 0x21, 0, 0, 0, 0xfc, 0xe8]],
    ['has a varint without an end', [0xc0, 0x04, ...Array<number>(12).fill(0xff)]],
  ])('a run that %s is a fault', (_, bytes) => {
    expect(() => integers(bytes, 2, {})).toThrow(expect.objectContaining({ code: 'E3200' }));
  });

  it('a length that is negative is a fault', () => {
    const runs = integerRuns(streamOf([0x3c, ...Array<number>(8).fill(0xff)]), 2, false);
    expect(() => runs.nextLength()).toThrow(expect.objectContaining({ code: 'E3200' }));
  });
});

describe('bytes and booleans', () => {
  it('repeats and holds literals', () => {
    const runs = new ByteRuns(streamOf([0x61, 0x00, 0xfe, 0x44, 0x45]));
    const bytes = Array.from({ length: 102 }, () => runs.next());
    expect(bytes).toEqual([...Array<number>(100).fill(0), 0x44, 0x45]);
    expect(() => runs.next()).toThrow(expect.objectContaining({ code: 'E3200' }));
  });

  it('reads the highest bit first', () => {
    const runs = new BooleanRuns(streamOf([0xff, 0xa0]));
    expect(Array.from({ length: 8 }, () => runs.next())).toEqual([1, 0, 1, 0, 0, 0, 0, 0]);
  });
});
