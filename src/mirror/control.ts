// What operators ask of a pipeline while it runs. It outlives the pipeline's runs: what one did not get to is for the next.
import { TributaryError } from '../base/errors.ts';
import type { TableKey } from '../change/table-key.ts';

/** How often in a row a table is copied anew because log and catalog do not agree, before it is stopped. */
const COPIES_MAX = 20;

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
  /** Tables whose columns in the log are not those of the catalog: the next run looks at the catalog again. */
  private readonly suspects = new Set<TableKey>();
  /** How often in a row a table was copied anew because of that, without a row in the log that fitted. */
  private readonly copies = new Map<TableKey, number>();

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

  /**
   * A table was altered: what is to be done. `restart`: the catalog may have the columns by now. `copy`: it had not, or rows
   * may be others, so that the table is copied from behind it. `stop`: that has not helped often enough.
   */
  altered(table: TableKey, what: 'columns' | 'rows'): 'restart' | 'copy' | 'stop' {
    if (what === 'columns' && !this.suspects.has(table)) {
      this.suspects.add(table);
      return 'restart';
    }
    this.suspects.delete(table);
    const times = (this.copies.get(table) ?? 0) + 1;
    this.copies.set(table, times);
    return times > COPIES_MAX ? 'stop' : 'copy';
  }

  /** The lake table follows the catalog again. */
  evolved(table: TableKey): void {
    this.suspects.delete(table);
  }

  /** Rows of the table in the log fit. */
  fits(table: TableKey): void {
    if (this.copies.size > 0) this.copies.delete(table);
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
