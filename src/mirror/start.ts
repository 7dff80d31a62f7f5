// The start of a pipeline: what the source and the lake say is brought together, gaps and other writers are refused,
// and only then is anything created.
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { SourcePosition } from '../change/position.ts';
import type { TableKey } from '../change/table-key.ts';
import type { CheckpointRecord, CopyingTable, PausedTable } from '../checkpoint/checkpoint-record.ts';
import { Lease } from '../checkpoint/lease.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { ChangeSource, FormerColumns, SourceDescription } from '../source/source.ts';
import { type Evolved, evolveTables } from './evolve-tables.ts';
import { Failure } from './failure.ts';
import { type LakeState, lakeStateOf, refuseSharedTables } from './lake-state.ts';
import type { MirrorParts } from './parts.ts';
import { openMirroredTable } from './open-table.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { MirrorSettings } from './settings.ts';
import { isCopiedInPlace, isWrittenByOthers } from './copy-policy.ts';
import { recordCopies } from './record-copies.ts';
import { planStart, type StartPlan } from './start-plan.ts';
import { TableCopy } from './table-copy.ts';
import { countError, tableTelemetry } from './telemetry.ts';

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
  /** The position of the newest record: later ones are not before it. */
  readonly recorded: SourcePosition | null;
  readonly token: string;
  readonly formerColumns: FormerColumns;
}

/** A lease that was not renewed for so long is free. */
const LEASE_MS = 30_000;

/**
 * Starts a pipeline. Throws what `ChangeSource.open`, the lease (`E5002`), `lakeStateOf`, `refuseSharedTables` and `planStart` throw; until
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
  const newest = await parts.checkpoints.latest();
  const paused = (newest?.paused ?? []).filter(({ source }) => description.tables.some(({ key }) => key === source));
  const followed = description.tables.filter(({ key }) => !paused.some(({ source }) => source === key));
  const known = {
    record: newest,
    states: await Promise.all(followed.map((source) => lakeStateOf(parts.store, settings, source))),
  };
  refuseSharedTables(known.states);
  const of = { parts, settings, description };
  // What is refused is refused before anything is altered.
  const recorded = { ...known, record: await recordOfStart(known, of, token) };
  const number = highestNumber(recorded.states, recorded.record) + 1n;
  const { incarnations } = description;
  const evolved = await evolveTables(recorded.states, { parts, token, record: recorded.record, number, incarnations });
  const { record, states } = evolved;
  for (const { source, evolution } of known.states) if (evolution !== null) parts.control.evolved(source.key);
  const { plan, places, copies, leftBehind } = planOf(evolved, of);
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
        incarnation: incarnationOf(state, description),
        copy: copyOf(state, copies[index], parts.source),
      }),
    ),
  );
  tellTables(parts, description, paused);
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
    recorded: record?.position ?? null,
    formerColumns: {
      upTo: description.logEnd,
      names: new Map(known.states.map(({ source, former }) => [source.key, former])),
    },
  };
}

/** What a start is decided by, beside the lake. */
interface Starting {
  readonly parts: MirrorParts;
  readonly settings: MirrorSettings;
  readonly description: SourceDescription;
}

/** Where each table goes on, in the order of the tables, and the copy that it is in the middle of. */
interface Places {
  readonly places: readonly (SourcePosition | null)[];
  readonly copies: readonly (CopyingTable | null)[];
}

function placesOf({ record, states }: Evolved, { parts, description }: Starting): Places {
  const { positions } = parts.source;
  const copies = states.map((state) => {
    const copying = copyingOf(state, record, { parts, now: incarnationOf(state, description) });
    if (copying === null || !isToBegin(copying)) return copying;
    // What the log has of it so far, perhaps with other columns, every chunk will show.
    return { ...copying, place: positions.latest(copying.place, description.logEnd) };
  });
  return { copies, places: states.map((state, index) => copies[index]?.place ?? placeOf(state, record, parts.source)) };
}

