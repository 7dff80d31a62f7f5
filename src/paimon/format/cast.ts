// Values of one type as values of another: what older files are read with after ALTER, and defaults are made of.
// Source: CastExecutors (format notes 04 section 5).
import type { DataType } from '../schema/data-type.ts';
import { canCast } from '../schema/type-casts.ts';
import {
  booleanOfText,
  decimalOfText,
  floatingParser,
  integerParser,
  toDecimal,
  toFloating,
  toInteger,
} from './cast-number.ts';
import {
  dateOfText,
  timeOfText,
  timestampOfText,
  toDate,
  toSeconds,
  toTime,
  toTimestamp,
  textOfTime,
} from './cast-time.ts';
import type { Cell, CellCast } from './cell.ts';
import { decimalText, javaDoubleText, javaFloatText } from './value-text.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * Turns values of a type into values of another as the reference does, or null where it has no such cast. The cast
 * throws `E3134` for a text that is no value of the type; numbers that do not fit wrap around, decimals become NULL.
 */
export function castOf(from: DataType, to: DataType): CellCast | null {
  if (!canCast(from, to)) return null;
  if (from.kind === 'CHAR' || from.kind === 'VARCHAR') return castFromText(to);
  switch (to.kind) {
    case 'CHAR':
    case 'VARCHAR':
      return castToText(from, to);
    case 'BINARY':
    case 'VARBINARY':
      return (cell) => fitBytes(cell as Uint8Array, to);
    case 'BOOLEAN':
      return (cell) => Number(cell) !== 0;
    case 'TINYINT':
    case 'SMALLINT':
      return toInteger(from, to.kind);
    case 'INT':
    case 'BIGINT':
      return isTimestamp(from) ? toSeconds(from, to.kind) : toInteger(from, to.kind);
    case 'FLOAT':
    case 'DOUBLE':
      return toFloating(from, to.kind);
    case 'DECIMAL':
      return toDecimal(from, to);
    case 'DATE':
      return isTimestamp(from) ? toDate(from) : null;
    case 'TIME':
      return isTimestamp(from) ? toTime(from) : null;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return toTimestamp(from, to);
    default:
      return null;
  }
}

function isTimestamp(type: DataType): type is DataType & { readonly kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ' } {
  return type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
}

/** Text as a value of the type. */
function castFromText(to: DataType): CellCast | null {
  if (to.kind === 'CHAR' || to.kind === 'VARCHAR') return (cell) => fitText(cell as Uint8Array, to);
  if (to.kind === 'BINARY' || to.kind === 'VARBINARY') return (cell) => fitBytes(cell as Uint8Array, to);
  const parse = textParser(to);
  return parse === null ? null : (cell) => parse(DECODER.decode(cell as Uint8Array));
}

/** Reads a value of a type that is not nested and not text; null for other types. It throws `E3134`. */
export function textParser(to: DataType): ((text: string) => Cell) | null {
  switch (to.kind) {
    case 'BOOLEAN':
      return booleanOfText;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return integerParser(to.kind);
    case 'FLOAT':
    case 'DOUBLE':
      return floatingParser(to.kind);
    case 'DECIMAL':
      return (text) => decimalOfText(text, to);
    case 'DATE':
      return dateOfText;
    case 'TIME':
      return timeOfText;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return (text) => timestampOfText(text, to);
    default:
      return null;
  }
}

type SizedType = DataType & { readonly kind: 'CHAR' | 'VARCHAR' | 'BINARY' | 'VARBINARY' };

function castToText(from: DataType, to: SizedType): CellCast {
  // Bytes are taken as they are, whatever the length of the text.
  if (from.kind === 'BINARY' || from.kind === 'VARBINARY') return (cell) => cell;
  const isNested = from.kind === 'ARRAY' || from.kind === 'MAP' || from.kind === 'ROW';
  return isNested
    ? (cell) => ENCODER.encode(textOf(from, cell))
    : (cell) => fitText(ENCODER.encode(textOf(from, cell)), to);
}

/** The text of a value, as a cast to STRING gives it; ASCII for numbers, booleans, dates and times. */
export function textOf(type: DataType, cell: Cell): string {
  if (cell === null) return 'null';
  switch (type.kind) {
    case 'FLOAT':
      return javaFloatText(cell as number);
    case 'DOUBLE':
      return javaDoubleText(cell as number);
    case 'DECIMAL':
      return decimalText(cell as bigint, type.scale);
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return textOfTime(type, cell);
    case 'ARRAY':
      return `[${(cell as readonly Cell[]).map((item) => textOf(type.element, item)).join(', ')}]`;
    case 'MAP': {
      const entries = cell as readonly (readonly [Cell, Cell])[];
      return `{${entries.map(([key, value]) => `${textOf(type.key, key)} -> ${textOf(type.value, value)}`).join(', ')}}`;
    }
    case 'ROW':
      return `{${type.fields.map((field, index) => textOf(field.type, (cell as readonly Cell[])[index])).join(', ')}}`;
    default:
      return cell instanceof Uint8Array ? DECODER.decode(cell) : String(cell);
  }
}

/** Text of at most the type's length in code points; CHAR is filled up with spaces. */
function fitText(bytes: Uint8Array, to: SizedType): Uint8Array {
  if (to.kind === 'VARCHAR' && bytes.length <= to.length) return bytes;
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    if ((bytes[at] & 0xc0) === 0x80) continue;
    if (count === to.length) return bytes.subarray(0, at);
    count++;
  }
  if (to.kind === 'VARCHAR') return bytes;
  const padded = new Uint8Array(bytes.length + to.length - count).fill(0x20);
  padded.set(bytes);
  return padded;
}

/** Bytes of at most the type's length; BINARY is filled up with zeros. */
function fitBytes(bytes: Uint8Array, to: SizedType): Uint8Array {
  if (bytes.length >= to.length) return bytes.subarray(0, to.length);
  if (to.kind === 'VARBINARY') return bytes;
  const padded = new Uint8Array(to.length);
  padded.set(bytes);
  return padded;
}
