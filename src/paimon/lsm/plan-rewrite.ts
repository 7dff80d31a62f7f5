// Which files of a compaction are merged into new ones and which only change their level. Source: format notes 05
// section 3 (MergeTreeCompactTask).
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type KeyRowOrder, partitionByInterval, type Section } from './interval-partition.ts';

/** What is done to a file that need not be merged with others. */
export type Raising =
  /** It stays as it is. */
  | 'stay'
  /** It changes its level. */
  | 'raise'
  /** It changes its level, and is read for the changes that this means. */
  | 'raise-and-read'
  /** It is written again. */
  | 'rewrite';

/** How files of a compaction are treated. */
export interface RewriteRules {
  /** Files below it are merged with their neighbours. */
  readonly smallFileSizeBytes: number;
  /** Each file by itself, whatever its size. */
  readonly rewritesFiles: boolean;
  readonly raising: (file: DataFileMeta) => Raising;
}

/** One step of a compaction; steps are in key order. */
export type RewriteStep =
  | { readonly kind: 'upgrade'; readonly file: DataFileMeta; readonly reads: boolean }
  | { readonly kind: 'rewrite'; readonly sections: readonly Section[] };

/** The steps that bring the files to the output level. Files that need nothing are in none of them. */
export function planRewrite(files: readonly DataFileMeta[], order: KeyRowOrder, rules: RewriteRules): RewriteStep[] {
  if (rules.rewritesFiles) return files.map(rewriteOf);
  const steps: RewriteStep[] = [];
  let candidates: Section[] = [];
  const flush = (): void => {
    const only = candidates.length === 1 && candidates[0].length === 1 ? candidates[0][0] : null;
    if (only !== null) steps.push(...only.flatMap((file) => raisingSteps(file, rules)));
    else if (candidates.length > 0) steps.push({ kind: 'rewrite', sections: candidates });
    candidates = [];
  };
  for (const section of partitionByInterval(files, order)) {
    if (section.length > 1) candidates.push(section);
    else {
      for (const file of section[0]) {
        if (file.fileSize < rules.smallFileSizeBytes) candidates.push([[file]]);
        else {
          flush();
          steps.push(...raisingSteps(file, rules));
        }
      }
    }
  }
  flush();
  return steps;
}

function raisingSteps(file: DataFileMeta, rules: RewriteRules): RewriteStep[] {
  const raising = rules.raising(file);
  switch (raising) {
    case 'stay':
      return [];
    case 'rewrite':
      return [rewriteOf(file)];
    case 'raise':
    case 'raise-and-read':
      return [{ kind: 'upgrade', file, reads: raising === 'raise-and-read' }];
  }
}

function rewriteOf(file: DataFileMeta): RewriteStep {
  return { kind: 'rewrite', sections: [[[file]]] };
}
