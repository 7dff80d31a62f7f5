// The numbers and the metadata of the Parquet format. Source: parquet-format, parquet.thrift.
import { TributaryError } from '../../../base/errors.ts';
import type { FilePlace } from '../file-place.ts';

/** Physical types. */
export const BOOLEAN = 0;
export const INT32 = 1;
export const INT64 = 2;
export const INT96 = 3;
export const FLOAT = 4;
export const DOUBLE = 5;
export const BYTE_ARRAY = 6;
export const FIXED_LEN_BYTE_ARRAY = 7;

/** Encodings. */
export const PLAIN = 0;
export const PLAIN_DICTIONARY = 2;
export const RLE = 3;
export const DELTA_BINARY_PACKED = 5;
export const DELTA_LENGTH_BYTE_ARRAY = 6;
export const DELTA_BYTE_ARRAY = 7;
export const RLE_DICTIONARY = 8;

/** Page types. */
export const DATA_PAGE = 0;
export const DICTIONARY_PAGE = 2;
export const DATA_PAGE_V2 = 3;

/** Julian day of 1970-01-01, for INT96. */
export const JULIAN_EPOCH_DAY = 2440588;

/** The first and last four bytes of a file. */
export const MAGIC: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

export type TimeUnit = 'millis' | 'micros' | 'nanos';

/** What a node means beyond its physical type; `other` is an annotation that we keep no values of. */
export type LogicalType =
  | { readonly kind: 'string' | 'date' | 'list' | 'map' | 'map-key-value' | 'other' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'time' | 'timestamp'; readonly utc: boolean; readonly unit: TimeUnit }
  | { readonly kind: 'int'; readonly bits: number; readonly signed: boolean };

export type Repetition = 'required' | 'optional' | 'repeated';

interface NodeBase {
  readonly name: string;
  readonly repetition: Repetition;
  readonly fieldId: number | null;
  readonly logical: LogicalType | null;
  /** Definition level of a present value of this node. */
  readonly maxDefinition: number;
  /** Repeated nodes on the way here, this one included. */
  readonly maxRepetition: number;
}

/** A node with children. */
export interface GroupNode extends NodeBase {
  readonly kind: 'group';
  readonly children: readonly SchemaNode[];
}

/** A node with values: one column of the file. */
export interface LeafNode extends NodeBase {
  readonly kind: 'leaf';
  /** Its number among the leaves, which is its number in a row group. */
  readonly leafIndex: number;
  readonly path: readonly string[];
  readonly physical: number;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY, else 0. */
  readonly typeLength: number;
}

export type SchemaNode = GroupNode | LeafNode;

/** A schema before levels and leaf numbers are worked out. */
export interface SchemaSpec {
  readonly name: string;
  readonly repetition: Repetition;
  readonly fieldId: number | null;
  readonly logical: LogicalType | null;
  readonly content:
    | { readonly kind: 'group'; readonly children: readonly SchemaSpec[] }
    | { readonly kind: 'leaf'; readonly physical: number; readonly typeLength: number };
}

/** Statistics of a column chunk: bounds in PLAIN encoding without a length prefix. */
export interface ChunkStatistics {
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
  readonly nullCount: number | null;
}

/** One column of a row group. */
export interface ColumnChunk {
  readonly codec: number;
  readonly encodings: readonly number[];
  /** Levels in the chunk: values, nulls and empty lists. */
  readonly valueCount: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly dataPageOffset: number;
  readonly dictionaryPageOffset: number | null;
  readonly statistics: ChunkStatistics | null;
  /** Where the statistics of its pages are, and where it says where the pages are; null where there are none. */
  readonly columnIndex: FilePlace | null;
  readonly offsetIndex: FilePlace | null;
}

/** A row group: one chunk a leaf, in leaf order. */
export interface RowGroup {
  readonly rowCount: number;
  readonly uncompressedBytes: number;
  readonly columns: readonly ColumnChunk[];
}

/** What the footer of a file says. */
export interface FileMetadata {
  readonly schema: GroupNode;
  readonly rowCount: number;
  readonly rowGroups: readonly RowGroup[];
  readonly createdBy: string | null;
}

/** Works out levels, paths and leaf numbers of a schema; the root itself has level 0. */
export function resolveSchema(root: SchemaSpec): GroupNode {
  const next = { leafIndex: 0 };
  if (root.content.kind !== 'group') throw new TributaryError('E9001', 'the root of a schema is a group');
  const base = { name: root.name, repetition: root.repetition, fieldId: root.fieldId, logical: root.logical };
  const above = { maxDefinition: 0, maxRepetition: 0, path: [] };
  const children = root.content.children.map((child) => resolveNode(child, above, next));
  return { ...base, kind: 'group', maxDefinition: 0, maxRepetition: 0, children };
}

interface Above {
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  readonly path: readonly string[];
}

function resolveNode(spec: SchemaSpec, above: Above, next: { leafIndex: number }): SchemaNode {
  const maxDefinition = above.maxDefinition + (spec.repetition === 'required' ? 0 : 1);
  const maxRepetition = above.maxRepetition + (spec.repetition === 'repeated' ? 1 : 0);
  const path = [...above.path, spec.name];
  const base = {
    name: spec.name,
    repetition: spec.repetition,
    fieldId: spec.fieldId,
    logical: spec.logical,
    maxDefinition,
    maxRepetition,
  };
  if (spec.content.kind === 'leaf') {
    const { physical, typeLength } = spec.content;
    return { ...base, kind: 'leaf', leafIndex: next.leafIndex++, path, physical, typeLength };
  }
  const here = { maxDefinition, maxRepetition, path };
  return { ...base, kind: 'group', children: spec.content.children.map((child) => resolveNode(child, here, next)) };
}

/** The leaves below a node, in leaf order. */
export function leavesOf(node: SchemaNode): readonly LeafNode[] {
  return node.kind === 'leaf' ? [node] : node.children.flatMap(leavesOf);
}
