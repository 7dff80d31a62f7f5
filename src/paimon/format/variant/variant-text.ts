// Values of type VARIANT as JSON, in the text that the reference gives them. Source: the Parquet variant encoding;
// GenericVariantUtil, GenericVariant.toJson. Times are UTC.
import { TributaryError } from '../../../base/errors.ts';
import { dateText, timestampText } from '../calendar-text.ts';
import { decimalText, javaDoubleText, javaFloatText } from '../value-text.ts';

/** How deep values may be nested, as in the reference's JSON. */
export const NESTING_MAX = 1000;

/** What the lowest two bits of a value's first byte say of it. */
export const BASIC = { primitive: 0, shortText: 1, object: 2, array: 3 } as const;
/** What the other bits say of a primitive value. */
export const PRIMITIVE = {
  null: 0,
  true: 1,
  false: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  decimal4: 8,
  decimal8: 9,
  decimal16: 10,
  date: 11,
  timestamp: 12,
  timestampWithoutZone: 13,
  float: 14,
  binary: 15,
  text: 16,
  uuid: 20,
} as const;

/** The JSON of a value. Throws `E3383` for bytes that are no variant. */
export function variantText(value: Uint8Array, metadata: Uint8Array): string {
  try {
    return new VariantReader(value, metadata).text(0, 0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw damaged('a length or an offset points outside', error);
  }
}

/** One value; a read outside of its bytes is a `RangeError`. */
class VariantReader {
  private readonly value: DataView;
  private readonly metadata: DataView;
  private readonly keyOffsetSize: number;
  private readonly keyCount: number;
  /** Each value has a byte of its own at least: more values than bytes are one and the same, again and again. */
  private left: number;

  constructor(value: Uint8Array, metadata: Uint8Array) {
    this.value = new DataView(value.buffer, value.byteOffset, value.byteLength);
    this.metadata = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
    this.left = value.byteLength;
    const header = this.metadata.getUint8(0);
    if ((header & 0x0f) !== 1) throw damaged(`version ${header & 0x0f}`);
    this.keyOffsetSize = (header >> 6) + 1;
    this.keyCount = unsigned(this.metadata, 1, this.keyOffsetSize);
  }

  text(at: number, depth: number): string {
    if (this.left-- === 0) throw damaged('values overlap');
    if (depth > NESTING_MAX) throw damaged('values are nested too deep');
    const header = this.value.getUint8(at);
    const info = header >> 2;
    switch (header & 3) {
      case BASIC.shortText:
        return jsonString(utf8(this.value, at + 1, info));
      case BASIC.object:
        return this.objectText(at, info, depth);
      case BASIC.array:
        return this.arrayText(at, info, depth);
      default:
        return this.primitiveText(at + 1, info);
    }
  }

  private objectText(at: number, info: number, depth: number): string {
    const { size, next } = this.size(at, (info & 0x10) !== 0);
    const idSize = ((info >> 2) & 3) + 1;
    const offsetSize = (info & 3) + 1;
    const offsets = next + size * idSize;
    const data = offsets + (size + 1) * offsetSize;
    const fields: string[] = [];
    for (let index = 0; index < size; index++) {
      const key = this.key(unsigned(this.value, next + index * idSize, idSize));
      const offset = unsigned(this.value, offsets + index * offsetSize, offsetSize);
      fields.push(`${jsonString(key)}:${this.text(data + offset, depth + 1)}`);
    }
    return `{${fields.join(',')}}`;
  }

  private arrayText(at: number, info: number, depth: number): string {
    const { size, next } = this.size(at, (info & 4) !== 0);
    const offsetSize = (info & 3) + 1;
    const data = next + (size + 1) * offsetSize;
    const items: string[] = [];
    for (let index = 0; index < size; index++) {
      items.push(this.text(data + unsigned(this.value, next + index * offsetSize, offsetSize), depth + 1));
    }
    return `[${items.join(',')}]`;
  }

  private size(at: number, isLarge: boolean): { readonly size: number; readonly next: number } {
    const sizeBytes = isLarge ? 4 : 1;
    return { size: unsigned(this.value, at + 1, sizeBytes), next: at + 1 + sizeBytes };
  }

  private key(id: number): string {
    if (id >= this.keyCount) throw damaged(`key ${id} of ${this.keyCount}`);
    const offsetAt = (index: number): number =>
      unsigned(this.metadata, 1 + (index + 1) * this.keyOffsetSize, this.keyOffsetSize);
    const texts = 1 + (this.keyCount + 2) * this.keyOffsetSize;
    return utf8(this.metadata, texts + offsetAt(id), offsetAt(id + 1) - offsetAt(id));
  }

  private primitiveText(at: number, type: number): string {
    const { value } = this;
    switch (type) {
      case PRIMITIVE.null:
        return 'null';
      case PRIMITIVE.true:
        return 'true';
      case PRIMITIVE.false:
        return 'false';
      case PRIMITIVE.int8:
        return String(value.getInt8(at));
      case PRIMITIVE.int16:
        return String(value.getInt16(at, true));
      case PRIMITIVE.int32:
        return String(value.getInt32(at, true));
      case PRIMITIVE.int64:
        return String(value.getBigInt64(at, true));
      case PRIMITIVE.double:
        return numberText(value.getFloat64(at, true), javaDoubleText);
      case PRIMITIVE.float:
        return numberText(value.getFloat32(at, true), javaFloatText);
      case PRIMITIVE.decimal4:
        return plainDecimal(BigInt(value.getInt32(at + 1, true)), value.getUint8(at));
      case PRIMITIVE.decimal8:
        return plainDecimal(value.getBigInt64(at + 1, true), value.getUint8(at));
      case PRIMITIVE.decimal16: {
        const unscaled = (value.getBigInt64(at + 9, true) << 64n) | value.getBigUint64(at + 1, true);
        return plainDecimal(unscaled, value.getUint8(at));
      }
      case PRIMITIVE.text:
        return jsonString(utf8(value, at + 4, unsigned(value, at, 4)));
      default:
        return `"${this.quotedText(at, type)}"`;
    }
  }

  /** Values that JSON has no form for. */
  private quotedText(at: number, type: number): string {
    const { value } = this;
    switch (type) {
      case PRIMITIVE.date:
        return dateText(value.getInt32(at, true));
      case PRIMITIVE.timestamp:
        return `${timeText(value.getBigInt64(at, true))}+00:00`;
      case PRIMITIVE.timestampWithoutZone:
        return timeText(value.getBigInt64(at, true));
      case PRIMITIVE.binary:
        return bytesOf(value, at + 4, unsigned(value, at, 4)).toString('base64');
      case PRIMITIVE.uuid:
        return bytesOf(value, at, 16)
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      default:
        throw damaged(`type ${type}`);
    }
  }
}

function unsigned(bytes: DataView, at: number, sizeBytes: number): number {
  let number = 0;
  for (let index = sizeBytes - 1; index >= 0; index--) number = number * 256 + bytes.getUint8(at + index);
  return number;
}

function bytesOf(bytes: DataView, at: number, sizeBytes: number): Buffer {
  if (sizeBytes < 0 || at + sizeBytes > bytes.byteLength) throw damaged('a text or binary ends outside');
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, sizeBytes);
}

function utf8(bytes: DataView, at: number, sizeBytes: number): string {
  return bytesOf(bytes, at, sizeBytes).toString('utf8');
}

/** As Jackson writes it: hexadecimal digits of escapes are upper-case. */
function jsonString(text: string): string {
  return JSON.stringify(text).replace(/\\\\|\\u[0-9a-f]{4}/g, (escape) =>
    escape.startsWith('\\u') ? `\\u${escape.slice(2).toUpperCase()}` : escape,
  );
}

function numberText(number: number, text: (value: number) => string): string {
  return Number.isFinite(number) ? text(number) : `"${text(number)}"`;
}

function plainDecimal(unscaled: bigint, scale: number): string {
  const text = decimalText(unscaled, scale);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** `2024-02-29 12:34:56.5`, of microseconds. */
function timeText(micros: bigint): string {
  return timestampText(micros * 1000n, 6, ' ').replace(/\.?0+$/, '');
}

function damaged(why: string, cause?: unknown): TributaryError {
  return new TributaryError('E3383', `value of type VARIANT is damaged: ${why}`, { cause });
}
