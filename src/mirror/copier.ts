// Reads the rows of tables in chunks while the loop follows the log (docs/design/0003-first-copies.md): one chunk at a
// time, each begun where no transaction of the log is open. The changes of its table wait meanwhile, and come after it.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { SourcePosition } from '../change/position.ts';
import { rowKeyAt, rowKeyText } from '../change/row-key.ts';
import type { ChunkedCopies, ChunkRange, CopyChunk } from '../source/source.ts';
import { isTributaryError } from '../base/errors.ts';
import type { Failure } from './failure.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { CopySettings } from './settings.ts';
import type { StaleKeys } from './stale-keys.ts';
import type { ChunkSize, TableCopy } from './table-copy.ts';

/** How long the copier waits for transactions to become visible that the log has given. */
const INVISIBLE_MS = 20;
/** A longer wait is told, once. */
const TELL_MS = 10_000;
/** Rows of the first chunk of a table, which tells how wide its rows are. */
const ROWS_FIRST = 1000;

/** What a copier works with. */
export interface CopierParts {
  readonly chunks: ChunkedCopies;
  readonly settings: CopySettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failure: Failure;
  /** The newest place of the log, where no transaction is open; else null. */
  boundary(): SourcePosition | null;
  /** Rows were written. */
  wrote(rows: number, bytes: number): void;
  /** Waits while the buffers are full. */
  relieve(): Promise<void>;
  /** Stops following a table whose rows cannot be represented; throws what is no fault of rows. */
  unwritable(table: MirroredTable, error: unknown): Promise<void>;
  /** What the newest snapshot of the table has of before its copy: rows whose sequence number is not greater. */
  staleKeys(table: MirroredTable, upTo: bigint): AsyncIterator<StaleKeys>;
  /** A table is copied: from the newest boundary on it is followed like any other. */
  copied(table: MirroredTable): void;
}

/** A chunk under way. */
interface Attempt {
  readonly table: MirroredTable;
  readonly copy: TableCopy;
  readonly startMs: number;
  /** Its table's changes wait no longer: what it still gives is not written. */
  isOver: boolean;
}

/** The copier of one pipeline. */
export class Copier {
  private readonly parts: CopierParts;
  private readonly tables: Set<MirroredTable>;
  private readonly ending = new AbortController();
  private readonly rowsMax = new Map<MirroredTable, number>();
  /** How far the lake was looked through for rows of before the copies in place. */
  private readonly sweeps = new Map<MirroredTable, AsyncIterator<StaleKeys>>();
  private attempt: Attempt | null = null;
  private wake: (() => void) | null = null;
  /** Bytes that were read since the rate was last looked at. */
  private owedBytes = 0;
  /** Since when the source has not been able to give a chunk; infinite once that was told. */
  private waitingSinceMs: number | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(parts: CopierParts, tables: readonly MirroredTable[]) {
    this.parts = parts;
    this.tables = new Set(tables);
  }

  /** Whether every table is copied, or was stopped. */
  get isDone(): boolean {
    return [...this.tables].every((table) => table.error !== null);
  }

  /** Whether the copy of a table waits for a checkpoint alone. */
  get awaitsCheckpoint(): boolean {
    return [...this.tables].some(({ copy, error }) => error === null && copy?.awaitsCheckpoint === true);
  }

  /** Begins to read; a failure is reported. */
  start(): void {
    if (this.tables.size === 0) return;
    const nowMs = this.parts.clock.nowMs();
    for (const table of this.tables) {
      if (table.copy === null) continue;
      this.progress(table, table.copy);
      table.telemetry.copyStart = { atMs: nowMs, rows: table.copy.rows };
    }
    this.running = this.run().catch((error: unknown) => {
      if (!this.ending.signal.aborted) this.parts.failure.report(error);
    });
  }

