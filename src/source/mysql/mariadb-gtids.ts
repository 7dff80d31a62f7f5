// GTID positions of MariaDB: the last transaction of each domain, within which numbers ascend.
import { TributaryError } from '../../base/errors.ts';
import type { Gtid, GtidSet } from './gtid.ts';

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

/** All transactions up to the last one of each domain. */
export class MariadbGtids implements GtidSet {
  readonly flavor = 'mariadb';
  private readonly domains: Map<string, Gtid>;

  private constructor(domains: Map<string, Gtid>) {
    this.domains = domains;
  }

  /** Reads `0-1-270,1-3-4`; a domain that is named twice stands at its later place. Throws E2040 for anything else. */
  static parse(text: string): MariadbGtids {
    const position = new MariadbGtids(new Map());
    const parts = text.split(',').map((part) => part.trim());
    for (const part of parts.filter((candidate) => candidate !== '')) {
      const [, group, server, number] = GTID.exec(part) ?? [];
      if (group === undefined || server === undefined || number === undefined) {
        throw new TributaryError('E2040', `not a GTID position: text=${part}`);
      }
      position.add({ group, server: Number(server), number: BigInt(number) });
    }
    return position;
  }

  has(gtid: Gtid): boolean {
    const last = this.domains.get(gtid.group);
    return last !== undefined && gtid.number <= last.number;
  }

  add(gtid: Gtid): void {
    if (!this.has(gtid)) this.domains.set(gtid.group, gtid);
  }

  includes(inner: MariadbGtids): boolean {
    return [...inner.domains.values()].every((gtid) => this.has(gtid));
  }

  union(other: MariadbGtids): MariadbGtids {
    const result = new MariadbGtids(new Map(this.domains));
    for (const gtid of other.domains.values()) result.add(gtid);
    return result;
  }

  /** What is in both. */
  common(other: MariadbGtids): MariadbGtids {
    const domains = new Map<string, Gtid>();
    for (const [group, ours] of this.domains) {
      const theirs = other.domains.get(group);
      if (theirs !== undefined) domains.set(group, ours.number < theirs.number ? ours : theirs);
    }
    return new MariadbGtids(domains);
  }

  text(): string {
    return [...this.domains.values()]
      .sort((a, b) => Number(a.group) - Number(b.group))
      .map(({ group, server, number }) => `${group}-${server}-${number}`)
      .join(',');
  }
}
