// The repetition and definition levels of a page.
import { corrupt, unsupported } from '../file-fault.ts';
import { bitWidth, decodeHybrid, isRunOf } from './hybrid-encoding.ts';
import { RLE } from './parquet-format.ts';

interface Levels {
  readonly max: number;
  readonly count: number;
  /** Levels that are one run of the highest are not spelled out: so are the definitions of a page without NULLs. */
  readonly nullWhereAllMax: boolean;
}

interface LevelSource extends Levels {
  readonly from: number;
  readonly encoding: number | null;
}

/** Levels of a page of version 1: a four-byte size before them. */
export function sizedLevels(
  bytes: Uint8Array,
  source: LevelSource,
): { readonly levels: Uint8Array | null; readonly end: number } {
  const { from, max, encoding } = source;
  if (max === 0) return { levels: null, end: from };
  if (encoding !== RLE) throw unsupported(`levels of encoding ${encoding}`);
  if (from + 4 > bytes.length) throw corrupt('a page ends within its levels');
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(from, true);
  const end = from + 4 + size;
  if (end > bytes.length) throw corrupt('a page ends within its levels');
  return { levels: bareLevels(bytes.subarray(from + 4, end), source), end };
}

/** Levels without a size before them; null where the highest is 0, too. */
export function bareLevels(bytes: Uint8Array, { max, count, nullWhereAllMax }: Levels): Uint8Array | null {
  if (max === 0) return null;
  const source = { bytes, from: 0, to: bytes.length, width: bitWidth(max), count };
  if (nullWhereAllMax && isRunOf(max, source)) return null;
  const levels = new Uint8Array(count);
  if (count > 0) decodeHybrid(source, levels);
  for (let index = 0; index < count; index++) if (levels[index] > max) throw corrupt(`a level above ${max}`);
  return levels;
}
