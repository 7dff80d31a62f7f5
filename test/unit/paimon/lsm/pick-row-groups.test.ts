import { describe, expect, it } from 'vitest';
import { packRowGroups } from '../../../../src/paimon/lsm/pick-row-groups.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import { dataFile } from '../../../support/data-files.ts';

function file(fileName: string, firstRowId: bigint, rowCount: number, fileSize = 10): DataFileMeta {
  return dataFile({ fileName, firstRowId, rowCount, fileSize, maxSequenceNumber: BigInt(fileName.length) });
}

const OPTIONS = {
  targetFileSizeBytes: 100,
  openFileCostBytes: 1,
  appendFileCountMin: 2,
  deletedShareMax: 0.2,
  compactionForceRewriteAllFiles: false,
};

function packs(files: readonly DataFileMeta[], deleted: readonly string[] = []) {
  return packRowGroups(files, OPTIONS, ({ fileName }) => deleted.includes(fileName)).map((pack) =>
    pack.map(({ fileName }) => fileName),
  );
}

describe('files of rows with columns in several files', () => {
  it('go together with their neighbours, where they are files enough', () => {
    expect(packs([file('a', 0n, 5), file('a2', 0n, 5), file('b', 5n, 5)])).toEqual([['a2', 'a', 'b']]);
    expect(packs([file('a', 0n, 5)])).toEqual([]);
  });

  it('do not reach over a gap between rows', () => {
    expect(packs([file('a', 0n, 5), file('b', 6n, 5), file('c', 11n, 5)])).toEqual([['b', 'c']]);
  });

  it('are as many as make a large file', () => {
    const files = [0n, 5n, 10n, 15n].map((first) => file(`f${first}`, first, 5, 60));
    expect(packs(files)).toEqual([
      ['f0', 'f5'],
      ['f10', 'f15'],
    ]);
  });

  it('stand alone where those of the same rows are large', () => {
    const large = [file('b', 5n, 5, 90), file('b2', 5n, 5, 90)];
    expect(packs([file('a', 0n, 5), ...large, file('c', 10n, 5)])).toEqual([['b2', 'b']]);
  });

  it('stay where rows are deleted', () => {
    const files = [file('a', 0n, 5), file('a2', 0n, 5), file('b', 5n, 5), file('b2', 5n, 5), file('c', 10n, 5)];
    expect(packs(files, ['b'])).toEqual([['a2', 'a']]);
  });
});
