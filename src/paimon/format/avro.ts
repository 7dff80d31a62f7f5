// Avro object containers in memory: manifests, manifest lists, index manifests. Rows are plain objects by field name;
// a nullable value is the value or null. A `long` is a number where that is exact and a BigInt otherwise.
// Source: Avro specification 1.11, "Object Container Files" (format notes 02 section 1).
import { createHash } from 'node:crypto';
import avro from 'avsc';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { compressBlock, type DataCodec, decompressBlock } from './avro/avro-codec.ts';
import { parseAvroSchema } from './avro/avro-schema.ts';
import { AvroCursor } from './avro/avro-cursor.ts';
import { type ContainerHeader, parseContainerHeader } from './avro/container-reader.ts';
import { type Skip, skipper } from './avro/value-skipper.ts';
import { isJsonObject, type JsonValue } from '../../base/json-text.ts';
import { FileFault } from './file-fault.ts';

/** The codecs that are written. Reading also takes `snappy`. */
export type AvroCodec = Exclude<DataCodec, 'snappy'>;

/** A value of an Avro row. */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AvroValue[]
  | { readonly [name: string]: AvroValue };

/** A row: a value for each field of the top record. */
export type AvroRow = Readonly<Record<string, AvroValue>>;

/** The form in which bytes must stand in a row that is written: a view, not a copy. */
export function avroBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** How to write a container. */
export interface AvroWriteOptions {
  readonly codec: AvroCodec;
  /** Level of `zstandard`; 1 unless given. */
  readonly zstdLevel?: number;
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_SIZE = 16;
/** Uncompressed bytes of a block, as in Java's writer. */
const BLOCK_SIZE = 64_000;
/** No writer makes larger ones; damaged bytes may ask for any. */
const BLOCK_SIZE_MAX = 1 << 28;
const FIRST_BUFFER_SIZE = 4 * BLOCK_SIZE;

/** Longs without loss: avsc gives 8 bytes, little-endian. */
const exactLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer): number | bigint => {
    const high = bytes.readInt32LE(4);
    const isSafe = high >= -0x200000 && high < 0x200000;
    return isSafe ? high * 4294967296 + bytes.readUInt32LE(0) : bytes.readBigInt64LE(0);
  },
  toBuffer: (value: number | bigint): Buffer => {
    const bytes = Buffer.allocUnsafe(8);
    if (typeof value === 'bigint') bytes.writeBigInt64LE(value);
    else {
      bytes.writeInt32LE(value | 0, 0);
      bytes.writeInt32LE(Math.floor(value / 4294967296), 4);
    }
    return bytes;
  },
  fromJSON: (value: number): number => value,
  toJSON: Number,
  isValid: (value: unknown): boolean =>
    typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value),
  compare: (a: number | bigint, b: number | bigint): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0),
});

const HEADER_TYPE = avro.Type.forSchema({ type: 'map', values: 'bytes' });
const types = new Map<string, avro.Type>();
const skippers = new Map<string, Skip | null>();

/** Entries of a header, given the number of rows of each block. Names that begin with `avro.` are Avro's own. */
export type BlockNotes = (rowCounts: readonly number[]) => Readonly<Record<string, string>>;

