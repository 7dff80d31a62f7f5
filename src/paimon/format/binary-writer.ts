// Writing of binary rows and arrays: fixed slots and a variable part in one buffer that is used again for every row.
// Source: BinaryRowWriter, BinaryArrayWriter (format notes 03 section 2).
import type {
  BytesVector,
  Float32Vector,
  Float64Vector,
  Int32Vector,
  Int64Vector,
  ListVector,
  MapVector,
  StructVector,
  Vector,
} from '../../column/vector.ts';
import { PRESENT } from '../../column/vector.ts';
import type { DataType } from '../schema/data-type.ts';
import { entryTypes } from './cell.ts';

/** Bytes up to this count are stored inside their slot. */
const INLINE_SIZE_MAX = 7;
/** What every DECIMAL of precision above 18 takes in the variable part. */
const WIDE_DECIMAL_SIZE = 16;
/** DECIMAL to this precision is a 64-bit number. */
export const COMPACT_DECIMAL_PRECISION_MAX = 18;
/** TIMESTAMP to this precision is milliseconds alone. */
export const COMPACT_TIMESTAMP_PRECISION_MAX = 3;
const MICROS_PRECISION_MAX = 6;
const TWO_TO_32 = 4294967296;

/** The buffer of one row or array. Slots are written at byte positions; the variable part grows behind them. */
export class BinaryWriter {
  bytes = new Uint8Array(256);
  /** The same memory as 32-bit words. */
  words = new Int32Array(this.bytes.buffer);
  view = new DataView(this.bytes.buffer);
  /** Bytes in use, variable part included. */
  size = 0;

  /** Starts anew with `fixedSize` zero bytes. */
  reset(fixedSize: number): void {
    this.size = 0;
    this.grow(fixedSize);
  }

  /** Adds zero bytes at the end. */
  grow(count: number): void {
    const start = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const bytes = new Uint8Array(Math.max((this.size + 7) & ~7, this.bytes.length * 2));
      bytes.set(this.bytes.subarray(0, start));
      this.bytes = bytes;
      this.words = new Int32Array(bytes.buffer);
      this.view = new DataView(bytes.buffer);
    }
    this.bytes.fill(0, start, this.size);
  }

  /** Adds an item of `reserved` bytes, padded to 8, and points the slot to it. Gives the item's position. */
  variable(slot: number, size: number, reserved = size): number {
    const at = this.size;
    this.grow((reserved + 7) & ~7);
    this.view.setInt32(slot, size, true);
    this.view.setInt32(slot + 4, at, true);
    return at;
  }

  /** Writes bytes: inside the slot when short, else in the variable part. */
  writeBytes(slot: number, source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    let to = slot;
    if (count > INLINE_SIZE_MAX) to = this.variable(slot, count);
    else this.bytes[slot + 7] = 0x80 | count;
    for (let from = start; from < end; from++, to++) this.bytes[to] = source[from];
  }
}

/** How values of one type are written to slots. */
export interface SlotWriter {
  /** Bytes of an element of this type in an array; in rows every slot has 8. */
  readonly elementSize: 1 | 2 | 4 | 8;
  /** Writes the value at `row`, which is present. */
  write(writer: BinaryWriter, slot: number, vector: Vector, row: number): void;
  /** What a null reserves beside its null bit. */
  writeNull(writer: BinaryWriter, slot: number): void;
}

function nothing(): void {}

/** The slot writer of a type. Writers of nested types own a buffer, so each belongs to one encoder. */
export function slotWriter(type: DataType): SlotWriter {
  switch (type.kind) {
    case 'BOOLEAN':
    case 'TINYINT':
      return { elementSize: 1, writeNull: nothing, write: writeInt8 };
    case 'SMALLINT':
      return { elementSize: 2, writeNull: nothing, write: writeInt16 };
    case 'INT':
    case 'DATE':
    case 'TIME':
      return { elementSize: 4, writeNull: nothing, write: writeInt32 };
    case 'FLOAT':
      return { elementSize: 4, writeNull: nothing, write: writeFloat32 };
    case 'DOUBLE':
      return { elementSize: 8, writeNull: nothing, write: writeFloat64 };
    case 'BIGINT':
      return { elementSize: 8, writeNull: nothing, write: writeInt64 };
    case 'DECIMAL':
      if (type.precision <= COMPACT_DECIMAL_PRECISION_MAX) {
        return { elementSize: 8, writeNull: nothing, write: writeInt64 };
      }
      return { elementSize: 8, writeNull: reserveDecimal, write: writeWideDecimal };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampWriter(type.precision);
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return { elementSize: 8, writeNull: nothing, write: writeByteString };
    case 'VARIANT':
      return { elementSize: 8, writeNull: nothing, write: writeVariant };
    case 'ARRAY':
      return arrayWriter(type.element);
    case 'MAP':
    case 'MULTISET':
      return mapWriter(type);
    case 'ROW':
      return nestedRowWriter(type.fields.map((field) => field.type));
  }
}

