// A clock that stands still until a test moves it.
import type { Clock } from '../../src/base/clock.ts';

interface Timer {
  dueMs: number;
  /** Order of making, for timers of the same time. */
  readonly order: number;
  readonly action: () => void;
  /** Repeats after so long; null for once. */
  readonly intervalMs: number | null;
}

/** What a clock starts with. */
export interface FakeClockOptions {
  readonly startMs?: number;
  /** `sleep` moves the time by itself and returns: for code that waits between retries. Default false. */
  readonly autoAdvance?: boolean;
}

/** A `Clock` for tests. */
export class FakeClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #autoAdvance: boolean;
  readonly #timers = new Set<Timer>();

  constructor(options: FakeClockOptions = {}) {
    this.#nowMs = options.startMs ?? 1_700_000_000_000;
    this.#autoAdvance = options.autoAdvance ?? false;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#autoAdvance) {
      this.#nowMs += delayMs;
      await Promise.resolve();
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const cancel = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  every(intervalMs: number, action: () => void): () => void {
    return this.#start({ dueMs: this.#nowMs + intervalMs, order: this.#order++, action, intervalMs });
  }

  after(delayMs: number, action: () => void): () => void {
    return this.#start({ dueMs: this.#nowMs + delayMs, order: this.#order++, action, intervalMs: null });
  }

  /** The number of timers that are set, sleepers included. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock without running timers, also backwards. */
  setNow(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Moves the time forward and runs what falls due, in order; lets promises settle after each timer. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    for (let timer = this.#nextUntil(endMs); timer !== null; timer = this.#nextUntil(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      if (timer.intervalMs === null) this.#timers.delete(timer);
      else timer.dueMs += timer.intervalMs;
      timer.action();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  #start(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  #nextUntil(endMs: number): Timer | null {
    const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    return due[0] ?? null;
  }
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
