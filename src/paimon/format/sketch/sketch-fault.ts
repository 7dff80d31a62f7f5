// What is thrown for bytes that are no sketch.
import { TributaryError } from '../../../base/errors.ts';

/** The error for bytes that no sketch of the library can have. */
export function noSketch(what: string): TributaryError {
  return new TributaryError('E3366', `unknown sketch: ${what}`);
}
