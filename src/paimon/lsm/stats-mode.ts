// How much of a column's statistics goes into the manifest: `metadata.stats-mode`. Source: format notes 04 section 4
// (SimpleColStatsCollector).
import { TributaryError } from '../../base/errors.ts';
import type { Cell } from '../format/cell.ts';
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
      if (!isText) return stats;
      const min = truncatedMin(stats.min, mode.length);
      const max = truncatedMax(stats.max, mode.length);
      // A maximum that cannot be cut takes the minimum with it (reference table stats-truncate-unicode).
      return max === null ? { ...NOTHING, nullCount: stats.nullCount } : { min, max, nullCount: stats.nullCount };
    }
  }
}

function truncatedMin(bound: Cell, length: number): Cell {
  return bound instanceof Uint8Array ? bound.slice(0, endOfCodePoints(bound, length)) : bound;
}

/** The least text of `length` code points above the bound: its last code point that has a successor is raised. */
function truncatedMax(bound: Cell, length: number): Cell {
  if (!(bound instanceof Uint8Array)) return bound;
  const end = endOfCodePoints(bound, length);
  if (end === bound.length) return bound;
  const points = Array.from(new TextDecoder().decode(bound.subarray(0, end)));
  while (points.length > 0) {
    const next = successor((points.pop() as string).codePointAt(0) as number);
    if (next !== null) return new TextEncoder().encode(points.join('') + String.fromCodePoint(next));
  }
  return null;
}

const LAST_CODE_POINT = 0x10ffff;
const SURROGATES_START = 0xd800;
const SURROGATES_END = 0xdfff;

function successor(codePoint: number): number | null {
  if (codePoint === LAST_CODE_POINT) return null;
  // Surrogates are no characters of their own.
  return codePoint + 1 === SURROGATES_START ? SURROGATES_END + 1 : codePoint + 1;
}

/** Where the first `count` code points of UTF-8 end. */
function endOfCodePoints(bytes: Uint8Array, count: number): number {
  let seen = 0;
  for (let at = 0; at < bytes.length; at++) {
    const isStart = (bytes[at] & 0xc0) !== 0x80;
    if (isStart && seen++ === count) return at;
  }
  return bytes.length;
}
