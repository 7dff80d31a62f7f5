import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { mergeManifests, planManifestMerge } from '../../../../src/paimon/commit/manifest-merge.ts';
import { ManifestStore } from '../../../../src/paimon/commit/manifest-store.ts';
import { encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import type { ManifestEntry, ManifestFileMeta } from '../../../../src/paimon/meta/manifest-entry.ts';
import { liveEntries, mergeEntries } from '../../../../src/paimon/meta/merge-entries.ts';
import { EMPTY_STATS } from '../../../../src/paimon/meta/stats.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { FaultyFileStore } from '../../../support/faulty-file-store.ts';
import { deletionOf, entryOf, namesOf, TABLE, testSchema } from './commit-fixtures.ts';

const settings = { manifestTargetFileSizeBytes: 100, manifestMergeCountMin: 3, manifestFullCompactionSizeBytes: 500 };

function manifest(fileName: string, fileSize: number, numDeletedFiles = 0): ManifestFileMeta {
  return {
    fileName,
    fileSize,
    numAddedFiles: 1,
    numDeletedFiles,
    partitionStats: EMPTY_STATS,
    schemaId: 0,
    minBucket: 0,
    maxBucket: 0,
    minLevel: 0,
    maxLevel: 0,
    minRowId: null,
    maxRowId: null,
  };
}

const INT = { kind: 'INT', nullable: false } as const;

function entryIn(partition: number, fileName: string): ManifestEntry {
  return { ...entryOf(fileName), partition: encodeCells([INT], [partition]) };
}

/** The plan in one line: groups of names, or its kind. */
function planned(manifests: readonly ManifestFileMeta[]): string {
  const plan = planManifestMerge(manifests, settings);
  if (plan.kind !== 'minor') return plan.kind;
  return plan.groups.map((group) => group.map((found) => found.fileName).join('+')).join(' ');
}

describe('planManifestMerge', () => {
  it.each([
    ['nothing', [], 'keep'],
    ['few small ones', [manifest('a', 10), manifest('b', 10)], 'keep'],
    ['enough small ones', [manifest('a', 10), manifest('b', 10), manifest('c', 10)], 'a+b+c'],
    ['neighbours up to the target', [manifest('a', 60), manifest('b', 40), manifest('c', 10)], 'a+b c'],
    ['a large one alone', [manifest('a', 100), manifest('b', 99), manifest('c', 1), manifest('d', 1)], 'a b+c d'],
    ['large ones without deletes', [manifest('a', 300), manifest('b', 300)], 'keep'],
    ['much that changes', [manifest('a', 300, 1), manifest('b', 200, 1)], 'full'],
    ['one that changes', [manifest('a', 600, 1), manifest('b', 300)], 'full'],
    ['not quite enough', [manifest('a', 300, 1), manifest('b', 199, 1)], 'keep'],
  ])('%s', (_name, manifests, expected) => {
    expect(planned(manifests)).toBe(expected);
  });
});

describe('mergeManifests', () => {
  it('keeps what readers see, in a minor and in a full merge, with DELETEs whose ADD is elsewhere', async () => {
    for (const fullSizeBytes of [1, 1_000_000]) {
      const store = new ManifestStore({
        store: new MemoryFileStore(),
        tablePath: TABLE,
        schema: testSchema(),
        random: seededRandom(3),
      });
      const written: string[] = [];
      const first = await store.writeManifests([entryOf('a'), entryOf('b'), entryOf('c')], written);
      const second = await store.writeManifests([deletionOf(entryOf('a')), entryOf('a', { level: 5 })], written);
      const third = await store.writeManifests([deletionOf(entryOf('b')), entryOf('d')], written);
      const all = [...first, ...second, ...third];
      const given = { manifestTargetFileSizeBytes: 8_000_000, manifestMergeCountMin: 2 };
      const merge = { ...given, manifestFullCompactionSizeBytes: fullSizeBytes };
      const target = { store, written: [] };
      const merged = await mergeManifests(all, merge, target);
      expect(merged).toHaveLength(1);
      expect(merged[0]).toMatchObject({ numAddedFiles: 3, numDeletedFiles: 0 });
      expect(namesOf((await store.readManifests(merged)).flat())).toEqual(['a@5', 'c@0', 'd@0']);
      // Without the first manifest the DELETEs of its files have to stay; a full merge sees all there is.
      const rest = await mergeManifests([...second, ...third], merge, target);
      expect(rest[0]?.numDeletedFiles).toBe(fullSizeBytes === 1 ? 0 : 2);
    }
  });
});

describe('merge-entries', () => {
  it('takes a DELETE for its ADD wherever it stands, and only of the same level, bucket and extra files', () => {
    const a = entryOf('a');
    expect(liveEntries([deletionOf(a), a])).toEqual([]);
    const others = [
      entryOf('a', { level: 1 }),
      entryOf('a', { bucket: 1 }),
      entryOf('a', { extraFiles: ['a.index'] }),
      entryOf('b'),
    ];
    expect(liveEntries([a, ...others, deletionOf(a)])).toEqual(others);
    expect(mergeEntries([a, ...others, deletionOf(a)])).toEqual(others);
    expect(mergeEntries([deletionOf(a), ...others])).toEqual([deletionOf(a), ...others]);
  });

  it('refuses a file that is added twice', () => {
    const twice = [entryOf('a'), entryOf('a')];
    expect(() => liveEntries(twice)).toThrow(expect.objectContaining({ code: 'E3454' }));
    expect(() => mergeEntries(twice)).toThrow(expect.objectContaining({ code: 'E3454' }));
  });
});

describe('a full merge', () => {
  /** Manifests of partitions: what each names, in order, as `partition/file`. */
  async function merged(
    parts: readonly (readonly ManifestEntry[])[],
    targetSizeBytes: number,
  ): Promise<{ readonly kept: number; readonly read: readonly string[] }> {
    const reads: string[] = [];
    const counting = new FaultyFileStore(new MemoryFileStore(), ({ operation, path }) => {
      if (operation === 'read') reads.push(path);
      return null;
    });
    const store = new ManifestStore({
      store: counting,
      tablePath: TABLE,
      schema: { ...testSchema(), partitionKeys: ['id'] },
      random: seededRandom(3),
    });
    const all: ManifestFileMeta[] = [];
    for (const entries of parts) all.push(...(await store.writeManifests(entries, [])));
    const before = liveEntries((await store.readManifests(all)).flat());
    reads.length = 0;
    const given = { manifestTargetFileSizeBytes: targetSizeBytes, manifestMergeCountMin: 100 };
    const result = await mergeManifests(all, { ...given, manifestFullCompactionSizeBytes: 1 }, { store, written: [] });
    const read = [...new Set(reads)].map((path) => all.findIndex(({ fileName }) => path.endsWith(fileName)));
    const after = liveEntries((await store.readManifests(result)).flat());
    expect(namesOf(after).toSorted()).toEqual(namesOf(before).toSorted());
    return { kept: result.filter((manifest) => all.includes(manifest)).length, read: read.map(String).toSorted() };
  }

  it('reads large manifests only where their partitions lose files', async () => {
    const big = (partition: number) =>
      Array.from({ length: 40 }, (_, index) => entryIn(partition, `p${partition}-${index}`));
    const parts = [big(1), big(5), big(9), [deletionOf(entryIn(5, 'p5-3'))]];
    const sizeBytes = 1000;
    expect(await merged(parts, sizeBytes)).toEqual({ kept: 2, read: ['1', '3'] });
    const apart = [big(1), big(5), big(9), [deletionOf(entryIn(1, 'p1-3')), deletionOf(entryIn(9, 'p9-3'))]];
    // The partition between them is read, and stays as it is.
    expect(await merged(apart, sizeBytes)).toEqual({ kept: 1, read: ['0', '1', '2', '3'] });
    expect(await merged([big(1), big(5), [entryIn(5, 'new')]], sizeBytes)).toEqual({ kept: 3, read: [] });
  });
});
