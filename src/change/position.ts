// A place in a source's log, opaque outside the source that made it.

/** Text form of a position, as stored in snapshots and checkpoint records. PostgreSQL: `0/16B3748`, an end LSN; else `mysql:` or `mariadb:` and GTIDs. */
export type SourcePosition = string & { readonly brand: 'SourcePosition' };

/** What can be asked of positions; each source has one. Positions may be only partly ordered (GTID sets). */
export interface PositionOrder {
  /** True if everything in the log up to and including `inner` is also within `outer`. Reflexive. */
  includes(outer: SourcePosition, inner: SourcePosition): boolean;
  /** The furthest position that both include. */
  earliest(a: SourcePosition, b: SourcePosition): SourcePosition;
  /** The nearest position that includes both. */
  latest(a: SourcePosition, b: SourcePosition): SourcePosition;
  /** Bytes of log between the two if the source can tell, for metrics and messages; 0 if `from` includes `to`. */
  distanceBytes(from: SourcePosition, to: SourcePosition): number | null;
}

/** Who the source is: equal identities mean that a position means the same. */
export interface SourceIdentity {
  readonly kind: 'postgres' | 'mysql' | 'scripted';
  /** PostgreSQL: system identifier, timeline, slot name, and OID and version of the publication. MySQL: its flavor. */
  readonly values: Readonly<Record<string, string>>;
}
