// From a point in a table's history to its snapshot. Source: TimeTravelUtil, SnapshotManager (format notes 01 section 7).
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import type { ReadPoint } from './scan.ts';

/** A table or branch with its history. */
export interface TravelSource {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly snapshots: SnapshotStore;
}

const WATERMARK_VERSION = /^watermark-(-?\d{1,19})$/;

/**
 * The snapshot at a point, null for a table that is empty there. Throws `E3404` (no such tag), `E3455` (no such
 * snapshot, or none that is old or late enough), `E3242` (a version that names nothing).
 */
export async function snapshotAt(source: TravelSource, point: ReadPoint): Promise<Snapshot | null> {
  const { snapshots, paths } = source;
  switch (point.kind) {
    case 'latest':
      return snapshots.latest();
    case 'snapshot':
      return snapshots.read(point.id);
    case 'tag':
      return taggedSnapshot(source, point.name);
    case 'version':
      return snapshotAt(source, await pointOfVersion(source, point.version));
    case 'timestamp': {
      const snapshot = await snapshots.atOrBefore(point.timestampMs);
      if (snapshot !== null) return snapshot;
      throw new TributaryError(
        'E3455',
        `no snapshot at or before the time: table=${paths.root} ms=${point.timestampMs}`,
      );
    }
    case 'watermark': {
      const snapshot = await atWatermark(snapshots, point.watermark);
      if (snapshot !== null) return snapshot;
      throw new TributaryError(
        'E3455',
        `no snapshot has come so far: table=${paths.root} watermark=${point.watermark}`,
      );
    }
  }
}

/** The snapshot that a tag keeps. Throws `E3404` if there is no such tag. */
export async function taggedSnapshot({ store, paths }: TravelSource, name: string): Promise<Snapshot> {
  try {
    return parseSnapshot(new TextDecoder().decode(await store.read(paths.tag(name))));
  } catch (error) {
    if (!isTributaryError(error, 'E3001')) throw error;
    throw new TributaryError('E3404', `no such tag: table=${paths.root} tag=${name}`, { cause: error });
  }
}

/** A version is the name of a tag; where there is none, `watermark-` and a watermark, or the id of a snapshot. */
async function pointOfVersion({ store, paths }: TravelSource, version: string): Promise<ReadPoint> {
  const isName = version !== '' && !version.includes('/');
  if (isName && (await store.stat(paths.tag(version))) !== null) return { kind: 'tag', name: version };
  const watermark = WATERMARK_VERSION.exec(version)?.[1];
  if (watermark !== undefined) return { kind: 'watermark', watermark: BigInt(watermark) };
  if (/^\d+$/.test(version)) return { kind: 'snapshot', id: BigInt(version) as SnapshotId };
  throw new TributaryError('E3242', `version is neither a tag nor a snapshot: table=${paths.root} version=${version}`);
}

/**
 * The first snapshot whose watermark is at the given one or later; of several with exactly this one, that which halving
 * the history meets first, as in the reference. Snapshots before the first watermark do not count.
 */
async function atWatermark(snapshots: SnapshotStore, watermark: bigint): Promise<Snapshot | null> {
  const [earliest, latest] = [await snapshots.earliest(), await snapshots.latest()];
  if (earliest === null || latest === null) return null;
  let first = earliest;
  while (first.watermark === null && first.id < latest.id) first = await snapshots.read(first.id + 1n);
  if (first.watermark === null) return null;
  if (first.watermark >= watermark) return first;
  let found: Snapshot | null = null;
  for (let low: bigint = first.id, high: bigint = latest.id; low <= high; ) {
    const middle = await snapshots.read(low + (high - low) / 2n);
    if (middle.watermark === watermark) return middle;
    if (middle.watermark !== null && middle.watermark > watermark) {
      found = middle;
      high = middle.id - 1n;
    } else low = middle.id + 1n;
  }
  return found;
}
