// Decoders of Avro values, compiled once a file for its schema and the wanted types: each writes straight into a column
// builder, or skips what is not wanted. Source: format notes 04 section 3 (AvroSchemaConverter, FieldReaderFactory).
import {
  builderFor,
  type ListBuilder,
  type MapBuilder,
  type StructBuilder,
  type VectorBuilder,
} from '../../../column/builder.ts';
import { NULL } from '../../../column/vector.ts';
import { type DataField, type DataType, shapeOf } from '../../schema/data-type.ts';
import { entryTypes } from '../cell.ts';
import { corrupt, FileFault, unsupported } from '../file-fault.ts';
import type { AvroCursor } from './avro-cursor.ts';
import type { AvroField, AvroType } from './avro-schema.ts';
import { scalarDecoder } from './scalar-decoder.ts';
import { type Skip, skipper } from './value-skipper.ts';

/** Reads the value at the cursor into a row, which is the builder's next and reserved. */
export type Decode = (cursor: AvroCursor, row: number) => void;

/** Decodes whole rows into builders. */
export interface RowDecoder {
  readonly builders: readonly VectorBuilder[];
  /** Reads the record at the cursor as row `row` of the builders. */
  decode(cursor: AvroCursor, row: number): void;
}

/** The decoder of the wanted fields, in their order. Throws faults of `E3201` and `E3202`. */
export function rowDecoder(schema: AvroType, wanted: readonly Pick<DataField, 'name' | 'type'>[]): RowDecoder {
  const { record, branch } = rowRecord(schema);
  const builders = wanted.map(({ type }) => builderFor(shapeOf(type)));
  const decode = fieldsDecoder(record.fields, wanted, builders);
  return {
    builders,
    decode: (cursor, row) => {
      for (const builder of builders) builder.reserve(row);
      if (branch !== null && cursor.byte() !== 2 * branch) throw corrupt('a row is NULL');
      decode(cursor, row);
    },
  };
}

/** The record of a row, and its branch where rows are a union with `null`, as Paimon wrote them up to release 0.9. */
function rowRecord(schema: AvroType): {
  readonly record: Extract<AvroType, { kind: 'record' }>;
  readonly branch: number | null;
} {
  const branches = schema.kind === 'union' ? schema.branches : [schema];
  const branch = branches.findIndex(({ kind }) => kind === 'record');
  const record = branches[branch];
  const isKnown = branches.every(({ kind }, index) => kind === 'null' || index === branch);
  if (record?.kind !== 'record' || !isKnown) throw unsupported('rows that are not records');
  return { record, branch: schema.kind === 'union' ? branch : null };
}

/** Decodes the fields of a record: what is wanted into its builder, the rest is skipped. */
function fieldsDecoder(
  stored: readonly AvroField[],
  wanted: readonly Pick<DataField, 'name' | 'type'>[],
  builders: readonly VectorBuilder[],
): Decode {
  for (const { name } of wanted) {
    if (!stored.some((field) => field.name === name)) {
      throw new FileFault('E3202', `no such column in the file: column=${name}`);
    }
  }
  const steps: (Decode | Skip)[] = [];
  for (const { name, type } of stored) {
    const index = wanted.findIndex((field) => field.name === name);
    const step = index < 0 ? skipper(type) : nullableDecoder(type, wanted[index].type, builders[index]);
    if (step !== null) steps.push(step);
  }
  return (cursor, row) => {
    for (let index = 0; index < steps.length; index++) steps[index](cursor, row);
  };
}

/** A value, or NULL where the file has a union with `null`. */
function nullableDecoder(stored: AvroType, wanted: DataType, builder: VectorBuilder): Decode {
  if (stored.kind !== 'union') return valueDecoder(stored, wanted, builder);
  const nullIndex = stored.branches.findIndex((branch) => branch.kind === 'null');
  const [value, ...others] = stored.branches.filter((branch) => branch.kind !== 'null');
  if (nullIndex < 0 || value === undefined || others.length > 0) throw unsupported('a union of several types');
  const decode = valueDecoder(value, wanted, builder);
  // The number of the branch, zigzag, takes one byte.
  const nullByte = 2 * nullIndex;
  const valueByte = 2 - nullByte;
  return (cursor, row) => {
    const branch = cursor.byte();
    if (branch === valueByte) decode(cursor, row);
    else if (branch === nullByte) builder.setAbsent(row, NULL);
    else throw corrupt('a union has no such branch');
  };
}

function valueDecoder(stored: AvroType, wanted: DataType, builder: VectorBuilder): Decode {
  switch (builder.kind) {
    case 'list':
      if (wanted.kind === 'ARRAY' && stored.kind === 'array') return listDecoder(stored.item, wanted.element, builder);
      break;
    case 'map': {
      const { key, value } = entryTypes(wanted);
      if (stored.kind === 'map') return mapDecoder(stored.item, { key, value }, builder);
      if (stored.kind === 'array') return pairsDecoder(stored.item, { key, value }, builder);
      break;
    }
    case 'struct':
      if (wanted.kind === 'ROW' && stored.kind === 'record')
        return structDecoder(stored.fields, wanted.fields, builder);
      break;
    default: {
      const scalar = scalarDecoder(stored, wanted, builder);
      if (scalar !== null) return scalar;
    }
  }
  const logical = 'logical' in stored && stored.logical !== null ? ` (${stored.logical})` : '';
  throw new FileFault(
    'E3202',
    `a column of the file does not hold the wanted type: stored=${stored.kind}${logical}, type=${wanted.kind}`,
  );
}

function listDecoder(item: AvroType, element: DataType, builder: ListBuilder): Decode {
  const decode = nullableDecoder(item, element, builder.element);
  return (cursor, row) => {
    for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
      for (let index = 0; index < count; index++) decode(cursor, builder.nextElement());
    }
    builder.endRow(row);
  };
}

/** Maps with text keys. */
function mapDecoder(item: AvroType, types: { key: DataType; value: DataType }, builder: MapBuilder): Decode {
  const text: AvroType = { kind: 'string', logical: null, scale: 0 };
  const key = valueDecoder(text, types.key, builder.key);
  const value = nullableDecoder(item, types.value, builder.value);
  return (cursor, row) => {
    for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
      for (let index = 0; index < count; index++) {
        const entry = builder.nextEntry();
        key(cursor, entry);
        value(cursor, entry);
      }
    }
    builder.endRow(row);
  };
}

/** Maps with other keys: lists of records of key and value. */
function pairsDecoder(item: AvroType, types: { key: DataType; value: DataType }, builder: MapBuilder): Decode {
  if (item.kind !== 'record') throw new FileFault('E3202', 'a map is a list of something else than records');
  const wanted = [
    { name: 'key', type: types.key },
    { name: 'value', type: types.value },
  ];
  const decode = fieldsDecoder(item.fields, wanted, [builder.key, builder.value]);
  return (cursor, row) => {
    for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
      for (let index = 0; index < count; index++) decode(cursor, builder.nextEntry());
    }
    builder.endRow(row);
  };
}

function structDecoder(stored: readonly AvroField[], wanted: readonly DataField[], builder: StructBuilder): Decode {
  return fieldsDecoder(stored, wanted, builder.fields);
}
