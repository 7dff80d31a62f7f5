// The error for bytes that are no index. Whoever knows the file names it.
import { TributaryError } from '../../../base/errors.ts';

/** `E3230` with what is at fault. */
export function damagedIndex(what: string): TributaryError {
  return new TributaryError('E3230', `file index cannot be read: ${what}`);
}
