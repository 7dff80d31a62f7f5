// Writes page headers and the footer. Source: parquet-format, parquet.thrift (field numbers).
import type { FilePlace } from '../file-place.ts';
import type {
  ColumnChunk,
  GroupNode,
  LeafNode,
  LogicalType,
  RowGroup,
  SchemaNode,
  TimeUnit,
} from './parquet-format.ts';
import { DATA_PAGE, DICTIONARY_PAGE, leavesOf, MAGIC, RLE } from './parquet-format.ts';
import { LIST_OF_BINARY, LIST_OF_I32, LIST_OF_STRUCT, ThriftWriter } from './thrift-writer.ts';

const REPETITIONS = { required: 0, optional: 1, repeated: 2 } as const;
const UNITS: Readonly<Record<TimeUnit, number>> = { millis: 1, micros: 2, nanos: 3 };

/** A page as its header says it. */
export interface PageSizes {
  readonly kind: 'data' | 'dictionary';
  readonly valueCount: number;
  readonly encoding: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  /** CRC-32 of the page as it is stored. */
  readonly crc: number;
}

/** The header of a page of version 1; a view of the writer's bytes, which is cleared first. */
export function pageHeader(thrift: ThriftWriter, page: PageSizes): Uint8Array {
  thrift.clear();
  thrift.begin();
  thrift.i32(1, page.kind === 'data' ? DATA_PAGE : DICTIONARY_PAGE);
  thrift.i32(2, page.uncompressedBytes);
  thrift.i32(3, page.compressedBytes);
  thrift.i32(4, page.crc | 0);
  thrift.begin(page.kind === 'data' ? 5 : 7);
  thrift.i32(1, page.valueCount);
  thrift.i32(2, page.encoding);
  if (page.kind === 'data') {
    thrift.i32(3, RLE);
    thrift.i32(4, RLE);
  }
  thrift.end();
  thrift.end();
  return thrift.view();
}

/** What stands behind the last row group: the metadata, its length and the magic. */
export function footerBytes(footer: {
  readonly schema: GroupNode;
  readonly rowCount: number;
  readonly rowGroups: readonly RowGroup[];
  readonly createdBy: string;
}): Uint8Array {
  const thrift = new ThriftWriter();
  const leaves = leavesOf(footer.schema);
  thrift.begin();
  thrift.i32(1, 1);
  thrift.list(2, LIST_OF_STRUCT, nodeCount(footer.schema));
  writeNode(thrift, footer.schema, true);
  thrift.i64(3, footer.rowCount);
  thrift.list(4, LIST_OF_STRUCT, footer.rowGroups.length);
  for (const rowGroup of footer.rowGroups) writeRowGroup(thrift, rowGroup, leaves);
  thrift.text(6, footer.createdBy);
  // Every column has the order of its type: without this, readers do not trust min_value and max_value.
  thrift.list(7, LIST_OF_STRUCT, leaves.length);
  for (let leaf = 0; leaf < leaves.length; leaf++) {
    thrift.begin();
    thrift.empty(1);
    thrift.end();
  }
  thrift.end();
  const metadata = thrift.view();
  const bytes = new Uint8Array(metadata.length + 8);
  bytes.set(metadata);
  new DataView(bytes.buffer).setUint32(metadata.length, metadata.length, true);
  bytes.set(MAGIC, metadata.length + 4);
  return bytes;
}

function nodeCount(node: SchemaNode): number {
  return node.kind === 'leaf' ? 1 : node.children.reduce((sum, child) => sum + nodeCount(child), 1);
}

function writeNode(thrift: ThriftWriter, node: SchemaNode, isRoot: boolean): void {
  thrift.begin();
  if (node.kind === 'leaf') {
    thrift.i32(1, node.physical);
    if (node.typeLength > 0) thrift.i32(2, node.typeLength);
  }
  if (!isRoot) thrift.i32(3, REPETITIONS[node.repetition]);
  thrift.text(4, node.name);
  if (node.kind === 'group') thrift.i32(5, node.children.length);
  if (node.logical !== null) writeConverted(thrift, node.logical);
  if (node.fieldId !== null) thrift.i32(9, node.fieldId);
  if (node.logical !== null) writeLogical(thrift, node.logical);
  thrift.end();
  if (node.kind === 'group') for (const child of node.children) writeNode(thrift, child, false);
}

