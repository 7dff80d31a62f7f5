// Keeps the number of manifests small: which of a base list are merged at a commit, and what comes of it.
// Source: ManifestFileMerger (format notes 02 section 6).
import { type ColumnBounds, type Literal, mayMeet } from '../format/condition.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry, type ManifestFileMeta } from '../meta/manifest-entry.ts';
import { partitionStatsOf } from '../meta/manifest-list.ts';
import { everyRow, type ManifestRow } from '../meta/manifest-row.ts';
import { fileIdentity, LiveEntries, mergeEntries } from '../meta/merge-entries.ts';
import { boundsOfStats } from '../meta/stats.ts';
import type { DataType } from '../schema/data-type.ts';
import type { ManifestStore } from './manifest-store.ts';

/** The table options that settle when manifests are merged. */
export interface ManifestMergeSettings {
  readonly manifestTargetFileSizeBytes: number;
  readonly manifestMergeCountMin: number;
  readonly manifestFullCompactionSizeBytes: number;
}

/** What to do with a base list: leave it, merge neighbouring manifests, or rewrite all that holds deleted files. */
export type ManifestMergePlan = MinorPlan | { readonly kind: 'full' };

type MinorPlan =
  | { readonly kind: 'keep' }
  /** Groups in list order; a group of one stays as it is. */
  | { readonly kind: 'minor'; readonly groups: readonly (readonly ManifestFileMeta[])[] };

interface MergeTarget {
  readonly store: ManifestStore;
  readonly written: string[];
}

/** Decides what to do with the manifests of a base list, given in list order. */
export function planManifestMerge(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
): ManifestMergePlan {
  const changing = manifests.filter((manifest) => mustChange(manifest, settings));
  const changingBytes = changing.reduce((sum, manifest) => sum + manifest.fileSize, 0);
  return changingBytes >= settings.manifestFullCompactionSizeBytes ? { kind: 'full' } : planMinor(manifests, settings);
}

function planMinor(manifests: readonly ManifestFileMeta[], settings: ManifestMergeSettings): MinorPlan {
  const groups = minorGroups(manifests, settings);
  return groups.some((group) => group.length > 1) ? { kind: 'minor', groups } : { kind: 'keep' };
}

/** Carries the plan out: the manifests of the new base list, in order. New files' names are put into `written`. */
export async function mergeManifests(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
  target: MergeTarget,
): Promise<readonly ManifestFileMeta[]> {
  const plan = planManifestMerge(manifests, settings);
  if (plan.kind !== 'full') return mergeGroups(manifests, plan, target);
  const rewritten = await rewriteAll(manifests, settings, target);
  return rewritten ?? mergeGroups(manifests, planMinor(manifests, settings), target);
}

async function mergeGroups(
  manifests: readonly ManifestFileMeta[],
  plan: MinorPlan,
  { store, written }: MergeTarget,
): Promise<readonly ManifestFileMeta[]> {
  if (plan.kind === 'keep') return manifests;
  const merged: ManifestFileMeta[] = [];
  for (const group of plan.groups) {
    if (group.length === 1) merged.push(...group);
    else {
      const entries = await store.readManifests(group);
      merged.push(...(await store.writeManifests(clustered(mergeEntries(entries)), written)));
    }
  }
  return merged;
}

function mustChange(manifest: ManifestFileMeta, settings: ManifestMergeSettings): boolean {
  return manifest.numDeletedFiles > 0 || manifest.fileSize < settings.manifestTargetFileSizeBytes;
}

/** Neighbours up to the target size each; what is left at the end is merged when there are enough of it. */
function minorGroups(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
): readonly (readonly ManifestFileMeta[])[] {
  const groups: (readonly ManifestFileMeta[])[] = [];
  let candidates: ManifestFileMeta[] = [];
  let sizeBytes = 0;
  for (const manifest of manifests) {
    candidates.push(manifest);
    sizeBytes += manifest.fileSize;
    if (sizeBytes < settings.manifestTargetFileSizeBytes) continue;
    groups.push(candidates);
    candidates = [];
    sizeBytes = 0;
  }
  if (candidates.length >= settings.manifestMergeCountMin) groups.push(candidates);
  else groups.push(...candidates.map((manifest) => [manifest]));
  return groups;
}

/**
 * All live files, without a DELETE left: manifests that are large and lose no file stay and come first, the others are
 * written anew. Large ones whose partitions lose nothing are not even read. Null where only one would be left to look at.
 */
async function rewriteAll(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
  { store, written }: MergeTarget,
): Promise<readonly ManifestFileMeta[] | null> {
  const deleted = await deletedFiles(manifests, store);
  const { partitionTypes } = store;
  const losing = boundsOfStats(partitionTypes, partitionStatsOf(deleted.entries, partitionTypes), 0);
  const mayLose = (manifest: ManifestFileMeta): boolean =>
    mustChange(manifest, settings) ||
    (deleted.entries.length > 0 && mayHoldPartitions(manifest, losing, partitionTypes));
  const examined: ManifestFileMeta[] = [];
  const kept: ManifestFileMeta[] = [];
  for (const manifest of manifests) (mayLose(manifest) ? examined : kept).push(manifest);
  if (examined.length <= 1) return null;
  const rewritten = new LiveEntries();
  for (const manifest of examined) {
    const added: ManifestEntry[] = [];
    let loses = mustChange(manifest, settings);
    const visit = (row: ManifestRow): void => {
      if (row.kind !== FILE_ADD) return;
      const entry = row.entry();
      if (deleted.identities.has(fileIdentity(entry))) loses = true;
      else added.push(entry);
    };
    await store.visit([manifest], everyRow(visit));
    if (loses) for (const entry of added) rewritten.add(entry);
    else kept.push(manifest);
  }
  return [...kept, ...(await store.writeManifests(clustered(rewritten.live()), written))];
}

/** Entries of a bucket together, in the order they had: blocks of manifests then span little. */
function clustered(entries: readonly ManifestEntry[]): readonly ManifestEntry[] {
  return entries.toSorted((a, b) => Buffer.compare(a.partition, b.partition) || a.bucket - b.bucket);
}

interface DeletedFiles {
  readonly entries: readonly ManifestEntry[];
  readonly identities: ReadonlySet<string>;
}

async function deletedFiles(manifests: readonly ManifestFileMeta[], store: ManifestStore): Promise<DeletedFiles> {
  const entries: ManifestEntry[] = [];
  const withDeletes = manifests.filter(({ numDeletedFiles }) => numDeletedFiles > 0);
  const visit = (row: ManifestRow): void => {
    if (row.kind === FILE_DELETE) entries.push(row.entry());
  };
  await store.visit(withDeletes, everyRow(visit));
  return { entries, identities: new Set(entries.map(fileIdentity)) };
}

/** Whether partitions between the least and the greatest of those may be in the manifest, column by column. */
function mayHoldPartitions(
  { partitionStats, numAddedFiles, numDeletedFiles }: ManifestFileMeta,
  wanted: readonly ColumnBounds[],
  types: readonly DataType[],
): boolean {
  return boundsOfStats(types, partitionStats, numAddedFiles + numDeletedFiles).every((bounds, index) => {
    const { min, max, nullCount } = wanted[index];
    const column = '';
    const hasNull = nullCount !== 0n && mayMeet({ column, operator: 'is null' }, bounds);
    if (min === null || max === null) return hasNull;
    const [low, high] = [min as Literal, max as Literal];
    return hasNull || mayMeet({ column, operator: 'between', low, high }, bounds);
  });
}
