// Splits of one bucket: which of its files have to be merged together, and which can be read as they are.
// Source: format notes 05 sections 4, 8 and 11 (MergeTreeSplitGenerator).
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type KeyRowOrder, partitionByInterval, type Section } from '../lsm/interval-partition.ts';
import { rowGroups } from '../lsm/row-id-groups.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { Split } from './scan.ts';

/** Bytes of files that one split holds, unless a section is larger (`source.split.target-size`). */
const SPLIT_BYTES = 128 * 1024 * 1024;
/** What a file counts at least (`source.split.open-file-cost`). */
const OPEN_BYTES = 4 * 1024 * 1024;

/** How rows of one key are kept apart. */
export type SplitRule =
  /** Rows that were never sorted nor merged: those of a postponed bucket. */
  | { readonly kind: 'as-written'; readonly order: KeyRowOrder }
  /** No keys: every file stands for itself. */
  | { readonly kind: 'append' }
  /** No keys: files of the same row ids hold columns of the same rows. */
  | { readonly kind: 'row-ids' }
  /** Files above level 0 hold one live row of a key once deletion vectors are applied; level 0 is not visible. */
  | { readonly kind: 'levels-above-0' }
  /** Rows of one key may be in any files whose key ranges overlap. */
  | { readonly kind: 'merge'; readonly order: KeyRowOrder };

/** The rule of tables without keys. */
export function keylessRule(schema: TableSchema): SplitRule {
  return { kind: tableOptions(schema).dataEvolution ? 'row-ids' : 'append' };
}

/** Files to be read together. */
export interface SplitFiles extends Pick<Split, 'files' | 'rawConvertible' | 'kinds'> {}

/** The splits of one bucket's live files. */
export function splitFiles(files: readonly DataFileMeta[], rule: SplitRule): readonly SplitFiles[] {
  switch (rule.kind) {
    case 'as-written':
      // One after the other by their first keys, as the reference takes them.
      return [{ files: partitionByInterval(files, rule.order).flat(2), rawConvertible: true, kinds: 'stored' }];
    case 'append':
      return pack([...files].sort(compareWriteOrder).map(plainFile));
    case 'row-ids':
      return pack(
        rowGroups(files).map((group) => ({ files: group, rawConvertible: group.length === 1, kinds: 'inserts' })),
      );
    case 'levels-above-0':
      return pack(files.filter((file) => file.level > 0).map(plainFile));
    case 'merge': {
      const sections = partitionByInterval(files, rule.order);
      return referenceSplits(sections, isOneLevel(files)).flatMap(pack);
    }
  }
}

function plainFile(file: DataFileMeta): SplitFiles {
  return { files: [file], rawConvertible: true, kinds: 'inserts' };
}

/** Whether every key is in one file, and as a row that is there. */
function isOneLevel(files: readonly DataFileMeta[]): boolean {
  const [first] = files;
  return (
    first !== undefined && first.level > 0 && files.every((file) => file.level === first.level && hasNoDeletes(file))
  );
}

/**
 * The sections as the reference divides them into splits. It merges whatever is not one level of a bucket or alone in
 * its split; of a section of one run we know that the merge changes nothing, but for the kinds that show.
 */
function referenceSplits(sections: readonly Section[], isPlain: boolean): readonly (readonly SplitFiles[])[] {
  const splits = inBins(sections, (section) => Math.max(OPEN_BYTES, fileBytes(section.flat())));
  return splits.map((split) => {
    const isAlone = split.flat(2).length === 1 && split.flat(2).every(hasNoDeletes);
    return split.map((section) => sectionFiles(section, isPlain || isAlone ? 'inserts' : 'merged'));
  });
}

/** A section of one run has every key once; without retracts its files are the rows. */
function sectionFiles(section: Section, kinds: SplitFiles['kinds']): SplitFiles {
  const files = section.flat();
  return { files, rawConvertible: section.length === 1 && files.every(hasNoDeletes), kinds };
}

function hasNoDeletes(file: DataFileMeta): boolean {
  return file.deleteRowCount === 0;
}

/** Joins neighbours of one kind up to the size of a split. */
function pack(parts: readonly SplitFiles[]): readonly SplitFiles[] {
  const bins = inBins(
    parts,
    ({ files }) => fileBytes(files),
    (a, b) => a.rawConvertible === b.rawConvertible,
  );
  return bins.map((bin) => ({ ...bin[0], files: bin.flatMap(({ files }) => files) }));
}

/** Neighbours that fit into one split; none is empty. */
function inBins<Part>(
  parts: readonly Part[],
  sizeOf: (part: Part) => number,
  canJoin: (last: Part, next: Part) => boolean = () => true,
): readonly (readonly Part[])[] {
  const bins: Part[][] = [];
  let binBytes = 0;
  for (const part of parts) {
    const sizeBytes = sizeOf(part);
    const bin = bins.at(-1);
    if (bin !== undefined && binBytes + sizeBytes <= SPLIT_BYTES && canJoin(bin[0], part)) {
      bin.push(part);
      binBytes += sizeBytes;
    } else {
      bins.push([part]);
      binBytes = sizeBytes;
    }
  }
  return bins;
}

function fileBytes(files: readonly DataFileMeta[]): number {
  return files.reduce((sum, file) => sum + file.fileSize, 0);
}

/** Append tables are read in the order of their sequence numbers, which count the rows written. */
function compareWriteOrder(a: DataFileMeta, b: DataFileMeta): number {
  if (a.minSequenceNumber === b.minSequenceNumber) return 0;
  return a.minSequenceNumber < b.minSequenceNumber ? -1 : 1;
}
