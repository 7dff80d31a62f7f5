import { describe, expect, it } from 'vitest';
import { BATCH_COMMIT_IDENTIFIER } from '../../../../src/paimon/meta/snapshot.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { type Fault, FaultyFileStore, faultAt, faultOn } from '../../../support/faulty-file-store.ts';
import {
  deletionOf,
  entryOf,
  lookInto,
  namesOf,
  openCommitter,
  readAllSnapshots,
  requestOf,
  TABLE,
  testSchema,
  TOKEN_PROPERTY,
} from './commit-fixtures.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('TableCommitter', () => {
  it('publishes the first snapshot on an empty base list', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store, { clock: new FakeClock({ startMs: 5000, autoAdvance: true }) });
    expect(committer.latest).toBeNull();
    const request = requestOf(7, {
      added: [entryOf('a', { rowCount: 3 }), entryOf('b', { bucket: 1, rowCount: 2 })],
      changelog: [entryOf('c', { rowCount: 4 })],
      properties: { position: '0/1' },
      watermark: 11n,
    });
    const snapshot = await committer.commit(request);
    const { snapshots, manifests } = lookInto(store);
    expect(snapshot).toEqual(await snapshots.read(1n));
    expect(snapshot).toMatchObject({
      id: 1n,
      schemaId: 0,
      commitUser: 'pipeline',
      commitIdentifier: 7n,
      commitKind: 'APPEND',
      timeMillis: 5000,
      totalRecordCount: 5n,
      deltaRecordCount: 5n,
      changelogRecordCount: 4n,
      watermark: 11n,
      nextRowId: 0n,
      indexManifest: null,
      properties: { position: '0/1', [TOKEN_PROPERTY]: 'run-1' },
    });
    expect(await manifests.readList(snapshot.baseManifestList)).toEqual([]);
    expect(namesOf(await manifests.deltaEntriesOf(snapshot))).toEqual(['a@0', 'b@0']);
    expect(namesOf(await manifests.changelogEntriesOf(snapshot))).toEqual(['c@0']);
    const list = await store.stat(manifests.path(snapshot.deltaManifestList));
    expect(snapshot.deltaManifestListSize).toBe(list?.sizeBytes);
    expect(new TextDecoder().decode(await store.read(`${TABLE}/snapshot/LATEST`))).toBe('1');
  });

  it('carries counts, watermark and time over, and never lets them go back', async () => {
    const store = new MemoryFileStore();
    const clock = new FakeClock({ startMs: 9000, autoAdvance: true });
    const committer = await openCommitter(store, { clock });
    await committer.commit(requestOf(1, { added: [entryOf('a', { rowCount: 3 })], watermark: 5n }));
    clock.setNow(1000);
    const second = await committer.commit(requestOf(2, { added: [entryOf('b', { rowCount: 4 })], watermark: 2n }));
    expect(second).toMatchObject({ timeMillis: 9000, totalRecordCount: 7n, deltaRecordCount: 4n, watermark: 5n });
    const compaction = await committer.commit(
      requestOf(1, {
        kind: 'COMPACT',
        deleted: [deletionOf(entryOf('a', { rowCount: 3 })), deletionOf(entryOf('b', { rowCount: 4 }))],
        added: [entryOf('ab', { level: 5, rowCount: 6 })],
      }),
    );
    expect(compaction).toMatchObject({ totalRecordCount: 6n, deltaRecordCount: -1n, changelogRecordCount: null });
    expect(namesOf(committer.liveEntries())).toEqual(['ab@5']);
    expect((await readAllSnapshots(store)).get(3n)).toEqual(['ab@5']);
  });

  it('takes the latest schema, and never one older than a file', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    expect((await committer.commit(requestOf(1))).schemaId).toBe(0);
    await store.create(`${TABLE}/schema/schema-0`, utf8('{}'));
    await store.create(`${TABLE}/schema/schema-1`, utf8('{}'));
    expect((await committer.commit(requestOf(2))).schemaId).toBe(1);
    expect((await committer.commit(requestOf(3, { added: [entryOf('a', { schemaId: 2 })] }))).schemaId).toBe(2);
  });

  it('replaces the content in an OVERWRITE, also with another number of buckets', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    await committer.commit(requestOf(1, { added: [entryOf('a')] }));
    await committer.commit(
      requestOf(2, {
        kind: 'OVERWRITE',
        deleted: [deletionOf(entryOf('a'))],
        added: [entryOf('b', { totalBuckets: 4 })],
      }),
    );
    expect(namesOf(committer.liveEntries())).toEqual(['b@0']);
  });

  it('moves a file up a level by a DELETE and an ADD of one name', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    await committer.commit(requestOf(1, { added: [entryOf('a')] }));
    const moved = await committer.commit(
      requestOf(1, { kind: 'COMPACT', deleted: [deletionOf(entryOf('a'))], added: [entryOf('a', { level: 5 })] }),
    );
    expect(moved.deltaRecordCount).toBe(0n);
    expect((await readAllSnapshots(store)).get(2n)).toEqual(['a@5']);
  });

  it('keeps index files from snapshot to snapshot and replaces those of a bucket', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    const index = (fileName: string, bucket: number, kind = 0) => ({
      kind,
      partition: entryOf('x').partition,
      bucket,
      indexType: 'HASH',
      fileName,
      fileSize: 1,
      rowCount: 1,
      deletionVectorRanges: null,
      externalPath: null,
    });
    await committer.commit(requestOf(1, { index: [index('i0', 0), index('i1', 1)] }));
    const second = await committer.commit(requestOf(2));
    const third = await committer.commit(requestOf(3, { index: [index('i0b', 0)] }));
    const fourth = await committer.commit(requestOf(4, { index: [index('i0b', 0, 1), index('i1', 1, 1)] }));
    const { manifests } = lookInto(store);
    expect(await manifests.readIndex(second.indexManifest ?? '')).toEqual([index('i0', 0), index('i1', 1)]);
    expect((await manifests.readIndex(third.indexManifest ?? '')).map((entry) => entry.fileName).sort()).toEqual([
      'i0b',
      'i1',
    ]);
    expect(fourth.indexManifest).toBeNull();
  });

  it('reads nothing but the snapshot it builds on', async () => {
    const store = new FaultyFileStore(new MemoryFileStore());
    const committer = await openCommitter(store);
    await committer.commit(requestOf(1, { added: [entryOf('a')] }));
    const before = store.calls.length;
    await committer.commit(requestOf(2, { added: [entryOf('b')] }));
    const calls = store.calls
      .slice(before)
      .map((call) => `${call.operation} ${call.path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '*')}`);
    expect(calls.sort()).toEqual([
      'create db.db/t/manifest/manifest-*-0',
      'create db.db/t/manifest/manifest-list-*-0',
      'create db.db/t/manifest/manifest-list-*-0',
      'create db.db/t/snapshot/snapshot-2',
      'read db.db/t/snapshot/snapshot-1',
      'replace db.db/t/snapshot/LATEST',
      'stat db.db/t/schema/schema-1',
    ]);
  });

  it('merges manifests, and every snapshot still reads as before', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store, { schema: testSchema({ 'manifest.merge-min-count': '3' }) });
    for (let round = 1; round <= 20; round += 1) {
      const added = [entryOf(`f${round}`)];
      await committer.commit(requestOf(round, { added }));
      if (round % 5 === 0) {
        await committer.commit(
          requestOf(round, { kind: 'COMPACT', deleted: [deletionOf(entryOf(`f${round - 1}`))], commitUser: 'compact' }),
        );
      }
    }
    const { snapshots, manifests } = lookInto(store);
    const latest = await snapshots.latest();
    expect((await manifests.readList(latest?.baseManifestList ?? '')).length).toBeLessThanOrEqual(3);
    expect((await readAllSnapshots(store)).get(24n)).toHaveLength(16);
  });

  it('rolls manifests at the target size', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store, { schema: testSchema({ 'manifest.target-file-size': '10 kb' }) });
    const added = Array.from({ length: 200 }, (_, index) => entryOf(`f${index}`));
    const snapshot = await committer.commit(requestOf(1, { added }));
    const { manifests } = lookInto(store);
    const list = await manifests.readList(snapshot.deltaManifestList);
    expect(list.length).toBeGreaterThan(1);
    expect(list.reduce((sum, manifest) => sum + manifest.numAddedFiles, 0)).toBe(200);
    expect(await manifests.deltaEntriesOf(snapshot)).toEqual(added);
  });
});

