import { describe, expect, it } from 'vitest';
import { rowGroups } from '../../../../src/paimon/lsm/row-id-groups.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import { dataFile } from '../../../support/data-files.ts';

function file(fileName: string, firstRowId: bigint | null, rowCount: number, snapshotId = 1n): DataFileMeta {
  return dataFile({ fileName, firstRowId, rowCount, maxSequenceNumber: snapshotId });
}

const namesOf = (files: readonly DataFileMeta[]) =>
  rowGroups(files).map((group) => group.map(({ fileName }) => fileName));

describe('files of the same rows', () => {
  it('stand together, the newest first, in the order of their rows', () => {
    const files = [
      file('late', 5n, 2, 2n),
      file('old', 0n, 5, 1n),
      file('newest', 0n, 5, 4n),
      file('new', 0n, 5, 3n),
      file('next', 7n, 1, 5n),
    ];
    expect(namesOf(files)).toEqual([['newest', 'new', 'old'], ['late'], ['next']]);
    expect(namesOf([])).toEqual([]);
  });

  it('of one commit count in their order', () => {
    expect(namesOf([file('a', 0n, 5, 2n), file('b', 0n, 5, 2n)])).toEqual([['a', 'b']]);
  });

  it.each([
    ['E3356', [file('a', 0n, 5), file('b', 3n, 5)]],
    ['E3356', [file('a', 0n, 5), file('b', 0n, 4)]],
    ['E3356', [file('a', 0n, 9), file('b', 0n, 9), file('c', 4n, 5)]],
    ['E3356', [file('a', null, 5)]],
    ['E3357', [file('a.blob', 0n, 5)]],
    ['E3357', [file('a.vector.parquet', 0n, 5)]],
  ])('%s for files whose rows cannot be told', (code, files) => {
    expect(() => rowGroups(files)).toThrow(expect.objectContaining({ code }));
  });
});
