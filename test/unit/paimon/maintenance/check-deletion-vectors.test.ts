// What can be wrong with deletion vectors: each fault is found and named.
import { describe, expect, it } from 'vitest';
import { writeDeletionVectors } from '../../../../src/paimon/lsm/deletion-vector.ts';
import { deletionVectorProblems } from '../../../../src/paimon/maintenance/check-deletion-vectors.ts';
import { FILE_ADD, type IndexManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { dataFile } from '../../../support/data-files.ts';

async function problemsOf(change: Partial<IndexManifestEntry>, rowCount = 10): Promise<readonly string[]> {
  const store = new MemoryFileStore();
  const { bytes, ranges } = writeDeletionVectors(new Map([['a', Float64Array.of(1, 9)]]), { bitmap64: false });
  await store.create('index-1', bytes);
  const entry: IndexManifestEntry = {
    kind: FILE_ADD,
    partition: new Uint8Array(12),
    bucket: 0,
    indexType: 'DELETION_VECTORS',
    fileName: 'index-1',
    fileSize: bytes.length,
    rowCount: 1,
    deletionVectorRanges: ranges,
    externalPath: null,
    ...change,
  };
  const live = new Map([['a', dataFile({ fileName: 'a', rowCount })]]);
  return deletionVectorProblems(store, 'index-1', { entry, live });
}

const range = { dataFileName: 'a', offset: 1, length: 24, cardinality: 2n };

describe('deletionVectorProblems', () => {
  it('finds nothing wrong with what was written', async () => {
    expect(await problemsOf({})).toEqual([]);
    expect(await problemsOf({ deletionVectorRanges: [{ ...range, cardinality: null }] })).toEqual([]);
    // Left behind of a file that was written again, as the reference does.
    expect(await problemsOf({ deletionVectorRanges: [{ ...range, dataFileName: 'b' }] })).toEqual([]);
  });

  it.each<[string, Partial<IndexManifestEntry>, number, string]>([
    ['another number of vectors', { rowCount: 2 }, 10, 'vectors recorded 2, actual 1'],
    [
      'another number of rows',
      { deletionVectorRanges: [{ ...range, cardinality: 3n }] },
      10,
      'deleted rows of a recorded 3, actual 2',
    ],
    ['rows behind the end', {}, 9, 'deletes row 9 of a, which has 9'],
  ])('finds %s', async (_name, change, rowCount, problem) => {
    expect(await problemsOf(change, rowCount)).toEqual([problem]);
  });
});
