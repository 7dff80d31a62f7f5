// Reads one column chunk page by page: memory holds the compressed chunk (or a window of a large one) and one page.
import type { RangeSource } from '../data-file.ts';
import { crc32 } from 'node:zlib';
import { decompressPage } from './compression.ts';
import { decodeDeltaBytes, decodeDeltaIntegers, decodeDeltaLengths } from './delta-decoder.ts';
import { bitWidth, decodeHybrid } from './hybrid-encoding.ts';
import { LeafCollector, type LeafValues, type OpenPage } from './leaf-values.ts';
import { decodeCodes, decodePlain, decodeRunLengthBooleans, type PageValues, wordWidth } from './page-values.ts';
import {
  BOOLEAN,
  BYTE_ARRAY,
  type ColumnChunk,
  DATA_PAGE,
  DATA_PAGE_V2,
  DELTA_BINARY_PACKED,
  DELTA_BYTE_ARRAY,
  DELTA_LENGTH_BYTE_ARRAY,
  DICTIONARY_PAGE,
  INT32,
  INT64,
  type LeafNode,
  PLAIN,
  PLAIN_DICTIONARY,
  RLE,
  RLE_DICTIONARY,
} from './parquet-format.ts';
import { corrupt, unsupported } from '../file-fault.ts';
import { readThrift, type ThriftStruct, TruncatedThrift } from './thrift-reader.ts';

/** Chunks up to this size are fetched at once, larger ones by windows of this size. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const HEADER_BYTES = 16 * 1024;
const PAGE_BYTES_MAX = 0x7fffffff;

interface PageHeader {
  readonly struct: ThriftStruct;
  readonly kind: number;
  readonly uncompressedBytes: number;
  readonly body: Uint8Array;
}

/** One chunk, read in order. Faults are `FileFault`s without a place. */
export class ChunkReader {
  private readonly source: RangeSource;
  private readonly chunk: ColumnChunk;
  private readonly leaf: LeafNode;
  private readonly end: number;
  private offset: number;
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;
  private dictionary: PageValues | null = null;
  private page: OpenPage | null = null;
  private levelAt = 0;
  private valueAt = 0;
  private levelsSeen = 0;

  constructor(source: RangeSource, chunk: ColumnChunk, leaf: LeafNode) {
    this.source = source;
    this.chunk = chunk;
    this.leaf = leaf;
    // Some writers leave 0 where there is no dictionary page.
    const dictionaryAt = chunk.dictionaryPageOffset ?? 0;
    this.offset = dictionaryAt > 0 ? Math.min(dictionaryAt, chunk.dataPageOffset) : chunk.dataPageOffset;
    this.end = this.offset + chunk.compressedBytes;
    if (this.offset < 4 || this.end > source.sizeBytes) throw corrupt('a column chunk stands outside of the file');
  }

  /** The next `records` records; throws a fault of `E3200` when the chunk has fewer. */
  async read(records: number): Promise<LeafValues> {
    const collector = new LeafCollector(this.leaf, records);
    let begun = 0;
    for (;;) {
      const page = this.page;
      if (page === null || this.levelAt === page.levelCount) {
        // A record of a repeated leaf may go on in the next page.
        if (begun === records && this.leaf.maxRepetition === 0) break;
        if (this.levelsSeen >= this.chunk.valueCount) break;
        await this.openPage();
        continue;
      }
      const piece = this.nextPiece(page, records - begun);
      if (piece.to > this.levelAt) {
        const range = { from: this.levelAt, to: piece.to, valuesFrom: this.valueAt };
        this.valueAt += collector.take(page, range);
        this.levelAt = piece.to;
        begun += piece.records;
      }
      if (piece.isLast) break;
    }
    if (begun < records) throw corrupt(`a column ends after ${begun} of ${records} rows`);
    return collector.finish();
  }

  /** How far the page belongs to the records wanted, and how many of them begin there. */
  private nextPiece(page: OpenPage, wanted: number): { to: number; records: number; isLast: boolean } {
    const { repetitions, levelCount } = page;
    if (repetitions === null) {
      const records = Math.min(wanted, levelCount - this.levelAt);
      return { to: this.levelAt + records, records, isLast: records === wanted };
    }
    let records = 0;
    for (let index = this.levelAt; index < levelCount; index++) {
      if (repetitions[index] !== 0) continue;
      if (records === wanted) return { to: index, records, isLast: true };
      records++;
    }
    return { to: levelCount, records, isLast: false };
  }

