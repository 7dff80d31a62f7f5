// What a manifest keeps of a file's columns: `metadata.stats-mode`. Source: format notes 04 section 4 and 09 (7-9).
import type { DataType } from '../../schema/data-type.ts';
import type { ColumnBound } from './column-bounds.ts';
import type { FileColumnStatistics } from './parquet-writer.ts';

/** `metadata.stats-mode` of one column. */
export type StatsMode =
  | { readonly kind: 'none' | 'counts' | 'full' }
  /** Strings keep their first `length` code points. */
  | { readonly kind: 'truncate'; readonly length: number };

/** One column of a SimpleStats: what is null there is unknown. A column of three nulls is left out of dense stats. */
export interface ManifestColumnStatistics {
  readonly min: ColumnBound | null;
  readonly max: ColumnBound | null;
  readonly nullCount: number | null;
}

const UNKNOWN: ManifestColumnStatistics = { min: null, max: null, nullCount: null };

/**
 * A column's statistics as the mode keeps them. Nested columns have none; binary columns and timestamps of precision
 * above 6 have a null count and no bounds, as the reference writes them.
 */
export function manifestStatistics(
  statistics: FileColumnStatistics,
  type: DataType,
  mode: StatsMode,
): ManifestColumnStatistics {
  const { nullCount, bounds } = statistics;
  if (mode.kind === 'none' || nullCount === null) return UNKNOWN;
  const isBinary = type.kind === 'BINARY' || type.kind === 'VARBINARY' || type.kind === 'BLOB';
  if (mode.kind === 'counts' || bounds === null || isBinary) return { min: null, max: null, nullCount };
  const isText = type.kind === 'CHAR' || type.kind === 'VARCHAR';
  if (mode.kind !== 'truncate' || !isText) return { ...bounds, nullCount };
  const min = truncateMin(bounds.min as Uint8Array, mode.length);
  const max = truncateMax(bounds.max as Uint8Array, mode.length);
  // Without an upper bound the reference keeps no lower one either.
  return max === null ? { min: null, max: null, nullCount } : { min, max, nullCount };
}

/** The first `length` code points of UTF-8 text. */
export function truncateMin(text: Uint8Array, length: number): Uint8Array {
  return text.subarray(0, codePointsEnd(text, length));
}

/**
 * The least text of at most `length` code points that is not below `text`: cut, and the last code point that has a
 * successor incremented. Null when there is none.
 */
export function truncateMax(text: Uint8Array, length: number): Uint8Array | null {
  const end = codePointsEnd(text, length);
  if (end === text.length) return text;
  const points = Array.from(Buffer.from(text.subarray(0, end)).toString('utf8'), (point) => point.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? 0;
    // Surrogates are no characters of their own: U+E000 follows U+D7FF.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    if (next <= 0x10ffff) return Buffer.from(String.fromCodePoint(...points, next), 'utf8');
  }
  return null;
}

function codePointsEnd(text: Uint8Array, length: number): number {
  let points = 0;
  for (let at = 0; at < text.length; at++) {
    // Bytes 10xxxxxx continue a code point.
    if ((text[at] & 0xc0) !== 0x80 && points++ === length) return at;
  }
  return text.length;
}
