// The memory budget of a pipeline: what is buffered is flushed to files that no snapshot names when it grows, and the
// log is not read on while that is not enough.
import type { Clock } from '../base/clock.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { PipelineTelemetry } from './telemetry.ts';

/** Keeps the tables' buffers within `bytesMax`. */
export class BackPressure {
  private readonly tables: readonly MirroredTable[];
  private readonly bytesMax: number;
  private readonly clock: Clock;
  private readonly telemetry: PipelineTelemetry;
  private readonly flushing = new Set<Promise<void>>();
  private readonly flushFailed: (table: MirroredTable, error: unknown) => Promise<void>;
  private failure: { readonly error: unknown } | null = null;

  constructor(parts: {
    tables: readonly MirroredTable[];
    bytesMax: number;
    clock: Clock;
    telemetry: PipelineTelemetry;
    /** Stops following a table whose flush failed; rejects where that stops the pipeline. */
    flushFailed: (table: MirroredTable, error: unknown) => Promise<void>;
  }) {
    this.tables = parts.tables;
    this.bytesMax = parts.bytesMax;
    this.clock = parts.clock;
    this.telemetry = parts.telemetry;
    this.flushFailed = parts.flushFailed;
  }

  /**
   * Starts a flush when a quarter of the budget waits for one, and waits while three quarters are buffered: the last one
   * is for the copies that a flush makes. Flushes of one table queue up, so that none has to take all that came while
   * another ran. Rejects with the error of a failed flush.
   */
  async relieve(): Promise<void> {
    const bytes = this.measure();
    const waitingBytes = this.tables.reduce((sum, table) => sum + table.waitingBytes, 0);
    if (waitingBytes * 4 >= this.bytesMax) this.startFlush();
    if (!this.isFull(bytes)) return;
    const startMs = this.clock.monotonicMs();
    if (this.flushing.size === 0) this.startFlush();
    while (this.isFull(this.measure()) && this.flushing.size > 0) {
      await Promise.race(this.flushing);
    }
    this.telemetry.backPressureMs += this.clock.monotonicMs() - startMs;
  }

  private isFull(bytes: number): boolean {
    return bytes * 4 >= this.bytesMax * 3;
  }

  private measure(): number {
    if (this.failure !== null) throw this.failure.error;
    const bytes = this.tables.reduce((sum, table) => sum + table.bufferedBytes, 0);
    this.telemetry.bufferedBytes = bytes;
    return bytes;
  }

  /** Flushes the table with the most rows that wait. */
  private startFlush(): void {
    let largest: MirroredTable | null = null;
    for (const table of this.tables) {
      if (table.error !== null) continue;
      if (largest === null || table.waitingBytes > largest.waitingBytes) largest = table;
    }
    if (largest === null || largest.waitingBytes === 0) return;
    const table = largest;
    const flush = table
      .flush()
      .catch((error: unknown) => this.flushFailed(table, error))
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.flushing.delete(flush));
    this.flushing.add(flush);
  }
}
