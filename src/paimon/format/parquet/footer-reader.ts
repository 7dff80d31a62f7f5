// Reads the footer of a Parquet file. Source: parquet-format, parquet.thrift (field numbers).
import type { FilePlace } from '../file-place.ts';
import type {
  ChunkStatistics,
  ColumnChunk,
  FileMetadata,
  LogicalType,
  Repetition,
  RowGroup,
  SchemaSpec,
  TimeUnit,
} from './parquet-format.ts';
import { BYTE_ARRAY, DOUBLE, FIXED_LEN_BYTE_ARRAY, FLOAT, INT96, leavesOf, resolveSchema } from './parquet-format.ts';
import { corrupt, unsupported } from '../file-fault.ts';
import { readThrift, type ThriftStruct } from './thrift-reader.ts';

const REPETITIONS: readonly Repetition[] = ['required', 'optional', 'repeated'];
const DEPTH_MAX = 64;

/** The metadata in a footer without its length and magic; throws faults of `E3200` and `E3201`. */
export function readFooter(bytes: Uint8Array): FileMetadata {
  const { struct } = readThrift(bytes, 0);
  if (struct.struct(8) !== null) throw unsupported('the file is encrypted');
  const schema = resolveSchema(readSchema(struct.structs(2)));
  const leafCount = leavesOf(schema).length;
  const orders = struct.structs(7);
  const isOrdered = (leaf: number): boolean => orders[leaf]?.struct(1) != null;
  const rowGroups = struct.structs(4).map((group) => readRowGroup(group, leafCount, isOrdered));
  const rowCount = struct.requiredCount(3);
  const sum = rowGroups.reduce((total, group) => total + group.rowCount, 0);
  if (sum !== rowCount) throw corrupt(`row groups hold ${sum} rows, the file ${rowCount}`);
  return { schema, rowCount, rowGroups, createdBy: struct.text(6) };
}

function readSchema(elements: readonly ThriftStruct[]): SchemaSpec {
  const cursor = { next: 0 };
  const root = readNode(elements, cursor, 0);
  if (cursor.next !== elements.length || root.content.kind !== 'group') throw corrupt('the schema is not one tree');
  return root;
}

function readNode(elements: readonly ThriftStruct[], cursor: { next: number }, depth: number): SchemaSpec {
  const element = elements[cursor.next++];
  if (element === undefined || depth > DEPTH_MAX) throw corrupt('the schema is not one tree');
  const repetition = depth === 0 ? 'required' : REPETITIONS[element.requiredNumber(3)];
  if (repetition === undefined) throw corrupt('a schema element has an unknown repetition');
  const base = { name: element.text(4) ?? '', repetition, fieldId: element.number(9), logical: readLogical(element) };
  const physical = element.number(1);
  if (physical !== null) {
    if (physical < 0 || physical > FIXED_LEN_BYTE_ARRAY) throw corrupt(`physical type ${physical} is not known`);
    const typeLength = physical === FIXED_LEN_BYTE_ARRAY ? element.requiredCount(2) : 0;
    return { ...base, content: { kind: 'leaf', physical, typeLength } };
  }
  const children: SchemaSpec[] = [];
  const count = element.number(5) ?? 0;
  for (let child = 0; child < count; child++) children.push(readNode(elements, cursor, depth + 1));
  return { ...base, content: { kind: 'group', children } };
}

function readLogical(element: ThriftStruct): LogicalType | null {
  const logical = element.struct(10);
  const modern = logical === null ? null : modernLogical(logical);
  return modern ?? convertedLogical(element);
}

function modernLogical(logical: ThriftStruct): LogicalType | null {
  if (logical.struct(1) !== null || logical.struct(4) !== null || logical.struct(12) !== null)
    return { kind: 'string' };
  if (logical.struct(2) !== null) return { kind: 'map' };
  if (logical.struct(3) !== null) return { kind: 'list' };
  if (logical.struct(6) !== null) return { kind: 'date' };
  const decimal = logical.struct(5);
  if (decimal !== null) {
    return { kind: 'decimal', scale: decimal.requiredNumber(1), precision: decimal.requiredNumber(2) };
  }
  const time = logical.struct(7);
  if (time !== null) return { kind: 'time', utc: time.boolean(1) ?? false, unit: readUnit(time.requiredStruct(2)) };
  const timestamp = logical.struct(8);
  if (timestamp !== null) {
    const unit = readUnit(timestamp.requiredStruct(2));
    return { kind: 'timestamp', utc: timestamp.boolean(1) ?? false, unit };
  }
  const int = logical.struct(10);
  if (int !== null) return { kind: 'int', bits: int.requiredNumber(1), signed: int.boolean(2) ?? true };
  return null;
}

