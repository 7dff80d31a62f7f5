import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import type { TableCommitter } from '../../../../src/paimon/commit/table-commit.ts';
import {
  type ExpireSettings,
  expireSnapshots,
  planExpiry,
  retentionOf,
} from '../../../../src/paimon/maintenance/expire-snapshots.ts';
import { removeOrphans } from '../../../../src/paimon/maintenance/remove-orphans.ts';
import type { ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { bucketPathsOf } from '../../../../src/paimon/meta/table-paths.ts';
import { tableOptions } from '../../../../src/paimon/schema/table-options.ts';
import type { FileStore } from '../../../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FaultyFileStore, faultAt } from '../../../support/faulty-file-store.ts';
import {
  deletionOf,
  entryOf,
  lookInto,
  openCommitter,
  readAllSnapshots,
  requestOf,
  TABLE,
  testSchema,
} from '../commit/commit-fixtures.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const buckets = bucketPathsOf(TABLE, testSchema());
const random = seededRandom(7);
const KEEP_ONE: ExpireSettings = {
  retention: { countMin: 1, countMax: 1, timeMs: 0 },
  countMax: 1000,
  nowMs: 0,
};

function table(store: FileStore) {
  return { store, tablePath: TABLE, schema: testSchema(), random };
}

/** Writes the files of entries, as a writer does before its commit. */
async function writeFiles(store: FileStore, entries: readonly ManifestEntry[]): Promise<readonly ManifestEntry[]> {
  for (const entry of entries) {
    for (const path of buckets.filesOf(entry.partition, entry.bucket, entry.file)) await store.create(path, utf8('x'));
  }
  return entries;
}

/** Five snapshots: a, b with a changelog, a+b compacted to c, c upgraded, d. */
async function fill(store: FileStore, committer: TableCommitter): Promise<void> {
  const a = entryOf('a', { extraFiles: ['a.index'] });
  const c = entryOf('c', { level: 4, keys: [0, 9] });
  const c5 = entryOf('c', { level: 5, keys: [0, 9] });
  await committer.commit(requestOf(1, { added: await writeFiles(store, [a]) }));
  const changelog = await writeFiles(store, [entryOf('log')]);
  await committer.commit(requestOf(2, { added: await writeFiles(store, [entryOf('b')]), changelog }));
  const compact = { kind: 'COMPACT', commitUser: 'compact' } as const;
  await committer.commit(
    requestOf(1, {
      ...compact,
      deleted: [deletionOf(a), deletionOf(entryOf('b'))],
      added: await writeFiles(store, [c]),
    }),
  );
  await committer.commit(requestOf(2, { ...compact, deleted: [deletionOf(c)], added: [c5] }));
  await committer.commit(requestOf(3, { added: await writeFiles(store, [entryOf('d')]) }));
}

/** Fails if any file that a snapshot or tag needs is missing, or any file is left that nothing needs. */
async function checkFiles(store: MemoryFileStore, options: { readonly orphans: boolean }): Promise<void> {
  const { snapshots, manifests } = lookInto(store);
  for (const id of await snapshots.ids()) {
    for (const entry of await manifests.liveEntriesOf(await snapshots.read(id))) {
      for (const path of buckets.filesOf(entry.partition, entry.bucket, entry.file)) await store.read(path);
    }
  }
  await readAllSnapshots(store);
  const orphans = await removeOrphans(table(store), { olderThanMs: Number.POSITIVE_INFINITY, dryRun: true });
  if (!options.orphans && orphans.length > 0) throw new Error(`files are left over: ${orphans[0]?.path}`);
}

describe('planExpiry', () => {
  const plan = (settings: Partial<ExpireSettings>, consumers: readonly bigint[] = [], earliest = 1n): Promise<bigint> =>
    planExpiry({
      earliest,
      latest: 20n,
      settings: { retention: { countMin: 1, countMax: 1000, timeMs: 0 }, countMax: 100, nowMs: 21_000, ...settings },
      consumers,
      // Snapshot n is of second n.
      timeOf: (id) => Promise.resolve(Number(id) * 1000),
    });

  it.each<[string, bigint, Partial<ExpireSettings>, { consumers?: readonly bigint[]; earliest?: bigint }]>([
    ['everything but the latest', 20n, {}, {}],
    ['the newest by count', 11n, { retention: { countMin: 10, countMax: 1000, timeMs: 0 } }, {}],
    ['what was current within the time', 14n, { retention: { countMin: 1, countMax: 1000, timeMs: 6_000 } }, {}],
    ['no more than the largest count', 16n, { retention: { countMin: 1, countMax: 5, timeMs: 3_600_000 } }, {}],
    ['the smallest count before the largest', 11n, { retention: { countMin: 10, countMax: 5, timeMs: 0 } }, {}],
    ['what goes beyond the limit of a run', 4n, { countMax: 3 }, {}],
    ['what a consumer reads next', 7n, {}, { consumers: [9n, 7n] }],
    ['what a cut names', 6n, { protectedIds: [12n, 6n] }, {}],
    ['everything where a cut names the oldest', 5n, { protectedIds: [5n] }, { earliest: 5n }],
    ['everything where a consumer is behind', 5n, {}, { consumers: [2n], earliest: 5n }],
    ['the latest whatever is asked for', 20n, { retention: { countMin: 0, countMax: 0, timeMs: -1_000_000 } }, {}],
  ])('keeps %s', async (_name, end, settings, { consumers = [], earliest = 1n }) => {
    expect(await plan(settings, consumers, earliest)).toBe(end);
  });
});

describe('expireSnapshots', () => {
  async function filled() {
    const store = new MemoryFileStore();
    const committer = await openCommitter(store);
    await fill(store, committer);
    return { store, committer };
  }

  it('removes the snapshots and exactly the files that only they name', async () => {
    const { store } = await filled();
    const result = await expireSnapshots(table(store), KEEP_ONE);
    expect(result.snapshotIds).toEqual([1n, 2n, 3n, 4n]);
    const left = store.paths().filter((path) => !path.includes('/manifest/'));
    expect(left).toEqual([
      `${TABLE}/bucket-0/c`,
      `${TABLE}/bucket-0/d`,
      `${TABLE}/snapshot/EARLIEST`,
      `${TABLE}/snapshot/LATEST`,
      `${TABLE}/snapshot/snapshot-5`,
    ]);
    expect(new TextDecoder().decode(await store.read(`${TABLE}/snapshot/EARLIEST`))).toBe('5');
    await checkFiles(store, { orphans: false });
    expect((await expireSnapshots(table(store), KEEP_ONE)).snapshotIds).toEqual([]);
  });

  it('keeps what younger snapshots need when only some expire', async () => {
    for (let keep = 1; keep <= 5; keep += 1) {
      const { store } = await filled();
      const retention = { countMin: keep, countMax: keep, timeMs: 0 };
      expect((await expireSnapshots(table(store), { ...KEEP_ONE, retention })).snapshotIds).toHaveLength(5 - keep);
      await checkFiles(store, { orphans: false });
    }
  });

  it('keeps what a tag names, with its manifests', async () => {
    for (let tagged = 1n; tagged <= 5n; tagged += 1n) {
      const { store } = await filled();
      const { snapshots, manifests } = lookInto(store);
      await store.create(`${TABLE}/tag/tag-kept`, await store.read(snapshots.path(tagged)));
      const snapshot = await snapshots.read(tagged);
      await expireSnapshots(table(store), KEEP_ONE);
      expect(await snapshots.ids()).toEqual([5n]);
      for (const entry of await manifests.liveEntriesOf(snapshot)) {
        for (const path of buckets.filesOf(entry.partition, entry.bucket, entry.file)) await store.read(path);
      }
      await checkFiles(store, { orphans: false });
    }
  });

  it('reads consumers', async () => {
    const { store } = await filled();
    await store.create(`${TABLE}/consumer/consumer-me`, utf8('{"nextSnapshot" : 3}'));
    expect((await expireSnapshots(table(store), KEEP_ONE)).snapshotIds).toEqual([1n, 2n]);
    await store.replace(`${TABLE}/consumer/consumer-me`, utf8('{}'));
    await expect(expireSnapshots(table(store), KEEP_ONE)).rejects.toMatchObject({ code: 'E3102' });
  });

  it('changes nothing in a dry run', async () => {
    const { store } = await filled();
    const before = store.paths();
    expect((await expireSnapshots(table(store), { ...KEEP_ONE, dryRun: true })).snapshotIds).toHaveLength(4);
    expect(store.paths()).toEqual(before);
  });

  it('goes on where a committer is at work', async () => {
    const { store, committer } = await filled();
    await expireSnapshots(table(store), KEEP_ONE);
    const snapshot = await committer.commit(requestOf(4, { added: await writeFiles(store, [entryOf('e')]) }));
    expect(snapshot.id).toBe(6n);
    await checkFiles(store, { orphans: false });
  });

  it('leaves nothing worse than orphans when the process ends at any call', async () => {
    let crashAt = 0;
    for (let crashed = true; crashed; crashAt += 1) {
      for (const effect of [false, true]) {
        const { store } = await filled();
        const faulty = new FaultyFileStore(store, faultAt(crashAt, { kind: 'crash', effect }));
        await expireSnapshots(table(faulty), KEEP_ONE).catch((error: unknown) => {
          if (!faulty.crashed) throw error;
        });
        crashed = faulty.crashed;
        store.crash();
        await checkFiles(store, { orphans: true });
        const { snapshots } = lookInto(store);
        const left = await snapshots.ids();
        expect(await snapshots.earliestId()).not.toBeNull();
        await expireSnapshots(table(store), KEEP_ONE);
        expect(await snapshots.ids()).toEqual([5n]);
        expect(left.at(-1)).toBe(5n);
        await removeOrphans(table(store), { olderThanMs: Number.POSITIVE_INFINITY });
        await checkFiles(store, { orphans: false });
      }
    }
    expect(crashAt).toBeGreaterThan(30);
  });

  it('keeps snapshots as long as changelogs are to live', () => {
    const options = tableOptions(
      testSchema({
        'changelog.time-retained': '24 h',
        'changelog.num-retained.min': '5',
        'snapshot.num-retained.max': '20',
      }),
    );
    expect(retentionOf(options)).toEqual({ countMin: 10, countMax: 20, timeMs: 86_400_000 });
    expect(retentionOf(tableOptions(testSchema()))).toMatchObject({ countMin: 10, timeMs: 3_600_000 });
  });
});

describe('removeOrphans', () => {
  it('removes old files that nothing names, and nothing else', async () => {
    const clock = new FakeClock({ startMs: 1000 });
    const store = new MemoryFileStore(clock);
    await fill(store, await openCommitter(store));
    const { snapshots } = lookInto(store);
    await store.create(`${TABLE}/tag/tag-old`, await store.read(snapshots.path(2n)));
    await store.create(`${TABLE}/branch/branch-b/snapshot/snapshot-1`, await store.read(snapshots.path(1n)));
    await store.delete(snapshots.path(1n));
    const kept = store.paths();
    const orphans = [
      `${TABLE}/bucket-0/.data-9.1.tmp`,
      `${TABLE}/bucket-0/orphan`,
      `${TABLE}/bucket-7/orphan`,
      `${TABLE}/index/index-1`,
      `${TABLE}/manifest/manifest-x`,
      `${TABLE}/snapshot/.snapshot-9.1.tmp`,
      `${TABLE}/statistics/stat-1`,
    ];
    for (const path of orphans) await store.create(path, utf8('xyz'));
    clock.setNow(5000);
    const outside = [`${TABLE}/bucket-0/young`, `${TABLE}/other/file`, `${TABLE}/schema/schema-0`];
    for (const path of outside) await store.create(path, utf8('x'));
    await store.create(`${TABLE}/p=1/bucket-0/partitioned`, utf8('x'));
    const dry = await removeOrphans(table(store), { olderThanMs: 5000, dryRun: true });
    expect(dry).toEqual(orphans.map((path) => ({ path, sizeBytes: 3 })));
    expect(store.paths()).toHaveLength(kept.length + orphans.length + outside.length + 1);
    expect(await removeOrphans(table(store), { olderThanMs: 5000 })).toEqual(dry);
    expect(store.paths()).toEqual([...kept, ...outside, `${TABLE}/p=1/bucket-0/partitioned`].sort());
  });

  it('looks into the partitions of a partitioned table', async () => {
    const store = new MemoryFileStore();
    await store.create(`${TABLE}/p=1/q=2/bucket-0/orphan`, utf8('x'));
    await store.create(`${TABLE}/p=1/notes/bucket-0/file`, utf8('x'));
    const schema = { ...testSchema(), partitionKeys: ['id', 'id'] };
    const orphans = await removeOrphans({ ...table(store), schema }, { olderThanMs: Number.POSITIVE_INFINITY });
    expect(orphans.map((file) => file.path)).toEqual([`${TABLE}/p=1/q=2/bucket-0/orphan`]);
  });

  it('removes nothing where a snapshot or one of its lists cannot be read', async () => {
    for (const damage of ['snapshot', 'list'] as const) {
      const store = new MemoryFileStore();
      const committer = await openCommitter(store);
      await fill(store, committer);
      await store.create(`${TABLE}/bucket-0/orphan`, utf8('x'));
      const { snapshots, manifests } = lookInto(store);
      if (damage === 'snapshot') await store.replace(snapshots.path(2n), utf8('{'));
      else await store.delete(manifests.path((await snapshots.read(2n)).baseManifestList));
      const before = store.paths();
      const code = damage === 'snapshot' ? 'E3102' : 'E3001';
      const settings = { olderThanMs: Number.POSITIVE_INFINITY };
      await expect(removeOrphans(table(store), settings)).rejects.toMatchObject({ code });
      expect(store.paths()).toEqual(before);
    }
  });
});
