// Reads one column chunk page by page: memory holds the compressed chunk (or a window of a large one) and one page.
import { freeBytes } from '../../../base/free-bytes.ts';
import type { RangeSource } from '../data-file.ts';
import { NEAR_BYTES } from '../fetch-places.ts';
import { mergedRanges, type RowRanges, type Rows } from '../row-ranges.ts';
import { crc32 } from 'node:zlib';
import { decompressPage, UNCOMPRESSED } from './compression.ts';
import { decodeDeltaBytes, decodeDeltaIntegers, decodeDeltaLengths } from './delta-decoder.ts';
import { LeafPicker } from './leaf-picker.ts';
import { LeafCollector, type LeafValues, type OpenPage } from './leaf-values.ts';
import {
  decodeCodes,
  decodePlain,
  decodeRunLengthBooleans,
  forgetValues,
  type PageValues,
  wordWidth,
} from './page-values.ts';
import { bareLevels, sizedLevels } from './page-levels.ts';
import { chunkStart, type PagePlace, pageOfRow, pageRows } from './page-index.ts';
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

const HEADER_BYTES = 16 * 1024;
/** Pages of one column differ in size by a few percent. */
const PAGE_SPREAD = 1.05;
const PAGE_BYTES_MAX = 0x7fffffff;

interface PageHeader {
  readonly struct: ThriftStruct;
  /** Where it begins. */
  readonly offset: number;
  readonly kind: number;
  readonly uncompressedBytes: number;
  readonly body: Uint8Array;
}

/** One chunk, read in order. Faults are `FileFault`s without a place. */
export class ChunkReader {
  readonly chunk: ColumnChunk;
  private readonly source: RangeSource;
  private readonly windowBytes: number;
  private readonly leaf: LeafNode;
  private readonly end: number;
  private offset: number;
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;
  /** Of the newest page with its header; 0 before the first. */
  private lastPageBytes = 0;
  private dictionary: PageValues | null = null;
  private page: OpenPage | null = null;
  private levelAt = 0;
  private valueAt = 0;
  private levelsSeen = 0;
  /** Where the pages are, and which of their bytes are wanted; null where nobody has told. */
  private plan: PagePlan | null = null;
  /** The number of the next page, where there is a plan. */
  private pageNumber = 0;
  private toSkip = 0;

  /** Chunks up to `windowBytes` are fetched at once, larger ones by windows of this size. */
  constructor(
    source: RangeSource,
    {
      chunk,
      leaf,
      windowBytes,
    }: { readonly chunk: ColumnChunk; readonly leaf: LeafNode; readonly windowBytes: number },
  ) {
    this.source = source;
    this.windowBytes = windowBytes;
    this.chunk = chunk;
    this.leaf = leaf;
    this.offset = chunkStart(chunk);
    this.end = this.offset + chunk.compressedBytes;
    if (this.offset < 4 || this.end > source.sizeBytes) throw corrupt('a column chunk stands outside of the file');
  }

  /** Says where the pages are and which rows are to be read, before any is: pages without such rows are not fetched. */
  planPages(plan: Omit<PagePlan, 'spans'>, rows: RowRanges): void {
    this.plan = { ...plan, spans: wantedSpans(this.offset, plan, rows) };
  }

  /** Leaves out the next `records` records. */
  skip(records: number): void {
    this.toSkip += records;
  }

  /** The next `records` records; throws a fault of `E3200` when the chunk has fewer. */
  async read(records: number): Promise<LeafValues> {
    const { toSkip } = this;
    this.toSkip = 0;
    if (toSkip > 0) await this.advance(toSkip, null);
    const collector = new LeafCollector(this.leaf, records);
    await this.advance(records, collector);
    return collector.finish();
  }

