// Bounds of texts cut to a number of code points: below and above all texts that the whole bound is a bound of. Source:
// format notes 04 section 4 (SimpleColStatsCollector).

const LAST_CODE_POINT = 0x10ffff;
const SURROGATES_START = 0xd800;
const SURROGATES_END = 0xdfff;

/** The first `length` code points of UTF-8. */
export function truncatedMin(bound: Uint8Array, length: number): Uint8Array {
  return bound.slice(0, endOfCodePoints(bound, length));
}

/**
 * The bound itself where it is short, else the least text of `length` code points above it: its last code point that has
 * a successor is raised. Null where none has.
 */
export function truncatedMax(bound: Uint8Array, length: number): Uint8Array | null {
  const end = endOfCodePoints(bound, length);
  if (end === bound.length) return bound;
  const points = Array.from(new TextDecoder().decode(bound.subarray(0, end)));
  while (points.length > 0) {
    const next = successor((points.pop() as string).codePointAt(0) as number);
    if (next !== null) return new TextEncoder().encode(points.join('') + String.fromCodePoint(next));
  }
  return null;
}

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
