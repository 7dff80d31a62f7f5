// Keeps the number of manifests small: which of a base list are merged at a commit, and what comes of it.
// Source: ManifestFileMerger (format notes 02 section 6).
import { FILE_DELETE, type ManifestEntry, type ManifestFileMeta } from '../meta/manifest-entry.ts';
import { fileIdentity, liveEntries, mergeEntries } from '../meta/merge-entries.ts';
import type { ManifestStore } from './manifest-store.ts';

/** The table options that settle when manifests are merged. */
export interface ManifestMergeSettings {
  readonly manifestTargetFileSizeBytes: number;
  readonly manifestMergeCountMin: number;
  readonly manifestFullCompactionSizeBytes: number;
}

/** What to do with a base list: leave it, merge neighbouring manifests, or rewrite all that holds deleted files. */
export type ManifestMergePlan =
  | { readonly kind: 'keep' }
  /** Groups in list order; a group of one stays as it is. */
  | { readonly kind: 'minor'; readonly groups: readonly (readonly ManifestFileMeta[])[] }
  | { readonly kind: 'full' };

/** Decides what to do with the manifests of a base list, given in list order. */
export function planManifestMerge(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
): ManifestMergePlan {
  const changing = manifests.filter((manifest) => mustChange(manifest, settings));
  const changingBytes = changing.reduce((sum, manifest) => sum + manifest.fileSize, 0);
  if (changing.length > 1 && changingBytes >= settings.manifestFullCompactionSizeBytes) return { kind: 'full' };
  const groups = minorGroups(manifests, settings);
  return groups.some((group) => group.length > 1) ? { kind: 'minor', groups } : { kind: 'keep' };
}

/** Carries the plan out: the manifests of the new base list, in order. New files' names are put into `written`. */
export async function mergeManifests(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
  target: { readonly store: ManifestStore; readonly written: string[] },
): Promise<readonly ManifestFileMeta[]> {
  const plan = planManifestMerge(manifests, settings);
  switch (plan.kind) {
    case 'keep':
      return manifests;
    case 'full':
      return rewriteAll(manifests, settings, target);
    case 'minor': {
      const merged: ManifestFileMeta[] = [];
      for (const group of plan.groups) {
        if (group.length === 1) merged.push(...group);
        else {
          const entries = (await target.store.readManifests(group)).flat();
          merged.push(...(await target.store.writeManifests(mergeEntries(entries), target.written)));
        }
      }
      return merged;
    }
  }
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
 * written anew.
 */
async function rewriteAll(
  manifests: readonly ManifestFileMeta[],
  settings: ManifestMergeSettings,
  target: { readonly store: ManifestStore; readonly written: string[] },
): Promise<readonly ManifestFileMeta[]> {
  const contents = await target.store.readManifests(manifests);
  const deleted = new Set<string>();
  for (const entry of contents.flat()) if (entry.kind === FILE_DELETE) deleted.add(fileIdentity(entry));
  const kept: ManifestFileMeta[] = [];
  const rewritten: ManifestEntry[] = [];
  for (const [index, manifest] of manifests.entries()) {
    const entries = contents[index];
    const loses = entries.some((entry) => deleted.has(fileIdentity(entry)));
    if (mustChange(manifest, settings) || loses) rewritten.push(...entries);
    else kept.push(manifest);
  }
  return [...kept, ...(await target.store.writeManifests(liveEntries(rewritten), target.written))];
}
