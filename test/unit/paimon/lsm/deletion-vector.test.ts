// Deletion vectors: the reference's bytes of both kinds, and every kind of container.
import { describe, expect, it } from 'vitest';
import {
  parseDeletionVector,
  readDeletionVector,
  writeDeletionVectors,
} from '../../../../src/paimon/lsm/deletion-vector.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';

const KIND_32 = '5e43f2d0 3a300000 02000000 00000100 01000000 18000000 1c000000 01000500 7011';
const KIND_64 =
  'd1d33964 0100000000000000 00000000 3a300000 02000000 00000100 01000000 18000000 1c000000 01000500 7011';

/** CRC-32 of the reference's vectors, big-endian. */
function checksum(body: Uint8Array): Uint8Array {
  return bytes(body.length === 34 ? 'ecde8db5' : 'a9ae34b7');
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

describe('parseDeletionVector', () => {
  it.each([
    ['32 bits', KIND_32],
    ['64 bits', KIND_64],
  ])('reads the reference vector of %s', (_name, hex) => {
    expect([...parseDeletionVector(bytes(hex))]).toEqual([1, 5, 70000]);
  });

  it('reads run containers, which have no offsets below four containers', () => {
    // One container, flagged as run: 10 … 13 and 20.
    const hex = `5e43f2d0 3b300000 01 0000 0400 0200 0a00 0300 1400 0000`;
    expect([...parseDeletionVector(bytes(hex))]).toEqual([10, 11, 12, 13, 20]);
  });

  it('reads bitmap containers, which hold more than 4096 rows', () => {
    const bits = new Uint8Array(8192);
    const expected: number[] = [];
    for (let value = 0; value < 65536; value += 13) {
      bits[value >> 3] |= 1 << (value & 7);
      expected.push(131072 + value);
    }
    const head = bytes('5e43f2d0 3a300000 01000000 0200 b113 10000000');
    expect([...parseDeletionVector(Uint8Array.of(...head, ...bits))]).toEqual(expected);
  });

  it('refuses another magic', () => {
    expect(() => parseDeletionVector(bytes('00000000 3a300000'))).toThrow(expect.objectContaining({ code: 'E3402' }));
  });
});

describe('readDeletionVector', () => {
  it.each([
    ['32 bits', KIND_32, 34],
    ['64 bits', KIND_64, 46 + 8],
  ])('reads one of %s from an index file', async (_name, hex, length) => {
    const store = new MemoryFileStore();
    const body = bytes(hex);
    await store.create('index-0', Uint8Array.of(1, 0, 0, 0, body.length, ...body, ...checksum(body)));
    expect([...(await readDeletionVector(store, { path: 'index-0', offset: 1, length }))]).toEqual([1, 5, 70000]);
  });

  it('refuses a wrong checksum', async () => {
    const store = new MemoryFileStore();
    await store.create('index-0', Uint8Array.of(1, 0, 0, 0, 34, ...bytes(KIND_32), 0, 0, 0, 0));
    const reading = readDeletionVector(store, { path: 'index-0', offset: 1, length: 34 });
    await expect(reading).rejects.toMatchObject({ code: 'E3402' });
  });

  it('refuses a file that ends early', async () => {
    const store = new MemoryFileStore();
    const body = bytes(KIND_32).subarray(0, 20);
    await store.create('index-0', Uint8Array.of(1, 0, 0, 0, 34, ...body));
    const reading = readDeletionVector(store, { path: 'index-0', offset: 1, length: 34 });
    await expect(reading).rejects.toMatchObject({ code: 'E3402' });
  });
});

describe('writeDeletionVectors', () => {
  it.each([
    ['32 bits', false, `00000022 ${KIND_32} ecde8db5`, 34],
    ['64 bits', true, `0000002e ${KIND_64} a9ae34b7`, 54],
  ])('writes the reference bytes of %s', (_name, bitmap64, hex, length) => {
    const file = writeDeletionVectors(new Map([['data-1', Float64Array.of(1, 5, 70000)]]), { bitmap64 });
    expect(Buffer.from(file.bytes)).toEqual(Buffer.from(bytes(`01 ${hex}`)));
    expect(file.ranges).toEqual([{ dataFileName: 'data-1', offset: 1, length, cardinality: 3n }]);
  });

  it('writes a file of no vectors as its version alone', () => {
    expect(writeDeletionVectors(new Map(), { bitmap64: false })).toEqual({ bytes: Buffer.of(1), ranges: [] });
  });

  it.each([false, true])('writes several vectors that read back, bitmap64=%s', async (bitmap64) => {
    const vectors = new Map([
      ['a', Float64Array.of(0)],
      ['b', Float64Array.from({ length: 30_000 }, (_, index) => 3 * index)],
      ['c', Float64Array.from({ length: 200_000 }, (_, index) => index + (bitmap64 ? 2 ** 33 : 0))],
    ]);
    const file = writeDeletionVectors(vectors, { bitmap64 });
    const store = new MemoryFileStore();
    await store.create('index-0', file.bytes);
    for (const { dataFileName, offset, length } of file.ranges) {
      expect(await readDeletionVector(store, { path: 'index-0', offset, length })).toEqual(vectors.get(dataFileName));
    }
  });
});
