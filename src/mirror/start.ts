// The start of a pipeline: what the source and the lake say is brought together, gaps and other writers are refused,
// and only then is anything created.
import { TributaryError } from '../base/errors.ts';
import type { SourcePosition } from '../change/position.ts';
import type { TableKey } from '../change/table-key.ts';
import type { CheckpointRecord, CopyingTable, PausedTable } from '../checkpoint/checkpoint-record.ts';
import { Lease } from '../checkpoint/lease.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { ChangeSource, FormerColumns, SourceDescription } from '../source/source.ts';
import { type Evolved, evolveTables } from './evolve-tables.ts';
import { Failure } from './failure.ts';
import { type LakeState, lakeStateOf } from './lake-state.ts';
import type { MirrorParts } from './parts.ts';
import { openMirroredTable } from './open-table.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { MirrorSettings } from './settings.ts';
import { isCopiedInPlace } from './grant-wishes.ts';
import { planStart, type StartPlan } from './start-plan.ts';
import { TableCopy } from './table-copy.ts';
import { tableTelemetry } from './telemetry.ts';

/** What `startPipeline` finds out. */
export interface PipelineStart {
  readonly description: SourceDescription;
  readonly lease: Lease;
  /** Of everything that runs beside the loop. */
  readonly failure: Failure;
  readonly tables: readonly MirroredTable[];
  /** Tables that are not followed until operators say so. */
  readonly paused: readonly PausedTable[];
  /** Where to read the log from; null if that is the position of the first copy. */
  readonly from: SourcePosition | null;
  /** Tables whose rows are to be copied first. */
  readonly toCopy: readonly MirroredTable[];
  readonly nextNumber: bigint;
  readonly token: string;
  readonly formerColumns: FormerColumns;
}

/** A lease that was not renewed for so long is free. */
const LEASE_MS = 30_000;

/**
 * Starts a pipeline. Throws what `ChangeSource.open`, the lease (`E5002`), `lakeStateOf` and `planStart` throw; until
 * then nothing was created in the source or the lake but the lease.
 */
export async function startPipeline(parts: MirrorParts, settings: MirrorSettings): Promise<PipelineStart> {
  try {
    return await openPipeline(parts, settings);
  } catch (error) {
    // No pipeline will close it, and an open connection keeps the process alive.
    await parts.source.close();
    throw error;
  }
}