/** Bytes of header and null bits of a row. */
export function nullBitsSize(arity: number): number {
  return Math.floor((arity + 63 + 8) / 64) * 8;
}

/** Writes rows of the types into `writer`, from its start. */
export function rowBody(types: readonly DataType[]) {
  const fields = types.map(slotWriter);
  const nullBits = nullBitsSize(types.length);
  const fixedSize = nullBits + 8 * types.length;
  return (writer: BinaryWriter, columns: readonly Vector[], row: number): void => {
    writer.reset(fixedSize);
    for (let index = 0; index < fields.length; index++) {
      const vector = columns[index];
      const slot = nullBits + 8 * index;
      if (vector.validity === null || vector.validity[row] === PRESENT) {
        fields[index].write(writer, slot, vector, row);
        continue;
      }
      // The first byte is the row kind, so null bits begin at bit 8.
      writer.bytes[(index + 8) >> 3] |= 1 << ((index + 8) & 7);
      fields[index].writeNull(writer, slot);
    }
  };
}

function writeInt8(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  writer.bytes[slot] = (vector as Int32Vector).values[row];
}

function writeInt16(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  writer.view.setInt16(slot, (vector as Int32Vector).values[row], true);
}

function writeInt32(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  writer.view.setInt32(slot, (vector as Int32Vector).values[row], true);
}

function writeFloat32(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  writer.view.setFloat32(slot, (vector as Float32Vector).values[row], true);
}

function writeFloat64(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  writer.view.setFloat64(slot, (vector as Float64Vector).values[row], true);
}

function writeInt64(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  const { values } = vector as Int64Vector;
  writer.view.setInt32(slot, values[2 * row], true);
  writer.view.setInt32(slot + 4, values[2 * row + 1], true);
}

function writeByteString(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  const { bytes, offsets } = vector as BytesVector;
  writer.writeBytes(slot, bytes, offsets[row], offsets[row + 1]);
}

function writeWideDecimal(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  const { bytes, offsets } = vector as BytesVector;
  const start = offsets[row];
  const end = offsets[row + 1];
  const at = writer.variable(slot, end - start, WIDE_DECIMAL_SIZE);
  for (let from = start; from < end; from++) writer.bytes[at + from - start] = bytes[from];
}

/** A null of the types whose setters the reference calls with null keeps its place in the variable part. */
function reserveDecimal(writer: BinaryWriter, slot: number): void {
  writer.variable(slot, 0, WIDE_DECIMAL_SIZE);
}

function reserveTimestamp(writer: BinaryWriter, slot: number): void {
  writer.variable(slot, 0, 8);
}

function writeVariant(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  const [value, metadata] = (vector as StructVector).fields as readonly BytesVector[];
  const valueSize = value.offsets[row + 1] - value.offsets[row];
  const metadataSize = metadata.offsets[row + 1] - metadata.offsets[row];
  const at = writer.variable(slot, 4 + valueSize + metadataSize);
  writer.view.setInt32(at, valueSize, true);
  writer.bytes.set(value.bytes.subarray(value.offsets[row], value.offsets[row + 1]), at + 4);
  writer.bytes.set(metadata.bytes.subarray(metadata.offsets[row], metadata.offsets[row + 1]), at + 4 + valueSize);
}