  /**
   * The records of these numbers in the row group: ascending, none before `at`, which is the next one to be read. The leaf
   * is not repeated. Throws as `read`.
   */
  async pick(rows: Uint32Array, at: number): Promise<LeafValues> {
    const picker = new LeafPicker(this.leaf, rows.length);
    let rowAt = at;
    for (let from = 0; from < rows.length; ) {
      await this.advance(rows[from] - rowAt, null);
      while (this.page === null || this.levelAt === this.page.levelCount) await this.openPage();
      rowAt = rows[from];
      const { page, levelAt, valueAt } = this;
      const pageEnd = rowAt + page.levelCount - levelAt;
      let to = from + 1;
      while (to < rows.length && rows[to] < pageEnd) to++;
      this.valueAt = picker.pick(page, { rows, from, to, rowAt, levelAt, valueAt });
      const next = rows[to - 1] + 1;
      this.levelAt += next - rowAt;
      rowAt = next;
      from = to;
    }
    this.closeReadPage();
    return picker.finish();
  }

  /** Gives the next records to the collector, or leaves them out where there is none. */
  private async advance(records: number, collector: LeafCollector | null): Promise<void> {
    let left = records;
    for (;;) {
      const page = this.page;
      if (page === null || this.levelAt === page.levelCount) {
        if (left === 0 && this.pagesBeginRecords) break;
        if (this.isAtEnd) break;
        if (collector === null) left -= await this.passPages(left);
        else await this.openPage();
        continue;
      }
      const piece = this.nextPiece(page, left);
      if (piece.to > this.levelAt) {
        const range = { from: this.levelAt, to: piece.to, valuesFrom: this.valueAt };
        this.valueAt += collector === null ? this.presentIn(page, range) : collector.take(page, range);
        this.levelAt = piece.to;
        left -= piece.records;
      }
      if (piece.isLast) break;
    }
    if (left > 0) throw corrupt(`a column ends after ${records - left} of ${records} rows`);
    this.closeReadPage();
  }

  /** A record of a repeated leaf may go on in the next page, but not in chunks with an index. */
  private get pagesBeginRecords(): boolean {
    return this.leaf.maxRepetition === 0 || this.plan !== null;
  }

  private get isAtEnd(): boolean {
    const { plan } = this;
    return plan === null ? this.levelsSeen >= this.chunk.valueCount : this.pageNumber >= plan.pages.length;
  }

  private presentIn({ definitions }: OpenPage, { from, to }: { from: number; to: number }): number {
    if (definitions === null) return to - from;
    let present = 0;
    for (let index = from; index < to; index++) if (definitions[index] === this.leaf.maxDefinition) present++;
    return present;
  }

  /** Passes pages that hold none but the next `records` records, or opens the next; gives how many records it passed. */
  private async passPages(records: number): Promise<number> {
    const { plan } = this;
    if (plan === null) return this.passPage(records);
    // The dictionary stands before the first page.
    while (this.offset < plan.pages[0].offset) await this.openPage();
    const from = plan.pages[this.pageNumber].firstRow;
    const target = pageOfRow(plan.pages, from + records);
    if (target <= this.pageNumber) {
      await this.openPage();
      return 0;
    }
    this.closePage();
    this.pageNumber = target;
    this.offset = plan.pages[target].offset;
    return plan.pages[target].firstRow - from;
  }

  /** Passes one page unread where its header tells that it holds none but those records, else opens it. */
  private async passPage(records: number): Promise<number> {
    const header = await this.nextPage();
    const count = this.recordsOf(header);
    if (count === null || count > records) {
      this.usePage(header);
      return 0;
    }
    this.closePage();
    // A level each: leaves that repeat are not counted.
    this.levelsSeen += count;
    return count;
  }

  /** How many records a data page holds; null where only its levels tell. */
  private recordsOf({ kind, struct }: PageHeader): number | null {
    if (this.leaf.maxRepetition > 0) return null;
    const id = kind === DATA_PAGE ? 5 : kind === DATA_PAGE_V2 ? 8 : null;
    return id === null ? null : this.levelsOf(struct.requiredStruct(id));
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
    this.usePage(await this.nextPage());
  }

  private closeReadPage(): void {
    if (this.page !== null && this.levelAt === this.page.levelCount) this.closePage();
  }