async function openPipeline(parts: MirrorParts, settings: MirrorSettings): Promise<PipelineStart> {
  const description = await parts.source.open();
  parts.telemetry.connected = true;
  const token = parts.random.uuid();
  const failure = new Failure();
  const lease = await Lease.acquire({
    store: parts.store,
    clock: parts.clock,
    pipeline: settings.pipeline,
    token,
    process: parts.process,
    durationMs: LEASE_MS,
    onLost: (error) => failure.report(error),
    onRenewFailed: (error) => parts.log.warn('lease could not be renewed, trying again', { reason: String(error) }),
  });
  try {
    return { ...(await openTables(parts, settings, description, token)), description, lease, token, failure };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

type OpenedTables = Omit<PipelineStart, 'description' | 'lease' | 'token' | 'failure'>;

async function openTables(
  parts: MirrorParts,
  settings: MirrorSettings,
  description: SourceDescription,
  token: string,
): Promise<OpenedTables> {
  const incarnationOf = (state: LakeState): string => description.incarnations.get(state.source.key) ?? '';
  const newest = await parts.checkpoints.latest();
  const paused = (newest?.paused ?? []).filter(({ source }) => description.tables.some(({ key }) => key === source));
  const followed = description.tables.filter(({ key }) => !paused.some(({ source }) => source === key));
  const known = {
    record: newest,
    states: await Promise.all(followed.map((source) => lakeStateOf(parts.store, settings, source))),
  };
  // What is refused is refused before anything is altered.
  planOf(known, { parts, settings, description });
  const number = highestNumber(known.states, known.record) + 1n;
  const { incarnations } = description;
  const evolved = await evolveTables(known.states, { parts, token, record: known.record, number, incarnations });
  const { record, states } = evolved;
  for (const { source, evolution } of known.states) if (evolution !== null) parts.control.evolved(source.key);
  const { plan, places, copies, leftBehind } = planOf(evolved, { parts, settings, description });
  const nextNumber = highestNumber(states, record) + 1n;
  if (plan.acceptedGap !== null) {
    parts.log.warn('reading on after a gap that the operator accepted', plan.acceptedGap);
    await parts.checkpoints.recordGap({ ...plan.acceptedGap, before: nextNumber, timeMs: parts.clock.nowMs() });
  }
  const tables = await Promise.all(
    states.map((state, index) =>
      openMirroredTable(state, {
        parts,
        token,
        place: places[index],
        incarnation: incarnationOf(state),
        copy: copyOf(state, copies[index], parts.source),
      }),
    ),
  );
  for (const key of parts.telemetry.tables.keys()) {
    if (!description.tables.some((table) => table.key === key)) parts.telemetry.tables.delete(key);
  }
  for (const table of paused) tellPaused(parts, table);
  for (const [index, table] of tables.entries()) {
    const mismatch = states[index].mismatch ?? bucketMismatch(table) ?? leftBehind.get(table.source.key) ?? null;
    if (mismatch !== null) await stopTable(table, mismatch, { parts, settings });
  }
  const first = tables.find((table) => table.error !== null)?.error ?? null;
  if (first !== null && tables.every((table) => table.error !== null)) throw first;
  return {
    tables,
    paused,
    from: plan.from,
    toCopy: tables.filter((table) => table.error === null && plan.toCopy.includes(table.source.key)),
    nextNumber,
    formerColumns: {
      upTo: description.logEnd,
      names: new Map(known.states.map(({ source, former }) => [source.key, former])),
    },
  };
}

/** Where each table goes on, and so the pipeline. Throws what `planStart` throws. */
function planOf(
  { record, states }: Evolved,
  of: { readonly parts: MirrorParts; readonly settings: MirrorSettings; readonly description: SourceDescription },
): {
  readonly plan: StartPlan;
  readonly places: readonly (SourcePosition | null)[];
  readonly copies: readonly (CopyingTable | null)[];
  /** `E2104` for tables whose log is gone while others go on. */
  readonly leftBehind: ReadonlyMap<TableKey, TributaryError>;
} {
  const { parts, settings, description } = of;
  const { positions } = parts.source;
  const now = (state: LakeState): string => description.incarnations.get(state.source.key) ?? '';
  const copies = states.map((state) => {
    const copying = copyingOf(state, record, { parts, now: now(state) });
    if (copying === null || !isToBegin(copying)) return copying;
    // What the log has of it so far, perhaps with other columns, every chunk will show.
    return { ...copying, place: positions.latest(copying.place, description.logEnd) };
  });
  const places = states.map((state, index) => copies[index]?.place ?? placeOf(state, record, parts.source));
  const leftBehind =
    of.settings.acceptGap === null
      ? tablesLeftBehind({ record, states, places }, of)
      : new Map<TableKey, TributaryError>();
  const plan = planStart({
    pipeline: settings.pipeline,
    positions,
    identity: description.identity,
    logStart: description.logStart,
    logEnd: description.logEnd,
    tables: [
      ...states
        .map((state, index) => ({
          key: state.source.key,
          place: places[index],
          known: copies[index] === null ? knownIncarnation(state, record) : null,
          now: now(state),
        }))
        .filter(({ key }) => !leftBehind.has(key)),
      // A paused table needs no log until it is followed again.
      ...(record?.paused ?? []).map(({ source }) => ({
        key: source,
        place: record?.position ?? null,
        known: null,
        now: '',
      })),
    ],
    knownIdentity: record?.identity ?? states.find((state) => state.stamp !== null)?.stamp?.identity ?? null,
    acceptGap: settings.acceptGap,
  });
  return { plan, places, copies, leftBehind };
}

/** Tables that were not followed for so long that the log of their place is gone, while others go on. */
function tablesLeftBehind(
  { record, states, places }: Evolved & { readonly places: readonly (SourcePosition | null)[] },
  { parts, description }: { readonly parts: MirrorParts; readonly description: SourceDescription },
): ReadonlyMap<TableKey, TributaryError> {
  const { logStart } = description;
  const { positions } = parts.source;
  const isGone = (place: SourcePosition | null): boolean =>
    place !== null && logStart !== null && !positions.includes(place, logStart);
  if (record === null || isGone(record.position)) return new Map();
  return new Map(
    states.flatMap(({ source: { key } }, index) => {
      const place = places[index];
      if (!isGone(place) || !record.stopped.some(({ source }) => source === key)) return [];
      const message = `the log of a table that was not followed is gone: table=${key} place=${place} log_start=${logStart}`;
      return [[key, new TributaryError('E2104', message)]];
    }),
  );
}

function tellPaused({ telemetry }: MirrorParts, { source, table, place }: PausedTable): void {
  const told = tableTelemetry(telemetry, source, table);
  told.state = 'paused';
  told.errorCode = null;
  told.place = place;
}

/** A copy in place that nothing was read of yet. */
function isToBegin({ stale, next, isRead, reach }: CopyingTable): boolean {
  return stale !== null && next === null && !isRead && reach === null;
}

/** Another engine's rescale leaves the option as it was: what we write would be refused at each commit. */
function bucketMismatch({ committer, schema, tablePath }: MirroredTable): TributaryError | null {
  const { bucket } = tableOptions(schema);
  const strange = committer.liveEntries().find(({ totalBuckets }) => bucket > 0 && totalBuckets !== bucket);
  if (strange === undefined) return null;
  return new TributaryError(
    'E1302',
    `files are in another number of buckets than the table: table=${tablePath} files=${strange.totalBuckets} bucket=${bucket}`,
  );
}

/** A table that cannot be followed stops alone, where the configuration says so; its place keeps its log. */
async function stopTable(
  table: MirroredTable,
  error: TributaryError,
  { parts, settings }: { readonly parts: MirrorParts; readonly settings: MirrorSettings },
): Promise<void> {
  if (settings.onTableError === 'stop') throw error;
  parts.log.error('table stopped, the others go on', error, { table: table.source.key });
  await table.fail(error);
}

/** The copy in chunks that goes on: of the same table in the source, whose rows so far are in the lake; else null. */
function copyingOf(
  state: LakeState,
  record: CheckpointRecord | null,
  { parts, now }: { readonly parts: MirrorParts; readonly now: string },
): CopyingTable | null {
  const copying = record?.copying.find((table) => table.source === state.source.key);
  if (copying === undefined || state.latest === null || copying.incarnation !== now) return null;
  if (copying.stale !== null && state.schema !== null && !isCopiedInPlace(state.schema)) return null;
  return parts.source.chunks?.supports(state.source.key) === true ? copying : null;
}

/** The lake may hold a checkpoint more than is recorded: the log is exact only past that. */
function copyOf(state: LakeState, copying: CopyingTable | null, source: ChangeSource): TableCopy | null {
  if (copying === null) return null;
  const { positions } = source;
  const stamped = state.stamp?.position ?? copying.place;
  const reach = copying.reach === null ? stamped : positions.latest(copying.reach, stamped);
  return new TableCopy(state.source, { ...copying, reach }, { positions, from: copying.place });
}

/** The later of the place in the newest own snapshot and in the newest record (architecture, rule 3); null where all is to be copied. */
function placeOf(state: LakeState, record: CheckpointRecord | null, source: ChangeSource): SourcePosition | null {
  const key = state.source.key;
  // A copy that does not go on begins anew.
  if (record?.copying.some((table) => table.source === key) === true || isHalfCopied(state, record)) return null;
  const fromSnapshot = state.stamp?.position ?? null;
  const recorded = record?.tables.find((table) => table.source === key);
  // A table that was removed from the lake and made again, but not copied yet, is not the one that was recorded.
  const isRecorded = state.schema !== null && (state.latest !== null || recorded?.snapshotId === null);
  const stopped = record?.stopped.find((table) => table.source === key)?.place ?? null;
  const fromRecord = recorded === undefined ? stopped : (record?.position ?? null);
  const known = [fromSnapshot, isRecorded ? fromRecord : null].filter((place) => place !== null);
  return known.length === 0 ? null : known.reduce((a, b) => source.positions.latest(a, b));
}

/** The newest own snapshot is of a copy in chunks that no record calls complete. */
function isHalfCopied({ stamp, source }: LakeState, record: CheckpointRecord | null): boolean {
  if (stamp === null || !stamp.isCopying) return false;
  const isRecorded = [...(record?.tables ?? []), ...(record?.stopped ?? [])].some(
    ({ source: key }) => key === source.key,
  );
  return record === null || !isRecorded || record.number < stamp.checkpoint;
}

/** What the table's own snapshot, or the newest record where it has none, says of the table in the source. */
function knownIncarnation(state: LakeState, record: CheckpointRecord | null): string | null {
  if (state.stamp !== null) return state.stamp.incarnation;
  const { key } = state.source;
  const recorded = [...(record?.tables ?? []), ...(record?.stopped ?? [])].find((table) => table.source === key);
  return recorded?.incarnation ?? null;
}

function highestNumber(states: readonly LakeState[], record: CheckpointRecord | null): bigint {
  const numbers = states.map((state) => state.stamp?.checkpoint ?? 0n);
  return [...numbers, record?.number ?? 0n].reduce((a, b) => (a > b ? a : b));
}