function timestampWriter(precision: number): SlotWriter {
  if (precision <= COMPACT_TIMESTAMP_PRECISION_MAX) {
    return { elementSize: 8, writeNull: nothing, write: writeInt64 };
  }
  if (precision <= MICROS_PRECISION_MAX) {
    return {
      elementSize: 8,
      writeNull: reserveTimestamp,
      write: writeMicros,
    };
  }
  return {
    elementSize: 8,
    writeNull: reserveTimestamp,
    write: (writer, slot, vector, row) => {
      const [micros, nanos] = (vector as StructVector).fields;
      writeMicros(writer, slot, micros, row);
      const nanoOfMilli = writer.view.getInt32(slot, true) + (nanos as Int32Vector).values[row];
      writer.view.setInt32(slot, nanoOfMilli, true);
    },
  };
}

/** Splits microseconds (low and high half) by 1000 into milliseconds and a rest, exactly and without BigInt. */
function writeMicros(writer: BinaryWriter, slot: number, vector: Vector, row: number): void {
  const { values } = vector as Int64Vector;
  const high = values[2 * row + 1];
  const millisHigh = Math.floor(high / 1000);
  const low = (high - millisHigh * 1000) * TWO_TO_32 + (values[2 * row] >>> 0);
  const millisLow = Math.floor(low / 1000);
  const at = writer.variable(slot, (low - millisLow * 1000) * 1000, 8);
  writer.view.setUint32(at, millisLow, true);
  writer.view.setInt32(at + 4, millisHigh, true);
}

function nestedRowWriter(types: readonly DataType[]): SlotWriter {
  const nested = new BinaryWriter();
  const body = rowBody(types);
  return {
    elementSize: 8,
    writeNull: nothing,
    write: (writer, slot, vector, row) => {
      body(nested, (vector as StructVector).fields, row);
      copyInto(writer, slot, nested);
    },
  };
}

function arrayWriter(element: DataType): SlotWriter {
  const nested = new BinaryWriter();
  const body = arrayBody(element);
  return {
    elementSize: 8,
    writeNull: nothing,
    write: (writer, slot, vector, row) => {
      const { offsets, element: elements } = vector as ListVector;
      body(nested, elements, offsets[row], offsets[row + 1]);
      copyInto(writer, slot, nested);
    },
  };
}

function mapWriter(type: DataType): SlotWriter {
  const types = entryTypes(type);
  const keys = new BinaryWriter();
  const values = new BinaryWriter();
  const keyBody = arrayBody(types.key);
  const valueBody = arrayBody(types.value);
  return {
    elementSize: 8,
    writeNull: nothing,
    write: (writer, slot, vector, row) => {
      const { offsets, key, value } = vector as MapVector;
      keyBody(keys, key, offsets[row], offsets[row + 1]);
      valueBody(values, value, offsets[row], offsets[row + 1]);
      const at = writer.variable(slot, 4 + keys.size + values.size);
      writer.view.setInt32(at, keys.size, true);
      writer.bytes.set(keys.bytes.subarray(0, keys.size), at + 4);
      writer.bytes.set(values.bytes.subarray(0, values.size), at + 4 + keys.size);
    },
  };
}

/** Writes the elements `[start, end)` as an array into a writer, from its start. */
function arrayBody(element: DataType) {
  const slots = slotWriter(element);
  return (writer: BinaryWriter, vector: Vector, start: number, end: number): void => {
    const count = end - start;
    const header = arrayHeaderSize(count);
    writer.reset((header + count * slots.elementSize + 7) & ~7);
    writer.view.setInt32(0, count, true);
    for (let index = 0; index < count; index++) {
      const slot = header + index * slots.elementSize;
      if (vector.validity === null || vector.validity[start + index] === PRESENT) {
        slots.write(writer, slot, vector, start + index);
        continue;
      }
      writer.bytes[4 + (index >> 3)] |= 1 << (index & 7);
      slots.writeNull(writer, slot);
    }
  };
}

/** Bytes of element count and null bits of an array. */
export function arrayHeaderSize(count: number): number {
  return 4 + Math.floor((count + 31) / 32) * 4;
}

function copyInto(writer: BinaryWriter, slot: number, nested: BinaryWriter): void {
  const at = writer.variable(slot, nested.size);
  writer.bytes.set(nested.bytes.subarray(0, nested.size), at);
}