  private async openPage(): Promise<void> {
    const header = await this.nextPage();
    if (header.kind === DICTIONARY_PAGE) this.openDictionary(header);
    else if (header.kind === DATA_PAGE) this.setPage(this.openV1(header));
    else if (header.kind === DATA_PAGE_V2) this.setPage(this.openV2(header));
    // Index pages and what may come later hold no values.
  }

  private setPage(page: OpenPage): void {
    this.page = page;
    this.levelAt = 0;
    this.valueAt = 0;
    this.levelsSeen += page.levelCount;
  }

  private async nextPage(): Promise<PageHeader> {
    if (this.offset >= this.end) throw corrupt('a column chunk ends before its last value');
    const { struct, size } = await this.readHeader();
    const compressedBytes = struct.requiredCount(3);
    const uncompressedBytes = struct.requiredCount(2);
    if (uncompressedBytes > PAGE_BYTES_MAX) throw corrupt('a page of more than 2 GiB');
    const bodyAt = this.offset + size;
    if (bodyAt + compressedBytes > this.end) throw corrupt('a page ends outside of its column chunk');
    const body = await this.bytesAt(bodyAt, compressedBytes);
    this.offset = bodyAt + compressedBytes;
    const crc = struct.number(4);
    if (crc !== null && (crc | 0) !== (crc32(body) | 0)) throw corrupt('a page does not match its checksum');
    return { struct, kind: struct.requiredNumber(1), uncompressedBytes, body };
  }

  /** A header has no length of its own: it is read again with more bytes while it does not end. */
  private async readHeader(): Promise<{ readonly struct: ThriftStruct; readonly size: number }> {
    for (let size = HEADER_BYTES; ; size *= 8) {
      const available = Math.min(size, this.end - this.offset);
      const bytes = await this.bytesAt(this.offset, available);
      try {
        const { struct, end } = readThrift(bytes, 0);
        return { struct, size: end };
      } catch (error) {
        if (!(error instanceof TruncatedThrift) || this.offset + available >= this.end) throw error;
      }
    }
  }

  private async bytesAt(offset: number, sizeBytes: number): Promise<Uint8Array> {
    const windowEnd = this.windowStart + this.window.length;
    if (offset < this.windowStart || offset + sizeBytes > windowEnd) {
      const wanted = Math.min(this.end - offset, Math.max(sizeBytes, WINDOW_BYTES));
      this.window = await this.source.readRange(offset, wanted);
      this.windowStart = offset;
      if (this.window.length < sizeBytes) throw corrupt('the file is shorter than its footer says');
    }
    return this.window.subarray(offset - this.windowStart, offset - this.windowStart + sizeBytes);
  }

  private openDictionary({ struct, uncompressedBytes, body }: PageHeader): void {
    const header = struct.requiredStruct(7);
    const encoding = header.requiredNumber(2);
    if (encoding !== PLAIN && encoding !== PLAIN_DICTIONARY) throw unsupported(`a dictionary of encoding ${encoding}`);
    const bytes = decompressPage(this.chunk.codec, body, uncompressedBytes);
    this.dictionary = decodePlain(this.leaf, { bytes, from: 0, count: header.requiredCount(1) });
  }

  private openV1({ struct, uncompressedBytes, body }: PageHeader): OpenPage {
    const header = struct.requiredStruct(5);
    const levelCount = this.levelsOf(header);
    const bytes = decompressPage(this.chunk.codec, body, uncompressedBytes);
    const { maxRepetition, maxDefinition } = this.leaf;
    const repetitions = sizedLevels(bytes, {
      from: 0,
      max: maxRepetition,
      count: levelCount,
      encoding: header.number(4),
    });
    const definitions = sizedLevels(bytes, {
      from: repetitions.end,
      max: maxDefinition,
      count: levelCount,
      encoding: header.number(3),
    });
    const levels = { levelCount, definitions: definitions.levels, repetitions: repetitions.levels };
    return this.withValues(levels, { bytes, from: definitions.end, encoding: header.requiredNumber(2) });
  }

  /** Checked before anything is allocated for it. */
  private levelsOf(header: ThriftStruct): number {
    const count = header.requiredCount(1);
    if (this.levelsSeen + count > this.chunk.valueCount)
      throw corrupt('the pages of a column have more values than it');
    return count;
  }

