// Writes one leaf column: collects a page, compresses it, and keeps the compressed pages until the row group ends.
import { crc32 } from 'node:zlib';
import { ByteBuffer } from './byte-buffer.ts';
import type { BoundOrder, ColumnBounds } from './column-bounds.ts';
import { boundOrder, boundsOfPage, joinBounds, plainBounds } from './column-bounds.ts';
import { codecNumber, compressPage, freeCompressed, type PageCompression } from './compression.ts';
import { Dictionary } from './dictionary.ts';
import { pageHeader } from './footer-writer.ts';
import { bitWidth, encodeHybrid, encodeRun } from './hybrid-encoding.ts';
import type { ChunkStatistics, ColumnChunk, LeafNode } from './parquet-format.ts';
import {
  BOOLEAN,
  BYTE_ARRAY,
  DOUBLE,
  FIXED_LEN_BYTE_ARRAY,
  INT64,
  INT96,
  PLAIN,
  RLE,
  RLE_DICTIONARY,
} from './parquet-format.ts';
import { columnIndexBytes, offsetIndexBytes, type WrittenPage } from './page-index-writer.ts';
import type { LeafCells } from './shredder.ts';
import { ThriftWriter } from './thrift-writer.ts';
import { BytePage, packBooleans, WordPage } from './value-encoder.ts';

/** After so many values it shows whether a dictionary pays. */
const DICTIONARY_SAMPLE = 1024;
/** Longer bounds are left out of the footer, as parquet-mr does; the manifest's are cut by their own rule. */
const FOOTER_BOUNDS_BYTES_MAX = 4096;
const INITIAL_LEVELS = 256;

/** How pages are made. */
export interface LeafSettings extends PageCompression {
  readonly dictionary: boolean;
  /** A page ends at so many bytes before compression, or so many levels, whichever comes first. */
  readonly pageBytes: number;
  readonly pageRows: number;
}

/** What a leaf has put into the file so far. */
export interface LeafTotals {
  readonly nullCount: number;
  readonly bounds: ColumnBounds | null;
}

/** What a row group has of a leaf. */
export interface EndedChunk {
  /** But for where the index of its pages is. */
  readonly chunk: Omit<ColumnChunk, 'columnIndex' | 'offsetIndex'>;
  readonly parts: readonly Uint8Array[];
  /** The index of its pages; null where it cannot be said of every page what it holds. */
  readonly columnIndex: Uint8Array | null;
  /** Where its pages are; null for a chunk that was taken over from a file that does not say it. */
  readonly offsetIndex: Uint8Array | null;
  readonly pageCount: number;
}

/** One leaf of a file being written. */
export class LeafWriter {
  readonly leaf: LeafNode;
  readonly order: BoundOrder;
  private readonly settings: LeafSettings;
  private readonly page: WordPage | BytePage;
  private readonly dictionary: Dictionary | null;
  private readonly thrift = new ThriftWriter();
  private readonly body = new ByteBuffer();
  private readonly chunk = new ByteBuffer();
  /** The page of the dictionary. */
  private readonly dictionaryBytes = new ByteBuffer();

  private codes = new Uint16Array(INITIAL_LEVELS);
  private definitions = new Uint8Array(INITIAL_LEVELS);
  private repetitions = new Uint8Array(0);
  private levelCount = 0;
  private allDefined = true;
  /** Values of the open page that have a code, and where the next one begins in it. */
  private interned = 0;
  private internOffset = 0;
  /** Whether the values of the chunk still get codes. */
  private isCoding: boolean;
  /** Entries that pages already written refer to. */
  private entriesUsed = 0;
  private chunkLevels = 0;
  private chunkValues = 0;
  private hasPlainPage = false;
  private uncompressedBytes = 0;
  private pages: WrittenPage[] = [];
  private chunkRows = 0;
  private pageRowCount = 0;
  private fileBounds: ColumnBounds | null = null;
  private fileNulls = 0;