  /** Frees the memory of the page, of which everything that was wanted is copied. */
  private closePage(): void {
    if (this.page === null) return;
    const { ownBytes, values } = this.page;
    this.page = null;
    forgetValues(values);
    if (ownBytes !== null) freeBytes(ownBytes);
  }

  private usePage(header: PageHeader): void {
    if (header.kind === DICTIONARY_PAGE) this.openDictionary(header);
    else if (header.kind === DATA_PAGE) this.setPage(this.openV1(header), header.offset);
    else if (header.kind === DATA_PAGE_V2) this.setPage(this.openV2(header), header.offset);
    // Index pages and what may come later hold no values.
  }

  private setPage(page: OpenPage, offset: number): void {
    if (this.plan !== null) checkPage(this.plan, this.pageNumber++, { page, offset });
    this.closePage();
    this.page = page;
    this.levelAt = 0;
    this.valueAt = 0;
    this.levelsSeen += page.levelCount;
    const isInWindow = page.values.kind === 'bytes' && page.ownBytes === null;
    if (this.offset >= this.end && !isInWindow) this.closeWindow();
  }

  private async nextPage(): Promise<PageHeader> {
    if (this.offset >= this.end) throw corrupt('a column chunk ends before its last value');
    const { offset } = this;
    const { struct, size } = await this.readHeader();
    const compressedBytes = struct.requiredCount(3);
    const uncompressedBytes = struct.requiredCount(2);
    if (uncompressedBytes > PAGE_BYTES_MAX) throw corrupt('a page of more than 2 GiB');
    const bodyAt = this.offset + size;
    if (bodyAt + compressedBytes > this.end) throw corrupt('a page ends outside of its column chunk');
    const body = await this.bytesAt(bodyAt, compressedBytes);
    this.offset = bodyAt + compressedBytes;
    this.lastPageBytes = this.offset - offset;
    const crc = struct.number(4);
    if (crc !== null && (crc | 0) !== (crc32(body) | 0)) throw corrupt('a page does not match its checksum');
    return { struct, offset, kind: struct.requiredNumber(1), uncompressedBytes, body };
  }

  /** A header has no length of its own: it is read again with more bytes while it does not end. */
  private async readHeader(): Promise<{ readonly struct: ThriftStruct; readonly size: number }> {
    const end = this.headerEnd;
    for (let size = HEADER_BYTES; ; size *= 8) {
      const available = Math.min(size, end - this.offset);
      const bytes = await this.bytesAt(this.offset, available);
      try {
        const header = readThrift(bytes, 0);
        return { struct: header.struct, size: header.end };
      } catch (error) {
        if (!(error instanceof TruncatedThrift) || this.offset + available >= end) throw error;
      }
    }
  }

  /** Where the header of the next page has ended: behind its page, where that is known, so that no more is fetched. */
  private get headerEnd(): number {
    const page = this.plan?.pages[this.pageNumber];
    return page === undefined || page.offset !== this.offset ? this.end : page.offset + page.sizeBytes;
  }

  private async bytesAt(offset: number, sizeBytes: number): Promise<Uint8Array> {
    const windowEnd = this.windowStart + this.window.length;
    if (offset < this.windowStart || offset + sizeBytes > windowEnd) {
      const span = this.plan?.spans.find(({ from, to }) => offset >= from && offset < to);
      const wanted = Math.max(sizeBytes, Math.min(this.windowSize, (span?.to ?? this.end) - offset));
      this.closeWindow();
      this.window = await this.source.readRange(offset, wanted);
      this.windowStart = offset;
      if (this.window.length < sizeBytes) throw corrupt('the file is shorter than its footer says');
    }
    return this.window.subarray(offset - this.windowStart, offset - this.windowStart + sizeBytes);
  }

  /** Bytes to fetch for whole pages, if the next ones are about as large as the last: what is cut off is fetched twice. */
  private get windowSize(): number {
    if (this.lastPageBytes === 0) return this.windowBytes;
    const pageBytes = Math.ceil(this.lastPageBytes * PAGE_SPREAD);
    return pageBytes * Math.max(1, Math.floor(this.windowBytes / pageBytes));
  }

