// Universal compaction as a table of texts: runs as `level:size,size` (newest first), the expected pick as
// `number of runs -> output level`, `keep` where deletes have to stay.
import { describe, expect, it } from 'vitest';
import {
  type CompactionPick,
  type PickSettings,
  pickCompaction,
  pickFullCompaction,
} from '../../../../src/paimon/lsm/pick-compaction.ts';
import type { SortedRun } from '../../../../src/paimon/lsm/sorted-run.ts';
import { dataFile } from '../../../support/data-files.ts';

const DEFAULTS: PickSettings = {
  runsTrigger: 5,
  levelCount: 6,
  sizeAmplificationPercentMax: 200,
  sizeRatioPercent: 1,
  forceUpLevel0: false,
  dropsDeletesAlways: false,
  isFullDue: false,
  totalSizeThresholdBytes: null,
  incrementalSizeThresholdBytes: null,
};

function runsOf(text: string): readonly SortedRun[] {
  const parts = text === '' ? [] : text.split(' ');
  return parts.map((part) => {
    const [level, sizes] = part.split(':');
    const files = String(sizes).split(',');
    return {
      level: Number(level),
      files: files.map((size) => dataFile({ level: Number(level), fileSize: Number(size) })),
    };
  });
}

function textOf(pick: CompactionPick | null): string {
  if (pick === null) return 'nothing';
  return `${pick.runs.length} -> ${pick.outputLevel}${pick.dropDeletes ? '' : ' keep'}`;
}

describe('pickCompaction', () => {
  it.each([
    ['no runs', '', 'nothing'],
    ['fewer runs than the trigger', '0:1 0:1 0:1 0:1', 'nothing'],
    ['as many runs as the trigger, all alike: amplified', '0:1 0:1 0:1 0:1 0:1', '5 -> 5'],
    ['newer data above twice the oldest run', '0:60 0:60 0:60 0:30 5:100', '5 -> 5'],
    [
      'newer data exactly twice the oldest run: not amplified, ratio takes all but the last',
      '0:50 0:50 0:50 0:50 5:100',
      '5 -> 5',
    ],
    ['similar sizes before a large run', '0:10 0:10 0:10 0:10 5:1000', '4 -> 4 keep'],
    [
      'the ratio of 1 percent lets a slightly larger run in; then on to a run above 0',
      '0:100 0:101 0:500 0:900 3:9000 5:99000',
      '5 -> 3 keep',
    ],
    ['the ratio stops at once at a larger run', '0:100 0:102 0:500 0:900 5:9000', 'nothing'],
    ['more runs than the trigger', '0:1 0:10 0:100 0:1000 3:10000 5:100000', '5 -> 3 keep'],
    ['into the gap below the next run', '0:10 0:10 0:10 0:10 3:1000 5:9000', '4 -> 2 keep'],
    ['never to level 0: the run of level 1 is taken too', '0:10 0:10 0:10 0:10 1:1000 5:99000', '5 -> 1 keep'],
    ['files above the configured levels raise the highest level', '0:1 0:1 0:1 0:1 7:1', '5 -> 7'],
  ])('%s: %s', (_name, runs, expected) => {
    expect(textOf(pickCompaction(runsOf(runs), DEFAULTS))).toBe(expected);
  });

  it.each([
    ['level 0 goes up although nothing else is due', '0:1 0:1 5:1000', '2 -> 4 keep'],
    ['level 1 is taken with it, as nothing goes to level 0', '0:1 1:50 5:1000', '2 -> 1 keep'],
    ['the ratio takes larger runs', '0:50 3:50 5:1000', '2 -> 4 keep'],
    ['a single file alone goes to the highest level', '0:1', '1 -> 5'],
    ['nothing in level 0', '4:10 5:1000', 'nothing'],
  ])('level 0 forced up: %s', (_name, runs, expected) => {
    expect(textOf(pickCompaction(runsOf(runs), { ...DEFAULTS, forceUpLevel0: true }))).toBe(expected);
  });

  it('drops deletes on every level where deletion vectors hide older rows', () => {
    const settings = { ...DEFAULTS, forceUpLevel0: true, dropsDeletesAlways: true };
    expect(textOf(pickCompaction(runsOf('0:1 5:1000'), settings))).toBe('1 -> 4');
  });

  it('compacts fully when the interval has passed, if there is more than one run', () => {
    expect(textOf(pickCompaction(runsOf('0:1 5:1000'), { ...DEFAULTS, isFullDue: true }))).toBe('2 -> 5');
    expect(textOf(pickCompaction(runsOf('0:1'), { ...DEFAULTS, isFullDue: true }))).toBe('nothing');
  });

  it('compacts small buckets and large increments fully', () => {
    const runs = runsOf('0:10 5:80');
    expect(textOf(pickCompaction(runs, { ...DEFAULTS, totalSizeThresholdBytes: 91 }))).toBe('2 -> 5');
    expect(textOf(pickCompaction(runs, { ...DEFAULTS, totalSizeThresholdBytes: 90 }))).toBe('nothing');
    expect(textOf(pickCompaction(runs, { ...DEFAULTS, incrementalSizeThresholdBytes: 9 }))).toBe('2 -> 5');
    expect(textOf(pickCompaction(runs, { ...DEFAULTS, incrementalSizeThresholdBytes: 10 }))).toBe('nothing');
  });
});

describe('pickFullCompaction', () => {
  it.each([
    ['', 'nothing'],
    ['5:10,10', 'nothing'],
    ['0:1', '1 -> 5'],
    ['4:10,10', '1 -> 5'],
    ['0:1 5:1000', '2 -> 5'],
  ])('%s: %s', (runs, expected) => {
    expect(textOf(pickFullCompaction(runsOf(runs), DEFAULTS, () => false))).toBe(expected);
  });

  it('writes the files again that are stale where everything is on the highest level', () => {
    const runs = runsOf('5:10,11,12');
    const pick = pickFullCompaction(runs, DEFAULTS, (file) => file.fileSize > 10);
    expect(pick).toMatchObject({ outputLevel: 5, dropDeletes: true, rewritesFiles: true });
    expect(pick?.runs.flatMap((run) => run.files).map((file) => file.fileSize)).toEqual([11, 12]);
  });
});
