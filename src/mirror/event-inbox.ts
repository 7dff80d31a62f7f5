// The next event of the source, or nothing when the wait is over: lets the loop do what is due while the log is silent.
import type { Clock } from '../base/clock.ts';
import type { SourceEvent } from '../source/source.ts';

/** What `next` gives: an event, `timeout` when the wait was over first, `end` when the log has ended. */
export type InboxItem = SourceEvent | { readonly kind: 'timeout' } | { readonly kind: 'end' };

const TIMEOUT = { kind: 'timeout' } as const;

/** Reads one event ahead at most, so that back-pressure reaches the source. */
export class EventInbox {
  private readonly iterator: AsyncIterator<SourceEvent>;
  private readonly clock: Clock;
  private pending: Promise<InboxItem> | null = null;

  constructor(events: AsyncIterable<SourceEvent>, clock: Clock) {
    this.iterator = events[Symbol.asyncIterator]();
    this.clock = clock;
  }

  /**
   * The next event, or `timeout` after `waitMs`. Rejects with the source's error, or with `interrupt`'s if that
   * rejects first; an event that was not given then is lost with the inbox.
   */
  async next(waitMs: number, interrupt: Promise<never>): Promise<InboxItem> {
    this.pending ??= this.read();
    const wait = new AbortController();
    const timeout = this.clock.sleep(waitMs, wait.signal).then(
      () => TIMEOUT,
      () => TIMEOUT,
    );
    try {
      const item = await Promise.race([this.pending, timeout, interrupt]);
      if (item.kind !== 'timeout') this.pending = null;
      return item;
    } finally {
      wait.abort();
    }
  }

  /** Ends the reading; the source's generator runs its clean-up. */
  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private async read(): Promise<InboxItem> {
    const result = await this.iterator.next();
    return result.done === true ? { kind: 'end' } : result.value;
  }
}
