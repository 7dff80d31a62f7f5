// Deletion vectors and files that other compactions have changed meanwhile: vectors as `file of vectors: data files`.
import { describe, expect, it } from 'vitest';
import { checkDeletionVectors, combineIndexEntries } from '../../../../src/paimon/commit/index-state.ts';
import { LiveIndex } from '../../../../src/paimon/commit/live-index.ts';
import {
  FILE_ADD,
  FILE_DELETE,
  type IndexManifestEntry,
  type ManifestEntry,
} from '../../../../src/paimon/meta/manifest-entry.ts';
import { dataFile } from '../../../support/data-files.ts';

const PARTITION = new Uint8Array(12);

function index(kind: number, text: string): IndexManifestEntry {
  const [fileName, names] = text.split(': ');
  const ranges = (names ?? '').split(' ').filter((name) => name !== '');
  return {
    kind,
    partition: PARTITION,
    bucket: 0,
    indexType: 'DELETION_VECTORS',
    fileName,
    fileSize: 1,
    rowCount: ranges.length,
    deletionVectorRanges: ranges.map((dataFileName) => ({ dataFileName, offset: 1, length: 8, cardinality: 1n })),
    externalPath: null,
  };
}

function entries(kind: number, names: string): ManifestEntry[] {
  return names
    .split(' ')
    .filter((name) => name !== '')
    .map((fileName) => ({
      kind,
      partition: PARTITION,
      bucket: 0,
      totalBuckets: 1,
      file: dataFile({ fileName, level: kind === FILE_ADD ? 5 : 4 }),
    }));
}

interface Commit {
  readonly before?: string;
  readonly gone?: string;
  readonly vectors?: string;
  readonly deleted?: string;
  readonly added?: string;
}

function check({ before, gone, vectors, deleted = '', added = '' }: Commit): void {
  const live = new LiveIndex(entries(FILE_ADD, 'a b'));
  const changes = [
    ...(gone === undefined ? [] : [index(FILE_DELETE, gone)]),
    ...(vectors === undefined ? [] : [index(FILE_ADD, vectors)]),
  ];
  const change = {
    kind: 'COMPACT' as const,
    added: entries(FILE_ADD, added),
    deleted: entries(FILE_DELETE, deleted),
    index: changes,
  };
  checkDeletionVectors(before === undefined ? [] : [index(FILE_ADD, before)], change, live);
}

describe('checkDeletionVectors', () => {
  it.each<[string, Commit]>([
    ['the first vectors of a bucket', { vectors: 'i1: a' }],
    ['vectors that take the place of known ones', { before: 'i1: a', gone: 'i1: a', vectors: 'i2: a b' }],
    [
      'a file that goes with its vector',
      { before: 'i1: a b', gone: 'i1: a b', vectors: 'i2: b', deleted: 'a', added: 'c' },
    ],
    ['a file with a vector that is raised', { before: 'i1: a', deleted: 'a', added: 'a' }],
    ['a vector of a file that was not there before either', { before: 'i1: x', gone: 'i1: x', vectors: 'i2: x a' }],
  ])('lets pass: %s', (_name, commit) => {
    expect(() => check(commit)).not.toThrow();
  });

  it.each<[string, Commit]>([
    ['vectors that nobody knew of', { before: 'i1: a', vectors: 'i2: b' }],
    ['other vectors than those known', { before: 'i1: a', gone: 'i0: b', vectors: 'i2: b' }],
    ['a file that goes and got a vector meanwhile', { before: 'i1: a', deleted: 'a', added: 'c' }],
    ['a vector of a file that is gone', { vectors: 'i1: x' }],
  ])('refuses: %s', (_name, commit) => {
    expect(() => check(commit)).toThrow(expect.objectContaining({ code: 'E3450' }));
  });
});

describe('combineIndexEntries', () => {
  it('puts the new file of a bucket in the place of the old one', () => {
    const [before, added] = [index(FILE_ADD, 'i1: a'), index(FILE_ADD, 'i2: a b')];
    expect(combineIndexEntries([before], [index(FILE_DELETE, 'i1: a'), added])).toEqual([added]);
  });
});