  /** The loop has taken an event: perhaps a table is copied, a chunk may begin, or one holds too much. */
  look(): void {
    if (this.tables.size === 0 || this.ending.signal.aborted) return;
    const { attempt } = this;
    if (attempt !== null && this.isTooLong(attempt)) this.giveUp(attempt);
    const position = this.parts.boundary();
    if (position === null) return;
    for (const table of this.tables) {
      if (table.error !== null || table.copy?.reached(position) !== true) continue;
      table.endCopy();
      this.tables.delete(table);
      const { copiedRows: rows, copyStart } = table.telemetry;
      const read = rows - (copyStart?.rows ?? 0);
      this.parts.log.info('table copied', { table: table.source.key, rows, read });
      this.parts.copied(table);
    }
    this.wakeUp();
  }

  /** Whatever chunk of the table is under way is given up: its changes are all written when this returns. */
  interrupt(table: MirroredTable): void {
    if (this.attempt?.table === table) this.giveUp(this.attempt);
  }

  /** Gives up what is under way and reads nothing more: all changes that waited are written when this returns. */
  stop(): void {
    if (this.attempt !== null) this.giveUp(this.attempt);
    this.ending.abort();
    this.wakeUp();
  }

  /** Stops, and waits for the source to let go of the chunk under way. Never throws. */
  async close(): Promise<void> {
    this.stop();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted && !this.isDone) {
      const work = this.nextWork();
      if (work === null) {
        if (await this.sweep()) continue;
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        continue;
      }
      const { table, range, attempt } = work;
      this.attempt = attempt;
      const isRead = await this.read(attempt, range).catch(async (error: unknown) => {
        this.end(attempt);
        if (this.ending.signal.aborted) return true;
        await this.parts.unwritable(table, error);
        return true;
      });
      this.end(attempt);
      this.look();
      if (isRead) {
        this.waitingSinceMs = null;
        await this.slowDown(attempt);
      } else if (!this.ending.signal.aborted) await this.waitForOthers(table);
    }
    for (const sweep of this.sweeps.values()) await sweep.return?.();
    await this.parts.chunks.close();
  }

  /** Looks for rows of before a copy in place, whose chunks are all in the lake; false where there is nothing to look for. */
  private async sweep(): Promise<boolean> {
    for (const table of this.tables) {
      const { copy, error } = table;
      if (error !== null || copy === null || copy.stale === null || !copy.isToSweep) continue;
      const known = this.sweeps.get(table);
      const sweep = known ?? this.parts.staleKeys(table, copy.stale);
      this.sweeps.set(table, sweep);
      try {
        const page = await sweep.next();
        copy.suspect(page.done === true ? null : page.value);
        if (page.done === true) this.sweeps.delete(table);
      } catch (error) {
        // Files of a snapshot that was let go meanwhile: a newer one has fewer such rows.
        if (known === undefined || !isTributaryError(error, 'E3001')) throw error;
        this.sweeps.delete(table);
      }
      this.look();
      return true;
    }
    return false;
  }

  /** The next chunk, whose table's changes wait from here on; null while there is none. */
  private nextWork(): { table: MirroredTable; range: ChunkRange; attempt: Attempt } | null {
    const position = this.parts.boundary();
    if (position === null) return null;
    for (const table of this.tables) {
      const { copy } = table;
      if (table.error !== null || copy === null) continue;
      const range = copy.nextRange(this.rowsMax.get(table) ?? Math.min(ROWS_FIRST, this.parts.settings.rowsMax));
      if (range === null) continue;
      copy.hold(position);
      return { table, range, attempt: { table, copy, startMs: this.parts.clock.monotonicMs(), isOver: false } };
    }
    return null;
  }

  /** Reads one chunk; false if it cannot be had yet. */
  private async read(attempt: Attempt, range: ChunkRange): Promise<boolean> {
    const { table, copy } = attempt;
    const chunk = await this.parts.chunks.openChunk(table.source.key, range, this.ending.signal);
    if (chunk === null) return false;
    try {
      const size = await this.writeRows(attempt, chunk, range);
      if (attempt.isOver) return true;
      copy.chunkRead(range, chunk, size);
      if (range.kind === 'after') this.widen(table, size);
      this.owedBytes += size.bytes;
      this.progress(table, copy);
      this.parts.wrote(0, 0);
      return true;
    } finally {
      await chunk.close();
    }
  }

  private async writeRows(attempt: Attempt, chunk: CopyChunk, range: ChunkRange): Promise<ChunkSize> {
    const { table } = attempt;
    const size = { rows: 0, bytes: 0, keys: new Set<string>() };
    for await (const batch of chunk.rows()) {
      if (attempt.isOver) break;
      const { columns, rowCount, sizeBytes } = batch;
      for (let row = 0; range.kind === 'keys' && row < rowCount; row++) {
        size.keys.add(rowKeyText(rowKeyAt(columns, table.source.keyColumns, row)));
      }
      table.writeCopied(batch);
      size.rows += rowCount;
      size.bytes += sizeBytes;
      this.parts.wrote(rowCount, sizeBytes);
      await this.parts.relieve();
      if (!attempt.isOver && this.isTooLong(attempt)) this.giveUp(attempt);
    }
    if (!attempt.isOver) this.removeAbsent(attempt, range, size.keys);
    return size;
  }

  /** What the lake has of before the copy and the source has no more goes. */
  private removeAbsent({ table, copy }: Attempt, range: ChunkRange, present: ReadonlySet<string>): void {
    const deletes = copy.absent(range, present);
    if (deletes === null) return;
    table.removeStale(deletes);
    this.parts.wrote(deletes.rowCount, deletes.sizeBytes);
    this.parts.log.info('rows that the source does not have were removed', {
      table: table.source.key,
      rows: deletes.rowCount,
    });
  }

  private isTooLong({ copy, startMs }: Attempt): boolean {
    const { heldBytesMax, ageMaxMs } = this.parts.settings;
    return copy.heldBytes > heldBytesMax || this.parts.clock.monotonicMs() - startMs > ageMaxMs;
  }

  /** The next chunk has as many rows as the settings allow, of rows as wide as these. */
  private widen(table: MirroredTable, { rows, bytes }: { readonly rows: number; readonly bytes: number }): void {
    const { rowsMax, bytesMax, bytesPerSecondMax } = this.parts.settings;
    const wide = rows === 0 ? rowsMax : Math.floor(Math.min(bytesMax, bytesPerSecondMax ?? bytesMax) / (bytes / rows));
    this.rowsMax.set(table, Math.max(1, Math.min(rowsMax, wide)));
  }

  private giveUp(attempt: Attempt): void {
    if (attempt.isOver) return;
    const { table } = attempt;
    this.end(attempt);
    this.rowsMax.set(table, Math.max(1, Math.floor((this.rowsMax.get(table) ?? ROWS_FIRST) / 2)));
    this.parts.log.debug('chunk given up, to be read again', { table: table.source.key });
  }

  /** The changes that waited are written. */
  private end(attempt: Attempt): void {
    if (attempt.isOver) return;
    attempt.isOver = true;
    this.attempt = null;
    attempt.table.release();
  }

  /** Waits until what was read is as much as the rate allows; between chunks, so that none gets old. */
  private async slowDown({ startMs }: Attempt): Promise<void> {
    const { clock, settings } = this.parts;
    const { owedBytes } = this;
    this.owedBytes = 0;
    if (settings.bytesPerSecondMax === null || owedBytes === 0) return;
    const waitMs = (owedBytes / settings.bytesPerSecondMax) * 1000 - (clock.monotonicMs() - startMs);
    if (waitMs > 0) await this.sleep(waitMs);
  }

  private progress({ telemetry }: MirroredTable, { rows, bytes }: TableCopy): void {
    telemetry.copiedRows = rows;
    telemetry.copiedBytes = bytes;
  }

  private sleep(ms: number): Promise<void> {
    return this.parts.clock.sleep(ms, this.ending.signal).catch(() => {
      // Ending: seen at the top of the loop.
    });
  }

  private async waitForOthers(table: MirroredTable): Promise<void> {
    const { clock, log } = this.parts;
    const nowMs = clock.monotonicMs();
    this.waitingSinceMs ??= nowMs;
    if (nowMs - this.waitingSinceMs > TELL_MS) {
      log.info('copy waits for transactions that run in the source', { table: table.source.key });
      this.waitingSinceMs = Number.POSITIVE_INFINITY;
    }
    await this.sleep(INVISIBLE_MS);
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}
