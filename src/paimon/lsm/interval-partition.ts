// Splits files into sections whose key ranges do not touch, and each section into as few sorted runs as possible.
// Source: format notes 05 section 4 (IntervalPartition).
import type { BinaryRowBytes, DataFileMeta } from '../meta/data-file-meta.ts';

/** Sorted runs whose keys may overlap one another; each run is files in key order. */
export type Section = readonly (readonly DataFileMeta[])[];

/** Orders two keys in their written form. */
export type KeyRowOrder = (a: BinaryRowBytes, b: BinaryRowBytes) => number;

/** Sections in key order. Sections can be read one after the other; the runs of a section have to be merged. */
export function partitionByInterval(files: readonly DataFileMeta[], order: KeyRowOrder): readonly Section[] {
  const sorted = [...files].sort((a, b) => order(a.minKey, b.minKey) || order(a.maxKey, b.maxKey));
  const sections: Section[] = [];
  let members: DataFileMeta[] = [];
  let bound: BinaryRowBytes | null = null;
  for (const file of sorted) {
    if (bound !== null && order(bound, file.minKey) < 0) {
      sections.push(packRuns(members, order));
      members = [];
      bound = null;
    }
    members.push(file);
    if (bound === null || order(bound, file.maxKey) < 0) bound = file.maxKey;
  }
  if (members.length > 0) sections.push(packRuns(members, order));
  return sections;
}

/** Appends each file to the run that ends first, if it begins after that end; opens a new run otherwise. */
function packRuns(sorted: readonly DataFileMeta[], order: KeyRowOrder): Section {
  const runs: DataFileMeta[][] = [];
  for (const file of sorted) {
    const earliest = earliestEnding(runs, order);
    if (earliest !== null && order(lastKey(earliest), file.minKey) < 0) earliest.push(file);
    else runs.push([file]);
  }
  return runs;
}

function earliestEnding(runs: readonly DataFileMeta[][], order: KeyRowOrder): DataFileMeta[] | null {
  let earliest: DataFileMeta[] | null = null;
  for (const run of runs) {
    if (earliest === null || order(lastKey(run), lastKey(earliest)) < 0) earliest = run;
  }
  return earliest;
}

function lastKey(run: readonly DataFileMeta[]): BinaryRowBytes {
  return (run.at(-1) as DataFileMeta).maxKey;
}