/** The older annotation, for readers that know no other; a local timestamp has none. */
function writeConverted(thrift: ThriftWriter, logical: LogicalType): void {
  const converted = convertedType(logical);
  if (converted === null) return;
  thrift.i32(6, converted);
  if (logical.kind !== 'decimal') return;
  thrift.i32(7, logical.scale);
  thrift.i32(8, logical.precision);
}

function convertedType(logical: LogicalType): number | null {
  switch (logical.kind) {
    case 'string':
      return 0;
    case 'map':
      return 1;
    case 'map-key-value':
      return 2;
    case 'list':
      return 3;
    case 'decimal':
      return 5;
    case 'date':
      return 6;
    case 'time':
      return logical.unit === 'millis' ? 7 : 8;
    case 'timestamp':
      if (!logical.utc) return null;
      return logical.unit === 'millis' ? 9 : 10;
    case 'int':
      return logical.bits === 8 ? 15 : 16;
    case 'other':
      return null;
  }
}

function writeLogical(thrift: ThriftWriter, logical: LogicalType): void {
  // MAP_KEY_VALUE has no modern form.
  if (logical.kind === 'map-key-value' || logical.kind === 'other') return;
  thrift.begin(10);
  switch (logical.kind) {
    case 'string':
      thrift.empty(1);
      break;
    case 'map':
      thrift.empty(2);
      break;
    case 'list':
      thrift.empty(3);
      break;
    case 'date':
      thrift.empty(6);
      break;
    case 'decimal':
      thrift.begin(5);
      thrift.i32(1, logical.scale);
      thrift.i32(2, logical.precision);
      thrift.end();
      break;
    case 'time':
    case 'timestamp':
      thrift.begin(logical.kind === 'time' ? 7 : 8);
      thrift.bool(1, logical.utc);
      thrift.begin(2);
      thrift.empty(UNITS[logical.unit]);
      thrift.end();
      thrift.end();
      break;
    case 'int':
      thrift.begin(10);
      thrift.i8(1, logical.bits);
      thrift.bool(2, logical.signed);
      thrift.end();
      break;
  }
  thrift.end();
}

function writeRowGroup(thrift: ThriftWriter, rowGroup: RowGroup, leaves: readonly LeafNode[]): void {
  thrift.begin();
  thrift.list(1, LIST_OF_STRUCT, rowGroup.columns.length);
  for (const leaf of leaves) writeChunk(thrift, rowGroup.columns[leaf.leafIndex], leaf);
  thrift.i64(2, rowGroup.uncompressedBytes);
  thrift.i64(3, rowGroup.rowCount);
  const first = rowGroup.columns[0];
  if (first !== undefined) thrift.i64(5, first.dictionaryPageOffset ?? first.dataPageOffset);
  thrift.i64(
    6,
    rowGroup.columns.reduce((sum, chunk) => sum + chunk.compressedBytes, 0),
  );
  thrift.end();
}

function writeChunk(thrift: ThriftWriter, chunk: ColumnChunk, leaf: LeafNode): void {
  thrift.begin();
  thrift.i64(2, chunk.dictionaryPageOffset ?? chunk.dataPageOffset);
  thrift.begin(3);
  thrift.i32(1, leaf.physical);
  thrift.list(2, LIST_OF_I32, chunk.encodings.length);
  for (const encoding of chunk.encodings) thrift.zigzag(encoding);
  thrift.list(3, LIST_OF_BINARY, leaf.path.length);
  for (const name of leaf.path) thrift.bareText(name);
  thrift.i32(4, chunk.codec);
  thrift.i64(5, chunk.valueCount);
  thrift.i64(6, chunk.uncompressedBytes);
  thrift.i64(7, chunk.compressedBytes);
  thrift.i64(9, chunk.dataPageOffset);
  if (chunk.dictionaryPageOffset !== null) thrift.i64(11, chunk.dictionaryPageOffset);
  if (chunk.statistics !== null) {
    const { min, max, nullCount } = chunk.statistics;
    thrift.begin(12);
    if (nullCount !== null) thrift.i64(3, nullCount);
    if (max !== null) thrift.bytes(5, max);
    if (min !== null) thrift.bytes(6, min);
    thrift.end();
  }
  thrift.end();
  writePlace(thrift, 4, chunk.offsetIndex);
  writePlace(thrift, 6, chunk.columnIndex);
  thrift.end();
}

function writePlace(thrift: ThriftWriter, id: number, place: FilePlace | null): void {
  if (place === null) return;
  thrift.i64(id, place.offset);
  thrift.i32(id + 1, place.sizeBytes);
}
