// The public API of the package: what `import … from 'tributary'` gives.
import { positionOrders } from './source/position-orders.ts';
import { type Lake, type LakeOptions, openLake as openLakeWith } from './query/lake.ts';

export { isTributaryError, TributaryError } from './base/errors.ts';
export { rowKindText } from './column/row-kind.ts';
export type { ChangelogOptions } from './query/changelog.ts';
export type { Filter } from './query/conditions.ts';
export type { ChangeBatch, Lake, LakeOptions, LakeTable, SqlResult, TableReadOptions } from './query/lake.ts';
export type { ReadAt } from './query/read-at.ts';

/** Opens a lake for reading. Throws `E3005` for a warehouse that is none. */
export function openLake(options: LakeOptions): Promise<Lake> {
  return openLakeWith(options, { positionOrders });
}
