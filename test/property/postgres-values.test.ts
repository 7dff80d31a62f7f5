// The decoders of PostgreSQL's text forms against slow, obvious ones: any value, and any damage to its text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bigIntAt, bytesAt, type Vector } from '../../src/column/vector.ts';
import type { ColumnDecoder } from '../../src/source/text/column-decoder.ts';
import { HexDecoder } from '../../src/source/postgres/bytes-decoders.ts';
import { LongDecimalDecoder, ShortDecimalDecoder } from '../../src/source/text/decimal-decoders.ts';
import { nearestFloat32 } from '../../src/source/text/nearest-float32.ts';
import { Float32Decoder, Float64Decoder, Int32Decoder, Int64Decoder } from '../../src/source/text/number-decoders.ts';
import { DateDecoder, TimeDecoder, TimestampDecoder } from '../../src/source/postgres/time-decoders.ts';
import { daysFromCivil } from '../../src/source/text/time-digits.ts';
import { MALFORMED, OK, OUT_OF_RANGE, OVERFLOW } from '../../src/source/faults.ts';

const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? '2');
const RUNS: fc.Parameters<unknown> = {
  numRuns: 1000 * SECONDS,
  ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }),
};

/** The fault and the vector of one text, decoded from the middle of a larger buffer. */
function decode(decoder: ColumnDecoder, text: string): { readonly fault: number; readonly vector: Vector } {
  const bytes = Buffer.from(`9-${text}7+`);
  const fault = decoder.decode(bytes, 2, bytes.length - 2, 0);
  return { fault, vector: decoder.builder.finish(fault === OK ? 1 : 0) };
}

function int64(decoder: ColumnDecoder, text: string): bigint | number {
  const { fault, vector } = decode(decoder, text);
  return fault === OK && vector.kind === 'i64' ? bigIntAt(vector, 0) : fault;
}

function int32(decoder: ColumnDecoder, text: string): number | string {
  const { fault, vector } = decode(decoder, text);
  return fault === OK && vector.kind === 'i32' ? (vector.values[0] ?? 0) : `fault ${fault}`;
}

function float(decoder: ColumnDecoder, text: string): number | string {
  const { fault, vector } = decode(decoder, text);
  return fault === OK && (vector.kind === 'f32' || vector.kind === 'f64') ? (vector.values[0] ?? 0) : `fault ${fault}`;
}

/** A decimal of up to `digits` digits with a scale, as the server prints it, and its unscaled value. */
function decimals(
  digits: number,
): fc.Arbitrary<{ readonly precision: number; readonly scale: number; readonly unscaled: bigint }> {
  return fc
    .integer({ min: 1, max: digits })
    .chain((precision) =>
      fc.record({
        precision: fc.constant(precision),
        scale: fc.integer({ min: 0, max: precision }),
        size: fc.integer({ min: 1, max: precision }),
      }),
    )
    .chain(({ precision, scale, size }) => {
      const limit = 10n ** BigInt(size) - 1n;
      return fc.bigInt({ min: -limit, max: limit }).map((unscaled) => ({ precision, scale, unscaled }));
    });
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function fromBytes(vector: Vector): bigint {
  if (vector.kind !== 'bytes') throw new Error('not bytes');
  const bytes = bytesAt(vector, 0);
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

describe('numbers', () => {
  test('whole numbers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(63), (value, shift) => {
        const shorter = value >> BigInt(shift);
        expect(int64(new Int64Decoder(), String(shorter))).toBe(shorter);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(int32(new Int32Decoder(32), String(value))).toBe(value);
        const fits = value >= -32768 && value <= 32767;
        expect(int32(new Int32Decoder(16), String(value))).toBe(fits ? value : `fault ${MALFORMED}`);
      }),
      RUNS,
    );
    for (const text of ['9223372036854775808', '-9223372036854775809', '', '-', '1e3', ' 1', '99999999999999999999']) {
      expect(int64(new Int64Decoder(), text)).toBe(MALFORMED);
    }
    for (const text of ['2147483648', '-2147483649', '', '-', '+1', '1.0']) {
      expect(int32(new Int32Decoder(32), text)).toBe(`fault ${MALFORMED}`);
    }
  });

  test('P15 decimals of up to 18 and up to 38 digits', () => {
    fc.assert(
      fc.property(decimals(18), ({ precision, scale, unscaled }) => {
        expect(int64(new ShortDecimalDecoder({ precision, scale }), decimalText(unscaled, scale))).toBe(unscaled);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(decimals(38), ({ precision, scale, unscaled }) => {
        const { fault, vector } = decode(new LongDecimalDecoder({ precision, scale }), decimalText(unscaled, scale));
        expect(fault).toBe(OK);
        expect(fromBytes(vector)).toBe(unscaled);
        const { length } = vector.kind === 'bytes' ? bytesAt(vector, 0) : new Uint8Array();
        const bits = BigInt(8 * (length - 1));
        expect(length === 1 || BigInt.asIntN(Number(bits), unscaled) !== unscaled).toBe(true);
      }),
      RUNS,
    );
  });

  test('P15 nothing is rounded: more digits than the type has are a fault', () => {
    fc.assert(
      fc.property(
        decimals(38),
        fc.integer({ min: 1, max: 18 }),
        fc.nat(18),
        ({ scale, unscaled }, precision, narrow) => {
          const narrowScale = Math.min(narrow, precision);
          const got = int64(new ShortDecimalDecoder({ precision, scale: narrowScale }), decimalText(unscaled, scale));
          const grown = unscaled * 10n ** BigInt(Math.max(0, narrowScale - scale));
          const divisor = 10n ** BigInt(Math.max(0, scale - narrowScale));
          const exact = grown % divisor === 0n && (grown / divisor) ** 2n < 10n ** BigInt(2 * precision);
          expect(got).toBe(exact ? grown / divisor : OVERFLOW);
        },
      ),
      RUNS,
    );
  });

  test('P16 doubles and floats bit by bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const text = Object.is(value, -0) ? '-0' : String(value);
        expect(Object.is(float(new Float64Decoder(), text), value)).toBe(true);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(fc.float({ noNaN: true }), fc.integer({ min: 9, max: 17 }), (value, digits) => {
        // Nine digits are enough for every float; the server prints the fewest that are.
        const text = Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value.toPrecision(digits) : String(value);
        expect(Object.is(float(new Float32Decoder(), text), value)).toBe(true);
      }),
      RUNS,
    );
    expect(float(new Float64Decoder(), 'NaN')).toBeNaN();
    for (const text of ['', '-', '.', '1.2.3', '0x10', 'Inf', '1e', ' 1', '1_0']) {
      expect(float(new Float64Decoder(), text)).toBe(`fault ${MALFORMED}`);
    }
  });

  test('P16 a text between two floats is rounded once, not by way of a double', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7f7ffffe }), fc.constantFrom(-1n, 0n, 1n), (low, side) => {
        const floats = new Float32Array(Int32Array.of(low, low + 1).buffer);
        const [below = 0, above = 0] = floats;
        const middle = (below + above) / 2;
        // The exact decimal of the middle with one digit more, far beyond what a double can tell apart.
        const [digits, exponent] = exactDecimal(middle);
        const text = `${digits * 1000n + side}e${exponent - 3}`;
        const bytes = Buffer.from(text);
        const even = (low & 1) === 0 ? below : above;
        const expected = side === 0n ? even : side < 0n ? below : above;
        expect(nearestFloat32(Number(text), bytes, 0, bytes.length)).toBe(expected);
        const negative = Buffer.from(`-${text}`);
        expect(nearestFloat32(-Number(text), negative, 0, negative.length)).toBe(-expected);
      }),
      RUNS,
    );
  });
});

