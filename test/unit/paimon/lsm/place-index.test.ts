// The index of keys: what a map would say, however little memory it has.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { vectorOf } from '../../../../src/paimon/format/cell.ts';
import { fingerprinter, fingerprintKey, HalfSipHash } from '../../../../src/paimon/lsm/key-fingerprint.ts';
import { KeyPrints, PlaceIndex } from '../../../../src/paimon/lsm/place-index.ts';
import { PlaceTable } from '../../../../src/paimon/lsm/place-table.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { SpillSpace } from '../../../../src/storage/spill-space.ts';

const INT: DataType = { kind: 'INT', nullable: false };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: false };
const KIBIBYTE = 1024;

describe('fingerprints', () => {
  test('are those of HalfSipHash-2-4', () => {
    // The first vector of the reference implementation: key 00 to 07, nothing hashed.
    const hash = new HalfSipHash(0x03020100, 0x07060504);
    hash.take(new Int32Array(0), 0);
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(hash.first, 0);
    bytes.writeUInt32LE(hash.second, 4);
    expect(bytes.toString('hex')).toBe('218d1f59b9b83cc8');
  });

  test('tell keys apart, and indexes too', () => {
    const random = seededRandom(3);
    const key = fingerprintKey(random);
    const print = (of: typeof key, text: string, number: number): string => {
      const prints = new Uint32Array(4);
      const columns = [vectorOf(STRING, [new TextEncoder().encode(text)]), vectorOf(INT, [number])];
      fingerprinter([STRING, INT], of)(columns, { from: 0, to: 1 }, prints);
      return [...prints].join(' ');
    };
    expect(print(key, 'a', 1)).toBe(print(key, 'a', 1));
    const texts = ['', 'a', 'b', 'a longer text', 'a longer texu'];
    const seen = texts.flatMap((text) => [0, 1, -1].map((number) => print(key, text, number)));
    expect(new Set(seen).size).toBe(seen.length);
    expect(print(fingerprintKey(random), 'a', 1)).not.toBe(print(key, 'a', 1));
  });
});

test('a table of places holds its records in order', () => {
  const random = seededRandom(5);
  const table = new PlaceTable(64 * 1024 * KIBIBYTE);
  const places = new Map<string, number>();
  for (let place = 0; place < 10_000; place++) {
    // Few first words, so that many records want the same slot.
    const words = [Math.floor(random.unit() * 300) * 14_000_000, 0, 0, Math.floor(random.unit() * 100)];
    const prints = Uint32Array.from(words);
    expect(table.reserve(1)).toBe(true);
    expect(table.get(prints, 0)).toBe(places.get(words.join(' ')) ?? -1);
    table.set(prints, 0, place);
    places.set(words.join(' '), place);
  }
  const records = [...table.sorted(1000)].length;
  expect(records).toBe(Math.ceil(places.size / 1000));
  let last = '';
  const seen = new Map<string, number>();
  for (const part of table.sorted(1000)) {
    for (let at = 0; at < part.length; at += 5) {
      const order = [...part.subarray(at, at + 4)].map((word) => String(word).padStart(10, '0')).join(' ');
      expect(order > last).toBe(true);
      last = order;
      seen.set([...part.subarray(at, at + 4)].join(' '), part[at + 4] - 1);
    }
  }
  expect(seen).toEqual(places);
});

/** Asks for and moves random keys in batches; how many answers were not those of a map. */
async function wrongAnswers(index: PlaceIndex, rounds: number, keyCount: number): Promise<number> {
  const random = seededRandom(rounds + keyCount);
  const prints = new KeyPrints();
  const places = new Map<number, number>();
  let wrongCount = 0;
  for (let round = 0; round < rounds; round++) {
    const rowCount = 1 + Math.floor(random.unit() * KeyPrints.rowsMax);
    const keys = Array.from({ length: rowCount }, () => Math.floor(random.unit() * keyCount));
    index.print([vectorOf(INT, keys)], { from: 0, to: rowCount }, prints.words);
    await index.prepare(prints, rowCount);
    for (const [row, key] of keys.entries()) {
      if (index.get(prints, row) !== (places.get(key) ?? -1)) wrongCount++;
      if (random.unit() < 0.5) continue;
      const place = Math.floor(random.unit() * 1000);
      index.set(prints, row, place);
      places.set(key, place);
    }
  }
  return wrongCount;
}

describe('an index of places', () => {
  test('answers as a map does in memory', async () => {
    const index = new PlaceIndex([INT], {
      random: seededRandom(1),
      sizeBytesMax: 64 * 1024 * KIBIBYTE,
      spill: new SpillSpace(),
    });
    expect(await wrongAnswers(index, 6, 30_000)).toBe(0);
    await index.clear();
  });

  test('answers as a map does with a tenth of the memory', async () => {
    const index = new PlaceIndex([INT], {
      random: seededRandom(2),
      sizeBytesMax: 512 * KIBIBYTE,
      spill: new SpillSpace(),
    });
    expect(await wrongAnswers(index, 24, 100_000)).toBe(0);
    await index.clear();
  });

  test('stops where its files would take too much, and gives all back', async () => {
    const spill = new SpillSpace({ bytesMax: 512 * KIBIBYTE });
    const index = new PlaceIndex([INT], { random: seededRandom(2), sizeBytesMax: 512 * KIBIBYTE, spill });
    await expect(wrongAnswers(index, 24, 100_000)).rejects.toMatchObject({ code: 'E3006' });
    expect(spill.leftBytes).toBeLessThan(spill.bytesMax);
    await index.clear();
    expect(spill.leftBytes).toBe(spill.bytesMax);
  });

  test('tells of keys that were loaded twice, whether they were in memory together or not', async () => {
    const index = new PlaceIndex([INT], {
      random: seededRandom(4),
      sizeBytesMax: 512 * KIBIBYTE,
      spill: new SpillSpace(),
    });
    const prints = new KeyPrints();
    const load = async (from: number, place: number): Promise<void> => {
      const keys = Array.from({ length: KeyPrints.rowsMax }, (_, row) => from + row);
      index.print([vectorOf(INT, keys)], { from: 0, to: keys.length }, prints.words);
      await index.makeRoom(keys.length);
      for (const row of keys.keys()) index.set(prints, row, place);
    };
    for (let batch = 0; batch < 5; batch++) await load(batch * KeyPrints.rowsMax, 1);
    const twice: number[][] = [];
    await load(5 * KeyPrints.rowsMax, 1);
    await load(3, 2);
    await index.finishLoading((place, other) => twice.push([place, other]));
    expect(twice).toHaveLength(KeyPrints.rowsMax);
    expect(twice[0]).toEqual([2, 1]);
    index.print([vectorOf(INT, [2, 3, 9_000_000])], { from: 0, to: 3 }, prints.words);
    await index.prepare(prints, 3);
    expect([0, 1, 2].map((row) => index.get(prints, row))).toEqual([1, 2, -1]);
    await index.clear();
    await index.prepare(prints, 3);
    expect(index.get(prints, 0)).toBe(-1);
    await index.clear();
  });
});
