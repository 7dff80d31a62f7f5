// MySQL's binary JSON as the text that the server prints: `{"a": 1, "b": [1.5, "x"]}`, keys in stored order.
import { TributaryError } from '../../base/errors.ts';
import { decimalText } from './decimal-bytes.ts';
import { dateText, datetimeText } from './time-bytes.ts';

const SMALL_OBJECT = 0;
const LARGE_OBJECT = 1;
const SMALL_ARRAY = 2;
const LARGE_ARRAY = 3;
const LITERAL = 4;
const INT16 = 5;
const UINT16 = 6;
const INT32 = 7;
const UINT32 = 8;
const INT64 = 9;
const UINT64 = 10;
const DOUBLE = 11;
const STRING = 12;
const OPAQUE = 15;

const LITERALS = ['null', 'true', 'false'];
// The server prints numbers whose point is so near to their digits, or among them, without an exponent.
const POINT_MAX = 15;
const OPAQUE_DATE = 10;
const OPAQUE_TIME = 11;
const OPAQUE_TIMESTAMP = 7;
const OPAQUE_DATETIME = 12;
const OPAQUE_DECIMAL = 246;

/** The text of the value `bytes[start … end)`. Throws E2033 for a kind of value that is not known. */
export function jsonText(bytes: Buffer, start: number, end: number): string {
  return start === end ? 'null' : valueText(bytes, bytes[start], start + 1);
}

function valueText(bytes: Buffer, type: number, at: number): string {
  switch (type) {
    case SMALL_OBJECT:
    case LARGE_OBJECT:
    case SMALL_ARRAY:
    case LARGE_ARRAY:
      return containerText(bytes, type, at);
    case STRING: {
      const [size, from] = readSize(bytes, at);
      return quoted(bytes.toString('utf8', from, from + size));
    }
    case OPAQUE:
      return opaqueText(bytes, at);
    default:
      return scalarText(bytes, type, at);
  }
}

function scalarText(bytes: Buffer, type: number, at: number): string {
  switch (type) {
    case LITERAL:
      return LITERALS[bytes[at]] ?? unknown(type);
    case INT16:
      return String(bytes.readInt16LE(at));
    case UINT16:
      return String(bytes.readUInt16LE(at));
    case INT32:
      return String(bytes.readInt32LE(at));
    case UINT32:
      return String(bytes.readUInt32LE(at));
    case INT64:
      return String(bytes.readBigInt64LE(at));
    case UINT64:
      return String(bytes.readBigUInt64LE(at));
    case DOUBLE:
      return doubleText(bytes.readDoubleLE(at));
    default:
      return unknown(type);
  }
}

function unknown(type: number): never {
  throw new TributaryError('E2033', `unknown kind of value in a JSON column: kind=${type}`);
}

/** An object or array: its count and size, where its keys are, its values or where they are; all offsets from `at`. */
function containerText(bytes: Buffer, type: number, at: number): string {
  const isLarge = type === LARGE_OBJECT || type === LARGE_ARRAY;
  const isObject = type === SMALL_OBJECT || type === LARGE_OBJECT;
  const width = isLarge ? 4 : 2;
  const count = bytes.readUIntLE(at, width);
  const keys = at + 2 * width;
  const values = keys + (isObject ? count * (width + 2) : 0);
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const entry = values + index * (width + 1);
    const kind = bytes[entry];
    const inlined =
      kind === LITERAL || kind === INT16 || kind === UINT16 || (isLarge && (kind === INT32 || kind === UINT32));
    const text = valueText(bytes, kind, inlined ? entry + 1 : at + bytes.readUIntLE(entry + 1, width));
    if (isObject) {
      const key = keys + index * (width + 2);
      const from = at + bytes.readUIntLE(key, width);
      parts.push(`${quoted(bytes.toString('utf8', from, from + bytes.readUInt16LE(key + width)))}: ${text}`);
    } else parts.push(text);
  }
  return isObject ? `{${parts.join(', ')}}` : `[${parts.join(', ')}]`;
}

/** A length in groups of seven bits, lowest first, and where it ends. */
function readSize(bytes: Buffer, start: number): readonly [number, number] {
  let size = 0;
  let at = start;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++];
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return [size, at];
}

/** The server escapes what JSON wants escaped, in the same way. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The shortest digits that mean the number, in the server's form: with a point or an exponent, else with `.0`. */
function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponent = ''] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const point = Number(exponent) + 1;
  const sign = value < 0 ? '-' : '';
  if ((point > POINT_MAX && point >= digits.length) || point < 1 - POINT_MAX) {
    return `${sign}${digits.slice(0, 1)}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${point - 1}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const whole = digits.slice(0, point).padEnd(point, '0');
  return `${sign}${whole}.${digits.slice(point) || '0'}`;
}

/** A value of an SQL type: decimals plain, dates and times quoted, all else in base 64. */
function opaqueText(bytes: Buffer, start: number): string {
  const type = bytes[start];
  const [size, at] = readSize(bytes, start + 1);
  switch (type) {
    case OPAQUE_DECIMAL:
      return decimalText(bytes, at + 2, { precision: bytes[at], scale: bytes[at + 1] });
    case OPAQUE_DATE:
    case OPAQUE_DATETIME:
    case OPAQUE_TIMESTAMP:
    case OPAQUE_TIME:
      return `"${packedTimeText(type, bytes.readBigInt64LE(at))}"`;
    default:
      return `"base64:type${type}:${bytes.toString('base64', at, at + size)}"`;
  }
}

/** Times within JSON: a whole part above 24 bits of microseconds, negative as a whole. */
function packedTimeText(type: number, packed: bigint): string {
  const magnitude = packed < 0n ? -packed : packed;
  const whole = Number(magnitude >> 24n);
  const microsecond = Number(magnitude & 0xffffffn);
  const secondOfDay =
    ((whole >> 12) & (type === OPAQUE_TIME ? 0x3ff : 0x1f)) * 3600 + ((whole >> 6) & 63) * 60 + (whole & 63);
  const yearMonth = Math.floor(whole / 2 ** 22);
  const date = { year: Math.floor(yearMonth / 13), month: yearMonth % 13, day: Math.floor(whole / 2 ** 17) & 31 };
  if (type === OPAQUE_DATE) return dateText({ ...date, secondOfDay: 0, microsecond: 0 });
  const text = datetimeText({ ...date, secondOfDay, microsecond }, 6);
  return type === OPAQUE_TIME ? `${packed < 0n ? '-' : ''}${text.slice(11)}` : text;
}
