// Where a pipeline starts: decided from what the lake holds and what the source still has. Pure; the refusals of
// architecture rule 7 are here.
import { TributaryError } from '../base/errors.ts';
import type { PositionOrder, SourceIdentity, SourcePosition } from '../change/position.ts';
import type { TableKey } from '../change/table-key.ts';

/** What the lake says of a table. */
export interface TablePlace {
  readonly key: TableKey;
  /** The later of the newest own snapshot and the newest record that names the table; null if it was never copied. */
  readonly place: SourcePosition | null;
  /** The table's incarnation that the lake holds; null if it does not say. */
  readonly known: string | null;
  /** It is copied anew from the beginning, which needs no log of before. */
  readonly isToBegin: boolean;
  /** The table's incarnation in the source, see `Incarnations`. */
  readonly now: string;
}

/** What the decision rests on. */
export interface StartFacts {
  readonly pipeline: string;
  readonly positions: PositionOrder;
  /** The source as it is now. */
  readonly identity: SourceIdentity;
  /** Up to where the source may have thrown its log away; null if it keeps none for us. */
  readonly logStart: SourcePosition | null;
  /** Up to where the source's log goes now. */
  readonly logEnd: SourcePosition;
  readonly tables: readonly TablePlace[];
  /** The source as it was when the newest record or snapshot was written. */
  readonly knownIdentity: SourceIdentity | null;
  /** What the operator accepts to lose. */
  readonly acceptGap: { readonly from: string; readonly to: string } | null;
}

/** What to do. */
export interface StartPlan {
  /** Where to read the log from; null if that is the position of the first copy. */
  readonly from: SourcePosition | null;
  /** Tables to be copied first. */
  readonly toCopy: readonly TableKey[];
  /** The gap that the operator accepted, to be recorded. */
  readonly acceptedGap: { readonly from: SourcePosition; readonly to: SourcePosition } | null;
}

/**
 * Decides where to start. Throws `E2104` (the log begins after our place), `E2105` (another source, or one that was set back
 * to before our place), `E2106` (no log kept for us any more), `E2108` (a table was not in the log for a while): nothing is changed, and nothing is read over a gap.
 */
export function planStart(facts: StartFacts): StartPlan {
  const toCopy = facts.tables.filter((table) => table.place === null).map((table) => table.key);
  const places = facts.tables.flatMap((table) => (table.place === null ? [] : [table.place]));
  if (places.length === 0) return { from: facts.logStart, toCopy, acceptedGap: null };
  refuseOtherSource(facts);
  refuseSourceSetBack(facts, places);
  refuseOtherTables(facts);
  const from = places.reduce((a, b) => facts.positions.earliest(a, b));
  if (facts.logStart === null && facts.tables.every(({ place, isToBegin }) => place === null || isToBegin))
    return { from: null, toCopy, acceptedGap: null };
  if (facts.logStart === null) {
    throw new TributaryError(
      'E2106',
      `the source keeps no log for this pipeline any more: pipeline=${facts.pipeline} place=${from}`,
    );
  }
  if (facts.positions.includes(from, facts.logStart)) return { from, toCopy, acceptedGap: null };
  return { from: facts.logStart, toCopy, acceptedGap: acceptedGap(facts, from, facts.logStart) };
}

function refuseOtherSource(facts: StartFacts): void {
  if (facts.knownIdentity === null) return;
  const known = facts.knownIdentity.values;
  const now = facts.identity.values;
  const differing = Object.keys({ ...known, ...now }).find((name) => known[name] !== now[name]);
  if (differing === undefined && facts.knownIdentity.kind === facts.identity.kind) return;
  const name = differing ?? 'kind';
  throw new TributaryError(
    'E2105',
    `the source is not the one this pipeline was reading: pipeline=${facts.pipeline} ${name}=${now[name] ?? facts.identity.kind} known=${known[name] ?? facts.knownIdentity.kind}`,
  );
}

function refuseOtherTables(facts: StartFacts): void {
  const other = facts.tables.find((table) => table.place !== null && table.known !== null && table.known !== table.now);
  if (other === undefined) return;
  throw new TributaryError(
    'E2108',
    `the log may lack changes of a table: pipeline=${facts.pipeline} table=${other.key} mark=${other.now} known=${other.known ?? ''}`,
  );
}

/** A log that ends before our place is that of a restored source: what it writes next would pass for known. */
function refuseSourceSetBack(facts: StartFacts, places: readonly SourcePosition[]): void {
  const latest = places.reduce((a, b) => facts.positions.latest(a, b));
  if (facts.positions.includes(facts.logEnd, latest)) return;
  throw new TributaryError(
    'E2105',
    `the source's log ends before the lake's last position, as after a restore: pipeline=${facts.pipeline} lake=${latest} source=${facts.logEnd}`,
    { context: { lake: latest, logEnd: facts.logEnd } },
  );
}

function acceptedGap(facts: StartFacts, from: SourcePosition, to: SourcePosition): StartPlan['acceptedGap'] {
  if (facts.acceptGap !== null && facts.acceptGap.from === from && facts.acceptGap.to === to) return { from, to };
  const behind = facts.positions.distanceBytes(from, to);
  throw new TributaryError(
    'E2104',
    `the source's log begins after the lake's last position: pipeline=${facts.pipeline} lake=${from} source=${to} behind_bytes=${behind ?? 'unknown'}`,
    { context: { from, to } },
  );
}