/** A container of the rows. `schemaText` stands in its header as it is. Equal rows give equal bytes. */
export function writeAvro(
  schemaText: string,
  rows: readonly AvroRow[],
  options: AvroWriteOptions,
  notes: BlockNotes = () => ({}),
): Uint8Array {
  const blocks = encodeBlocks(typeOf(schemaText), rows);
  const entries = { 'avro.schema': schemaText, 'avro.codec': options.codec, ...notes(blocks.map(rowCountOf)) };
  const metadata = Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)]));
  const hash = createHash('sha256').update(schemaText);
  for (const block of blocks) hash.update(block.bytes);
  // Any 16 bytes that do not occur in the file by chance will do; these are the same for the same rows.
  const sync = hash.digest().subarray(0, SYNC_SIZE);
  const parts: Uint8Array[] = [MAGIC, HEADER_TYPE.toBuffer(metadata), sync];
  for (const block of blocks) {
    const data = compressBlock(options.codec, options.zstdLevel ?? 1, block.bytes);
    parts.push(exactLongBytes(block.rowCount), exactLongBytes(data.length), data, sync);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** The rows of a container, in the schema it was written with. Bytes are views. Throws `E3110`. */
export function readAvro(container: Uint8Array): readonly AvroRow[] {
  return reading(container, readContainer);
}

/** A container before its blocks are read. */
export interface OpenedContainer extends Pick<ContainerHeader, 'schemaText' | 'metadata'> {
  /** The rows of each block. */
  readonly rowCounts: readonly number[];
}

/** What the blocks of a container are read with. */
export interface BlockReader {
  /** Takes the bytes of a block and how many rows they hold. */
  read(block: Uint8Array, rowCount: number): void;
  /** Whether a block is unpacked and read. */
  isWanted(block: number): boolean;
}

/**
 * Takes a container apart, for readers that decode rows by themselves: `open` gets what the container says of itself and
 * gives the reader of its blocks. Throws `E3110`, whatever fault of the bytes they find.
 */
export function readAvroBlocks(container: Uint8Array, open: (container: OpenedContainer) => BlockReader): void {
  reading(container, (buffer) => {
    const header = parseContainerHeader(buffer);
    const places = blockPlaces(buffer, header);
    const { schemaText, metadata } = header;
    const reader = open({ schemaText, metadata, rowCounts: places.map(rowCountOf) });
    places.forEach((place, block) => {
      if (reader.isWanted(block)) reader.read(unpack(buffer, header, place), place.rowCount);
    });
  });
}

/** The schema text in the header of a container. Throws `E3110`. */
export function avroSchemaText(container: Uint8Array): string {
  return reading(container, (buffer) => parseContainerHeader(buffer).schemaText);
}

/** Reads with a code for whatever the decoders, avsc and zlib throw at damaged bytes. */
function reading<Content>(container: Uint8Array, read: (buffer: Buffer) => Content): Content {
  try {
    return read(Buffer.from(container.buffer, container.byteOffset, container.length));
  } catch (error) {
    if (isTributaryError(error)) throw error;
    if (error instanceof FileFault) throw damaged(error.message);
    throw new TributaryError('E3110', `avro file cannot be read: size=${container.length}`, { cause: error });
  }
}

function damaged(what: string): TributaryError {
  return new TributaryError('E3110', `avro file cannot be read, ${what}`);
}

function encodeBlocks(type: avro.Type, rows: readonly AvroRow[]) {
  const blocks: { readonly rowCount: number; readonly bytes: Uint8Array }[] = [];
  let buffer = Buffer.allocUnsafe(FIRST_BUFFER_SIZE);
  let start = 0;
  let size = 0;
  const flush = (end: number): void => {
    if (end > start) blocks.push({ rowCount: end - start, bytes: Buffer.from(buffer.subarray(0, size)) });
    start = end;
    size = 0;
  };
  rows.forEach((row, index) => {
    let end = type.encode(row, buffer, size);
    if (end < 0) {
      // avsc tells by how many bytes the row did not fit.
      const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, size - end + buffer.length));
      buffer.copy(grown, 0, 0, size);
      buffer = grown;
      end = type.encode(row, buffer, size);
    }
    size = end;
    if (size >= BLOCK_SIZE) flush(index + 1);
  });
  flush(rows.length);
  return blocks;
}

interface BlockPlace {
  readonly rowCount: number;
  /** Of the stored bytes. */
  readonly start: number;
  readonly end: number;
}

function rowCountOf({ rowCount }: Pick<BlockPlace, 'rowCount'>): number {
  return rowCount;
}

