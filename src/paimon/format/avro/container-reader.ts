// Reads an Avro object container block by block. Source: Avro specification 1.11, "Object Container Files".
import type { RangeSource } from '../data-file.ts';
import { corrupt, FileFault, located } from '../file-fault.ts';
import { decompressBlock } from './avro-codec.ts';
import { AvroCursor } from './avro-cursor.ts';

const MAGIC = 0x4f626a01;
const MAGIC_SIZE = 4;
const SYNC_SIZE = 16;
/** Fetched at a time, or one block where that is larger. */
const WINDOW_SIZE = 1024 * 1024;
/** The two longs before a block. */
const BLOCK_HEAD_SIZE = 20;

/** What stands before the blocks. */
export interface ContainerHeader {
  readonly schemaText: string;
  readonly codec: string;
  readonly sync: Uint8Array;
  /** All that the header says, by name. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the first block begins. */
  readonly offset: number;
}

/** Rows of a container. */
export interface ContainerBlock {
  readonly rowCount: number;
  /** Decompressed. */
  readonly bytes: Uint8Array;
  /** Where the block begins in the file. */
  readonly offset: number;
}

/** Reads the header. Throws `E3200` and `E3201`. */
export async function readContainerHeader(source: RangeSource): Promise<ContainerHeader> {
  try {
    for (let size = Math.min(WINDOW_SIZE, source.sizeBytes); ; size = Math.min(8 * size, source.sizeBytes)) {
      const bytes = await source.readRange(0, size);
      try {
        return parseContainerHeader(bytes);
      } catch (error) {
        // A header has no length of its own: it is read again with more bytes while there are some.
        if (!(error instanceof FileFault) || size >= source.sizeBytes || bytes.length < size) throw error;
      }
    }
  } catch (error) {
    throw located(error, { file: source.name, offset: 0 });
  }
}

/** The header of a container whose first bytes these are. Throws faults of `E3200` and `E3201`. */
export function parseContainerHeader(bytes: Uint8Array): ContainerHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < MAGIC_SIZE || view.getUint32(0) !== MAGIC) throw corrupt('not an Avro file');
  const cursor = new AvroCursor(bytes);
  cursor.skip(MAGIC_SIZE);
  const metadata = new Map<string, string>();
  for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
    for (let index = 0; index < count; index++) metadata.set(textAt(cursor), textAt(cursor));
  }
  cursor.skip(SYNC_SIZE);
  const schema = metadata.get('avro.schema');
  if (schema === undefined) throw corrupt('an Avro file without a schema');
  return {
    schemaText: schema,
    codec: metadata.get('avro.codec') ?? 'null',
    sync: bytes.slice(cursor.at - SYNC_SIZE, cursor.at),
    metadata,
    offset: cursor.at,
  };
}

function textAt(cursor: AvroCursor): string {
  const size = cursor.size();
  cursor.skip(size);
  return Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at - size, size).toString();
}

/** The blocks, in order; memory holds one and a window of the file. Throws `E3200` and `E3201`. */
export async function* readContainerBlocks(
  source: RangeSource,
  header: ContainerHeader,
): AsyncGenerator<ContainerBlock> {
  const window = new SequentialWindow(source);
  for (let offset = header.offset; offset < source.sizeBytes; ) {
    try {
      const head = new AvroCursor(await window.at(offset, Math.min(BLOCK_HEAD_SIZE, source.sizeBytes - offset)));
      const rowCount = head.wholeNumber();
      const sizeBytes = head.wholeNumber();
      const end = offset + head.at + sizeBytes;
      if (end + SYNC_SIZE > source.sizeBytes) throw corrupt('a block ends behind the file');
      const stored = await window.at(offset + head.at, sizeBytes + SYNC_SIZE);
      if (Buffer.compare(stored.subarray(sizeBytes), header.sync) !== 0)
        throw corrupt('a block has another sync marker');
      const bytes = decompressBlock(header.codec, stored.subarray(0, sizeBytes));
      // Every row takes a byte at least, so that no more rows than bytes are ever made room for.
      if (rowCount > bytes.length) throw corrupt('a block has more rows than bytes');
      yield { rowCount, bytes, offset };
      offset = end + SYNC_SIZE;
    } catch (error) {
      throw located(error, { file: source.name, offset });
    }
  }
}

/** Ranges of a file that are asked for in order, fetched in larger pieces. */
class SequentialWindow {
  private readonly source: RangeSource;
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;

  constructor(source: RangeSource) {
    this.source = source;
  }

  async at(offset: number, sizeBytes: number): Promise<Uint8Array> {
    if (offset < this.start || offset + sizeBytes > this.start + this.bytes.length) {
      const wanted = Math.min(Math.max(sizeBytes, WINDOW_SIZE), this.source.sizeBytes - offset);
      this.bytes = await this.source.readRange(offset, wanted);
      this.start = offset;
      if (this.bytes.length < sizeBytes) throw corrupt('the file is shorter than its size says');
    }
    return this.bytes.subarray(offset - this.start, offset - this.start + sizeBytes);
  }
}
