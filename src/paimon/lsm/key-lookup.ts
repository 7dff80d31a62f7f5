// Finds the rows of many keys in the higher levels of a bucket while a compaction goes through its keys in order: every
// file is gone through once at most, from one call to the next.
import { rowComparator, type RowComparator, vectorComparator } from '../../column/compare.ts';
import { concatVectors } from '../../column/concat.ts';
import { ofKind } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import { decodeRows } from '../format/binary-row.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type DataField, columnOrder } from '../schema/data-type.ts';
import type { DeletedRows } from './deletion-vector.ts';
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';
import { isDeleted, takeRows } from './live-rows.ts';
import type { KeyBatch, LookupFile } from './lookup-file.ts';
import { clearExpired, type RecordExpiry } from './record-expiry.ts';
import type { SortedRun } from './sorted-run.ts';

/** Where keys are looked for. */
export interface KeyLookupSource {
  /** All columns of the table. */
  readonly layout: KeyValueLayout;
  /** The runs of the levels, the lowest first; no run of level 0. */
  readonly runs: readonly SortedRun[];
  readonly openFile: (file: DataFileMeta) => Promise<LookupFile>;
  /** Deletion vectors by the name of their file: these rows are not found. */
  readonly deletedRows: ReadonlyMap<string, DeletedRows>;
  /** Whether the rows found are wanted, or only where they are. */
  readonly withRows: boolean;
  /** Rows that have expired by it count as absent, though their places are given. */
  readonly expiry: RecordExpiry | null;
}

/** What was found of some keys. */
export interface FoundKeys {
  /** For each key the number of its hit; -1 if it is on no level. */
  readonly hits: Int32Array;
  /** For each hit its file and its row in there. */
  readonly files: readonly DataFileMeta[];
  readonly positions: readonly number[];
  /** The row of each hit, retracts included; null where rows are not wanted or nothing was found. */
  readonly rows: KeyValueBatch | null;
}

/** A place of a key among those asked for, and the keys themselves. */
interface WantedKeys {
  readonly keys: readonly Vector[];
  readonly rows: Uint32Array;
}

/** Looks keys up, ascending within a call and from call to call. Memory: one batch of a file of each level, and hits. */
export class KeyLookup {
  private readonly source: KeyLookupSource;
  private readonly searches: readonly RunSearch[];

  constructor(source: KeyLookupSource) {
    this.source = source;
    this.searches = source.runs.map((run) => new RunSearch(run, source));
  }

  /** Looks for row `rows[i]` of the key columns, each i. What a lower level says of a key stands. */
  async find(keys: readonly Vector[], rows: Uint32Array): Promise<FoundKeys> {
    const found = new Hits(rows.length);
    let open = Uint32Array.from(rows, (_, place) => place);
    for (const search of this.searches) {
      if (open.length === 0) break;
      await search.find({ keys, rows }, open, found);
      open = open.filter((place) => found.hits[place] < 0);
    }
    return withoutExpired(found.finish(this.source.withRows), this.source.expiry);
  }
}

function withoutExpired(found: FoundKeys, expiry: RecordExpiry | null): FoundKeys {
  if (found.rows === null || expiry === null) return found;
  const keep = new Uint8Array(found.rows.rowCount).fill(1);
  clearExpired(keep, found.rows, expiry);
  return { ...found, hits: found.hits.map((hit) => (hit >= 0 && keep[hit] === 0 ? -1 : hit)) };
}

/** The hits of one call. */
class Hits {
  readonly hits: Int32Array;
  private readonly files: DataFileMeta[] = [];
  private readonly positions: number[] = [];
  /** Rows of the hits, in their order. */
  readonly parts: KeyValueBatch[] = [];

  constructor(count: number) {
    this.hits = new Int32Array(count).fill(-1);
  }

  add(place: number, file: DataFileMeta, position: number): void {
    this.hits[place] = this.files.push(file) - 1;
    this.positions.push(position);
  }

  finish(withRows: boolean): FoundKeys {
    const { hits, files, positions } = this;
    return { hits, files, positions, rows: withRows && files.length > 0 ? concatRows(this.parts) : null };
  }
}