/** Where the blocks of a container are: nothing is unpacked. */
function blockPlaces(container: Buffer, header: ContainerHeader): readonly BlockPlace[] {
  const places: BlockPlace[] = [];
  for (let at = header.offset; at < container.length; ) {
    const rowCount = readCount(container, at);
    const size = readCount(container, rowCount.offset);
    const end = size.offset + size.value;
    if (!container.subarray(end, end + SYNC_SIZE).equals(header.sync))
      throw damaged(`a block is damaged: offset=${at}`);
    places.push({ rowCount: rowCount.value, start: size.offset, end });
    at = end + SYNC_SIZE;
  }
  return places;
}

function unpack(container: Buffer, { codec }: ContainerHeader, { rowCount, start, end }: BlockPlace): Uint8Array {
  const block = decompressBlock(codec, container.subarray(start, end), BLOCK_SIZE_MAX);
  if (rowCount > block.length) throw damaged('a block has more rows than bytes');
  return block;
}

function readContainer(container: Buffer): readonly AvroRow[] {
  const header = parseContainerHeader(container);
  const type = typeOf(header.schemaText);
  const skipRow = skipRowOf(header.schemaText);
  const rows: AvroRow[] = [];
  for (const place of blockPlaces(container, header)) {
    const block = unpack(container, header, place);
    checkBlock(block, place.rowCount, skipRow);
    decodeBlock(type, block, place.rowCount, rows);
  }
  return rows;
}

/** avsc believes every count and reads on behind the end: a block is walked with care first. */
function checkBlock(block: Uint8Array, rowCount: number, skipRow: Skip | null): void {
  if (skipRow === null) throw damaged('its rows take no bytes');
  const cursor = new AvroCursor(block);
  for (let row = 0; row < rowCount; row++) skipRow(cursor);
}

function decodeBlock(type: avro.Type, bytes: Uint8Array, rowCount: number, into: AvroRow[]): void {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let index = 0; index < rowCount; index++) {
    const decoded: { value: unknown; offset: number } = type.decode(block, at);
    if (decoded.offset < 0) throw damaged('a block is cut off');
    into.push(decoded.value as AvroRow);
    at = decoded.offset;
  }
  if (at !== block.length) throw damaged('a block is longer than its rows');
}

function readCount(container: Buffer, at: number): { readonly value: number; readonly offset: number } {
  const decoded: { value: unknown; offset: number } = exactLong.decode(container, at);
  const { value, offset } = decoded;
  if (offset < 0 || typeof value !== 'number' || value < 0) throw damaged(`a block is damaged: offset=${at}`);
  return { value, offset };
}

function exactLongBytes(value: number): Uint8Array {
  return exactLong.toBuffer(value);
}

/** What passes over a row of a schema, made once, too. */
function skipRowOf(schemaText: string): Skip | null {
  const known = skippers.get(schemaText);
  if (known !== undefined) return known;
  const skip = skipper(parseAvroSchema(schemaText), 'refused');
  skippers.set(schemaText, skip);
  return skip;
}

/** The compiled type of a schema, made once: compiling takes longer than reading a small manifest. */
function typeOf(schemaText: string): avro.Type {
  let type = types.get(schemaText);
  if (type !== undefined) return type;
  const schema = withoutLogicalTypes(JSON.parse(schemaText) as JsonValue);
  type = avro.Type.forSchema(schema as avro.Schema, { registry: { long: exactLong }, wrapUnions: false });
  types.set(schemaText, type);
  return type;
}

/** Logical types are hints that the rows here carry no trace of; `{"type": "long", …}` becomes `"long"`. */
function withoutLogicalTypes(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return (schema as readonly JsonValue[]).map(withoutLogicalTypes);
  if (!isJsonObject(schema)) return schema;
  if (typeof schema['type'] === 'string' && schema['logicalType'] !== undefined) return schema['type'];
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    key === 'default' ? value : withoutLogicalTypes(value ?? null),
  ]);
  return Object.fromEntries(entries) as JsonValue;
}
