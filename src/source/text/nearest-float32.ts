// Rounds a decimal text to a 32-bit float. Going through a double alone may round twice: where the double lies exactly
// between two floats, the text itself has to decide.

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/**
 * The float nearest to the decimal text `bytes[start … end)`, whose nearest double is `value`.
 */
export function nearestFloat32(value: number, bytes: Buffer, start: number, end: number): number {
  const near = Math.fround(value);
  if (near === value || Number.isNaN(value)) return near;
  float[0] = near;
  // Away from zero if the float is too small, towards zero if it is too large.
  const step = Math.abs(near) < Math.abs(value) ? 1 : -1;
  bits[0] = bits[0] + step;
  // Beyond the largest float stands what would be the next one if the exponent had no limit.
  const edge = Number.isFinite(near) && Number.isFinite(float[0]);
  const other = edge ? float[0] : Math.sign(value) * 2 ** 128;
  const from = Number.isFinite(near) ? near : Math.sign(value) * 3.4028234663852886e38;
  if (Math.abs(value - from) !== Math.abs(other - value)) return near;
  return decide(bytes.toString('latin1', start, end), value, near);
}

/** The double is the middle of two floats: compare the text exactly with it. `near` is what ties go to. */
function decide(text: string, middle: number, near: number): number {
  const order = compareDecimal(text.replace(/^-/, ''), Math.abs(middle));
  if (order === 0) return near;
  float[0] = near;
  const nearIsAbove = Math.abs(near) > Math.abs(middle);
  if (order > 0 === nearIsAbove) return near;
  bits[0] = bits[0] + (nearIsAbove ? -1 : 1);
  return float[0];
}

/** Sign of (decimal text − double), exactly; both are not negative. */
function compareDecimal(text: string, double: number): number {
  const [mantissa = '', exponentText = '0'] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(exponentText) - fraction.length;
  let left = BigInt(whole + fraction);
  let scaled = double;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings++;
  }
  let right = BigInt(scaled);
  left <<= BigInt(halvings);
  if (exponent >= 0) left *= 10n ** BigInt(exponent);
  else right *= 10n ** BigInt(-exponent);
  if (left === right) return 0;
  return left > right ? 1 : -1;
}
