// The start of a pipeline: what the source and the lake say is brought together, gaps and other writers are refused,
// and only then is anything created.
import type { SourcePosition } from '../change/position.ts';
import type { SourceTable } from '../change/source-table.ts';
import type { CheckpointRecord } from '../checkpoint/checkpoint-record.ts';
import { Lease } from '../checkpoint/lease.ts';
import { lakeTableOf } from '../mapping/lake-table.ts';
import { FileSystemCatalog } from '../paimon/catalog/file-system-catalog.ts';
import { TableCommitter } from '../paimon/commit/table-commit.ts';
import type { ChangeSource, SourceDescription } from '../source/source.ts';
import { TOKEN_PROPERTY } from './commit-properties.ts';
import { Failure } from './failure.ts';
import { type LakeState, readLakeState } from './lake-state.ts';
import type { MirrorParts } from './mirror.ts';
import { MirroredTable } from './mirrored-table.ts';
import type { PipelineStart } from './pipeline.ts';
import type { MirrorSettings } from './settings.ts';
import { planStart } from './start-plan.ts';
import { tableTelemetry } from './telemetry.ts';

/** A lease that was not renewed for so long is free. */
const LEASE_MS = 30_000;

/**
 * Starts a pipeline. Throws what `ChangeSource.open`, the lease (`E5002`), `readLakeState` and `planStart` throw; until
 * then nothing was created in the source or the lake but the lease.
 */
export async function startPipeline(parts: MirrorParts, settings: MirrorSettings): Promise<PipelineStart> {
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
  const catalog = new FileSystemCatalog(parts.store);
  const record = await parts.checkpoints.latest();
  const states = await Promise.all(
    description.tables.map((source) => readLakeState(catalog, source, lakeTableFor(source, settings))),
  );
  const places = new Map(states.map((state) => [state.source.key, placeOf(state, record, parts.source)]));
  const plan = planStart({
    pipeline: settings.pipeline,
    positions: parts.source.positions,
    identity: description.identity,
    logStart: description.logStart,
    tables: states.map((state) => ({ key: state.source.key, place: places.get(state.source.key) ?? null })),
    knownIdentity: record?.identity ?? states.find((state) => state.stamp !== null)?.stamp?.identity ?? null,
    acceptGap: settings.acceptGap,
  });
  if (plan.acceptedGap !== null) parts.log.warn('reading on after a gap that the operator accepted', plan.acceptedGap);
  const tables: MirroredTable[] = [];
  for (const state of states) tables.push(await openTable(state, places.get(state.source.key) ?? null, { parts, settings, catalog, token }));
  return {
    tables,
    from: plan.from,
    toCopy: tables.filter((table) => plan.toCopy.includes(table.source.key)),
    nextNumber: highestNumber(states, record) + 1n,
  };
}

function lakeTableFor(source: SourceTable, settings: MirrorSettings): ReturnType<typeof lakeTableOf> {
  const names = { source: settings.pipeline, database: settings.database };
  return lakeTableOf(source, settings.mapping(source.key), names);
}

/** The later of the place in the newest own snapshot and in the newest record (architecture, rule 3). */
function placeOf(state: LakeState, record: CheckpointRecord | null, source: ChangeSource): SourcePosition | null {
  const key = state.source.key;
  const fromSnapshot = state.stamp?.position ?? null;
  const recorded = record?.tables.some((table) => table.source === key) === true ? record.position : null;
  const stopped = record?.stopped.find((table) => table.source === key)?.place ?? null;
  const known = [fromSnapshot, state.table === null ? null : (recorded ?? stopped)].filter((place) => place !== null);
  return known.length === 0 ? null : known.reduce((a, b) => source.positions.latest(a, b));
}

function highestNumber(states: readonly LakeState[], record: CheckpointRecord | null): bigint {
  const numbers = states.map((state) => state.stamp?.checkpoint ?? 0n);
  return [...numbers, record?.number ?? 0n].reduce((a, b) => (a > b ? a : b));
}

interface OpenParts {
  readonly parts: MirrorParts;
  readonly settings: MirrorSettings;
  readonly catalog: FileSystemCatalog;
  readonly token: string;
}

async function openTable(state: LakeState, place: SourcePosition | null, open: OpenParts): Promise<MirroredTable> {
  const { parts, settings, catalog, token } = open;
  const { lake, source } = state;
  const table = state.table ?? (await catalog.createTable(lake.database, lake.table, lake));
  // A copy that was killed has left files that no snapshot names; nothing else writes to a table without a place.
  if (place === null && state.latest === null) await table.removeUnnamedFiles();
  const liveFiles = await table.liveFiles();
  const writer = table.openWriter({ runner: parts.runner, random: parts.random, clock: parts.clock, liveFiles });
  const committer = await TableCommitter.open({
    store: parts.store,
    tablePath: table.path,
    schema: table.schema,
    clock: parts.clock,
    random: parts.random,
    token: { property: TOKEN_PROPERTY, value: token },
  });
  const telemetry = tableTelemetry(parts.telemetry, source.key, `${lake.database}.${lake.table}`);
  return new MirroredTable({
    source,
    lake,
    table,
    writer,
    liveFiles,
    committer,
    telemetry,
    place,
    snapshotId: state.latest?.id ?? null,
    pipeline: settings.pipeline,
  });
}