describe('TableCommitter conflicts', () => {
  async function filled() {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    await committer.commit(requestOf(1, { added: [entryOf('a'), entryOf('b')] }));
    await committer.commit(
      requestOf(1, {
        kind: 'COMPACT',
        deleted: [deletionOf(entryOf('a'))],
        added: [entryOf('low', { level: 5, keys: [0, 10] }), entryOf('high', { level: 5, keys: [20, 30] })],
      }),
    );
    return { store, committer };
  }

  it.each([
    ['E3450', { deleted: [deletionOf(entryOf('a'))] }],
    ['E3450', { deleted: [deletionOf(entryOf('b', { level: 5 }))] }],
    ['E3451', { added: [entryOf('x', { level: 5, keys: [10, 12] })] }],
    ['E3451', { added: [entryOf('x', { level: 5, keys: [15, 20] })] }],
    ['E3451', { added: [entryOf('x', { level: 5, keys: [12, 25] })] }],
    ['E3451', { added: [entryOf('x', { level: 4, keys: [1, 2] }), entryOf('y', { level: 4, keys: [2, 3] })] }],
    ['E3452', { added: [entryOf('x', { totalBuckets: 4 })] }],
    ['E9001', { added: [entryOf('b')] }],
    ['E9001', { added: [entryOf('x'), entryOf('x')] }],
  ])('refuses with %s what does not fit, and leaves no trace', async (code, changes) => {
    const { store, committer } = await filled();
    const before = store.paths();
    await expect(committer.commit(requestOf(2, { kind: 'COMPACT', ...changes }))).rejects.toMatchObject({ code });
    expect(store.paths()).toEqual(before);
    await committer.commit(requestOf(3));
  });

  it.each([
    [{ added: [entryOf('x', { level: 5, keys: [11, 19] })] }],
    [{ added: [entryOf('x', { level: 5, bucket: 1, keys: [0, 30] })] }],
    [{ added: [entryOf('x', { level: 4, keys: [0, 30] })] }],
    [
      {
        deleted: [deletionOf(entryOf('low', { level: 5, keys: [0, 10] }))],
        added: [entryOf('x', { level: 5, keys: [5, 15] })],
      },
    ],
    [{ deleted: [deletionOf(entryOf('b'))] }],
  ])('accepts what fits', async (changes) => {
    const { committer } = await filled();
    expect((await committer.commit(requestOf(2, { kind: 'COMPACT', ...changes }))).id).toBe(3n);
  });

  it('refuses DELETEs and levels above 0 in an APPEND, and identifiers that do not grow', async () => {
    const { committer } = await filled();
    const code = { code: 'E9001' };
    await expect(committer.commit(requestOf(2, { deleted: [deletionOf(entryOf('b'))] }))).rejects.toMatchObject(code);
    await expect(committer.commit(requestOf(2, { added: [entryOf('c', { level: 1 })] }))).rejects.toMatchObject(code);
    await expect(committer.commit(requestOf(1))).rejects.toMatchObject(code);
    const batch = { commitIdentifier: BATCH_COMMIT_IDENTIFIER, commitUser: 'batch' };
    await committer.commit(requestOf(0, batch));
    await committer.commit(requestOf(0, batch));
  });
});