  constructor(leaf: LeafNode, settings: LeafSettings) {
    this.leaf = leaf;
    this.settings = settings;
    this.order = boundOrder(leaf);
    this.page = pageFor(leaf);
    const codable = leaf.physical !== BOOLEAN && leaf.physical !== INT96 && leaf.physical !== FIXED_LEN_BYTE_ARRAY;
    this.dictionary = settings.dictionary && codable ? new Dictionary(this.page) : null;
    this.isCoding = this.dictionary !== null;
  }

  /** Bytes kept for the row group: compressed pages, and the open page as it is. */
  get bufferedBytes(): number {
    return this.chunk.size + this.page.sizeBytes + (this.dictionary?.entries.sizeBytes ?? 0);
  }

  /** Bytes of the row group before compression. */
  get rowGroupBytes(): number {
    return this.uncompressedBytes + this.page.sizeBytes + (this.dictionary?.entries.sizeBytes ?? 0);
  }

  /** Takes the cells of some rows; whole rows, so that pages begin at rows. */
  append(cells: LeafCells): void {
    this.appendLevels(cells);
    this.page.append(cells.vector, cells.rows);
    if (this.isCoding) this.internNew();
    if (this.page.sizeBytes >= this.settings.pageBytes || this.levelCount >= this.settings.pageRows) this.endPage();
  }

  private appendLevels({ levelCount, definitions, repetitions }: LeafCells): void {
    const { maxDefinition, maxRepetition } = this.leaf;
    const end = this.levelCount + levelCount;
    if (maxDefinition > 0) {
      this.definitions = withRoom(this.definitions, this.levelCount, end);
      if (definitions === null) this.definitions.fill(maxDefinition, this.levelCount, end);
      else {
        this.definitions.set(definitions, this.levelCount);
        this.allDefined = false;
      }
    }
    if (maxRepetition > 0 && repetitions !== null) {
      this.repetitions = withRoom(this.repetitions, this.levelCount, end);
      this.repetitions.set(repetitions, this.levelCount);
    }
    this.levelCount = end;
    this.pageRowCount += repetitions === null ? levelCount : rowsIn(repetitions);
  }

  /** Gives codes to the values that came since; ends coding for the chunk where it does not pay. */
  private internNew(): void {
    const { dictionary, page } = this;
    if (dictionary === null) return;
    if (this.codes.length < page.valueCount) {
      const grown = new Uint16Array(Math.max(page.valueCount, this.codes.length * 2));
      grown.set(this.codes);
      this.codes = grown;
    }
    while (this.interned < page.valueCount) {
      const count = Math.min(DICTIONARY_SAMPLE, page.valueCount - this.interned);
      const end = dictionary.intern(page, { offset: this.internOffset, count, at: this.interned }, this.codes);
      const seen = this.chunkValues + this.interned + count;
      if (end < 0) this.endCoding(dictionary);
      else if (seen >= DICTIONARY_SAMPLE) this.checkCoding(seen);
      if (!this.isCoding) return;
      this.interned += count;
      this.internOffset = end;
    }
  }

  /** Ends coding where more than half of the values seen were new: a dictionary would only add codes to them. */
  private checkCoding(seen: number): void {
    if (this.isCoding && this.dictionary !== null && this.dictionary.count * 2 > seen) this.endCoding(this.dictionary);
  }

  private endCoding(dictionary: Dictionary): void {
    this.isCoding = false;
    dictionary.truncate(this.entriesUsed);
  }