  /** Frees the window, unless the dictionary is a part of it: a page that is, is not open while another is fetched. */
  private closeWindow(): void {
    if (this.source.givesOwnBytes === true && this.chunk.codec !== UNCOMPRESSED) freeBytes(this.window);
    this.window = new Uint8Array(0);
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
      nullWhereAllMax: false,
    });
    const definitions = sizedLevels(bytes, {
      from: repetitions.end,
      max: maxDefinition,
      count: levelCount,
      encoding: header.number(3),
      nullWhereAllMax: true,
    });
    const levels = { levelCount, definitions: definitions.levels, repetitions: repetitions.levels };
    const encoding = header.requiredNumber(2);
    return this.withValues(levels, { bytes, from: definitions.end, encoding, codec: this.chunk.codec });
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
    const repetitions = bareLevels(body.subarray(0, repetitionBytes), {
      max: maxRepetition,
      count: levelCount,
      nullWhereAllMax: false,
    });
    const definitions = bareLevels(body.subarray(repetitionBytes, levelBytes), {
      max: maxDefinition,
      count: levelCount,
      nullWhereAllMax: true,
    });
    // Levels stand before the compressed part.
    const isCompressed = header.boolean(7) ?? true;
    const codec = isCompressed ? this.chunk.codec : UNCOMPRESSED;
    const bytes = decompressPage(codec, body.subarray(levelBytes), uncompressedBytes - levelBytes);
    const encoding = header.requiredNumber(4);
    return this.withValues({ levelCount, definitions, repetitions }, { bytes, from: 0, encoding, codec });
  }

  private withValues(
    levels: {
      readonly levelCount: number;
      readonly definitions: Uint8Array | null;
      readonly repetitions: Uint8Array | null;
    },
    source: { readonly bytes: Uint8Array; readonly from: number; readonly encoding: number; readonly codec: number },
  ): OpenPage {
    const { levelCount, definitions } = levels;
    let count = levelCount;
    if (definitions !== null) {
      const max = this.leaf.maxDefinition;
      for (let index = 0; index < levelCount; index++) if (definitions[index] !== max) count--;
    }
    const { bytes, from, encoding, codec } = source;
    const values = this.decodeValues(encoding, { bytes, from, count });
    const ownBytes = codec === UNCOMPRESSED ? null : bytes;
    if (values.kind === 'bytes' || ownBytes === null) return { ...levels, ownBytes, values };
    // Numbers are copied out.
    freeBytes(ownBytes);
    return { ...levels, ownBytes: null, values };
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

/** Where the pages of a chunk are. */
interface PagePlan {
  readonly pages: readonly PagePlace[];
  /** Rows of the row group. */
  readonly rowCount: number;
  /** Bytes that are wanted, those of one span at once. */
  readonly spans: readonly Rows[];
}

/** The bytes of the dictionary and of the pages that hold some of the rows. */
function wantedSpans(start: number, { pages, rowCount }: Omit<PagePlan, 'spans'>, rows: RowRanges): readonly Rows[] {
  const dictionary = { from: start, to: pages[0].offset };
  const wanted = pages.filter(({ firstRow }, page) => {
    const end = firstRow + pageRows(pages, page, rowCount);
    return rows.some(({ from, to }) => from < end && to > firstRow);
  });
  const spans = wanted.map(({ offset, sizeBytes }) => ({ from: offset, to: offset + sizeBytes }));
  return mergedRanges([dictionary, ...spans], NEAR_BYTES);
}

/** A page is where the index says, and holds the rows that it says. */
function checkPage(
  { pages, rowCount }: PagePlan,
  number: number,
  { page, offset }: { readonly page: OpenPage; readonly offset: number },
): void {
  const { repetitions, levelCount } = page;
  let records = levelCount;
  if (repetitions !== null) for (const repetition of repetitions) if (repetition > 0) records--;
  const isThere = number < pages.length && pages[number].offset === offset;
  if (!isThere || records !== pageRows(pages, number, rowCount))
    throw corrupt('the pages of a column are not what its index says');
}
