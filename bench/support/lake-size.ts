// What stands in a lake's directory: files, bytes, and the snapshots with the time at which each became readable.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Files and bytes below the directory. */
export function lakeSize(directory: string): { readonly files: number; readonly bytes: number } {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  return { files: entries.length, bytes };
}

/** One snapshot of a table. */
export interface LakeSnapshot {
  readonly id: number;
  /** The position of the source that it reaches; null for compactions. */
  readonly position: string | null;
  /** When its file got its name, in milliseconds since the epoch. */
  readonly readableMs: number;
}

/** Seconds from `startMs` until the newest snapshot that the mirror committed was there. */
export function secondsToCommit(lakeDirectory: string, startMs: number): number {
  const last = snapshotsOf(lakeDirectory).findLast(({ position }) => position !== null);
  if (last === undefined) throw new Error('nothing was committed');
  return (last.readableMs - startMs) / 1000;
}

/** All snapshots of the one table in the lake, by id. */
export function snapshotsOf(lakeDirectory: string): readonly LakeSnapshot[] {
  const directory = join(lakeDirectory, 'public.db', 'orders', 'snapshot');
  const names = readdirSync(directory).filter((name) => /^snapshot-\d+$/.test(name));
  const snapshots = names.map((name) => {
    const file = join(directory, name);
    const content = JSON.parse(readFileSync(file, 'utf8')) as { properties?: Record<string, string> };
    const position = content.properties?.['tributary.position'] ?? null;
    return { id: Number(name.slice('snapshot-'.length)), position, readableMs: statSync(file).ctimeMs };
  });
  return snapshots.toSorted((a, b) => a.id - b.id);
}
