// GTID sets of MySQL: for each server's UUID, closed intervals of transaction numbers.
import { TributaryError } from '../../base/errors.ts';
import type { Gtid, GtidSet } from './gtid.ts';

/** First and last number, both within. */
type Interval = readonly [bigint, bigint];

const GROUP = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})((?::\d+(?:-\d+)?)+)$/i;

/** A set; intervals of a UUID ascend, and none touches the next. */
export class MysqlGtids implements GtidSet {
  readonly flavor = 'mysql';
  private readonly groups: Map<string, readonly Interval[]>;

  private constructor(groups: Map<string, readonly Interval[]>) {
    this.groups = groups;
  }

  /** Reads `uuid:1-5:7,uuid:1`, line breaks allowed as the server prints them. Throws E2040 for anything else. */
  static parse(text: string): MysqlGtids {
    const groups = new Map<string, readonly Interval[]>();
    const parts = text.split(',').map((part) => part.trim());
    for (const part of parts.filter((candidate) => candidate !== '')) {
      const [, uuid, intervals] = GROUP.exec(part) ?? [];
      if (uuid === undefined || intervals === undefined) {
        throw new TributaryError('E2040', `not a set of GTIDs: text=${part}`);
      }
      const group = uuid.toLowerCase();
      const added = intervals.slice(1).split(':').map(parseInterval);
      groups.set(group, merged([...(groups.get(group) ?? []), ...added]));
    }
    return new MysqlGtids(groups);
  }

  has(gtid: Gtid): boolean {
    const intervals = this.groups.get(gtid.group) ?? [];
    return intervals.some(([first, last]) => first <= gtid.number && gtid.number <= last);
  }

  add({ group, number }: Gtid): void {
    const intervals = this.groups.get(group) ?? [];
    const end = intervals.at(-1);
    // Nearly always the next one.
    if (end !== undefined && end[1] + 1n === number) {
      this.groups.set(group, [...intervals.slice(0, -1), [end[0], number]]);
    } else this.groups.set(group, merged([...intervals, [number, number]]));
  }

  includes(inner: MysqlGtids): boolean {
    for (const [group, intervals] of inner.groups) {
      const ours = this.groups.get(group) ?? [];
      if (!intervals.every(([first, last]) => ours.some((our) => our[0] <= first && last <= our[1]))) return false;
    }
    return true;
  }

  union(other: MysqlGtids): MysqlGtids {
    const groups = new Map(this.groups);
    for (const [group, intervals] of other.groups) {
      groups.set(group, merged([...(groups.get(group) ?? []), ...intervals]));
    }
    return new MysqlGtids(groups);
  }

  /** What is in both. */
  common(other: MysqlGtids): MysqlGtids {
    const groups = new Map<string, readonly Interval[]>();
    for (const [group, intervals] of this.groups) {
      const both = intervals.flatMap((ours) =>
        (other.groups.get(group) ?? []).flatMap((theirs): Interval[] => {
          const first = ours[0] > theirs[0] ? ours[0] : theirs[0];
          const last = ours[1] < theirs[1] ? ours[1] : theirs[1];
          return first <= last ? [[first, last]] : [];
        }),
      );
      if (both.length > 0) groups.set(group, merged(both));
    }
    return new MysqlGtids(groups);
  }

  text(): string {
    return [...this.groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, intervals]) => `${group}:${intervals.map(intervalText).join(':')}`)
      .join(',');
  }

  /** The body of COM_BINLOG_DUMP_GTID: groups with their intervals, ends exclusive, all in 64 bits little-endian. */
  encoded(): Buffer {
    const parts = [uint64(BigInt(this.groups.size))];
    for (const [group, intervals] of this.groups) {
      parts.push(Buffer.from(group.replaceAll('-', ''), 'hex'), uint64(BigInt(intervals.length)));
      for (const [first, last] of intervals) parts.push(uint64(first), uint64(last + 1n));
    }
    return Buffer.concat(parts);
  }
}

function parseInterval(text: string): Interval {
  const [first = '', last = first] = text.split('-');
  if (BigInt(first) < 1n || BigInt(last) < BigInt(first)) {
    throw new TributaryError('E2040', `not an interval of GTIDs: text=${text}`);
  }
  return [BigInt(first), BigInt(last)];
}

function intervalText([first, last]: Interval): string {
  return first === last ? String(first) : `${first}-${last}`;
}

/** The same numbers in ascending intervals that do not touch. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = [...intervals].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const result: Interval[] = [];
  for (const [first, last] of sorted) {
    const previous = result.at(-1);
    if (previous !== undefined && first <= previous[1] + 1n) {
      result[result.length - 1] = [previous[0], last > previous[1] ? last : previous[1]];
    } else result.push([first, last]);
  }
  return result;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
