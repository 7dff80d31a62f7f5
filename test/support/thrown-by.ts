// The coded error that a call throws, for looking at more than its code.
import { TributaryError } from '../../src/base/errors.ts';

/** What the call throws; fails where it throws nothing or an error without a code. */
export function thrownBy(call: () => unknown): TributaryError {
  try {
    call();
  } catch (error) {
    if (error instanceof TributaryError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
