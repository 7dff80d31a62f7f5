// Waiting for something another process does, without sleeping for a guessed time.
import { systemClock } from '../../src/base/clock.ts';

/** How long to wait and how often to look. */
export interface UntilOptions {
  /** Default 30 s. */
  readonly timeoutMs?: number;
  /** Default 25 ms. */
  readonly intervalMs?: number;
  /** What is waited for; part of the error. */
  readonly what?: string;
}

/**
 * Asks until the answer is neither undefined, null nor false, and returns it.
 * After `timeoutMs` it rejects with the last answer, or with the last error as its cause: an asking that throws counts as "not yet".
 */
export async function until<Answer>(
  ask: () => Answer | Promise<Answer>,
  options: UntilOptions = {},
): Promise<Exclude<Answer, undefined | null | false>> {
  const { timeoutMs = 30_000, intervalMs = 25, what = 'the condition' } = options;
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  let last: { readonly answer?: Answer; readonly cause?: unknown };
  for (;;) {
    try {
      const answer = await ask();
      if (isThere(answer)) return answer;
      last = { answer };
    } catch (cause) {
      last = { cause };
    }
    if (systemClock.monotonicMs() >= deadlineMs) break;
    await systemClock.sleep(intervalMs);
  }
  throw new Error(`${what} did not come about in ${timeoutMs} ms: last=${String(last.answer)}`, { cause: last.cause });
}

function isThere<Answer>(answer: Answer): answer is Exclude<Answer, undefined | null | false> {
  return answer !== undefined && answer !== null && answer !== false;
}
