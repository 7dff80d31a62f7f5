// How far the copy of one table in chunks is, and what of its log is written when. Pure bookkeeping; the proof that no
// row is lost or comes back is in docs/design/0003-first-copies.md.
import type { ChangeBatch } from '../change/change-batch.ts';
import type { PositionOrder, SourcePosition } from '../change/position.ts';
import { type RowKey, rowKeyAt, rowKeyText } from '../change/row-key.ts';
import type { SourceTable } from '../change/source-table.ts';
import type { CopyingTable } from '../checkpoint/checkpoint-record.ts';
import { DELETE, INSERT, isRetract } from '../column/row-kind.ts';
import { takeVector } from '../column/take.ts';
import { MISSING } from '../column/vector.ts';
import type { ChunkRange, CopyChunk } from '../source/source.ts';
import { deletesOf, type StaleKeys } from './stale-keys.ts';

/** So many keys are read from the source at once. */
const KEYS_MAX = 1000;
/** From so many unread keys on they are read before the copy is through. */
const UNREAD_MAX = 10_000;

/** With more of them the copy begins anew, in place: they would take memory, and the chunks pass them again. */
const UNREAD_LIMIT = 200_000;

/** What a record tells of a copy under way. */
export type CopyProgress = Pick<CopyingTable, 'next' | 'isRead' | 'rows' | 'bytes' | 'reach' | 'unread' | 'stale'>;

/** The progress of a first copy that begins. */
export const COPY_BEGINS: CopyProgress = {
  next: null,
  isRead: false,
  rows: 0,
  bytes: 0,
  reach: null,
  unread: [],
  stale: null,
};

/** What a chunk had; of one by keys, the texts of those that were there. */
export interface ChunkSize {
  readonly rows: number;
  readonly bytes: number;
  readonly keys: ReadonlySet<string>;
}

/** A progress and the place of the log that belongs to it. */
export type CopyMark = CopyProgress & { readonly place: SourcePosition };

/** The copy of one table. */
export class TableCopy {
  private readonly source: SourceTable;
  private readonly positions: PositionOrder;
  private readonly from: SourcePosition;
  private next: string | null;
  private isRead: boolean;
  /** Of all chunks that were read, by processes before this one, too. */
  rows: number;
  bytes: number;
  private reach: SourcePosition | null;
  /** The log is past everything the chunks show: a row that is not unread is in the lake just as the log has left it. */
  private isExact = false;
  private readonly unread = new Map<string, RowKey>();
  /** Keys that were read since the log was exact, and whether there was a row, until the log is past what was read. */
  private readonly settling = new Map<string, { readonly reach: SourcePosition; readonly isThere: boolean }>();
  /** See `CopyingTable.stale`. */
  readonly stale: bigint | null;
  /** Rows of the lake of before this copy, to be looked for in the source. */
  private suspects: StaleKeys | null = null;
  /** The lake has no such rows any more. */
  private isSwept: boolean;
  /** What the newest record that has the copy tells of it. */
  durable: CopyMark;
  /** A snapshot has all rows of the chunks: what is older there is of before. */
  private isDurable: boolean;
  private held: { readonly place: SourcePosition; readonly batches: ChangeBatch[]; bytes: number } | null = null;

  /** The log of the table up to `from` is left out: every chunk shows it. */
  constructor(
    source: SourceTable,
    progress: CopyProgress,
    { positions, from }: { readonly positions: PositionOrder; readonly from: SourcePosition },
  ) {
    this.source = source;
    this.positions = positions;
    this.from = from;
    this.next = progress.next;
    this.isRead = progress.isRead;
    this.rows = progress.rows;
    this.bytes = progress.bytes;
    this.reach = progress.reach;
    this.stale = progress.stale;
    this.isSwept = progress.stale === null;
    this.isDurable = progress.isRead;
    this.durable = { ...progress, place: from };
    for (const key of progress.unread) this.unread.set(rowKeyText(key), key);
  }

  /** The table was mirrored before: a copy that stops is gone on with, as the lake alone does not say that it is half done. */
  get isInPlace(): boolean {
    return this.stale !== null;
  }

  /** Bytes of changes that wait for the chunk under way. */
  get heldBytes(): number {
    return this.held?.bytes ?? 0;
  }

  get isHolding(): boolean {
    return this.held !== null;
  }

  /** No chunk of it was read yet, by processes before this one neither. */
  get isToBegin(): boolean {
    return !this.isRead && this.next === null;
  }

  /** What is to be read next; null where there is nothing until the log has gone on, or at all. */
  nextRange(rowsMax: number): ChunkRange | null {
    if (this.isRead ? this.isExact && this.unread.size > 0 : this.unread.size >= UNREAD_MAX) {
      return { kind: 'keys', keys: [...this.unread.values()].slice(0, KEYS_MAX) };
    }
    if (!this.isRead) return { kind: 'after', bound: this.next, rowsMax };
    return this.suspects === null ? null : { kind: 'keys', keys: this.suspects.keys };
  }

  /** Whether the lake is to be looked through for rows of before the copy. */
  get isToSweep(): boolean {
    return !this.isSwept && this.isDurable && this.isExact && this.unread.size === 0 && this.suspects === null;
  }

  /** Everything is read, and a checkpoint is what the copy waits for. */
  get awaitsCheckpoint(): boolean {
    return !this.isSwept && !this.isDurable && this.isExact && this.unread.size === 0;
  }

