// Log sequence numbers of PostgreSQL and the order of positions made from them. A position is the end LSN of a commit
// record, or a place between transactions, in PostgreSQL's text form.
import { TributaryError } from '../../base/errors.ts';
import type { PositionOrder, SourcePosition } from '../../change/position.ts';

/** A byte position in the write-ahead log. */
export type Lsn = bigint;

const TEXT = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

/** Reads `0/16B3748`. Throws E2040 for anything else. */
export function parseLsn(text: string): Lsn {
  const match = TEXT.exec(text);
  if (match === null) throw new TributaryError('E2040', `not a log position: text=${text}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** The position of an LSN, as PostgreSQL prints it: `0/16B3748`. */
export function formatLsn(lsn: Lsn): SourcePosition {
  const high = (lsn >> 32n).toString(16).toUpperCase();
  const low = (lsn & 0xffffffffn).toString(16).toUpperCase();
  return `${high}/${low}` as SourcePosition;
}

/** The order of PostgreSQL's positions: total, in bytes. Each function throws E2040 for a text that is no position. */
export const lsnOrder: PositionOrder = {
  includes: (outer, inner) => parseLsn(inner) <= parseLsn(outer),
  earliest: (a, b) => (parseLsn(a) <= parseLsn(b) ? a : b),
  latest: (a, b) => (parseLsn(a) >= parseLsn(b) ? a : b),
  distanceBytes: (from, to) => {
    const distance = parseLsn(to) - parseLsn(from);
    return distance > 0n ? Number(distance) : 0;
  },
};
