// JSON as a value of type VARIANT, as the reference builds it: the smallest form of each number, keys by their first use.
// Source: the Parquet variant encoding; GenericVariantBuilder.
import { TributaryError } from '../../../base/errors.ts';
import type { Cell } from '../cell.ts';
import { BASIC, NESTING_MAX, PRIMITIVE } from './variant-text.ts';

/** A value and the keys of its objects. */
export interface Variant {
  readonly value: Uint8Array;
  readonly metadata: Uint8Array;
}

const TOKEN = /\s*([{}[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const SHORT_TEXT_MAX = 63;
const DECIMAL_DIGITS_MAX = 38;

/** The value that a text of JSON stands for. Throws `E3130` for other texts, and for a key twice in an object. */
export function variantOf(json: string): Variant {
  try {
    JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw refused('it is no JSON', error);
  }
  const builder = new VariantBuilder(json);
  const value = builder.next(0);
  return { value, metadata: builder.metadata() };
}

/** The same as a cell. */
export function variantCell(json: string): Cell {
  const { value, metadata } = variantOf(json);
  return [value, metadata];
}

/** Walks over a text that is known to be JSON. */
class VariantBuilder {
  private readonly json: string;
  private readonly tokens = new RegExp(TOKEN);
  /** Ids of keys, in the order of their first use. */
  private readonly keys = new Map<string, number>();

  constructor(json: string) {
    this.json = json;
  }

  next(depth: number): Buffer {
    return this.valueOf(this.token(), depth);
  }

  metadata(): Buffer {
    const texts = [...this.keys.keys()].map((key) => Buffer.from(key, 'utf8'));
    const all = Buffer.concat(texts);
    const offsetSize = sizeOfNumber(Math.max(all.length, texts.length));
    const header = Buffer.from([1 | ((offsetSize - 1) << 6)]);
    return Buffer.concat([header, numberBytes(texts.length, offsetSize), offsetsOf(texts, offsetSize), all]);
  }

  private token(): string {
    const match = this.tokens.exec(this.json);
    if (match === null) throw refused('it is no JSON');
    return match[1];
  }

  private valueOf(token: string, depth: number): Buffer {
    if (depth > NESTING_MAX) throw refused('it is nested too deep');
    switch (token[0]) {
      case '{':
        return this.objectOf(depth);
      case '[':
        return this.arrayOf(depth);
      case '"':
        return textOf(JSON.parse(token) as string);
      case 't':
        return primitive(PRIMITIVE.true);
      case 'f':
        return primitive(PRIMITIVE.false);
      case 'n':
        return primitive(PRIMITIVE.null);
      default:
        return numberOf(token);
    }
  }

  private objectOf(depth: number): Buffer {
    const fields: { readonly key: string; readonly id: number; readonly offset: number }[] = [];
    const values: Buffer[] = [];
    let sizeBytes = 0;
    for (let token = this.token(); token !== '}'; token = this.token()) {
      if (token === ',') continue;
      const key = JSON.parse(token) as string;
      const id = this.keys.get(key) ?? this.keys.size;
      this.keys.set(key, id);
      this.token();
      const value = this.next(depth + 1);
      fields.push({ key, id, offset: sizeBytes });
      values.push(value);
      sizeBytes += value.length;
    }
    fields.sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key));
    const twice = fields.find(({ key }, index) => key === fields[index + 1]?.key);
    if (twice !== undefined) throw refused('a key is there twice');
    const idSize = sizeOfNumber(fields.reduce((most, { id }) => Math.max(most, id), 0));
    const offsetSize = sizeOfNumber(sizeBytes);
    const isLarge = fields.length > 255;
    const info = (Number(isLarge) << 4) | ((idSize - 1) << 2) | (offsetSize - 1);
    return Buffer.concat([
      Buffer.from([(info << 2) | BASIC.object]),
      numberBytes(fields.length, isLarge ? 4 : 1),
      ...fields.map(({ id }) => numberBytes(id, idSize)),
      ...fields.map(({ offset }) => numberBytes(offset, offsetSize)),
      numberBytes(sizeBytes, offsetSize),
      ...values,
    ]);
  }

  private arrayOf(depth: number): Buffer {
    const items: Buffer[] = [];
    for (let token = this.token(); token !== ']'; token = this.token()) {
      if (token !== ',') items.push(this.valueOf(token, depth + 1));
    }
    const isLarge = items.length > 255;
    const offsetSize = sizeOfNumber(items.reduce((sum, item) => sum + item.length, 0));
    const info = (Number(isLarge) << 2) | (offsetSize - 1);
    const count = numberBytes(items.length, isLarge ? 4 : 1);
    return Buffer.concat([Buffer.from([(info << 2) | BASIC.array]), count, offsetsOf(items, offsetSize), ...items]);
  }
}

function numberOf(text: string): Buffer {
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    if (BigInt.asIntN(64, whole) === whole) return integerOf(whole);
  }
  const decimal = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  const [, whole = '', fraction = ''] = decimal ?? [];
  const unscaled = decimal === null ? 0n : BigInt(whole.replace('-', '') + fraction);
  const digits = unscaled.toString().length;
  if (decimal === null || digits > DECIMAL_DIGITS_MAX || fraction.length > DECIMAL_DIGITS_MAX) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(Number(text));
    return primitive(PRIMITIVE.double, bytes);
  }
  return decimalOf(whole.startsWith('-') ? -unscaled : unscaled, fraction.length, Math.max(digits, fraction.length));
}

