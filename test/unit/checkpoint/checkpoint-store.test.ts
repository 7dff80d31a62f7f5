import { describe, expect, it } from 'vitest';
import type { PositionOrder, SourcePosition } from '../../../src/change/position.ts';
import type { TableKey } from '../../../src/change/table-key.ts';
import {
  type CheckpointRecord,
  decodeCheckpointRecord,
  encodeCheckpointRecord,
} from '../../../src/checkpoint/checkpoint-record.ts';
import { CheckpointStore, listPipelines } from '../../../src/checkpoint/checkpoint-store.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { FaultyFileStore, faultOn } from '../../support/faulty-file-store.ts';

const at = (place: number): SourcePosition => String(place) as SourcePosition;
const larger = (a: SourcePosition, b: SourcePosition): SourcePosition => (Number(a) > Number(b) ? a : b);
const order: PositionOrder = {
  includes: (outer, inner) => Number(inner) <= Number(outer),
  earliest: (a, b) => (larger(a, b) === a ? b : a),
  latest: larger,
  distanceBytes: (from, to) => Math.max(0, Number(to) - Number(from)),
};

function record(number: number, given: Partial<CheckpointRecord> = {}): CheckpointRecord {
  return {
    pipeline: 'shop',
    number: BigInt(number),
    position: at(number * 10),
    identity: { kind: 'postgres', values: { system: '1', timeline: '1', slot: 's' } },
    commitTimeMs: number * 1000,
    token: 'run-1',
    timeMs: number * 1000 + 5,
    tables: [
      { source: 'public.a' as TableKey, table: 'public.a', snapshotId: 9007199254740993n, incarnation: '1:2' },
      { source: 'public.b' as TableKey, table: 'public.b', snapshotId: null, incarnation: '3:' },
    ],
    stopped: [{ source: 'public.c' as TableKey, place: at(3), incarnation: '4:5' }],
    copying: [
      {
        source: 'public.d' as TableKey,
        table: 'public.d',
        place: at(4),
        next: '["7"]',
        isRead: false,
        rows: 7,
        bytes: 700,
        reach: at(9),
        unread: [
          ['1', 'YQ=='],
          ['2', ''],
        ],
        stale: 9007199254740995n,
        incarnation: '6:7',
      },
    ],
    paused: [
      { source: 'public.e' as TableKey, table: 'public.e', place: at(2), incarnation: '8:9', copying: null },
      {
        source: 'public.f' as TableKey,
        table: 'public.f',
        place: at(1),
        incarnation: '8:9',
        copying: {
          source: 'public.f' as TableKey,
          table: 'public.f',
          place: at(1),
          next: null,
          isRead: true,
          rows: 1,
          bytes: 2,
          reach: null,
          unread: [],
          stale: 7n,
          incarnation: '8:9',
        },
      },
    ],
    ...given,
  };
}

async function filled(count: number) {
  const files = new MemoryFileStore();
  const store = new CheckpointStore(files, 'shop');
  for (let number = 1; number <= count; number += 1) await store.write(record(number));
  return { files, store };
}

describe('checkpoint records', () => {
  it('are read back as they were written', () => {
    expect(decodeCheckpointRecord(encodeCheckpointRecord(record(12)), 'p')).toEqual(record(12));
  });

  it.each([
    ['', 'not JSON'],
    ['[]', 'not an object'],
    ['{"version":3}', 'of a newer version'],
    [
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(encodeCheckpointRecord(record(1)))), number: 1 }),
      'wrong',
    ],
    [
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(encodeCheckpointRecord(record(1)))), tables: [{}] }),
      'part',
    ],
  ])('refuse what is not one: %#', (text) => {
    const decode = (): CheckpointRecord => decodeCheckpointRecord(new TextEncoder().encode(text), 'p');
    expect(decode).toThrow(expect.objectContaining({ code: 'E3500' }));
  });
});

describe('CheckpointStore', () => {
  it('lists by number and finds the latest', async () => {
    const { store, files } = await filled(11);
    await files.create('_tributary/shop/lease', new Uint8Array(1));
    await files.create('_tributary/shop/.checkpoint-99.x.tmp', new Uint8Array(1));
    await files.create('_tributary/crm/checkpoint-77', encodeCheckpointRecord(record(77, { pipeline: 'crm' })));
    expect(await store.list()).toEqual(Array.from({ length: 11 }, (_, index) => BigInt(index + 1)));
    expect((await store.latest())?.number).toBe(11n);
    expect(await store.read(12n)).toBeNull();
    expect(await listPipelines(files)).toEqual(['crm', 'shop']);
    expect(await new CheckpointStore(files, 'none').latest()).toBeNull();
  });

  it('writes a record twice without harm, and never over that of another run', async () => {
    const { store } = await filled(1);
    await store.write(record(1));
    await expect(store.write(record(1, { token: 'run-2', position: at(99) }))).rejects.toMatchObject({ code: 'E5004' });
    expect((await store.read(1n))?.position).toBe('10');
    await expect(store.write(record(1, { position: at(99) }))).rejects.toMatchObject({ code: 'E9001' });
  });

  it('writes once whether or not an answer is lost', async () => {
    for (const kind of ['before', 'after'] as const) {
      const files = new MemoryFileStore();
      const faulty = new FaultyFileStore(files, faultOn({ operation: 'create', path: /checkpoint-1$/ }, { kind }));
      await new CheckpointStore(faulty, 'shop').write(record(1));
      expect(await new CheckpointStore(files, 'shop').read(1n)).toEqual(record(1));
    }
  });

  it('says so when the record may not be there', async () => {
    const faulty = new FaultyFileStore(new MemoryFileStore(), () => ({ kind: 'before' }));
    await expect(new CheckpointStore(faulty, 'shop').write(record(1))).rejects.toMatchObject({ code: 'E3004' });
  });

  it('finds cuts by number, position and time', async () => {
    const { store } = await filled(5);
    expect((await store.cutByNumber(2n)).number).toBe(2n);
    expect((await store.cutAtPosition(at(39), order)).number).toBe(3n);
    expect((await store.cutAtPosition(at(40), order)).number).toBe(4n);
    expect((await store.cutAtTime(3004)).number).toBe(2n);
    expect((await store.cutAtTime(3005)).number).toBe(3n);
    const none = { code: 'E3501' };
    await expect(store.cutByNumber(6n)).rejects.toMatchObject(none);
    await expect(store.cutAtPosition(at(9), order)).rejects.toMatchObject(none);
    await expect(store.cutAtTime(1004)).rejects.toMatchObject(none);
  });

  it('removes old records, never the newest two', async () => {
    const nowMs = 1_000_000;
    const counts: readonly (readonly [number, number, number])[] = [
      [0, 0, 2],
      [0, 1, 2],
      [0, 4, 4],
      [0, 50, 10],
      [nowMs - 7005, 0, 3],
      [nowMs - 7004, 0, 4],
      [nowMs - 7006, 0, 3],
    ];
    for (const [retainMs, countMin, left] of counts) {
      const { store } = await filled(10);
      const removed = await store.removeOld({ retainMs, countMin }, nowMs);
      expect(removed).toEqual(Array.from({ length: 10 - left }, (_, index) => BigInt(index + 1)));
      expect((await store.records()).map((found) => found.number)).toEqual(await store.list());
      expect(await store.list()).toHaveLength(left);
    }
  });
});