  /** Rows of before the copy that the lake has; null where it has no more of them. */
  suspect(keys: StaleKeys | null): void {
    this.suspects = keys;
    this.isSwept = keys === null;
  }

  /**
   * Deletes of the rows that the lake has and the chunk does not show, to be written before the changes that wait; null if
   * there are none. `present` are the keys that it shows.
   */
  absent(range: ChunkRange, present: ReadonlySet<string>): ChangeBatch | null {
    const { suspects } = this;
    if (suspects === null || range.kind === 'after' || range.keys !== suspects.keys) return null;
    return deletesOf(this.source, suspects, present);
  }

  /** From here on changes wait, until `release`: all before, up to `place`, will be visible in the chunk. */
  hold(place: SourcePosition): void {
    this.held = { place, batches: [], bytes: 0 };
  }

  /** The changes that waited, as they are to be written now. */
  release(): readonly ChangeBatch[] {
    const batches = this.held?.batches ?? [];
    this.held = null;
    return batches.map((batch) => this.admit(batch)).filter((batch) => batch !== null);
  }

  /** What of a batch of the log is to be written now; null if nothing. */
  admit(batch: ChangeBatch): ChangeBatch | null {
    if (this.held !== null) {
      this.held.batches.push(batch);
      this.held.bytes += batch.sizeBytes;
      return null;
    }
    return batch.hasMissing ? this.withoutUnread(batch) : batch;
  }

  /** A chunk's rows are all written. */
  chunkRead(range: ChunkRange, chunk: CopyChunk, size: ChunkSize): void {
    const { position } = chunk;
    this.reach = this.reach === null ? position : this.positions.latest(this.reach, position);
    if (range.kind === 'after') {
      this.rows += size.rows;
      this.bytes += size.bytes;
      this.next = chunk.next;
      this.isRead = chunk.next === null;
      return;
    }
    if (range.keys === this.suspects?.keys) this.suspects = null;
    for (const key of range.keys) {
      const text = rowKeyText(key);
      this.unread.delete(text);
      this.settling.set(text, { reach: position, isThere: size.keys.has(text) });
    }
  }

  /** All of the log up to `position` is written or held. True when the copy is complete there. */
  reached(position: SourcePosition): boolean {
    for (const [key, { reach }] of this.settling) {
      if (this.positions.includes(position, reach)) this.settling.delete(key);
    }
    const isPast = this.isRead && (this.reach === null || this.positions.includes(position, this.reach));
    this.isExact ||= isPast;
    return isPast && this.held === null && this.unread.size === 0 && this.isSwept;
  }

  /** A record has this mark, and the snapshots all that was written before it. */
  recorded(mark: CopyMark): void {
    this.isDurable ||= mark.isRead;
    this.durable = mark;
  }

  /** The table was emptied by the log: nothing of before has to be read. */
  emptied(): void {
    this.unread.clear();
    this.suspects = null;
  }

  /** What a checkpoint at `position` records of what was written so far. */
  mark(position: SourcePosition): CopyMark {
    const { next, isRead, rows, bytes, reach, stale } = this;
    return {
      next,
      isRead,
      rows,
      bytes,
      reach,
      stale,
      unread: [...this.unread.values()],
      place: this.positions.latest(this.held?.place ?? position, this.from),
    };
  }

  /** Without the rows that lack values which the lake may not have; their keys are read from the source later. */
  private withoutUnread(batch: ChangeBatch): ChangeBatch | null {
    const { columns, kinds, rowCount } = batch;
    const kept: number[] = [];
    for (let row = 0; row < rowCount; row++) {
      const lacks = columns.some((column) => column.validity !== null && column.validity[row] === MISSING);
      if (!lacks || isRetract(kinds[row]) || this.hasBase(batch, row)) kept.push(row);
      else {
        const key = rowKeyAt(columns, this.source.keyColumns, row);
        this.unread.set(rowKeyText(key), key);
      }
    }
    if (this.unread.size > UNREAD_LIMIT) this.startOver();
    if (kept.length === rowCount) return batch;
    if (kept.length === 0) return null;
    const rows = Uint32Array.from(kept);
    const taken = columns.map((column) => takeVector(column, rows));
    const hasMissing = taken.some((column) => column.validity?.includes(MISSING) ?? false);
    return {
      ...batch,
      columns: taken,
      kinds: Uint8Array.from(kept, (row) => kinds[row]),
      rowCount: kept.length,
      hasMissing,
    };
  }

  private startOver(): void {
    this.unread.clear();
    this.settling.clear();
    this.suspects = null;
    this.isSwept = this.stale === null;
    this.isDurable = false;
    this.isExact = false;
    this.isRead = false;
    this.next = null;
    this.rows = 0;
    this.bytes = 0;
  }

  private hasBase({ columns, kinds }: ChangeBatch, row: number): boolean {
    if (!this.isExact) return false;
    const keyAt = (at: number): string => rowKeyText(rowKeyAt(columns, this.source.keyColumns, at));
    const isMoved = kinds[row] === INSERT && row > 0 && kinds[row - 1] === DELETE;
    const base = keyAt(isMoved ? row - 1 : row);
    const settling = this.settling.get(base);
    return !this.unread.has(base) && (settling === undefined || (settling.isThere && !isMoved));
  }
}
