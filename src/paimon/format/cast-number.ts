// Casts to numbers and booleans, with the roundings and overflows of the reference (Java's narrowing, HALF_UP for
// decimals). Source: NumericPrimitiveCastRule, DecimalUtils, BinaryStringUtils (format notes 04 section 5).
import { TributaryError } from '../../base/errors.ts';
import type { DataType } from '../schema/data-type.ts';
import type { Cell, CellCast } from './cell.ts';
import { decimalText, javaDoubleText } from './value-text.ts';

type DecimalType = DataType & { readonly kind: 'DECIMAL' };

/** Bits of each integer type. */
const INTEGER_BITS = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 } as const;
type IntegerKind = keyof typeof INTEGER_BITS;

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/** To TINYINT, SMALLINT, INT or BIGINT from a number or BOOLEAN: fractions are cut, what is too large wraps around. */
export function toInteger(from: DataType, to: IntegerKind): CellCast {
  const bits = INTEGER_BITS[to];
  const narrow = (value: bigint): Cell => (bits === 64 ? BigInt.asIntN(64, value) : Number(BigInt.asIntN(bits, value)));
  switch (from.kind) {
    case 'FLOAT':
    case 'DOUBLE':
      // A floating-point number first becomes the nearest INT (or BIGINT), and only then a smaller integer.
      return (cell) => narrow(saturated(cell as number, bits));
    case 'DECIMAL': {
      const factor = 10n ** BigInt(from.scale);
      return (cell) => narrow((cell as bigint) / factor);
    }
    default:
      return (cell) => narrow(BigInt(cell as number | bigint | boolean));
  }
}

function saturated(value: number, bits: number): bigint {
  if (Number.isNaN(value)) return 0n;
  const [least, most] = bits === 64 ? [LONG_MIN, LONG_MAX] : [-2147483648n, 2147483647n];
  if (value <= Number(least)) return least;
  return value >= Number(most) ? most : BigInt(Math.trunc(value));
}

/** To FLOAT or DOUBLE from a number or BOOLEAN. */
export function toFloating(from: DataType, to: 'FLOAT' | 'DOUBLE'): CellCast {
  const round = to === 'FLOAT' ? Math.fround : (value: number): number => value;
  switch (from.kind) {
    case 'DECIMAL':
      return (cell) => round(decimalNumber(from, cell as bigint));
    case 'BIGINT':
      return to === 'DOUBLE' ? Number : (cell) => Math.fround(Number(stickyBits(cell as bigint)));
    default:
      return (cell) => round(Number(cell));
  }
}

/** As the reference does: one division of doubles where the number fits a long, else the nearest double. */
function decimalNumber({ precision, scale }: DecimalType, unscaled: bigint): number {
  return precision <= 18 ? Number(unscaled) / 10 ** scale : Number(decimalText(unscaled, scale));
}

/** Rounds to odd at 53 bits, so that rounding to 24 bits afterwards is right: a long is rounded to a float once. */
function stickyBits(value: bigint): bigint {
  const low = value & 0x7ffn;
  if (low === 0n || (value < 2n ** 53n && value > -(2n ** 53n))) return value;
  return (value - low) | 0x800n;
}

/** To DECIMAL from a number or BOOLEAN: rounded half up; NULL where there are too many digits. */
export function toDecimal(from: DataType, to: DecimalType): CellCast {
  switch (from.kind) {
    case 'DECIMAL':
      return (cell) => fitting(rescaled(cell as bigint, from.scale, to.scale), to);
    case 'FLOAT':
    case 'DOUBLE':
      return (cell) => decimalOfText(javaDoubleText(cell as number), to);
    default: {
      const factor = 10n ** BigInt(to.scale);
      return (cell) => fitting(BigInt(cell as number | bigint | boolean) * factor, to);
    }
  }
}

/** The unscaled value of a number in Java's form. Throws `E3134` for what is no number; NULL for too many digits. */
export function decimalOfText(text: string, to: DecimalType): Cell {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  const digits = `${match?.[2] ?? ''}${match?.[3] ?? ''}`;
  if (match === null || digits === '') throw uncastable('not a decimal number');
  const scale = (match[3] ?? '').length - Number(match[4] ?? '0');
  const magnitude = BigInt(digits);
  // The exponent is a text's own: nothing of its size may be computed.
  if (magnitude === 0n || digits.length - scale < -to.scale - 1) return 0n;
  if (digits.replace(/^0+/, '').length - scale > to.precision - to.scale + 1) return null;
  return fitting(rescaled(match[1] === '-' ? -magnitude : magnitude, scale, to.scale), to);
}

function rescaled(unscaled: bigint, from: number, to: number): bigint {
  if (to >= from) return unscaled * 10n ** BigInt(to - from);
  const factor = 10n ** BigInt(from - to);
  const half = factor / 2n;
  return (unscaled < 0n ? unscaled - half : unscaled + half) / factor;
}

function fitting(unscaled: bigint, { precision }: DecimalType): Cell {
  const limit = 10n ** BigInt(precision);
  return unscaled < limit && unscaled > -limit ? unscaled : null;
}

/** Reads integers of a kind: see `integerOfText`. */
export function integerParser(to: IntegerKind): (text: string) => Cell {
  return (text) => integerOfText(text, to);
}

/** An integer's text: a sign, digits, and digits after a point, which do not count. Throws `E3134`. */
export function integerOfText(text: string, to: IntegerKind): Cell {
  const match = /^([+-]?\d*)(?:\.\d*)?$/.exec(text);
  if (match === null || text === '' || text === '+' || text === '-') throw uncastable('not an integer');
  const bits = INTEGER_BITS[to];
  const value = /\d/.test(match[1]) ? BigInt(match[1].replace(/^\+/, '')) : 0n;
  if (BigInt.asIntN(bits, value) !== value) throw uncastable('integer is too large');
  return bits === 64 ? value : Number(value);
}

/** Reads a number's text as Java's parser does (hexadecimal ones aside); it throws `E3134`. */
export function floatingParser(to: 'FLOAT' | 'DOUBLE'): (text: string) => Cell {
  return (text) => floatingOfText(text, to);
}

function floatingOfText(text: string, to: 'FLOAT' | 'DOUBLE'): Cell {
  const match = /^([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))[fFdD]?$/.exec(text.trim());
  if (match === null) throw uncastable('not a number');
  const value = Number(match[1].replace(/^[+-]NaN$/, 'NaN'));
  return to === 'FLOAT' ? Math.fround(value) : value;
}

const TRUE_WORDS: readonly string[] = ['t', 'true', 'y', 'yes', '1'];
const FALSE_WORDS: readonly string[] = ['f', 'false', 'n', 'no', '0'];

/** `t`, `true`, `y`, `yes`, `1` and their opposites, in any case. Throws `E3134`. */
export function booleanOfText(text: string): boolean {
  const word = text.toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  if (FALSE_WORDS.includes(word)) return false;
  throw uncastable('not a boolean');
}

/** The error for a value that has no counterpart in the other type; it does not tell the value. */
export function uncastable(why: string): TributaryError {
  return new TributaryError('E3134', `value cannot be cast: ${why}`);
}
