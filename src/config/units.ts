// Durations (`10s`) and sizes (`64MiB`) as people write them.
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Milliseconds of a duration such as `500ms`, `10s`, `1h`; null if it is not one. */
export function parseDuration(text: string): number | null {
  return parseWithUnit(text, DURATION_UNITS);
}

/** Bytes of a size such as `64MiB`; null if it is not one. */
export function parseSize(text: string): number | null {
  return parseWithUnit(text, SIZE_UNITS);
}

function parseWithUnit(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  if (match === null) return null;
  const unit = Object.hasOwn(units, match[2]) ? units[match[2]] : undefined;
  const value = unit === undefined ? Number.NaN : Number(match[1]) * unit;
  return Number.isSafeInteger(value) ? value : null;
}