/** The exact value of a positive double as digits × 10^exponent. */
function exactDecimal(value: number): readonly [bigint, number] {
  let scaled = value;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings++;
  }
  return [BigInt(scaled) * 5n ** BigInt(halvings), -halvings];
}

describe('times', () => {
  const instants = fc.record({
    date: fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    }),
    micros: fc.nat(999),
  });

  test('days of any date', () => {
    fc.assert(
      fc.property(instants, ({ date }) => {
        const days = Math.floor(date.getTime() / 86_400_000);
        expect(daysFromCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(days);
        expect(int32(new DateDecoder(), date.toISOString().slice(0, 10))).toBe(days);
      }),
      RUNS,
    );
  });

  test('P14 timestamps to the microsecond, with and without zone, trailing zeros left out', () => {
    fc.assert(
      fc.property(instants, fc.boolean(), ({ date, micros }, zoned) => {
        const iso = date.toISOString();
        const fraction = `${iso.slice(20, 23)}${String(micros).padStart(3, '0')}`.replace(/0+$/, '');
        const text = `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}${zoned ? '+00' : ''}`;
        const expected = BigInt(date.getTime()) * 1000n + BigInt(micros);
        expect(int64(new TimestampDecoder(zoned), text)).toBe(expected);
      }),
      RUNS,
    );
  });

  test('times of day', () => {
    fc.assert(
      fc.property(fc.nat(86_399_999), (value) => {
        const iso = new Date(value).toISOString();
        const text = iso.slice(11, 23).replace(/\.?0+$/, '');
        expect(int32(new TimeDecoder(), text.length < 8 ? iso.slice(11, 19) : text)).toBe(value);
      }),
      RUNS,
    );
    expect(int32(new TimeDecoder(), '24:00:00')).toBe(`fault ${OUT_OF_RANGE}`);
  });

  test('P19 what the lake cannot hold is told apart from what is no date', () => {
    for (const text of ['infinity', '-infinity', '0044-03-15 BC', '10000-01-01']) {
      expect(int32(new DateDecoder(), text)).toBe(`fault ${OUT_OF_RANGE}`);
    }
    for (const text of ['infinity', '0001-12-31 23:59:59 BC', '294276-12-31 23:59:59.999999']) {
      expect(int64(new TimestampDecoder(false), text)).toBe(OUT_OF_RANGE);
    }
    for (const text of ['-infinity', '0001-12-31 23:59:59+00 BC', '10000-01-01 00:00:00+00']) {
      expect(int64(new TimestampDecoder(true), text)).toBe(OUT_OF_RANGE);
    }
    // Another zone than UTC would be a session that was not set up: never guessed.
    for (const text of ['2024-01-01 00:00:00+02', '2024-01-01 00:00:00', '2024-1-1 00:00:00+00', '']) {
      expect(int64(new TimestampDecoder(true), text)).toBe(MALFORMED);
    }
    for (const text of ['2024-13-01', '2024-00-10', '2024/01/01', '01-01-2024', '', '20240101']) {
      expect(int32(new DateDecoder(), text)).toBe(`fault ${MALFORMED}`);
    }
  });
});

describe('bytes', () => {
  test('hexadecimal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
        const { fault, vector } = decode(new HexDecoder(), `\\x${Buffer.from(value).toString('hex')}`);
        expect(fault).toBe(OK);
        expect(vector.kind === 'bytes' && Buffer.from(bytesAt(vector, 0)).equals(value)).toBe(true);
      }),
      RUNS,
    );
    for (const text of ['', 'x00', '\\x0', '\\x0g', '\\000'])
      expect(decode(new HexDecoder(), text).fault).toBe(MALFORMED);
  });
});
