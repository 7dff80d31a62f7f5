// Sections, upgrades and rewrites as texts: a file is `first-last` of its integer keys, with `*` when it is small.
import { describe, expect, it } from 'vitest';
import { compareBinaryRows, encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import { type KeyRowOrder, partitionByInterval } from '../../../../src/paimon/lsm/interval-partition.ts';
import { planRewrite, type Raising } from '../../../../src/paimon/lsm/plan-rewrite.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { dataFile } from '../../../support/data-files.ts';

const KEY: DataType[] = [{ kind: 'INT', nullable: false }];
const order: KeyRowOrder = (a, b) => compareBinaryRows(KEY, a, b);

function fileOf(text: string): DataFileMeta {
  const [first, last] = text.replace(/[*!^?]/g, '').split('-');
  return dataFile({
    fileName: text,
    minKey: encodeCells(KEY, [Number(first)]),
    maxKey: encodeCells(KEY, [Number(last)]),
    fileSize: text.includes('*') ? 10 : 1000,
  });
}

function filesOf(text: string): DataFileMeta[] {
  return text.split(' ').map(fileOf);
}

function sectionText(section: readonly (readonly DataFileMeta[])[]): string {
  return section.map((run) => run.map((file) => file.fileName).join('+')).join(' | ');
}

describe('partitionByInterval', () => {
  it.each([
    ['files that do not touch are sections of their own', '1-2 3-4', ['1-2', '3-4']],
    ['a shared bound is an overlap', '1-3 3-4', ['1-3 | 3-4']],
    ['a long file holds a section together', '1-9 2-3 4-5 9-11 12-13', ['1-9 | 2-3+4-5+9-11', '12-13']],
    ['order of input does not matter', '12-13 4-5 1-9 2-3', ['2-3+4-5 | 1-9', '12-13']],
  ])('%s', (_name, files, expected) => {
    expect(partitionByInterval(filesOf(files), order).map(sectionText)).toEqual(expected);
  });

  it('packs many overlapping files into the fewest runs', () => {
    const sections = partitionByInterval(filesOf('1-2 1-4 3-6 5-8 7-8'), order);
    expect(sections.map(sectionText)).toEqual(['1-4+5-8 | 1-2+3-6+7-8']);
  });
});

describe('planRewrite', () => {
  /** Files with `!` are written again, those with `^` stay, those with `?` are read. */
  const raising = ({ fileName }: DataFileMeta): Raising => {
    if (fileName.includes('!')) return 'rewrite';
    if (fileName.includes('^')) return 'stay';
    return fileName.includes('?') ? 'raise-and-read' : 'raise';
  };
  const plan = (files: string, rewritesFiles = false): string[] =>
    planRewrite(filesOf(files), order, { smallFileSizeBytes: 100, rewritesFiles, raising }).map((step) =>
      step.kind === 'upgrade'
        ? `${step.reads ? 'read and ' : ''}up ${step.file.fileName}`
        : `rewrite ${step.sections.map(sectionText).join(' ; ')}`,
    );

  it.each([
    ['a large file alone goes up', '1-2', ['up 1-2']],
    ['a small file alone goes up too', '1-2*', ['up 1-2*']],
    ['small neighbours are joined', '1-2* 3-4*', ['rewrite 1-2* ; 3-4*']],
    ['overlapping files are merged', '1-3 2-4', ['rewrite 1-3 | 2-4']],
    ['a large file parts its neighbours', '1-2* 3-4* 5-6 7-8*', ['rewrite 1-2* ; 3-4*', 'up 5-6', 'up 7-8*']],
    ['small files join an overlap before them', '1-3 2-4 5-6*', ['rewrite 1-3 | 2-4 ; 5-6*']],
    ['what is in place stays', '1-2^ 3-4', ['up 3-4']],
    ['files that must be are written again', '1-2! 3-4', ['rewrite 1-2!', 'up 3-4']],
    ['files are read for their changes', '1-2?', ['read and up 1-2?']],
  ])('%s', (_name, files, expected) => {
    expect(plan(files)).toEqual(expected);
  });

  it('writes every file again by itself when told so', () => {
    expect(plan('1-2 3-4^', true)).toEqual(['rewrite 1-2', 'rewrite 3-4^']);
  });
});