describe('TableCommitter among others', () => {
  it('loses no commit of two that race', async () => {
    const store = new MemoryFileStore();
    const count = 200;
    const run = async (user: string, seed: number): Promise<void> => {
      const committer = await openCommitter(store, { seed, token: user });
      for (let round = 1; round <= count; round += 1) {
        await committer.commit(requestOf(round, { commitUser: user, added: [entryOf(`${user}-${round}`)] }));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([run('one', 1), run('two', 2)]);
    const { snapshots } = lookInto(store);
    expect(await snapshots.latestId()).toBe(BigInt(2 * count));
    const states = await readAllSnapshots(store);
    expect(states.get(BigInt(2 * count))).toHaveLength(2 * count);
    for (const user of ['one', 'two']) {
      const identifiers: bigint[] = [];
      for (const id of states.keys()) {
        const snapshot = await snapshots.read(id);
        if (snapshot.commitUser === user) identifiers.push(snapshot.commitIdentifier);
      }
      expect(identifiers).toEqual(Array.from({ length: count }, (_, index) => BigInt(index + 1)));
    }
  });

  it('drops a compaction whose file another one took away, and appends go on', async () => {
    const store = new MemoryFileStore();
    const writer = await openCommitter(store, { seed: 1, token: 'w' });
    await writer.commit(requestOf(1, { added: [entryOf('a')] }));
    const other = await openCommitter(store, { seed: 2, token: 'o' });
    const compaction = { kind: 'COMPACT', deleted: [deletionOf(entryOf('a'))] } as const;
    await other.commit(requestOf(1, { commitUser: 'other', ...compaction }));
    await expect(writer.commit(requestOf(1, { commitUser: 'mine', ...compaction }))).rejects.toMatchObject({
      code: 'E3450',
    });
    expect((await writer.commit(requestOf(2, { added: [entryOf('b')] }))).id).toBe(3n);
    expect(namesOf(writer.liveEntries())).toEqual(['b@0']);
    expect((await readAllSnapshots(store)).size).toBe(3);
  });

  it('is fenced by a newer snapshot of its own user with another token', async () => {
    const store = new MemoryFileStore();
    const first = await openCommitter(store, { seed: 1, token: 'first' });
    await first.commit(requestOf(1, { added: [entryOf('a')] }));
    const second = await openCommitter(store, { seed: 2, token: 'second' });
    await second.commit(requestOf(2, { added: [entryOf('b')] }));
    const before = store.paths();
    await expect(first.commit(requestOf(2, { added: [entryOf('c')] }))).rejects.toMatchObject({
      code: 'E5001',
      kind: 'fenced',
    });
    await expect(first.commit(requestOf(3))).rejects.toMatchObject({ code: 'E5001' });
    expect(store.paths()).toEqual(before);
    await second.commit(requestOf(3));
  });

  it('is fenced at once where the caller knows an older snapshot than there is', async () => {
    const store = new MemoryFileStore();
    await (await openCommitter(store, { seed: 1, token: 'first' })).commit(requestOf(1));
    const late = await openCommitter(store, { seed: 2, token: 'late', knownSnapshotId: null });
    await expect(late.commit(requestOf(2))).rejects.toMatchObject({ code: 'E5001' });
    const inTime = await openCommitter(store, { seed: 3, token: 'in-time', knownSnapshotId: 1n });
    await inTime.commit(requestOf(2));
  });

  it('notices a rollback', async () => {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    await committer.commit(requestOf(1));
    await committer.commit(requestOf(2));
    await store.replace(`${TABLE}/snapshot/LATEST`, utf8('1'));
    await store.delete(`${TABLE}/snapshot/snapshot-2`);
    await expect(committer.commit(requestOf(3))).rejects.toMatchObject({ code: 'E3456' });
    const other = await openCommitter(store, { seed: 5, token: 'other' });
    await other.commit(requestOf(2, { commitUser: 'other' }));
    await expect(committer.commit(requestOf(4))).rejects.toMatchObject({ code: 'E3456' });
    expect((await readAllSnapshots(store)).size).toBe(2);
  });
});

describe('TableCommitter with faults', () => {
  const faults: readonly Fault[] = [{ kind: 'before' }, { kind: 'after' }];

  /** Commits twice and compacts, on a store where one call fails. */
  async function runWith(index: number, fault: Fault) {
    const inner = new MemoryFileStore();
    const store = new FaultyFileStore(inner);
    const schema = testSchema({ 'manifest.merge-min-count': '2' });
    const committer = await openCommitter(store, { schema });
    await committer.commit(requestOf(1, { added: [entryOf('a')] }));
    const first = store.calls.length;
    store.setPlan(faultAt(first + index, fault));
    await committer.commit(requestOf(2, { added: [entryOf('b')], changelog: [entryOf('log')] }));
    await committer.commit(
      requestOf(1, { kind: 'COMPACT', deleted: [deletionOf(entryOf('a'))], commitUser: 'compact' }),
    );
    return { inner, callCount: store.calls.length - first };
  }

  it('commits once whichever call fails, with or without effect', async () => {
    const { callCount } = await runWith(-1, { kind: 'before' });
    expect(callCount).toBeGreaterThan(14);
    for (const fault of faults) {
      for (let index = 0; index < callCount; index += 1) {
        const { inner } = await runWith(index, fault);
        const states = await readAllSnapshots(inner);
        expect([...states]).toEqual([
          [1n, ['a@0']],
          [2n, ['a@0', 'b@0']],
          [3n, ['b@0']],
        ]);
      }
    }
  });

  it('finds its snapshot after a lost answer although others have gone on meanwhile', async () => {
    const inner = new MemoryFileStore();
    const store = new FaultyFileStore(inner);
    const committer = await openCommitter(store);
    await committer.commit(requestOf(1, { added: [entryOf('a')] }));
    const other = await openCommitter(inner, { seed: 2, token: 'other' });
    let othersCommit: Promise<unknown> = Promise.resolve();
    const lost = faultOn({ operation: 'create', path: /snapshot-2$/ }, { kind: 'after' });
    store.setPlan((call) => {
      const fault = lost(call);
      if (fault === null) return null;
      othersCommit = new Promise((resolve) => setImmediate(resolve)).then(() =>
        other.commit(requestOf(1, { commitUser: 'other', added: [entryOf('x')] })),
      );
      return fault;
    });
    const snapshot = await committer.commit(requestOf(2, { added: [entryOf('b')] }));
    await othersCommit;
    expect(snapshot.id).toBe(2n);
    await committer.commit(requestOf(3, { added: [entryOf('c')] }));
    expect((await readAllSnapshots(inner)).get(4n)).toEqual(['a@0', 'b@0', 'c@0', 'x@0']);
  });

  it('gives up after the configured tries and deletes nothing while the outcome is unknown', async () => {
    const inner = new MemoryFileStore();
    const store = new FaultyFileStore(inner);
    const committer = await openCommitter(store, { schema: testSchema({ 'commit.max-retries': '3' }) });
    store.setPlan((call) => {
      if (call.path.endsWith('snapshot-1')) return { kind: 'after' };
      return null;
    });
    await expect(committer.commit(requestOf(1, { added: [entryOf('a')] }))).rejects.toMatchObject({
      code: 'E3453',
      message: expect.stringContaining('outcome=unknown') as string,
    });
    expect((await readAllSnapshots(inner)).get(1n)).toEqual(['a@0']);
  });

  it('leaves no file behind when it gives up before anything was published', async () => {
    const inner = new MemoryFileStore();
    const store = new FaultyFileStore(inner, (call) => (call.path.endsWith('schema-1') ? { kind: 'before' } : null));
    const committer = await openCommitter(store, { schema: testSchema({ 'commit.max-retries': '2' }) });
    await expect(committer.commit(requestOf(1, { added: [entryOf('a')] }))).rejects.toMatchObject({ code: 'E3453' });
    expect(inner.paths()).toEqual([]);
  });

  it('does not try again where the storage refuses', async () => {
    const store = new FaultyFileStore(new MemoryFileStore(), (call) =>
      call.operation === 'create' ? { kind: 'before', code: 'E3003' } : null,
    );
    const committer = await openCommitter(store);
    await expect(committer.commit(requestOf(1, { added: [entryOf('a')] }))).rejects.toMatchObject({ code: 'E3003' });
  });

  it('does not mistake an expired snapshot for one that was never written', async () => {
    const inner = new MemoryFileStore();
    const store = new FaultyFileStore(inner);
    store.setPlan((call) => {
      if (!call.path.endsWith('snapshot-1') || call.operation !== 'create') return null;
      return { kind: 'after' };
    });
    const clock = new FakeClock();
    const patient = await openCommitter(store, { clock });
    const commit = patient.commit(requestOf(1, { added: [entryOf('a')] }));
    commit.catch(() => {});
    while (clock.timerCount === 0) await new Promise((resolve) => setImmediate(resolve));
    // While the committer waits, others commit and expire.
    const other = await openCommitter(inner, { seed: 3, token: 'other' });
    await other.commit(requestOf(1, { commitUser: 'other' }));
    await inner.delete(`${TABLE}/snapshot/snapshot-1`);
    await clock.advance(1000);
    await expect(commit).rejects.toMatchObject({ code: 'E3457' });
    expect(inner.paths().filter((path) => path.includes('snapshot-'))).toEqual([`${TABLE}/snapshot/snapshot-2`]);
  });

  it('leaves the table as before or after when the process ends at any call, and the next run goes on', async () => {
    const run = async (crashAt: number, effect: boolean) => {
      const inner = new MemoryFileStore();
      const store = new FaultyFileStore(inner, faultAt(crashAt, { kind: 'crash', effect }));
      const acknowledged: string[] = [];
      try {
        const committer = await openCommitter(store, { schema: testSchema({ 'manifest.merge-min-count': '2' }) });
        for (let round = 1; round <= 3; round += 1) {
          await committer.commit(requestOf(round, { added: [entryOf(`f${round}`)] }));
          acknowledged.push(`f${round}@0`);
        }
      } catch (error) {
        if (!store.crashed) throw error;
      }
      inner.crash();
      return { inner, acknowledged, crashed: store.crashed };
    };
    let crashAt = 0;
    for (let crashed = true; crashed; crashAt += 1) {
      for (const effect of [false, true]) {
        const result = await run(crashAt, effect);
        crashed = result.crashed;
        const next = await openCommitter(result.inner, { seed: 2, token: 'run-2' });
        const found = namesOf(next.liveEntries());
        expect(found.slice(0, result.acknowledged.length)).toEqual(result.acknowledged);
        expect(found.length - result.acknowledged.length).toBeLessThanOrEqual(1);
        await next.commit(requestOf(10, { added: [entryOf('next')] }));
        const states = await readAllSnapshots(result.inner);
        expect(states.get(BigInt(found.length + 1))).toEqual([...found, 'next@0']);
      }
    }
    expect(crashAt).toBeGreaterThan(20);
  });
});