  private openV2({ struct, uncompressedBytes, body }: PageHeader): OpenPage {
    const header = struct.requiredStruct(8);
    const levelCount = this.levelsOf(header);
    const definitionBytes = header.requiredCount(5);
    const repetitionBytes = header.requiredCount(6);
    const levelBytes = definitionBytes + repetitionBytes;
    if (levelBytes > body.length || levelBytes > uncompressedBytes) throw corrupt('levels end outside of their page');
    const { maxRepetition, maxDefinition } = this.leaf;
    const repetitions = bareLevels(body.subarray(0, repetitionBytes), maxRepetition, levelCount);
    const definitions = bareLevels(body.subarray(repetitionBytes, levelBytes), maxDefinition, levelCount);
    // Levels stand before the compressed part.
    const isCompressed = header.boolean(7) ?? true;
    const codec = isCompressed ? this.chunk.codec : 0;
    const bytes = decompressPage(codec, body.subarray(levelBytes), uncompressedBytes - levelBytes);
    const encoding = header.requiredNumber(4);
    return this.withValues({ levelCount, definitions, repetitions }, { bytes, from: 0, encoding });
  }

  private withValues(
    levels: {
      readonly levelCount: number;
      readonly definitions: Uint8Array | null;
      readonly repetitions: Uint8Array | null;
    },
    source: { readonly bytes: Uint8Array; readonly from: number; readonly encoding: number },
  ): OpenPage {
    const { levelCount, definitions } = levels;
    let count = levelCount;
    if (definitions !== null) {
      const max = this.leaf.maxDefinition;
      for (let index = 0; index < levelCount; index++) if (definitions[index] !== max) count--;
    }
    return { ...levels, values: this.decodeValues(source.encoding, { bytes: source.bytes, from: source.from, count }) };
  }

  private decodeValues(encoding: number, source: { bytes: Uint8Array; from: number; count: number }): PageValues {
    const { leaf } = this;
    switch (encoding) {
      case PLAIN:
        return decodePlain(leaf, source);
      case PLAIN_DICTIONARY:
      case RLE_DICTIONARY:
        // A page of nulls alone may come without one.
        if (source.count === 0) return decodePlain(leaf, source);
        if (this.dictionary === null) throw corrupt('a page of codes without a dictionary');
        return decodeCodes(this.dictionary, source);
      case RLE:
        if (leaf.physical === BOOLEAN) return decodeRunLengthBooleans(source);
        break;
      case DELTA_BINARY_PACKED:
        if (leaf.physical === INT32 || leaf.physical === INT64) {
          return decodeDeltaIntegers(source, wordWidth(leaf.physical));
        }
        break;
      case DELTA_LENGTH_BYTE_ARRAY:
        if (leaf.physical === BYTE_ARRAY) return decodeDeltaLengths(source);
        break;
      case DELTA_BYTE_ARRAY:
        if (wordWidth(leaf.physical) === 0) return decodeDeltaBytes(source);
        break;
    }
    throw unsupported(`encoding ${encoding} of physical type ${leaf.physical}`);
  }
}

interface LevelSource {
  readonly from: number;
  readonly max: number;
  readonly count: number;
  readonly encoding: number | null;
}

/** Levels of a page of version 1: a four-byte size before them. */
function sizedLevels(
  bytes: Uint8Array,
  source: LevelSource,
): { readonly levels: Uint8Array | null; readonly end: number } {
  const { from, max, count, encoding } = source;
  if (max === 0) return { levels: null, end: from };
  if (encoding !== RLE) throw unsupported(`levels of encoding ${encoding}`);
  if (from + 4 > bytes.length) throw corrupt('a page ends within its levels');
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(from, true);
  const end = from + 4 + size;
  if (end > bytes.length) throw corrupt('a page ends within its levels');
  return { levels: bareLevels(bytes.subarray(from + 4, end), max, count), end };
}

function bareLevels(bytes: Uint8Array, max: number, count: number): Uint8Array | null {
  if (max === 0) return null;
  const levels = new Uint8Array(count);
  if (count > 0) decodeHybrid({ bytes, from: 0, to: bytes.length, width: bitWidth(max), count }, levels);
  for (let index = 0; index < count; index++) if (levels[index] > max) throw corrupt(`a level above ${max}`);
  return levels;
}
