// The binary form of column types in the log: how long a value is, and what of a type's description is where.

/** Codes of types in the log. */
export const TYPE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  longLong: 8,
  int24: 9,
  date: 10,
  year: 13,
  varchar: 15,
  bit: 16,
  timestamp: 17,
  datetime: 18,
  time: 19,
  json: 245,
  decimal: 246,
  enum: 247,
  set: 248,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const;

/** A column as the log describes it. */
export interface LoggedColumn {
  readonly name: string;
  /** One of `TYPE`, or a code that is not known. */
  readonly type: number;
  /** Decimal: precision and scale in a high and a low byte. Temporal types: digits of the fraction. Bit: bits. Text: bytes at most. */
  readonly detail: number;
  /** How values stand in rows; null for types that are not known. */
  readonly layout: ValueLayout | null;
  readonly unsigned: boolean;
  /** Number of the collation; 63 for binary, -1 where there is none. */
  readonly collation: number;
  /** The values of an enum or set, in the column's character set. */
  readonly members: readonly Buffer[];
}

/** Either `size` bytes, or as many as the `prefix` bytes before them say, little-endian. */
export interface ValueLayout {
  readonly size: number;
  readonly prefix: number;
}

const fixed = (size: number): ValueLayout => ({ size, prefix: 0 });
const prefixed = (prefix: number): ValueLayout => ({ size: 0, prefix });

/** Bytes of 0 to 9 decimal digits. */
export const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;

/** Bytes of a decimal with this many digits on one side of the point. */
export function decimalSize(digits: number): number {
  return 4 * Math.floor(digits / 9) + DIGIT_BYTES[digits % 9];
}

/** Bytes of the fraction of a second with this many digits. */
function fractionSize(digits: number): number {
  return Math.ceil(digits / 2);
}

/** The type, its detail and its layout from the code and the bytes of its description. */
export function readType(
  code: number,
  meta: { readonly bytes: Buffer; readonly at: number },
): Pick<LoggedColumn, 'type' | 'detail' | 'layout'> {
  const first = meta.bytes[meta.at] ?? 0;
  const second = meta.bytes[meta.at + 1] ?? 0;
  const plain = (layout: ValueLayout, detail = 0) => ({ type: code, detail, layout });
  switch (code) {
    case TYPE.tiny:
    case TYPE.year:
      return plain(fixed(1));
    case TYPE.short:
      return plain(fixed(2));
    case TYPE.int24:
    case TYPE.date:
      return plain(fixed(3));
    case TYPE.long:
    case TYPE.float:
      return plain(fixed(4));
    case TYPE.double:
    case TYPE.longLong:
      return plain(fixed(8));
    case TYPE.timestamp:
      return plain(fixed(4 + fractionSize(first)), first);
    case TYPE.datetime:
      return plain(fixed(5 + fractionSize(first)), first);
    case TYPE.time:
      return plain(fixed(3 + fractionSize(first)), first);
    case TYPE.decimal:
      return plain(fixed(decimalSize(first - second) + decimalSize(second)), (first << 8) | second);
    case TYPE.bit: {
      const bits = first + 8 * second;
      return plain(fixed(Math.ceil(bits / 8)), bits);
    }
    case TYPE.varchar:
    case TYPE.varString: {
      const size = first | (second << 8);
      return { type: TYPE.varchar, detail: size, layout: prefixed(size > 255 ? 2 : 1) };
    }
    case TYPE.blob:
    case TYPE.geometry:
    case TYPE.json:
      return plain(prefixed(first), first);
    case TYPE.string:
      return readString(first, second);
    default:
      return { type: code, detail: 0, layout: null };
  }
}

/** Types of description bytes: 1, 2 or none. */
export function metaSize(code: number): number {
  switch (code) {
    case TYPE.float:
    case TYPE.double:
    case TYPE.blob:
    case TYPE.geometry:
    case TYPE.json:
    case TYPE.timestamp:
    case TYPE.datetime:
    case TYPE.time:
      return 1;
    case TYPE.varchar:
    case TYPE.varString:
    case TYPE.string:
    case TYPE.decimal:
    case TYPE.bit:
    case TYPE.enum:
    case TYPE.set:
      return 2;
    // MariaDB's compressed columns: BLOB and VARCHAR.
    case 140:
      return 1;
    case 141:
      return 2;
    default:
      return 0;
  }
}

/** CHAR, BINARY, ENUM and SET share a code; the real type is in the description, mixed with bits of a long length. */
function readString(first: number, second: number): Pick<LoggedColumn, 'type' | 'detail' | 'layout'> {
  if (first === TYPE.enum || first === TYPE.set) {
    return { type: first, detail: second, layout: { size: second, prefix: 0 } };
  }
  const size = ((((first & 0x30) ^ 0x30) << 4) | second) & 0x3ff;
  return { type: TYPE.string, detail: size, layout: prefixed(size > 255 ? 2 : 1) };
}