function concatRows(parts: readonly KeyValueBatch[]): KeyValueBatch {
  const [first] = parts;
  if (parts.length === 1) return first;
  return {
    rowCount: parts.reduce((sum, part) => sum + part.rowCount, 0),
    columns: first.columns.map((_, index) => concatVectors(parts.map((part) => part.columns[index]))),
    sequence: ofKind(concatVectors(parts.map((part) => part.sequence)), 'i64'),
    kinds: Uint8Array.from(Buffer.concat(parts.map((part) => part.kinds))),
  };
}

/** Goes through the files of one level. */
class RunSearch {
  private readonly run: SortedRun;
  private readonly source: KeyLookupSource;
  private readonly bounds: readonly (readonly Vector[])[];
  private fileIndex = 0;
  private cursor: FileCursor | null = null;

  constructor(run: SortedRun, source: KeyLookupSource) {
    const types = source.layout.keyIndexes.map((index) => source.layout.fields[index].type);
    this.run = run;
    this.source = source;
    this.bounds = run.files.map((file) => decodeRows(types, [file.minKey, file.maxKey]));
  }

  async find(wanted: WantedKeys, open: Uint32Array, found: Hits): Promise<void> {
    const compares = this.bounds.map((bounds) => this.compare(wanted.keys, bounds));
    for (const place of open) {
      const row = wanted.rows[place];
      while (this.fileIndex < compares.length && compares[this.fileIndex](row, 1) > 0) await this.nextFile(found);
      if (this.fileIndex === compares.length) return;
      if (compares[this.fileIndex](row, 0) < 0) continue;
      this.cursor ??= await this.openFile();
      const { cursor } = this;
      let at = cursor.locate(wanted.keys, row);
      while (at === NOT_LOADED) {
        await cursor.load(found);
        at = cursor.locate(wanted.keys, row);
      }
      if (at !== ABSENT && !cursor.isDeletedAt(at)) cursor.hit(at, place, found);
    }
    await this.cursor?.takeRows(found);
  }

  private compare(keys: readonly Vector[], other: readonly Vector[]): RowComparator {
    return rowComparator(keys, other, keyOrders(this.source.layout));
  }

  private async nextFile(found: Hits): Promise<void> {
    await this.cursor?.takeRows(found);
    this.cursor = null;
    this.fileIndex++;
  }

  private async openFile(): Promise<FileCursor> {
    const file = this.run.files[this.fileIndex];
    return new FileCursor(file, await this.source.openFile(file), this.source);
  }
}

function keyOrders(layout: KeyValueLayout) {
  return layout.keyIndexes.map((index) => columnOrder(layout.fields[index].type));
}

const ABSENT = -1;
/** The rows behind the batch have to be loaded to tell. */
const NOT_LOADED = -2;

/** Goes through one file: its row groups, their key batches and, where a key was hit, their rows. */
class FileCursor {
  private readonly file: DataFileMeta;
  private readonly opened: LookupFile;
  private readonly fields: readonly DataField[];
  private readonly orders;
  private readonly withRows: boolean;
  private readonly deleted: DeletedRows | null;
  private group = 0;
  /** The row of the file that the group begins with. */
  private groupStart = 0;
  private keys: AsyncIterator<KeyBatch> | null = null;
  private batch: KeyBatch | null = null;
  /** The row of the group that the batch begins with. */
  private batchStart = 0;
  /** No key that is still to come is before this row of the batch. */
  private low = 0;
  private compare: { readonly keys: readonly Vector[]; readonly order: RowComparator } | null = null;
  private rows: RowCursor | null = null;
  /** Rows of the group that were hit and are not taken yet. */
  private wanted: number[] = [];

  constructor(file: DataFileMeta, opened: LookupFile, source: KeyLookupSource) {
    this.file = file;
    this.opened = opened;
    this.fields = source.layout.fields;
    this.orders = keyOrders(source.layout);
    this.withRows = source.withRows;
    this.deleted = source.deletedRows.get(file.fileName) ?? null;
  }

