// The order of positions of each kind of source, for cuts that are asked for by position.
import { TributaryError } from '../base/errors.ts';
import type { PositionOrder, SourceIdentity } from '../change/position.ts';
import { gtidOrder } from './mysql/gtids.ts';
import { lsnOrder } from './postgres/lsn.ts';

/** The order of the positions of a source. Throws `E6012` where this version has none. */
export function positionOrders(kind: SourceIdentity['kind']): PositionOrder {
  if (kind === 'postgres') return lsnOrder;
  if (kind === 'mysql') return gtidOrder;
  throw new TributaryError('E6012', `positions of this source cannot be compared: source=${kind}`);
}