/** Where the pipeline goes on. Throws what `planStart` throws. */
function planOf(
  { record, states }: Evolved,
  of: Starting,
): Places & {
  readonly plan: StartPlan;
  /** `E2104` for tables whose log is gone while others go on. */
  readonly leftBehind: ReadonlyMap<TableKey, TributaryError>;
} {
  const { parts, settings, description } = of;
  const { places, copies } = placesOf({ record, states }, of);
  const isToStop = settings.acceptGap === null && settings.onLogLost === 'stop';
  const leftBehind = isToStop ? tablesLeftBehind({ record, states, places }, of) : new Map<TableKey, TributaryError>();
  const followed = states
    .map((state, index) => ({
      key: state.source.key,
      place: places[index],
      known: copies[index] === null && isToBeCompared(state, record) ? knownIncarnation(state, record) : null,
      isToBegin: copies[index] !== null && isToBegin(copies[index]),
      now: incarnationOf(state, description),
    }))
    .filter(({ key }) => !leftBehind.has(key));
  // A paused table needs no log until it is followed again; where all are paused, the record goes on.
  const paused = (record?.paused ?? []).map(({ source: key }) => {
    return { key, place: record?.position ?? null, known: null, isToBegin: false, now: '' };
  });
  const plan = planStart({
    pipeline: settings.pipeline,
    positions: parts.source.positions,
    identity: description.identity,
    logStart: description.logStart,
    logEnd: description.logEnd,
    tables: states.length === 0 ? paused : followed,
    knownIdentity: record?.identity ?? states.find((state) => state.stamp !== null)?.stamp?.identity ?? null,
    acceptGap: settings.acceptGap,
  });
  return { plan, places, copies, leftBehind };
}

/**
 * Looks whether the pipeline can go on, and throws what `planStart` throws. Where that is for log that is gone, and the
 * configuration says so, the tables that need it are recorded as to be copied anew, in place. The newest record.
 */
async function recordOfStart(known: Evolved, of: Starting, token: string): Promise<CheckpointRecord | null> {
  const { parts, settings, description } = of;
  try {
    planOf(known, of);
    return known.record;
  } catch (error) {
    const lost = tablesOfLostLog(known, of);
    if (!isTributaryError(error, 'E2104', 'E2106') || lost.length === 0) throw error;
    parts.log.error('log that is needed is gone, tables are copied anew', error, {
      pipeline: settings.pipeline,
      tables: lost.map(({ source }) => source.key).join(' '),
    });
    countError(parts.telemetry, error.code);
    const { incarnations } = description;
    const number = highestNumber(known.states, known.record) + 1n;
    return recordCopies(lost, { parts, token, record: known.record, number, incarnations });
  }
}

/** The tables that are copied anew where log is gone; none where that is not wanted or cannot be. */
function tablesOfLostLog({ record, states }: Evolved, of: Starting): readonly LakeState[] {
  const { settings } = of;
  if (settings.onLogLost === 'stop' || settings.acceptGap !== null || record === null) return [];
  const { places, copies } = placesOf({ record, states }, of);
  const lost = states.filter((_state, index) => {
    const copying = copies[index];
    return isLogGone(places[index], of) && (copying === null || !isToBegin(copying));
  });
  return lost.some(({ schema }) => schema !== null && isWrittenByOthers(schema)) ? [] : lost;
}

function isLogGone(place: SourcePosition | null, { parts, description: { logStart } }: Starting): boolean {
  return place !== null && (logStart === null || !parts.source.positions.includes(place, logStart));
}

/** Tables that were not followed for so long that the log of their place is gone, while others go on. */
function tablesLeftBehind(
  { record, states, places }: Evolved & Pick<Places, 'places'>,
  of: Starting,
): ReadonlyMap<TableKey, TributaryError> {
  const { logStart } = of.description;
  if (record === null || isLogGone(record.position, of)) return new Map();
  return new Map(
    states.flatMap(({ source: { key } }, index) => {
      const place = places[index];
      if (!isLogGone(place, of) || !record.stopped.some(({ source }) => source === key)) return [];
      const message = `the log of a table that was not followed is gone: table=${key} place=${place} log_start=${logStart}`;
      return [[key, new TributaryError('E2104', message)]];
    }),
  );
}

/** Tables that are no more are not told of, and those that are paused are told as such. */
function tellTables({ telemetry }: MirrorParts, { tables }: SourceDescription, paused: readonly PausedTable[]): void {
  for (const key of telemetry.tables.keys()) {
    if (!tables.some((table) => table.key === key)) telemetry.tables.delete(key);
  }
  for (const { source, table, place } of paused) {
    const told = tableTelemetry(telemetry, source, table);
    told.state = 'paused';
    told.errorCode = null;
    told.place = place;
  }
}

/** What the source says of the table, see `Incarnations`. */
function incarnationOf({ source }: LakeState, { incarnations }: SourceDescription): string {
  return incarnations.get(source.key) ?? '';
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

/** A merged table that gets a shard is copied anew; one that has lost a shard stops by itself, and its snapshot tells later. */
function isToBeCompared({ evolution, mismatch, source, stamp }: LakeState, record: CheckpointRecord | null): boolean {
  if (source.shards === undefined) return true;
  if (record !== null && evolution?.copies === true) return false;
  return mismatch === null || stamp === null;
}

function highestNumber(states: readonly LakeState[], record: CheckpointRecord | null): bigint {
  const numbers = states.map((state) => state.stamp?.checkpoint ?? 0n);
  return [...numbers, record?.number ?? 0n].reduce((a, b) => (a > b ? a : b));
}
