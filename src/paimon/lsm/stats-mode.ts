// How much of a column's statistics goes into the manifest: `metadata.stats-mode`. Source: format notes 04 section 4
// (SimpleColStatsCollector).
import { TributaryError } from '../../base/errors.ts';
import { truncatedMax, truncatedMin } from '../format/truncated-text.ts';
import type { ColumnStats } from '../meta/stats.ts';

/** What is kept of a column: nothing, the null count, bounds cut to `length` code points or bytes, or exact bounds. */
export type StatsMode =
  | { readonly kind: 'none' | 'counts' | 'full' }
  | { readonly kind: 'truncate'; readonly length: number };

/** Reads `none`, `counts`, `full` or `truncate(n)`, in any case. Throws `E3105`. */
export function parseStatsMode(text: string): StatsMode {
  const mode = text.trim().toLowerCase();
  if (mode === 'none' || mode === 'counts' || mode === 'full') return { kind: mode };
  const length = Number(/^truncate\((\d+)\)$/.exec(mode)?.[1] ?? 0);
  if (length > 0) return { kind: 'truncate', length };
  throw new TributaryError('E3105', `statistics mode is none of none, counts, full, truncate(n): mode=${text}`);
}

const NOTHING: ColumnStats = { min: null, max: null, nullCount: null };

/** What the mode keeps of exact statistics; `isText` says that bytes are UTF-8. */
export function reduceStats(stats: ColumnStats, mode: StatsMode, isText: boolean): ColumnStats {
  switch (mode.kind) {
    case 'none':
      return NOTHING;
    case 'counts':
      return { ...NOTHING, nullCount: stats.nullCount };
    case 'full':
      return stats;
    case 'truncate': {
      const { min, max } = stats;
      if (!isText || !(min instanceof Uint8Array) || !(max instanceof Uint8Array)) return stats;
      const raised = truncatedMax(max, mode.length);
      // A maximum that cannot be cut takes the minimum with it (reference table stats-truncate-unicode).
      return raised === null
        ? { ...NOTHING, nullCount: stats.nullCount }
        : { min: truncatedMin(min, mode.length), max: raised, nullCount: stats.nullCount };
    }
  }
}
