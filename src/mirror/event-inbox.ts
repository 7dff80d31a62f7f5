// The next event of the source, or nothing when the wait is over: lets the loop do what is due while the log is silent.
import type { Clock } from '../base/clock.ts';
import type { SourceEvent } from '../source/source.ts';

/** What `next` gives: an event, `timeout` when the wait was over first, `end` when the log has ended. */
export type InboxItem = SourceEvent | { readonly kind: 'timeout' } | { readonly kind: 'end' };

interface Waiter {
  readonly resolve: (item: InboxItem) => void;
  readonly reject: (error: unknown) => void;
  readonly cancelTimeout: () => void;
}

/**
 * Reads one event ahead at most, so that back-pressure reaches the source. One `next` at a time. (Not by
 * `Promise.race`: each race would leave a reaction on the promises that outlive it.)
 */
export class EventInbox {
  private readonly iterator: AsyncIterator<SourceEvent>;
  private readonly clock: Clock;
  private reading = false;
  private ready: InboxItem | null = null;
  private failure: { readonly error: unknown } | null = null;
  private waiter: Waiter | null = null;

  /** `interrupt` never resolves; when it rejects, so does `next`. */
  constructor(events: AsyncIterable<SourceEvent>, clock: Clock, interrupt: Promise<never>) {
    this.iterator = events[Symbol.asyncIterator]();
    this.clock = clock;
    interrupt.catch((error: unknown) => this.fail(error));
  }

  /** The next event, or `timeout` after `waitMs`. Rejects with the source's error or the interrupt's. */
  async next(waitMs: number): Promise<InboxItem> {
    if (this.failure !== null) throw this.failure.error;
    if (this.ready === null && !this.reading) this.read();
    if (this.ready !== null) return this.take(this.ready);
    return new Promise((resolve, reject) => {
      const cancelTimeout = this.clock.after(waitMs, () => this.settle()?.resolve({ kind: 'timeout' }));
      this.waiter = { resolve, reject, cancelTimeout };
    });
  }

  /** Ends the reading; the source's generator runs its clean-up. */
  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private read(): void {
    this.reading = true;
    this.iterator.next().then(
      (result) => {
        this.reading = false;
        const item: InboxItem = result.done === true ? { kind: 'end' } : result.value;
        const waiter = this.settle();
        if (waiter === null) this.ready = item;
        else waiter.resolve(item);
      },
      (error: unknown) => this.fail(error),
    );
  }

  private take(item: InboxItem): InboxItem {
    this.ready = null;
    return item;
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.settle()?.reject(error);
  }

  private settle(): Waiter | null {
    const { waiter } = this;
    this.waiter = null;
    waiter?.cancelTimeout();
    return waiter;
  }
}
