// What operators ask of a pipeline while it runs. It outlives the pipeline's runs: what one did not get to is for the next.
import { TributaryError } from '../base/errors.ts';
import type { TableKey } from '../change/table-key.ts';

/** One thing that is asked for. */
export interface Wish {
  readonly kind: 'resync';
  readonly table: TableKey;
  /** It is recorded: a restart goes on with it. */
  granted(): void;
  /** It cannot be done. */
  refused(error: unknown): void;
}

/** The way in to one pipeline. */
export class PipelineControl {
  private wishes: Wish[] = [];
  private isClosed = false;
  /** Tables of which the log has told that they were altered, and how often since they last agreed with the catalog. */
  private readonly alterations = new Map<TableKey, number>();

  /**
   * Copies a mirrored table anew, in place. Resolves when that is recorded. Throws `E6022` where the pipeline does not
   * run, `E6023` for a table that it does not mirror, and `E1303` for one that cannot be copied in place.
   */
  resync(table: TableKey): Promise<void> {
    if (this.isClosed) return Promise.reject(new TributaryError('E6022', `the pipeline does not run: table=${table}`));
    return new Promise((resolve, reject) => {
      this.wishes.push({ kind: 'resync', table, granted: resolve, refused: reject });
    });
  }

  /** The log tells of other columns of a table than the catalog had; gives how often that was so in a row. */
  altered(table: TableKey): number {
    const times = (this.alterations.get(table) ?? 0) + 1;
    this.alterations.set(table, times);
    return times;
  }

  /** Catalog and log agree on the table's columns again. */
  agreed(table: TableKey): void {
    if (this.alterations.size > 0) this.alterations.delete(table);
  }

  /** Whether anything is asked for. */
  get isAsked(): boolean {
    return this.wishes.length > 0;
  }

  /** Everything that was asked for since the last call. */
  take(): readonly Wish[] {
    const { wishes } = this;
    this.wishes = [];
    return wishes;
  }

  /** The pipeline has ended: what was asked for is refused. */
  close(): void {
    this.isClosed = true;
    for (const wish of this.take()) {
      wish.refused(new TributaryError('E6022', `the pipeline does not run: table=${wish.table}`));
    }
  }
}