function readUnit(unit: ThriftStruct): TimeUnit {
  if (unit.struct(1) !== null) return 'millis';
  if (unit.struct(2) !== null) return 'micros';
  if (unit.struct(3) !== null) return 'nanos';
  throw corrupt('a time has an unknown unit');
}

function convertedLogical(element: ThriftStruct): LogicalType | null {
  const converted = element.number(6);
  switch (converted) {
    case null:
      return null;
    case 0:
    case 4:
    case 19:
      return { kind: 'string' };
    case 1:
      return { kind: 'map' };
    case 2:
      return { kind: 'map-key-value' };
    case 3:
      return { kind: 'list' };
    case 5:
      return { kind: 'decimal', scale: element.number(7) ?? 0, precision: element.requiredNumber(8) };
    case 6:
      return { kind: 'date' };
    case 7:
    case 8:
      return { kind: 'time', utc: true, unit: converted === 7 ? 'millis' : 'micros' };
    case 9:
    case 10:
      return { kind: 'timestamp', utc: true, unit: converted === 9 ? 'millis' : 'micros' };
    default:
      if (converted >= 11 && converted <= 18) {
        return { kind: 'int', bits: 8 << ((converted - 11) & 3), signed: converted >= 15 };
      }
      return { kind: 'other' };
  }
}

/** Whether the bounds of a leaf have the order of its type. */
type OrderTest = (leafIndex: number) => boolean;

function readRowGroup(group: ThriftStruct, leafCount: number, isOrdered: OrderTest): RowGroup {
  const columns = group.structs(1).map((chunk, leaf) => readChunk(chunk, isOrdered(leaf)));
  if (columns.length !== leafCount) throw corrupt(`a row group has ${columns.length} columns, the schema ${leafCount}`);
  return { rowCount: group.requiredCount(3), uncompressedBytes: group.number(2) ?? 0, columns };
}

function readChunk(chunk: ThriftStruct, isOrdered: boolean): ColumnChunk {
  if (chunk.bytes(1) !== null) throw unsupported('a column stands in another file');
  const metadata = chunk.struct(3);
  if (metadata === null) throw unsupported('a column without metadata');
  const statistics = metadata.struct(12);
  return {
    codec: metadata.requiredNumber(4),
    encodings: metadata.numbers(2),
    valueCount: metadata.requiredCount(5),
    uncompressedBytes: metadata.requiredCount(6),
    compressedBytes: metadata.requiredCount(7),
    dataPageOffset: metadata.requiredCount(9),
    dictionaryPageOffset: metadata.number(11),
    statistics:
      statistics === null ? null : readStatistics(statistics, { physical: metadata.requiredNumber(1), isOrdered }),
    // Without an order, bounds of pages are no use.
    columnIndex: isOrdered ? readPlace(chunk, 6, 7) : null,
    offsetIndex: readPlace(chunk, 4, 5),
  };
}

function readPlace(chunk: ThriftStruct, offsetId: number, sizeId: number): FilePlace | null {
  const offset = chunk.number(offsetId);
  const sizeBytes = chunk.number(sizeId);
  return offset === null || sizeBytes === null || offset <= 0 || sizeBytes <= 0 ? null : { offset, sizeBytes };
}

/**
 * The old fields min and max are right only where bytes and values have the same signed order, and the new ones of other
 * values only where the file says which order that is; writers that knew INT96 bounds did not agree on them.
 */
function readStatistics(
  statistics: ThriftStruct,
  { physical, isOrdered }: { readonly physical: number; readonly isOrdered: boolean },
): ChunkStatistics {
  const nullCount = statistics.number(3);
  const isSignedNumber = physical < BYTE_ARRAY && physical !== FLOAT && physical !== DOUBLE && physical !== INT96;
  if (!isSignedNumber && (!isOrdered || physical === INT96)) return { min: null, max: null, nullCount };
  const max = statistics.bytes(5) ?? (isSignedNumber ? statistics.bytes(1) : null);
  const min = statistics.bytes(6) ?? (isSignedNumber ? statistics.bytes(2) : null);
  return { min: min === null ? null : min.slice(), max: max === null ? null : max.slice(), nullCount };
}
