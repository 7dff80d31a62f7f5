// Time, as a component: the only file that reads the clock or sets a timer. Tests pass a clock of their own.

/** A clock and its timers. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  nowMs(): number;
  /** A time in milliseconds that never goes back; its zero is arbitrary. */
  monotonicMs(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `action` every `intervalMs` until the returned function is called; the timer alone does not keep the process alive. */
  every(intervalMs: number, action: () => void): () => void;
  /** Calls `action` once after `delayMs` unless the returned function is called first. */
  after(delayMs: number, action: () => void): () => void;
}

/** The local wall clock at a moment, as if it were UTC: how Paimon stores some of its times (format notes 02). */
export function localTimeMs(nowMs: number): number {
  return nowMs - new Date(nowMs).getTimezoneOffset() * 60_000;
}

/** The moment at which the local wall clock shows that time, which is given as if it were UTC; the first one of two. */
export function momentOfLocalTime(localMs: number): number {
  const local = new Date(localMs);
  const moment = new Date(localMs);
  // Noon is skipped nowhere; the year is not given to the constructor, which takes 50 for 1950.
  moment.setHours(12, 0, 0, 0);
  moment.setFullYear(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate());
  const [hours, minutes] = [local.getUTCHours(), local.getUTCMinutes()];
  return moment.setHours(hours, minutes, local.getUTCSeconds(), local.getUTCMilliseconds());
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  every: (intervalMs, action) => {
    const timer = setInterval(action, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
