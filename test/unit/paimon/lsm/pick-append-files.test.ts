// Which files of append tables are written together.
import { describe, expect, test } from 'vitest';
import {
  type AppendPickOptions,
  type FileGroup,
  packFiles,
  pickBucket,
  pickNeighbours,
} from '../../../../src/paimon/lsm/pick-append-files.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import { entryOf } from '../commit/commit-fixtures.ts';

const OPTIONS: AppendPickOptions = {
  targetFileSizeBytes: 100,
  openFileCostBytes: 0,
  appendFileCountMin: 5,
  compactionForceRewriteAllFiles: false,
};

function files(...sizes: readonly number[]): readonly DataFileMeta[] {
  return sizes.map((fileSize, index) => ({ ...entryOf(`f${index}`).file, fileSize }));
}

const sizesOf = (group: FileGroup | null): readonly number[] | null => group?.map((file) => file.fileSize) ?? null;
const none = (): boolean => false;

describe('files without buckets', () => {
  const pack = (sizes: readonly number[], deleted: readonly number[] = [], options = OPTIONS): unknown =>
    packFiles(files(...sizes), options, (file) => deleted.includes(file.fileSize)).map(sizesOf);

  test('are packed smallest first, in groups of two full files', () => {
    expect(pack([60, 10, 69, 68, 65, 62])).toEqual([[10, 60, 62, 65, 68]]);
  });

  test('that are few or large are left alone', () => {
    expect(pack([1, 2, 3, 4])).toEqual([]);
    expect(pack([70, 80, 90, 100, 300, 1])).toEqual([]);
    expect(pack([1, 2, 3, 4, 5])).toEqual([[1, 2, 3, 4, 5]]);
  });

  test('count what opening them costs', () => {
    expect(pack([1, 2, 3], [], { ...OPTIONS, openFileCostBytes: 70 })).toEqual([[1, 2, 3]]);
  });

  test('with deleted rows are always rewritten, apart from the others', () => {
    expect(pack([300, 1, 2], [300])).toEqual([[300]]);
    expect(pack([1, 2, 3, 4, 5, 6], [2])).toEqual([[2], [1, 3, 4, 5, 6]]);
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
