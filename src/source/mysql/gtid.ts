// Transactions and sets of them, of MySQL and of MariaDB.

/** A transaction: MySQL's `uuid:number`, MariaDB's `domain-server-number`. */
export interface Gtid {
  /** The UUID, or the domain as a decimal number: within it numbers ascend. */
  readonly group: string;
  /** MariaDB: the server on which it was committed; else 0. */
  readonly server: number;
  readonly number: bigint;
}

/** A set of transactions that only grows. */
export interface GtidSet {
  has(gtid: Gtid): boolean;
  add(gtid: Gtid): void;
  /** As the server spells it. */
  text(): string;
}

/** Which servers a set is of. */
export type Flavor = 'mysql' | 'mariadb';