  private endPage(): void {
    const { page, body } = this;
    if (this.levelCount === 0) return;
    body.clear();
    this.writeLevels();
    this.checkCoding(this.chunkValues + page.valueCount);
    // A page of nulls alone needs no dictionary, which may have no entry yet.
    const isCoded = this.isCoding && this.dictionary !== null && page.valueCount > 0;
    if (isCoded) this.writeCodes(this.dictionary);
    else this.hasPlainPage = true;
    const bytes = isCoded ? body.view() : this.plainBytes();
    const bounds = isCoded
      ? this.dictionary.boundsOf(this.order, this.codes, page.valueCount)
      : boundsOfPage(this.order, page);
    const encoding = isCoded ? RLE_DICTIONARY : PLAIN;
    const offset = this.chunk.size;
    this.writePage('data', { encoding, valueCount: this.levelCount, bytes }, this.chunk);
    this.pages.push({
      offset,
      sizeBytes: this.chunk.size - offset,
      firstRow: this.chunkRows,
      nullCount: this.levelCount - page.valueCount,
      isNull: page.valueCount === 0,
      bounds,
    });
    this.chunkRows += this.pageRowCount;
    this.chunkLevels += this.levelCount;
    this.chunkValues += page.valueCount;
    page.clear();
    this.pageRowCount = 0;
    this.levelCount = 0;
    this.allDefined = true;
    this.interned = 0;
    this.internOffset = 0;
  }

  /** The values as they are, behind the levels, which are in the body. */
  private plainBytes(): Uint8Array {
    const { page, body } = this;
    const isPacked = this.order === 'boolean';
    const whole = isPacked ? null : page.viewBehind(body.view());
    if (whole !== null) return whole;
    body.append(isPacked ? packBooleans(page.view()) : page.view());
    return body.view();
  }

  private writeCodes(dictionary: Dictionary): void {
    const width = Math.max(1, bitWidth(dictionary.count - 1));
    this.body.byte(width);
    encodeHybrid(this.codes, { count: this.page.valueCount, width }, this.body);
    this.entriesUsed = dictionary.count;
  }

  private writeLevels(): void {
    const { leaf, body, levelCount } = this;
    if (leaf.maxRepetition > 0) {
      writeSized(body, () =>
        encodeHybrid(this.repetitions, { count: levelCount, width: bitWidth(leaf.maxRepetition) }, body),
      );
    }
    if (leaf.maxDefinition > 0) {
      const run = { count: levelCount, width: bitWidth(leaf.maxDefinition) };
      writeSized(body, () => {
        if (this.allDefined) encodeRun(leaf.maxDefinition, run, body);
        else encodeHybrid(this.definitions, run, body);
      });
    }
  }

  private writePage(
    kind: 'data' | 'dictionary',
    page: { readonly encoding: number; readonly valueCount: number; readonly bytes: Uint8Array },
    into: ByteBuffer,
  ): void {
    const compressed = compressPage(page.bytes, this.settings);
    const crc = crc32(compressed);
    const sizes = { uncompressedBytes: page.bytes.length, compressedBytes: compressed.length, crc };
    const header = pageHeader(this.thrift, { kind, valueCount: page.valueCount, encoding: page.encoding, ...sizes });
    this.uncompressedBytes += header.length + page.bytes.length;
    into.append(header);
    into.append(compressed);
    freeCompressed(compressed, page.bytes);
  }

  /**
   * Ends the row group: what it has of this leaf, to be written at `offset` of the file. The bytes of `parts` are valid
   * until the next append.
   */
  endRowGroup(offset: number): EndedChunk {
    this.endPage();
    const dictionaryPage = this.dictionaryPage();
    const isCoded = dictionaryPage.length > 0;
    const bounds = this.chunkBounds();
    const encodings = [...(isCoded ? [RLE_DICTIONARY] : []), ...(isCoded || this.hasPlainPage ? [PLAIN] : []), RLE];
    const chunk = {
      codec: codecNumber(this.settings.compression),
      encodings,
      valueCount: this.chunkLevels,
      uncompressedBytes: this.uncompressedBytes,
      compressedBytes: dictionaryPage.length + this.chunk.size,
      dataPageOffset: offset + dictionaryPage.length,
      dictionaryPageOffset: isCoded ? offset : null,
      statistics: this.chunkStatistics(bounds),
    };
    const parts = isCoded ? [dictionaryPage, this.chunk.view()] : [this.chunk.view()];
    const pages = this.pages.map((page) => ({ ...page, offset: chunk.dataPageOffset + page.offset }));
    const isText = this.leaf.logical?.kind === 'string';
    const columnIndex = columnIndexBytes(pages, { order: this.order, isText });
    this.beginChunk(bounds);
    return { chunk, parts, pageCount: pages.length, columnIndex, offsetIndex: offsetIndexBytes(pages) };
  }

