// The Parquet schema of Paimon columns. Source: format notes 04 section 2 (ParquetSchemaConverter).
import type { DataField, DataType } from '../../schema/data-type.ts';
import type { GroupNode, LogicalType, Repetition, SchemaSpec } from './parquet-format.ts';
import {
  BOOLEAN,
  BYTE_ARRAY,
  DOUBLE,
  FIXED_LEN_BYTE_ARRAY,
  FLOAT,
  INT32,
  INT64,
  INT96,
  resolveSchema,
} from './parquet-format.ts';

/** Ids of list elements and map values count up from here, those of map keys down (Integer.MAX_VALUE / 4). */
const SYNTHETIC_ID_BASE = 536870911;
const SYNTHETIC_IDS_PER_FIELD = 1024;

/** A place in the schema: the field whose id nested synthetic ids derive from, and the nesting below it. */
interface Place {
  readonly name: string;
  readonly fieldId: number;
  readonly ownerId: number;
  readonly depth: number;
  readonly required: boolean;
}

/** The schema of a file with these columns; a column is required where its type is NOT NULL. */
export function parquetSchema(fields: readonly DataField[]): GroupNode {
  const children = fields.map(fieldSpec);
  return resolveSchema(group({ name: 'paimon_schema', repetition: 'required' }, children));
}

function fieldSpec(field: DataField): SchemaSpec {
  const required = !field.type.nullable;
  return typeSpec(field.type, { name: field.name, fieldId: field.id, ownerId: field.id, depth: 0, required });
}

function typeSpec(type: DataType, place: Place): SchemaSpec {
  switch (type.kind) {
    case 'BOOLEAN':
      return leaf(place, BOOLEAN);
    case 'TINYINT':
      return leaf(place, INT32, { kind: 'int', bits: 8, signed: true });
    case 'SMALLINT':
      return leaf(place, INT32, { kind: 'int', bits: 16, signed: true });
    case 'INT':
      return leaf(place, INT32);
    case 'BIGINT':
      return leaf(place, INT64);
    case 'FLOAT':
      return leaf(place, FLOAT);
    case 'DOUBLE':
      return leaf(place, DOUBLE);
    case 'DATE':
      return leaf(place, INT32, { kind: 'date' });
    case 'TIME':
      return leaf(place, INT32, { kind: 'time', utc: true, unit: 'millis' });
    case 'CHAR':
    case 'VARCHAR':
      return leaf(place, BYTE_ARRAY, { kind: 'string' });
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return leaf(place, BYTE_ARRAY);
    case 'DECIMAL':
      return decimalSpec(type, place);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampSpec({ isUtc: type.kind === 'TIMESTAMP_LTZ', precision: type.precision }, place);
    case 'ARRAY':
      return listSpec(type.element, place);
    case 'MULTISET':
      return mapSpec(type.element, { kind: 'INT', nullable: false }, place);
    case 'MAP':
      return mapSpec(type.key, type.value, place);
    case 'ROW':
      return group(placed(place), type.fields.map(fieldSpec));
    case 'VARIANT':
      return variantSpec(place);
  }
}

function decimalSpec(type: { readonly precision: number; readonly scale: number }, place: Place): SchemaSpec {
  const logical: LogicalType = { kind: 'decimal', precision: type.precision, scale: type.scale };
  if (type.precision <= 9) return leaf(place, INT32, logical);
  if (type.precision <= 18) return leaf(place, INT64, logical);
  const spec = leaf(place, FIXED_LEN_BYTE_ARRAY, logical);
  const typeLength = decimalBytes(type.precision);
  return { ...spec, content: { kind: 'leaf', physical: FIXED_LEN_BYTE_ARRAY, typeLength } };
}

/** The least number of bytes whose two's complement holds every decimal of the precision. */
function decimalBytes(precision: number): number {
  let size = 1;
  while (2n ** BigInt(8 * size - 1) <= 10n ** BigInt(precision)) size++;
  return size;
}

function timestampSpec(type: { readonly isUtc: boolean; readonly precision: number }, place: Place): SchemaSpec {
  if (type.precision > 6) return leaf(place, INT96);
  const unit = type.precision <= 3 ? 'millis' : 'micros';
  return leaf(place, INT64, { kind: 'timestamp', utc: type.isUtc, unit });
}

function listSpec(element: DataType, place: Place): SchemaSpec {
  const item = typeSpec(element, below(place, { name: 'element', sign: 1, required: !element.nullable }));
  const repeated = group({ name: 'list', repetition: 'repeated' }, [item]);
  return group({ ...placed(place), logical: { kind: 'list' } }, [repeated]);
}

function mapSpec(key: DataType, value: DataType, place: Place): SchemaSpec {
  const entries = group({ name: 'key_value', repetition: 'repeated', logical: { kind: 'map-key-value' } }, [
    typeSpec(key, below(place, { name: 'key', sign: -1, required: true })),
    typeSpec(value, below(place, { name: 'value', sign: 1, required: !value.nullable })),
  ]);
  return group({ ...placed(place), logical: { kind: 'map' } }, [entries]);
}

function variantSpec(place: Place): SchemaSpec {
  const part = (name: string, fieldId: number): SchemaSpec =>
    leaf({ name, fieldId, ownerId: fieldId, depth: 0, required: true }, BYTE_ARRAY);
  return group(placed(place), [part('value', 0), part('metadata', 1)]);
}

function below(
  place: Place,
  child: { readonly name: string; readonly sign: 1 | -1; readonly required: boolean },
): Place {
  const depth = place.depth + 1;
  const fieldId = SYNTHETIC_ID_BASE + child.sign * (place.ownerId * SYNTHETIC_IDS_PER_FIELD + depth);
  return { name: child.name, fieldId, ownerId: place.ownerId, depth, required: child.required };
}

function placed(place: Place): { name: string; repetition: Repetition; fieldId: number } {
  return { name: place.name, repetition: place.required ? 'required' : 'optional', fieldId: place.fieldId };
}

function leaf(place: Place, physical: number, logical: LogicalType | null = null): SchemaSpec {
  return { ...placed(place), logical, content: { kind: 'leaf', physical, typeLength: 0 } };
}

function group(
  node: { name: string; repetition: Repetition; fieldId?: number; logical?: LogicalType },
  children: readonly SchemaSpec[],
): SchemaSpec {
  const { name, repetition, fieldId = null, logical = null } = node;
  return { name, repetition, fieldId, logical, content: { kind: 'group', children } };
}
