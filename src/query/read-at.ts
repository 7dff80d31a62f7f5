// Which state of which table a query reads: what `at` says, else one cut for the tables of a pipeline, else the latest.
import { TributaryError } from '../base/errors.ts';
import type { CheckpointRecord } from '../checkpoint/checkpoint-record.ts';
import { CheckpointStore, listPipelines } from '../checkpoint/checkpoint-store.ts';
import type { SnapshotId } from '../paimon/meta/snapshot.ts';
import type { ReadPoint } from '../paimon/scan/scan.ts';
import type { FileStore } from '../storage/file-store.ts';

/** The order of positions of a source; from `change/`, as the store of checkpoints takes it. */
export type PositionOrder = Parameters<CheckpointStore['cutAtPosition']>[1];
/** The order of positions for each kind of source. */
export type PositionOrders = (kind: CheckpointRecord['identity']['kind']) => PositionOrder;

/**
 * A state of the lake. A snapshot is one of a single table; a tag is looked up in each table. `timestamp` is the last
 * state at or before that time: milliseconds since the epoch, a date, or ISO 8601 text (UTC unless it says otherwise).
 * Cuts and positions are of a pipeline, which needs no name where the lake has only one.
 */
export type ReadAt =
  | { readonly snapshot: bigint | number }
  | { readonly timestamp: Date | number | string }
  | { readonly tag: string }
  | { readonly cut: bigint | number; readonly pipeline?: string }
  | { readonly position: string; readonly pipeline?: string };

/** What a table is read at; `empty` where it had no snapshot at a cut. */
export type TablePoint = ReadPoint | { readonly kind: 'empty' };

const LATEST: TablePoint = { kind: 'latest' };

/** Reads `snapshot:N`, `timestamp:T`, `tag:X`, `cut:[PIPELINE/]N` or `position:P`. Throws `E6012`. */
export function parseReadAt(text: string): ReadAt {
  const colon = text.indexOf(':');
  const value = text.slice(colon + 1);
  switch (colon < 0 || value === '' ? '' : text.slice(0, colon)) {
    case 'snapshot':
      return { snapshot: idOf(value, text) };
    case 'timestamp':
      return { timestamp: /^\d+$/.test(value) ? Number(value) : value };
    case 'tag':
      return { tag: value };
    case 'cut': {
      const slash = value.lastIndexOf('/');
      const cut = idOf(value.slice(slash + 1), text);
      return slash < 0 ? { cut } : { cut, pipeline: value.slice(0, slash) };
    }
    case 'position':
      return { position: value };
    default:
      throw notUnderstood(text);
  }
}

/** Milliseconds since the epoch of a time. Throws `E6012`. */
export function timestampMsOf(time: Date | number | string): number {
  const ms = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(zoned(time)) : time.getTime();
  if (Number.isFinite(ms)) return ms;
  throw new TributaryError('E6012', `time is not understood: time=${String(time)} expected=2026-01-31T12:00:00Z`);
}

/**
 * What each of the tables (`database.table`) is read at. Several tables of one pipeline are read at its newest cut that
 * `at` allows. Throws `E6012`, `E3501` (no such cut).
 */
export async function tablePoints(
  lake: { readonly store: FileStore; readonly positionOrders: PositionOrders },
  tables: readonly string[],
  at: ReadAt | undefined,
): Promise<ReadonlyMap<string, TablePoint>> {
  if (at !== undefined && ('cut' in at || 'position' in at)) {
    const record = await cutOf(lake, at);
    return new Map(tables.map((table) => [table, pointInCut(record, table) ?? notInCut(record, table)]));
  }
  const point = at === undefined ? LATEST : pointOf(at);
  const points = new Map(tables.map((table) => [table, point]));
  if (tables.length < 2) return points;
  if (point.kind === 'snapshot') {
    throw new TributaryError('E6012', 'snapshot is of one table, the query has several: use cut:N or timestamp:T');
  }
  if (point.kind === 'tag') return points;
  for (const [table, inCut] of await commonCuts(lake.store, tables, point)) points.set(table, inCut);
  return points;
}

function pointOf(at: Exclude<ReadAt, { cut: unknown } | { position: unknown }>): TablePoint {
  if ('snapshot' in at) return { kind: 'snapshot', id: BigInt(at.snapshot) as SnapshotId };
  if ('tag' in at) return { kind: 'tag', name: at.tag };
  return { kind: 'timestamp', timestampMs: timestampMsOf(at.timestamp) };
}

async function cutOf(
  lake: { readonly store: FileStore; readonly positionOrders: PositionOrders },
  at: Extract<ReadAt, { cut: unknown } | { position: unknown }>,
): Promise<CheckpointRecord> {
  const checkpoints = new CheckpointStore(lake.store, await pipelineOf(lake.store, at.pipeline));
  if ('cut' in at) return checkpoints.cutByNumber(BigInt(at.cut));
  const latest = await checkpoints.latest();
  if (latest === null) return checkpoints.cutByNumber(0n);
  const position = at.position as CheckpointRecord['position'];
  return checkpoints.cutAtPosition(position, lake.positionOrders(latest.identity.kind));
}

async function pipelineOf(store: FileStore, named: string | undefined): Promise<string> {
  const known = await listPipelines(store);
  if (named !== undefined && known.includes(named)) return named;
  if (named === undefined && known.length === 1) return known[0];
  const what = named === undefined ? 'lake has not exactly one pipeline, name one' : `no such pipeline: ${named}`;
  throw new TributaryError('E6012', `${what}: known=${known.join(',')}`);
}

/** Tables that at least two of are in the newest cut of one pipeline, and what they are read at. */
async function commonCuts(
  store: FileStore,
  tables: readonly string[],
  point: TablePoint,
): Promise<readonly (readonly [string, TablePoint])[]> {
  const found: (readonly [string, TablePoint])[] = [];
  for (const pipeline of await listPipelines(store)) {
    const checkpoints = new CheckpointStore(store, pipeline);
    const latest = await checkpoints.latest();
    const mine = latest === null ? [] : tables.filter((table) => pointInCut(latest, table) !== null);
    if (latest === null || mine.length < 2) continue;
    const record = point.kind === 'timestamp' ? await checkpoints.cutAtTime(point.timestampMs) : latest;
    for (const table of mine) found.push([table, pointInCut(record, table) ?? notInCut(record, table)]);
  }
  return found;
}

function pointInCut(record: CheckpointRecord, table: string): TablePoint | null {
  const found = record.tables.find((candidate) => candidate.table === table);
  if (found === undefined) return null;
  return found.snapshotId === null ? { kind: 'empty' } : { kind: 'snapshot', id: found.snapshotId as SnapshotId };
}

function notInCut({ pipeline, number }: CheckpointRecord, table: string): never {
  throw new TributaryError('E6012', `table is not in the cut: table=${table} cut=${pipeline}/${number}`);
}

function idOf(value: string, text: string): bigint {
  if (!/^\d+$/.test(value)) throw notUnderstood(text);
  return BigInt(value);
}

/** A time without a zone is UTC, not the machine's. */
function zoned(time: string): string {
  return /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(time) ? `${time.replace(' ', 'T')}Z` : time;
}

function notUnderstood(text: string): TributaryError {
  const expected = 'snapshot:N|timestamp:T|tag:X|cut:[PIPELINE/]N|position:P';
  return new TributaryError('E6012', `point in time is not understood: at=${text} expected=${expected}`);
}
