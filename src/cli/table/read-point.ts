// `--snapshot` and `--tag`: which state of a table a verb reads.
import { TributaryError } from '../../base/errors.ts';
import type { SnapshotId } from '../../paimon/meta/snapshot.ts';
import type { ReadPoint } from '../../paimon/scan/scan.ts';
import { wholeNumber } from './table-options.ts';

/** The options; the latest state unless one is given. */
export interface PointOptions {
  readonly snapshot?: string;
  readonly tag?: string;
}

/** The state that the options name. Throws `E6200`. */
export function readPoint({ snapshot, tag }: PointOptions): ReadPoint {
  if (snapshot !== undefined && tag !== undefined)
    throw new TributaryError('E6200', 'give --snapshot or --tag, not both');
  if (snapshot !== undefined) return { kind: 'snapshot', id: wholeNumber(snapshot, 'snapshot') as SnapshotId };
  return tag === undefined ? { kind: 'latest' } : { kind: 'tag', name: tag };
}
