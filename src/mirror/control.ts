// What operators ask of a pipeline while it runs. It outlives the pipeline's runs: what one did not get to is for the next.
import { TributaryError } from '../base/errors.ts';
import type { TableKey } from '../change/table-key.ts';

/** How often in a row a table is copied anew because log and catalog do not agree, before it is stopped. */
const COPIES_MAX = 20;

/** What can be asked of a table: to be copied anew in place, to be followed no more, to be followed again. */
export type WishKind = 'resync' | 'pause' | 'resume';

/** One thing that is asked for. */
export interface Wish {
  readonly kind: WishKind;
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
   * Asks for something. Resolves when that is recorded. Throws `E6022` where the pipeline does not run, `E6023` for a
   * table that it does not mirror, `E6024` where the table's state does not allow it, `E1303` for one that cannot be copied
   * in place, and `E6025` where it has not begun when the signal aborts: nothing is done then.
   */
  ask(kind: WishKind, table: TableKey, signal?: AbortSignal): Promise<void> {
    if (this.isClosed) return Promise.reject(new TributaryError('E6022', `the pipeline does not run: table=${table}`));
    return new Promise((resolve, reject) => {
      const wish: Wish = { kind, table, granted: resolve, refused: reject };
      this.wishes.push(wish);
      signal?.addEventListener('abort', () => this.withdraw(wish), { once: true });
    });
  }

  /** What the pipeline has taken up is done all the same. */
  private withdraw(wish: Wish): void {
    if (!this.wishes.includes(wish)) return;
    this.wishes = this.wishes.filter((other) => other !== wish);
    wish.refused(new TributaryError('E6025', `the pipeline did not get to it: ${wish.kind} table=${wish.table}`));
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
