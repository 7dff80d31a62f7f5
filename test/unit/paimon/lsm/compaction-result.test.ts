// Two compactions of a bucket as one change: files are `name@level`.
import { describe, expect, it } from 'vitest';
import { combineResults, type CompactResult } from '../../../../src/paimon/lsm/compaction-result.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import { dataFile } from '../../../support/data-files.ts';

function files(text: string): DataFileMeta[] {
  const parts = text === '' ? [] : text.split(' ');
  return parts.map((part) => dataFile({ fileName: part.split('@')[0], level: Number(part.split('@')[1]) }));
}

function textOf(metas: readonly DataFileMeta[]): string {
  return metas.map(({ fileName, level }) => `${fileName}@${level}`).join(' ');
}

function result(before: string, after: string, written: string): CompactResult {
  return {
    before: files(before),
    after: files(after),
    written: files(written),
    changelog: files(''),
    deletionVectors: null,
  };
}

describe('combineResults', () => {
  it.each([
    [
      'a file written and taken away in between is in neither list',
      [result('a@0 b@0', 'c@4', 'c@4'), result('c@4 d@5', 'e@5', 'e@5')],
      ['a@0 b@0 d@5', 'e@5', 'e@5', 'c@4'],
    ],
    [
      'a file raised twice is raised once',
      [result('a@0', 'a@4', ''), result('a@4', 'a@5', '')],
      ['a@0', 'a@5', '', ''],
    ],
    [
      'a file raised and then merged goes away from where it was',
      [result('a@0', 'a@4', ''), result('a@4 d@5', 'e@5', 'e@5')],
      ['a@0 d@5', 'e@5', 'e@5', ''],
    ],
    [
      'a file written and then raised stays',
      [result('a@0 b@0', 'c@4', 'c@4'), result('c@4', 'c@5', '')],
      ['a@0 b@0', 'c@5', 'c@4', ''],
    ],
    [
      'what the second does not touch stays as the first left it',
      [result('a@0', 'c@4', 'c@4'), result('d@5', 'd@6', '')],
      ['a@0 d@5', 'c@4 d@6', 'c@4', ''],
    ],
  ] as const)('%s', (_name, [first, second], expected) => {
    const combined = combineResults(first, second);
    const { before, after, written } = combined.result;
    expect([before, after, written, combined.obsolete].map(textOf)).toEqual(expected);
  });

  it('keeps both changelogs, and the deletion vectors that were known last', () => {
    const vectors = new Map([['a', Float64Array.of(1)]]);
    const first = { ...result('', '', ''), changelog: files('x@4'), deletionVectors: vectors };
    const second = { ...result('', '', ''), changelog: files('y@5') };
    const combined = combineResults(first, second).result;
    expect(textOf(combined.changelog)).toBe('x@4 y@5');
    expect(combined.deletionVectors).toBe(vectors);
  });
});
