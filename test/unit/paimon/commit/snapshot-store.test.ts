import { describe, expect, it } from 'vitest';
import { SnapshotStore } from '../../../../src/paimon/commit/snapshot-store.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FaultyFileStore, faultOn } from '../../../support/faulty-file-store.ts';
import { openCommitter, requestOf, TABLE } from './commit-fixtures.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Snapshots 1 to `count`, one a second from second 1 on; odd ones by `odd`. */
async function filled(count: number) {
  const store = new MemoryFileStore();
  const clock = new FakeClock({ startMs: 0, autoAdvance: true });
  const committer = await openCommitter(store, { clock });
  for (let id = 1; id <= count; id += 1) {
    clock.setNow(id * 1000);
    await committer.commit(requestOf(id, { commitUser: id % 2 === 1 ? 'odd' : 'even' }));
  }
  return { store, snapshots: new SnapshotStore(store, TABLE) };
}

describe('SnapshotStore', () => {
  it('finds nothing in an empty table', async () => {
    const snapshots = new SnapshotStore(new MemoryFileStore(), TABLE);
    expect(await snapshots.latest()).toBeNull();
    expect(await snapshots.earliest()).toBeNull();
    expect(await snapshots.atOrBefore(1)).toBeNull();
    expect(await snapshots.newestBy('x')).toBeNull();
    await expect(snapshots.read(1n)).rejects.toMatchObject({ code: 'E3455' });
  });

  it.each(['9', '11', '99', '', 'x', '-1', '10\n'])('finds the newest whatever the hint says: %j', async (hint) => {
    const { store, snapshots } = await filled(10);
    await store.replace(`${TABLE}/snapshot/LATEST`, utf8(hint));
    expect(await snapshots.latestId()).toBe(10n);
    await store.delete(`${TABLE}/snapshot/LATEST`);
    expect((await snapshots.latest())?.id).toBe(10n);
  });

  it('finds the oldest by hint or listing', async () => {
    const { store, snapshots } = await filled(3);
    expect((await snapshots.earliest())?.id).toBe(1n);
    await store.replace(`${TABLE}/snapshot/EARLIEST`, utf8('2'));
    expect((await snapshots.earliest())?.id).toBe(2n);
    await store.replace(`${TABLE}/snapshot/EARLIEST`, utf8('7'));
    expect((await snapshots.earliest())?.id).toBe(1n);
  });

  it('finds the last snapshot at or before a time', async () => {
    const { store, snapshots } = await filled(9);
    for (let id = 1; id <= 9; id += 1) {
      expect((await snapshots.atOrBefore(id * 1000))?.id).toBe(BigInt(id));
      expect((await snapshots.atOrBefore(id * 1000 + 999))?.id).toBe(BigInt(id));
    }
    expect(await snapshots.atOrBefore(999)).toBeNull();
    await store.delete(snapshots.path(1n));
    expect(await snapshots.atOrBefore(1500)).toBeNull();
  });

  it('finds the newest of a user', async () => {
    const { snapshots } = await filled(4);
    expect((await snapshots.newestBy('odd'))?.id).toBe(3n);
    expect((await snapshots.newestBy('even'))?.id).toBe(4n);
    expect(await snapshots.newestBy('none')).toBeNull();
  });

  it('does not fail where a hint cannot be written', async () => {
    const store = new FaultyFileStore(
      new MemoryFileStore(),
      faultOn({ operation: 'replace', path: /LATEST$/, countMax: 10 }, { kind: 'before', code: 'E3003' }),
    );
    const committer = await openCommitter(store);
    expect((await committer.commit(requestOf(1))).id).toBe(1n);
    expect(await new SnapshotStore(store, TABLE).latestId()).toBe(1n);
  });
});
