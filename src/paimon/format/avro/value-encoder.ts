// Encoders of column values, made once a batch for its vectors: each writes the value of a row in Avro's encoding.
import { assert, TributaryError } from '../../../base/errors.ts';
import type { Int64Vector, ListVector, MapVector, Vector } from '../../../column/vector.ts';
import { MISSING, PRESENT, validityAt } from '../../../column/vector.ts';
import type { DataField, DataType } from '../../schema/data-type.ts';
import type { AvroBuffer } from './avro-buffer.ts';
import { avroEntryTypes } from './avro-schema-text.ts';

/** Writes the value at a row. */
export type Encode = (into: AvroBuffer, row: number) => void;

/** The encoder of rows of these columns. It throws `E3204` for a NULL where the type has none. */
export function rowEncoder(fields: readonly DataField[], columns: readonly Vector[]): Encode {
  const encoders = fields.map((field, index) => nullableEncoder(field.type, columns[index], field.name));
  return (into, row) => {
    for (let index = 0; index < encoders.length; index++) encoders[index](into, row);
  };
}

/** `column` is named in errors. */
function nullableEncoder(type: DataType, vector: Vector, column: string): Encode {
  const encode = valueEncoder(type, vector, column);
  const { validity } = vector;
  if (!type.nullable) {
    if (validity === null) return encode;
    return (into, row) => {
      if (validity[row] !== PRESENT) throw absent(column, validity[row]);
      encode(into, row);
    };
  }
  return (into, row) => {
    const flag = validityAt(vector, row);
    // The number of the branch: null is the first, the value the second.
    into.byte(flag === PRESENT ? 2 : 0);
    if (flag === PRESENT) encode(into, row);
    else assert(flag !== MISSING, `a missing value must be filled before it is written: column=${column}`);
  };
}

function absent(column: string, flag: number): TributaryError {
  assert(flag !== MISSING, `a missing value must be filled before it is written: column=${column}`);
  return new TributaryError('E3204', `null in a column that is not null: column=${column}`, { context: { column } });
}

function valueEncoder(type: DataType, vector: Vector, column: string): Encode {
  switch (vector.kind) {
    case 'i32': {
      const { values } = vector;
      if (type.kind === 'BOOLEAN') return (into, row) => into.byte(values[row] === 0 ? 0 : 1);
      return (into, row) => into.int(values[row]);
    }
    case 'i64':
      return type.kind === 'DECIMAL' ? decimalEncoder(vector) : longEncoder(vector);
    case 'f32': {
      const { values } = vector;
      return (into, row) => into.float(values[row]);
    }
    case 'f64': {
      const { values } = vector;
      return (into, row) => into.double(values[row]);
    }
    case 'bytes': {
      const { bytes, offsets } = vector;
      return (into, row) => into.sized(bytes, offsets[row], offsets[row + 1]);
    }
    case 'list':
      assert(type.kind === 'ARRAY', `a vector does not fit its column: column=${column}`);
      return listEncoder(type.element, vector, column);
    case 'map':
      return mapEncoder(type, vector, column);
    case 'struct': {
      assert(type.kind === 'ROW', `a vector does not fit its column: column=${column}`);
      return rowEncoder(type.fields, vector.fields);
    }
  }
}

function longEncoder({ values }: Int64Vector): Encode {
  return (into, row) => into.long(values[2 * row], values[2 * row + 1]);
}

/** Decimals of up to 18 digits, as the shortest big-endian two's complement. */
function decimalEncoder({ values }: Int64Vector): Encode {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  return (into, row) => {
    view.setInt32(0, values[2 * row + 1]);
    view.setInt32(4, values[2 * row]);
    let start = 0;
    while (start < 7 && bytes[start] === (bytes[start + 1] > 127 ? 255 : 0)) start++;
    into.sized(bytes, start, 8);
  };
}

function listEncoder(element: DataType, { element: items, offsets }: ListVector, column: string): Encode {
  const encode = nullableEncoder(element, items, column);
  return (into, row) => {
    const count = offsets[row + 1] - offsets[row];
    if (count > 0) into.int(count);
    for (let at = offsets[row]; at < offsets[row + 1]; at++) encode(into, at);
    into.byte(0);
  };
}

/** A map with text keys and a list of pairs look the same: one block of keys and values. */
function mapEncoder(type: DataType, { key, value, offsets }: MapVector, column: string): Encode {
  const types = avroEntryTypes(type);
  const isText = types.key.kind === 'VARCHAR' || types.key.kind === 'CHAR';
  // Keys of Avro maps are no union with null, whatever the type says.
  const encodeKey = nullableEncoder(isText ? { ...types.key, nullable: false } : types.key, key, column);
  const encodeValue = nullableEncoder(types.value, value, column);
  return (into, row) => {
    const count = offsets[row + 1] - offsets[row];
    if (count > 0) into.int(count);
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      encodeKey(into, at);
      encodeValue(into, at);
    }
    into.byte(0);
  };
}
