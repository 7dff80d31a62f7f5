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
  private readonly flushing = new Map<MirroredTable, Promise<void>>();
  private failure: { readonly error: unknown } | null = null;

  constructor(parts: {
    tables: readonly MirroredTable[];
    bytesMax: number;
    clock: Clock;
    telemetry: PipelineTelemetry;
  }) {
    this.tables = parts.tables;
    this.bytesMax = parts.bytesMax;
    this.clock = parts.clock;
    this.telemetry = parts.telemetry;
  }

  /**
   * Starts a flush when a third of the budget is buffered, and waits while all of it is: a flush copies what it sorts,
   * so the rest of the budget is what flushes under way need. Rejects with the error of a failed flush.
   */
  async relieve(): Promise<void> {
    const bytes = this.measure();
    if (bytes * 3 < this.bytesMax) return;
    this.startFlush();
    if (bytes < this.bytesMax) return;
    const startMs = this.clock.monotonicMs();
    while (this.measure() >= this.bytesMax && this.flushing.size > 0) {
      await Promise.race(this.flushing.values());
      this.startFlush();
    }
    this.telemetry.backPressureMs += this.clock.monotonicMs() - startMs;
  }

  private measure(): number {
    if (this.failure !== null) throw this.failure.error;
    const bytes = this.tables.reduce((sum, table) => sum + table.bufferedBytes, 0);
    this.telemetry.bufferedBytes = bytes;
    return bytes;
  }

  /** Flushes the table that holds most, unless it is being flushed. */
  private startFlush(): void {
    let largest: MirroredTable | null = null;
    for (const table of this.tables) {
      if (table.error !== null || this.flushing.has(table)) continue;
      if (largest === null || table.bufferedBytes > largest.bufferedBytes) largest = table;
    }
    if (largest === null || largest.bufferedBytes === 0) return;
    const table = largest;
    const flush = table.flush().then(
      () => void this.flushing.delete(table),
      (error: unknown) => {
        this.flushing.delete(table);
        // A flush that fails because its table was stopped meanwhile is not a failure of the pipeline.
        if (table.error === null) this.failure = { error };
      },
    );
    this.flushing.set(table, flush);
  }
}
