// What the mirror writes into the `properties` of its snapshots: the position is inside the atomic commit.
import type { SourceIdentity, SourcePosition } from '../change/position.ts';
import type { Snapshot } from '../paimon/meta/snapshot.ts';

const PIPELINE = 'tributary.pipeline';
const IDENTITY = 'tributary.source';
const POSITION = 'tributary.position';
const CHECKPOINT = 'tributary.checkpoint';
const INCARNATION = 'tributary.incarnation';
const COPYING = 'tributary.copying';
const COMMIT_TIME = 'tributary.commit-time-ms';
/** The property that tells one run of a pipeline from another; the committer compares it after a lost answer. */
export const TOKEN_PROPERTY = 'tributary.token';

/** What a mirror's snapshot says of the source. */
export interface CommitStamp {
  readonly pipeline: string;
  readonly identity: SourceIdentity;
  readonly position: SourcePosition;
  readonly checkpoint: bigint;
  /** Commit time in the source of the newest transaction included, in milliseconds since the epoch; 0 if unknown. */
  readonly commitTimeMs: number;
  readonly token: string;
}

/** What the snapshot of one table says. */
export interface TableStamp extends CommitStamp {
  /** The table's incarnation in the source, see `Incarnations`. */
  readonly incarnation: string;
  /** The table is being copied: it does not hold everything up to the position. */
  readonly isCopying: boolean;
}

/** The stamp as snapshot properties. */
export function stampProperties(stamp: TableStamp): Record<string, string> {
  return {
    [PIPELINE]: stamp.pipeline,
    [IDENTITY]: JSON.stringify(stamp.identity),
    [POSITION]: stamp.position,
    [INCARNATION]: stamp.incarnation,
    [CHECKPOINT]: stamp.checkpoint.toString(),
    [COMMIT_TIME]: String(stamp.commitTimeMs),
    [TOKEN_PROPERTY]: stamp.token,
    ...(stamp.isCopying ? { [COPYING]: 'true' } : {}),
  };
}

/** The stamp of a snapshot; null where the mirror did not write it. */
export function stampOf(snapshot: Snapshot): TableStamp | null {
  const properties = snapshot.properties;
  const position = properties?.[POSITION];
  const identity = properties?.[IDENTITY];
  if (properties === null || position === undefined || identity === undefined) return null;
  return {
    pipeline: properties[PIPELINE] ?? '',
    identity: JSON.parse(identity) as SourceIdentity,
    position: position as SourcePosition,
    incarnation: properties[INCARNATION] ?? '',
    isCopying: properties[COPYING] === 'true',
    checkpoint: BigInt(properties[CHECKPOINT] ?? snapshot.commitIdentifier.toString()),
    commitTimeMs: Number(properties[COMMIT_TIME] ?? '0'),
    token: properties[TOKEN_PROPERTY] ?? '',
  };
}
