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
  const runs = new RunHeap(order);
  for (const file of sorted) {
    const earliest = runs.first;
    if (earliest !== null && order(lastKey(earliest), file.minKey) < 0) {
      earliest.push(file);
      runs.firstHasGrown();
    } else runs.open(file);
  }
  return runs.all;
}

/**
 * Runs as a binary heap by their last key. It moves runs as the reference's does, so that they come in the same order:
 * incremental reads give the files of a section one after the other.
 */
class RunHeap {
  readonly all: DataFileMeta[][] = [];
  private readonly order: KeyRowOrder;

  constructor(order: KeyRowOrder) {
    this.order = order;
  }

  /** The run that ends first. */
  get first(): DataFileMeta[] | null {
    return this.all[0] ?? null;
  }

  /** Puts the first run where it belongs with its new end. */
  firstHasGrown(): void {
    const first = this.takeFirst();
    if (first !== null) this.add(first);
  }

  /** Adds a run of one file; the first run is taken out before and added again after it. */
  open(file: DataFileMeta): void {
    const first = this.takeFirst();
    this.add([file]);
    if (first !== null) this.add(first);
  }

  private takeFirst(): DataFileMeta[] | null {
    const [first] = this.all;
    const last = this.all.pop();
    if (first === undefined || last === undefined) return null;
    if (this.all.length > 0) this.siftDown(last);
    return first;
  }

  private add(run: DataFileMeta[]): void {
    let place = this.all.push(run) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.compare(run, this.all[parent]) >= 0) break;
      this.all[place] = this.all[parent];
      place = parent;
    }
    this.all[place] = run;
  }

  /** Puts a run in the place of the first. */
  private siftDown(run: DataFileMeta[]): void {
    const { all } = this;
    let place = 0;
    for (let child = 1; child < all.length; child = 2 * place + 1) {
      if (child + 1 < all.length && this.compare(all[child], all[child + 1]) > 0) child += 1;
      if (this.compare(run, all[child]) <= 0) break;
      all[place] = all[child];
      place = child;
    }
    all[place] = run;
  }

  private compare(a: readonly DataFileMeta[], b: readonly DataFileMeta[]): number {
    return this.order(lastKey(a), lastKey(b));
  }
}

function lastKey(run: readonly DataFileMeta[]): BinaryRowBytes {
  return (run.at(-1) as DataFileMeta).maxKey;
}
