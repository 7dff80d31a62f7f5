// Which files of a compaction are merged into new ones and which only change their level. Source: format notes 05
// section 3 (MergeTreeCompactTask).
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type KeyRowOrder, partitionByInterval, type Section } from './interval-partition.ts';

/** How files of a compaction are treated. */
export interface RewriteRules {
  readonly outputLevel: number;
  /** Files below it are merged with their neighbours. */
  readonly smallFileSizeBytes: number;
  /** Retracts go: files that may hold some are written again. */
  readonly dropDeletes: boolean;
  /** `compaction.force-rewrite-all-files` */
  readonly rewriteAll: boolean;
  /** Each file by itself, whatever its size. */
  readonly rewritesFiles: boolean;
}

/** One step of a compaction; steps are in key order. */
export type RewriteStep =
  | { readonly kind: 'upgrade'; readonly file: DataFileMeta }
  | { readonly kind: 'rewrite'; readonly sections: readonly Section[] };

/** The steps that bring the files to the output level. Files that need nothing are in none of them. */
export function planRewrite(files: readonly DataFileMeta[], order: KeyRowOrder, rules: RewriteRules): RewriteStep[] {
  if (rules.rewritesFiles) return files.map((file) => ({ kind: 'rewrite', sections: [[[file]]] }));
  const steps: RewriteStep[] = [];
  let candidates: Section[] = [];
  const flush = (): void => {
    const only = candidates.length === 1 && candidates[0].length === 1 ? candidates[0][0] : null;
    if (only !== null) steps.push(...only.flatMap((file) => upgradeSteps(file, rules)));
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
          steps.push(...upgradeSteps(file, rules));
        }
      }
    }
  }
  flush();
  return steps;
}

/** A change of the level, or a rewrite where that is not allowed; nothing for a file that is already in place. */
function upgradeSteps(file: DataFileMeta, rules: RewriteRules): RewriteStep[] {
  const mayHoldDeletes = file.deleteRowCount === null || file.deleteRowCount > 0;
  if (rules.rewriteAll || (rules.dropDeletes && mayHoldDeletes)) return [{ kind: 'rewrite', sections: [[[file]]] }];
  return file.level === rules.outputLevel ? [] : [{ kind: 'upgrade', file }];
}
