// Splits of one bucket: which of its files have to be merged together, and which can be read as they are.
// Source: format notes 05 sections 4, 8 and 11 (MergeTreeSplitGenerator).
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type KeyRowOrder, partitionByInterval, type Section } from '../lsm/interval-partition.ts';

/** Bytes of files that one split holds, unless a section is larger (`source.split.target-size`). */
const SPLIT_BYTES = 128 * 1024 * 1024;

/** How rows of one key are kept apart. */
export type SplitRule =
  /** No keys: every file stands for itself. */
  | { readonly kind: 'append' }
  /** Files above level 0 hold one live row of a key once deletion vectors are applied; level 0 is not visible. */
  | { readonly kind: 'levels-above-0' }
  /** Rows of one key may be in any files whose key ranges overlap. */
  | { readonly kind: 'merge'; readonly order: KeyRowOrder };

/** Files to be read together. */
export interface SplitFiles {
  readonly files: readonly DataFileMeta[];
  /** See `Split`. */
  readonly rawConvertible: boolean;
}

/** The splits of one bucket's live files. */
export function splitFiles(files: readonly DataFileMeta[], rule: SplitRule): readonly SplitFiles[] {
  switch (rule.kind) {
    case 'append':
      return pack([...files].sort(compareWriteOrder).map((file) => ({ files: [file], rawConvertible: true })));
    case 'levels-above-0': {
      const visible = files.filter((file) => file.level > 0);
      return pack(visible.map((file) => ({ files: [file], rawConvertible: true })));
    }
    case 'merge':
      return pack(partitionByInterval(files, rule.order).map(sectionFiles));
  }
}

/** A section of one run has every key once; without retracts its files are the rows. */
function sectionFiles(section: Section): SplitFiles {
  const files = section.flat();
  return { files, rawConvertible: section.length === 1 && files.every((file) => file.deleteRowCount === 0) };
}

/** Joins neighbours of one kind up to the size of a split. */
function pack(parts: readonly SplitFiles[]): readonly SplitFiles[] {
  const packed: { files: DataFileMeta[]; rawConvertible: boolean; sizeBytes: number }[] = [];
  for (const part of parts) {
    const sizeBytes = part.files.reduce((sum, file) => sum + file.fileSize, 0);
    const last = packed.at(-1);
    if (
      last !== undefined &&
      last.rawConvertible === part.rawConvertible &&
      last.sizeBytes + sizeBytes <= SPLIT_BYTES
    ) {
      last.files.push(...part.files);
      last.sizeBytes += sizeBytes;
    } else packed.push({ files: [...part.files], rawConvertible: part.rawConvertible, sizeBytes });
  }
  return packed;
}

/** Append tables are read in the order of their sequence numbers, which count the rows written. */
function compareWriteOrder(a: DataFileMeta, b: DataFileMeta): number {
  if (a.minSequenceNumber === b.minSequenceNumber) return 0;
  return a.minSequenceNumber < b.minSequenceNumber ? -1 : 1;
}