function integerOf(value: bigint): Buffer {
  if (BigInt.asIntN(8, value) === value) return primitive(PRIMITIVE.int8, signedBytes(value, 1));
  if (BigInt.asIntN(16, value) === value) return primitive(PRIMITIVE.int16, signedBytes(value, 2));
  if (BigInt.asIntN(32, value) === value) return primitive(PRIMITIVE.int32, signedBytes(value, 4));
  return primitive(PRIMITIVE.int64, signedBytes(value, 8));
}

/** `digits` is the larger one of the precision and the scale. */
function decimalOf(unscaled: bigint, scale: number, digits: number): Buffer {
  const [type, sizeBytes] =
    digits <= 9 ? [PRIMITIVE.decimal4, 4] : digits <= 18 ? [PRIMITIVE.decimal8, 8] : [PRIMITIVE.decimal16, 16];
  return primitive(type, Buffer.concat([Buffer.from([scale]), signedBytes(unscaled, sizeBytes)]));
}

function textOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > SHORT_TEXT_MAX)
    return primitive(PRIMITIVE.text, Buffer.concat([numberBytes(bytes.length, 4), bytes]));
  return Buffer.concat([Buffer.from([(bytes.length << 2) | BASIC.shortText]), bytes]);
}

function primitive(type: number, bytes: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([(type << 2) | BASIC.primitive]), bytes]);
}

/** Where each part begins, and where the last one ends. */
function offsetsOf(parts: readonly Uint8Array[], offsetSize: number): Buffer {
  let offset = 0;
  const offsets = [0, ...parts.map((part) => (offset += part.length))];
  return Buffer.concat(offsets.map((start) => numberBytes(start, offsetSize)));
}

function sizeOfNumber(value: number): number {
  if (value <= 0xff) return 1;
  if (value <= 0xffff) return 2;
  return value <= 0xffffff ? 3 : 4;
}

function numberBytes(value: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUIntLE(value, 0, sizeBytes);
  return bytes;
}

function signedBytes(value: bigint, sizeBytes: number): Buffer {
  let rest = BigInt.asUintN(8 * sizeBytes, value);
  return Buffer.from(
    Array.from({ length: sizeBytes }, () => {
      const byte = Number(rest & 0xffn);
      rest >>= 8n;
      return byte;
    }),
  );
}

function refused(why: string, cause?: unknown): TributaryError {
  return new TributaryError('E3130', `text is no value of type VARIANT: ${why}`, { cause });
}
