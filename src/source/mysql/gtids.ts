// Positions in the logs of MySQL and of MariaDB: sets of transactions by their GTIDs, and their order.
import { TributaryError } from '../../base/errors.ts';
import type { PositionOrder, SourcePosition } from '../../change/position.ts';
import type { Flavor } from './gtid.ts';
import { MariadbGtids } from './mariadb-gtids.ts';
import { MysqlGtids } from './mysql-gtids.ts';

const POSITION = /^(mysql|mariadb):(.*)$/s;

/** The position of a set: the servers' own text after the name of their kind. */
export function formatPosition(flavor: Flavor, text: string): SourcePosition {
  return `${flavor}:${text}` as SourcePosition;
}

/** The set of a position. Throws E2040 for any other text. */
export function parsePosition(position: string): MysqlGtids | MariadbGtids {
  const [, flavor = '', text = ''] = POSITION.exec(position) ?? [];
  if (flavor === 'mysql') return MysqlGtids.parse(text);
  if (flavor === 'mariadb') return MariadbGtids.parse(text);
  throw new TributaryError('E2040', `not a log position: text=${position}`);
}

/** An operation on two positions of one flavor. Throws E2040 for two of different ones. */
function together<Result>(
  a: string,
  b: string,
  how: {
    readonly mysql: (a: MysqlGtids, b: MysqlGtids) => Result;
    readonly mariadb: (a: MariadbGtids, b: MariadbGtids) => Result;
  },
): Result {
  const first = parsePosition(a);
  const second = parsePosition(b);
  if (first.flavor === 'mysql' && second.flavor === 'mysql') return how.mysql(first, second);
  if (first.flavor === 'mariadb' && second.flavor === 'mariadb') return how.mariadb(first, second);
  throw new TributaryError('E2040', `positions of different servers: text=${a} other=${b}`);
}

/** The order of positions: by membership, as sets of transactions are only partly ordered. */
export const gtidOrder: PositionOrder = {
  includes: (outer, inner) =>
    together(outer, inner, { mysql: (a, b) => a.includes(b), mariadb: (a, b) => a.includes(b) }),
  earliest: (a, b) =>
    together(a, b, {
      mysql: (x, y) => formatPosition('mysql', x.common(y).text()),
      mariadb: (x, y) => formatPosition('mariadb', x.common(y).text()),
    }),
  latest: (a, b) =>
    together(a, b, {
      mysql: (x, y) => formatPosition('mysql', x.union(y).text()),
      mariadb: (x, y) => formatPosition('mariadb', x.union(y).text()),
    }),
  distanceBytes: (from, to) => (gtidOrder.includes(from, to) ? 0 : null),
};
