// Which files of append tables are written together.
import { describe, expect, test } from 'vitest';
import {
  type AppendPickOptions,
  type FileGroup,
  packFiles,
  packTier,
  pickBucket,
  pickNeighbours,
} from '../../../../src/paimon/lsm/pick-append-files.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import { entryOf } from '../commit/commit-fixtures.ts';

const OPTIONS: AppendPickOptions = {
  targetFileSizeBytes: 100,
  openFileCostBytes: 0,
  appendFileCountMin: 5,
  deletedShareMax: 0.2,
  compactionForceRewriteAllFiles: false,
};

/** Of each file. */
const ROWS = 100;

function files(...sizes: readonly number[]): readonly DataFileMeta[] {
  return sizes.map((fileSize, index) => ({ ...entryOf(`f${index}`).file, fileSize, rowCount: ROWS }));
}

const sizesOf = (group: FileGroup | null): readonly number[] | null => group?.map((file) => file.fileSize) ?? null;
const none = (): boolean => false;

describe('files without buckets', () => {
  /** `deleted`: sizes of files with deleted rows, and how many; null where that is not known. */
  const pack = (
    sizes: readonly number[],
    deleted: ReadonlyMap<number, number | null> = new Map(),
    options = OPTIONS,
  ): unknown => packFiles(files(...sizes), options, ({ fileSize }) => deleted.get(fileSize) ?? 0).map(sizesOf);

  test('are packed smallest first, in groups of two full files', () => {
    expect(pack([60, 10, 69, 68, 65, 62])).toEqual([[10, 60, 62, 65, 68]]);
  });

  test('that are few or large are left alone', () => {
    expect(pack([1, 2, 3, 4])).toEqual([]);
    expect(pack([70, 80, 90, 100, 300, 1])).toEqual([]);
    expect(pack([1, 2, 3, 4, 5])).toEqual([[1, 2, 3, 4, 5]]);
  });

  test('count what opening them costs', () => {
    expect(pack([1, 2, 3], new Map(), { ...OPTIONS, openFileCostBytes: 70 })).toEqual([[1, 2, 3]]);
  });

  test('with deleted rows are rewritten apart from the others, large ones if too many rows are deleted', () => {
    expect(pack([300, 1, 2], new Map([[300, 21]]))).toEqual([[300]]);
    expect(pack([300, 1, 2], new Map([[300, 20]]))).toEqual([]);
    expect(pack([1, 2, 3, 4, 5, 6], new Map([[2, 1]]))).toEqual([[2], [1, 3, 4, 5, 6]]);
  });
});

describe('what a commit waits for', () => {
  const tier = (sizes: readonly number[], deleted: ReadonlyMap<number, number> = new Map(), ratio = 1): unknown =>
    sizesOf(
      packTier(files(...sizes), OPTIONS, {
        deletedCount: ({ fileSize }) => deleted.get(fileSize) ?? 0,
        sizeRatioPercent: ratio,
      }),
    );

  test('are the smallest files that are enough and of like sizes', () => {
    expect(tier([1, 60, 1, 1, 61, 1, 1])).toEqual([1, 1, 1, 1, 1]);
  });

  test('are no files that are few of their sizes', () => {
    expect(tier([1, 1, 1, 1, 60])).toBeNull();
    expect(tier([1, 2, 4, 8, 16, 32])).toBeNull();
    expect(tier([1, 20, 20, 20, 20, 20])).toEqual([20, 20, 20, 20, 20]);
  });

  test('are not more than two full files', () => {
    expect(tier([69, 69, 69, 69, 69, 69])).toEqual([69, 69, 69]);
  });

  test('are more in hours in which nobody minds', () => {
    expect(tier([1, 1, 1, 1, 5])).toBeNull();
    expect(tier([1, 1, 1, 1, 5], new Map(), 25)).toEqual([1, 1, 1, 1, 5]);
  });

  test('are those of which too many rows are deleted, before all others', () => {
    expect(tier([1, 1, 1, 1, 1, 300], new Map([[300, 50]]))).toEqual([300]);
    expect(tier([1, 2, 2, 2, 2], new Map([[1, 5]]))).toBeNull();
  });

  test('leave few files in the end, and write a row again with each doubling only', () => {
    const options = { ...OPTIONS, targetFileSizeBytes: 1000 };
    let sizes: readonly number[] = [];
    let written = 0;
    let most = 0;
    for (let commit = 0; commit < 5000; commit++) {
      sizes = [...sizes, 1];
      const picked = packTier(files(...sizes), options, { deletedCount: () => 0, sizeRatioPercent: 1 });
      if (picked !== null) {
        const bytes = picked.reduce((sum, { fileSize }) => sum + fileSize, 0);
        const names = new Set(picked.map(({ fileName }) => fileName));
        sizes = [...sizes.filter((_, index) => !names.has(`f${index}`)), bytes];
        written += bytes;
      }
      most = Math.max(most, sizes.filter((size) => size < 700).length);
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5000);
    // Four of each of the sizes that four more make of one, up to 700.
    expect(most).toBeLessThanOrEqual(4 * Math.ceil(Math.log2(700)));
    expect(written / 5000).toBeLessThanOrEqual(Math.log2(1000));
  });
});

describe('files of a bucket', () => {
  test('are taken in their order, so many at a time', () => {
    expect(sizesOf(pickNeighbours(files(6, 5, 4, 3, 2, 1), OPTIONS))).toEqual([6, 5, 4, 3, 2]);
    expect(pickNeighbours(files(6, 5, 4, 3), OPTIONS)).toBeNull();
  });

  test('are passed over where they are large', () => {
    expect(sizesOf(pickNeighbours(files(250, 5, 4, 3, 2, 1), OPTIONS))).toEqual([5, 4, 3, 2, 1]);
    expect(pickNeighbours(files(150, 150, 150, 150, 150), OPTIONS)).toBeNull();
  });

  test('all go, from the first small one on, where most of them are small', () => {
    expect(sizesOf(pickBucket(files(100, 80, 1, 90, 2), OPTIONS, none))).toEqual([1, 90, 2]);
    expect(pickBucket(files(1, 90, 80, 2), OPTIONS, none)).toBeNull();
    expect(pickBucket(files(1, 2), OPTIONS, none)).toBeNull();
    expect(pickBucket([], OPTIONS, none)).toBeNull();
  });

  test('all go where rows are deleted or the table wants it so', () => {
    expect(sizesOf(pickBucket(files(100, 80, 90), OPTIONS, (file) => file.fileSize === 80))).toEqual([80, 90]);
    const forced = { ...OPTIONS, compactionForceRewriteAllFiles: true };
    expect(sizesOf(pickBucket(files(100), forced, none))).toEqual([100]);
  });
});