  private dictionaryPage(): Uint8Array {
    const { dictionary } = this;
    if (dictionary === null || this.entriesUsed === 0) return new Uint8Array(0);
    dictionary.truncate(this.entriesUsed);
    const entries = dictionary.entries;
    const page = this.dictionaryBytes;
    page.clear();
    this.writePage('dictionary', { encoding: PLAIN, valueCount: entries.valueCount, bytes: entries.view() }, page);
    return page.view();
  }

  private chunkStatistics(chunkBounds: ColumnBounds | null): ChunkStatistics {
    const nullCount = this.chunkLevels - this.chunkValues;
    const bounds = chunkBounds === null ? null : plainBounds(this.order, chunkBounds);
    const isShort = bounds !== null && bounds.min.length + bounds.max.length <= FOOTER_BOUNDS_BYTES_MAX;
    return { nullCount, min: isShort ? bounds.min : null, max: isShort ? bounds.max : null };
  }

  private chunkBounds(): ColumnBounds | null {
    return this.pages.reduce<ColumnBounds | null>((bounds, page) => joinBounds(this.order, bounds, page.bounds), null);
  }

  /** Begins the next chunk after one with such bounds. */
  private beginChunk(endedBounds: ColumnBounds | null): void {
    this.fileBounds = joinBounds(this.order, this.fileBounds, endedBounds);
    this.fileNulls += this.chunkLevels - this.chunkValues;
    // The view handed out stays readable: bytes are overwritten by the next append only.
    this.chunk.clear();
    this.dictionary?.clear();
    this.isCoding = this.dictionary !== null;
    this.entriesUsed = 0;
    this.chunkLevels = 0;
    this.chunkValues = 0;
    this.hasPlainPage = false;
    this.uncompressedBytes = 0;
    this.pages = [];
    this.chunkRows = 0;
  }

  /** Gives memory back: nothing that was handed out may be used any more, nothing can be appended. */
  release(): void {
    this.page.release();
    this.dictionary?.release();
    this.body.release();
    this.chunk.release();
    this.dictionaryBytes.release();
  }

  /** Counts a chunk in that was not written here but taken over; between row groups. */
  addTotals({ nullCount, bounds }: LeafTotals): void {
    this.fileNulls += nullCount;
    this.fileBounds = joinBounds(this.order, this.fileBounds, bounds);
  }

  /** Nulls and bounds of the row groups ended so far. */
  totals(): LeafTotals {
    return { nullCount: this.fileNulls, bounds: this.fileBounds };
  }
}

/** Rows that begin among the levels. */
function rowsIn(repetitions: Uint8Array): number {
  let rows = 0;
  for (const repetition of repetitions) if (repetition === 0) rows++;
  return rows;
}

function writeSized(body: ByteBuffer, write: () => void): void {
  const at = body.size;
  body.int32(0);
  write();
  const end = body.size;
  body.size = at;
  body.int32(end - at - 4);
  body.size = end;
}

function withRoom(levels: Uint8Array<ArrayBuffer>, used: number, needed: number): Uint8Array<ArrayBuffer> {
  if (needed <= levels.length) return levels;
  const grown = new Uint8Array(Math.max(needed, levels.length * 2));
  grown.set(levels.subarray(0, used));
  return grown;
}

function pageFor(leaf: LeafNode): WordPage | BytePage {
  switch (leaf.physical) {
    case BOOLEAN:
      return new BytePage('boolean');
    case BYTE_ARRAY:
      return new BytePage('prefixed');
    case FIXED_LEN_BYTE_ARRAY:
      return new BytePage('fixed', leaf.typeLength);
    case INT64:
    case DOUBLE:
      return new WordPage(2);
    case INT96:
      return new WordPage(3);
    default:
      return new WordPage(1);
  }
}
