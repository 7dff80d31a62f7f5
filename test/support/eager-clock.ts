// A clock for simulations: sleeping takes no real time, it only moves the clock on. Timers fire when the time passes.
import type { Clock } from '../../src/base/clock.ts';

interface Timer {
  dueMs: number;
  readonly intervalMs: number | null;
  readonly action: () => void;
}

/** Begins at `startMs`; the same calls give the same times. */
export class EagerClock implements Clock {
  private timeMs: number;
  private readonly timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.timeMs = startMs;
  }

  nowMs(): number {
    return Math.floor(this.timeMs);
  }

  monotonicMs(): number {
    return this.timeMs;
  }

  /** Moves the clock on and fires the timers that are due on the way. */
  advance(delayMs: number): void {
    const endMs = this.timeMs + delayMs;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.timeMs = Math.max(this.timeMs, due.dueMs);
      if (due.intervalMs === null) this.timers.delete(due);
      else due.dueMs += due.intervalMs;
      due.action();
    }
    this.timeMs = endMs;
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.advance(delayMs);
  }

  every(intervalMs: number, action: () => void): () => void {
    return this.add({ dueMs: this.timeMs + intervalMs, intervalMs, action });
  }

  after(delayMs: number, action: () => void): () => void {
    const timer: Timer = { dueMs: this.timeMs + delayMs, intervalMs: null, action };
    const cancel = this.add(timer);
    // Whoever waits for it need not wait: like `sleep`, it only moves the clock on.
    setImmediate(() => {
      if (this.timers.has(timer)) this.advance(timer.dueMs - this.timeMs);
    });
    return cancel;
  }

  private add(timer: Timer): () => void {
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }
}