  /** The row of the batch that has the key; ABSENT or NOT_LOADED. */
  locate(keys: readonly Vector[], row: number): number {
    if (this.batch === null) return this.locateGroup(keys, row);
    const order = this.orderOf(keys, this.batch);
    if (order(row, this.batch.rowCount - 1) > 0) return NOT_LOADED;
    let low = this.low;
    let high = this.batch.rowCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(row, middle) > 0) low = middle + 1;
      else high = middle;
    }
    this.low = low;
    return order(row, low) === 0 ? low : ABSENT;
  }

  /** Passes over groups that end before the key; the group that is left need not be loaded for a key before it. */
  private locateGroup(keys: readonly Vector[], row: number): number {
    if (this.keys !== null) return NOT_LOADED;
    for (; this.group < this.opened.groupCount; this.skipGroup()) {
      const bounds = this.opened.firstKeyBounds(this.group);
      if (bounds === null) return NOT_LOADED;
      const order = vectorComparator(keys[0], bounds, this.orders[0]);
      if (order(row, 0) < 0) return ABSENT;
      if (order(row, 1) <= 0) return NOT_LOADED;
    }
    return ABSENT;
  }

  private orderOf(keys: readonly Vector[], batch: KeyBatch): RowComparator {
    if (this.compare?.keys !== keys) this.compare = { keys, order: rowComparator(keys, batch.columns, this.orders) };
    return this.compare.order;
  }

  /** Goes on to the next key batch, or to the end of the group. */
  async load(found: Hits): Promise<void> {
    this.keys ??= this.opened.keys(this.group)[Symbol.asyncIterator]();
    this.batchStart += this.batch?.rowCount ?? 0;
    this.compare = null;
    this.low = 0;
    let next = await this.keys.next();
    while (next.done !== true && next.value.rowCount === 0) next = await this.keys.next();
    this.batch = next.done === true ? null : next.value;
    if (this.batch !== null) return;
    await this.takeRows(found);
    this.skipGroup();
  }

  private skipGroup(): void {
    this.groupStart += this.opened.groupRowCount(this.group);
    this.group++;
    this.keys = null;
    this.batchStart = 0;
    this.rows = null;
  }

  isDeletedAt(row: number): boolean {
    return this.deleted !== null && isDeleted(this.deleted, this.groupStart + this.batchStart + row);
  }

  hit(row: number, place: number, found: Hits): void {
    const rowOfGroup = this.batchStart + row;
    found.add(place, this.file, this.groupStart + rowOfGroup);
    if (this.withRows) this.wanted.push(rowOfGroup);
  }

  /** Reads the rows that were hit; to be called before the hits of another file. */
  async takeRows(found: Hits): Promise<void> {
    if (this.wanted.length === 0) return;
    this.rows ??= new RowCursor(this.opened.rows(this.group, this.fields));
    await this.rows.take(this.wanted, found.parts);
    this.wanted = [];
  }
}

/** Goes through the rows of one group. */
class RowCursor {
  private readonly iterator: AsyncIterator<KeyValueBatch>;
  private batch: KeyValueBatch | null = null;
  private start = 0;

  constructor(rows: AsyncIterable<KeyValueBatch>) {
    this.iterator = rows[Symbol.asyncIterator]();
  }

  /** Puts the rows of ascending numbers into `parts`; no number is before one of an earlier call. */
  async take(rows: readonly number[], parts: KeyValueBatch[]): Promise<void> {
    for (let from = 0; from < rows.length; ) {
      const { start } = this;
      const end = start + (this.batch?.rowCount ?? 0);
      let to = from;
      while (to < rows.length && rows[to] < end) to++;
      if (to > from && this.batch !== null) {
        parts.push(
          takeRows(
            this.batch,
            Uint32Array.from(rows.slice(from, to), (row) => row - start),
          ),
        );
      }
      from = to;
      if (from === rows.length) return;
      const next = await this.iterator.next();
      if (next.done === true) return;
      this.start = end;
      this.batch = next.value;
    }
  }
}
