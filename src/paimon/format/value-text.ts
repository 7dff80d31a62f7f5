// Numbers as text: decimals from their unscaled value and back, and Java's form of floating-point numbers.

/** `-12.34` of an unscaled value, always with `scale` digits after the point. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  const point = digits.length - scale;
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * The unscaled value of a decimal text (also with an exponent); null where it is no number, or has digits that the
 * type cannot hold.
 */
export function parseDecimal(text: string, precision: number, scale: number): bigint | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole, fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const shift = Number(exponent) + scale - fraction.length;
  const digits = `${whole}${fraction}`;
  const kept = shift < 0 ? digits.slice(0, shift) : digits.padEnd(digits.length + shift, '0');
  if (shift < 0 && /[1-9]/.test(digits.slice(shift))) return null;
  const magnitude = BigInt(kept === '' ? '0' : kept);
  if (magnitude >= 10n ** BigInt(precision)) return null;
  return sign === '-' ? -magnitude : magnitude;
}

/** What Java's `Double.toString` gives. */
export function javaDoubleText(value: number): string {
  return javaText(value, Math.abs(value));
}

/** What Java's `Float.toString` gives; `value` is a 32-bit number. */
export function javaFloatText(value: number): string {
  return javaText(value, shortestFloat(Math.abs(value)));
}

/** The shortest decimal that is nearest to the 32-bit number, as a 64-bit number that prints so. */
export function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}

/** Java's layout: plain from 10^-3 to 10^7, else with an exponent; at least one digit after the point. */
function javaText(value: number, magnitude: number): string {
  if (!Number.isFinite(value)) return String(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0.0`;
  // Where one digit would do, Java gives the nearest number of two digits: 4.9E-324 where others say 5e-324.
  const shortest = magnitude.toExponential();
  const text = shortest.includes('.') ? shortest : Math.abs(value).toExponential(1);
  const [mantissa, exponentText] = text.split('e');
  const exponent = Number(exponentText);
  if (magnitude < 1e-3 || magnitude >= 1e7) return `${sign}${mantissa}E${exponent}`;
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
