// What a failed commit leaves open.
import { isTributaryError } from '../../base/errors.ts';

/** Whether a snapshot may have been published in spite of the error: then what it may name has to stay. */
export function mayBePublished(error: unknown): boolean {
  return isTributaryError(error, 'E3453', 'E3457');
}
