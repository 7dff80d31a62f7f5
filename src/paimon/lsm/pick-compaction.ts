// Which sorted runs of a bucket to compact, and to which level: universal compaction, as a pure decision.
// Source: format notes 05 sections 2 and 3 (UniversalCompaction, ForceUpLevel0Compaction, CompactStrategy).
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { runSizeBytes, type SortedRun } from './sorted-run.ts';

/** The options that decide; all sizes in bytes. */
export interface PickSettings {
  /** `num-sorted-run.compaction-trigger` */
  readonly runsTrigger: number;
  /** `num-levels`: the highest level is one less. Files may stand above it; then that level is the highest. */
  readonly levelCount: number;
  /** `compaction.max-size-amplification-percent` */
  readonly sizeAmplificationPercentMax: number;
  /** `compaction.size-ratio` */
  readonly sizeRatioPercent: number;
  /** Level 0 has to be empty afterwards: lookup changelog, deletion vectors, first-row. */
  readonly forceUpLevel0: boolean;
  /** Retracts need not be kept on any level: deletion vectors hide older rows. */
  readonly dropsDeletesAlways: boolean;
  /** `compaction.optimization-interval` has passed since the last full compaction. */
  readonly isFullDue: boolean;
  /** `compaction.total-size-threshold`: smaller buckets are compacted fully; null is never. */
  readonly totalSizeThresholdBytes: number | null;
  /** `compaction.incremental-size-threshold`: more than this above the highest level is compacted fully. */
  readonly incrementalSizeThresholdBytes: number | null;
}

/** Runs to be merged into `outputLevel`: always the first of the list, without a gap. */
export interface CompactionPick {
  readonly runs: readonly SortedRun[];
  readonly outputLevel: number;
  /** Retracts need not be kept: no older rows of their keys are left outside. */
  readonly dropDeletes: boolean;
  /** Each file is written again by itself, on the level where it is. */
  readonly rewritesFiles: boolean;
}

/** What universal compaction takes from runs in the order of `sortedRuns`; null for nothing to do. */
export function pickCompaction(runs: readonly SortedRun[], settings: PickSettings): CompactionPick | null {
  const picked =
    pickEarlyFull(runs, settings) ??
    pickForSizeAmplification(runs, settings) ??
    pickForSizeRatio(runs, settings) ??
    pickForRunCount(runs, settings) ??
    (settings.forceUpLevel0 ? pickLevel0(runs, settings) : null);
  return worthwhile(picked, runs, settings);
}

/**
 * Everything to the highest level. Where all is there already, the files that `isStale` finds are written again; null
 * if there are none.
 */
export function pickFullCompaction(
  runs: readonly SortedRun[],
  settings: PickSettings,
  isStale: (file: DataFileMeta) => boolean,
): CompactionPick | null {
  const highest = maxLevel(runs, settings);
  if (runs.length === 0) return null;
  if (runs.length > 1 || runs[0].level !== highest) return worthwhile(fullUnit(runs, settings), runs, settings);
  const files = runs[0].files.filter(isStale);
  if (files.length === 0) return null;
  return { runs: [{ level: highest, files }], outputLevel: highest, dropDeletes: true, rewritesFiles: true };
}

interface Unit {
  readonly runCount: number;
  readonly outputLevel: number;
}

function maxLevel(runs: readonly SortedRun[], settings: PickSettings): number {
  return runs.reduce((highest, run) => Math.max(highest, run.level), settings.levelCount - 1);
}

function fullUnit(runs: readonly SortedRun[], settings: PickSettings): Unit {
  return { runCount: runs.length, outputLevel: maxLevel(runs, settings) };
}

function totalBytes(runs: readonly SortedRun[]): number {
  return runs.reduce((sum, run) => sum + runSizeBytes(run), 0);
}

function pickEarlyFull(runs: readonly SortedRun[], settings: PickSettings): Unit | null {
  if (runs.length <= 1) return null;
  const { totalSizeThresholdBytes: total, incrementalSizeThresholdBytes: incremental } = settings;
  if (settings.isFullDue) return fullUnit(runs, settings);
  if (total !== null && totalBytes(runs) < total) return fullUnit(runs, settings);
  const highest = maxLevel(runs, settings);
  const above = runs.filter((run) => run.level !== highest);
  return incremental !== null && totalBytes(above) > incremental ? fullUnit(runs, settings) : null;
}

function pickForSizeAmplification(runs: readonly SortedRun[], settings: PickSettings): Unit | null {
  const oldest = runs.at(-1);
  if (oldest === undefined || runs.length < settings.runsTrigger) return null;
  const newerBytes = totalBytes(runs.slice(0, -1));
  const amplified = newerBytes * 100 > settings.sizeAmplificationPercentMax * runSizeBytes(oldest);
  return amplified ? fullUnit(runs, settings) : null;
}

function pickForSizeRatio(runs: readonly SortedRun[], settings: PickSettings): Unit | null {
  if (runs.length < settings.runsTrigger) return null;
  const runCount = extendBySizeRatio(runs, 1, settings);
  return runCount > 1 ? unitOf(runs, runCount, settings) : null;
}

function pickForRunCount(runs: readonly SortedRun[], settings: PickSettings): Unit | null {
  if (runs.length <= settings.runsTrigger) return null;
  const runCount = extendBySizeRatio(runs, runs.length - settings.runsTrigger + 1, settings);
  return runCount > 1 ? unitOf(runs, runCount, settings) : null;
}

function pickLevel0(runs: readonly SortedRun[], settings: PickSettings): Unit | null {
  const level0Count = runs.filter((run) => run.level === 0).length;
  if (level0Count === 0) return null;
  return unitOf(runs, extendBySizeRatio(runs, level0Count, settings), settings);
}

/** Takes the next run as long as it is not much larger than all taken so far. */
function extendBySizeRatio(runs: readonly SortedRun[], startCount: number, settings: PickSettings): number {
  let takenBytes = totalBytes(runs.slice(0, startCount));
  let count = startCount;
  for (const next of runs.slice(startCount)) {
    const nextBytes = runSizeBytes(next);
    if ((takenBytes * (100 + settings.sizeRatioPercent)) / 100 < nextBytes) break;
    takenBytes += nextBytes;
    count++;
  }
  return count;
}

/** The level below the next run that is not taken; never 0: rather more runs are taken. */
function unitOf(runs: readonly SortedRun[], startCount: number, settings: PickSettings): Unit {
  let runCount = startCount;
  const next = runs[runCount];
  let outputLevel = next === undefined ? 0 : Math.max(0, next.level - 1);
  while (outputLevel === 0 && runCount < runs.length) {
    outputLevel = runs[runCount].level;
    runCount++;
  }
  return runCount === runs.length ? fullUnit(runs, settings) : { runCount, outputLevel };
}

/** Leaves out a single file that is already where it should be; adds whether deletes may go. */
function worthwhile(unit: Unit | null, runs: readonly SortedRun[], settings: PickSettings): CompactionPick | null {
  if (unit === null) return null;
  const taken = runs.slice(0, unit.runCount);
  const files = taken.flatMap((run) => run.files);
  if (files.length === 0 || (files.length === 1 && files[0]?.level === unit.outputLevel)) return null;
  const highestWithFiles = maxLevel(runs, { ...settings, levelCount: 1 });
  const dropDeletes = settings.dropsDeletesAlways || unit.outputLevel >= highestWithFiles;
  return { runs: taken, outputLevel: unit.outputLevel, dropDeletes, rewritesFiles: false };
}
