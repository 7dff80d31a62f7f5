// Checks a table against its files: its snapshots, tags and long-lived changelogs (check-snapshot.ts), their hints, those
// of its branches, whether its latest state can be read, and how many files nothing names.
import { branchNames } from './branches.ts';
import { isTributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import { prefixedFiles } from '../../storage/prefixed-entries.ts';
import { SnapshotStore } from '../commit/snapshot-store.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import { TablePaths } from '../meta/table-paths.ts';
import type { ReadBatch } from '../scan/scan.ts';
import { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { type CheckSource, Findings, SnapshotCheck } from './check-snapshot.ts';
import { removeOrphans } from './remove-orphans.ts';

/** The table to check. */
export interface FsckSource extends CheckSource {
  readonly snapshots: SnapshotStore;
  /** The latest. */
  readonly schema: TableSchema;
  /** The rows of the latest state. */
  read(options: { readonly signal?: AbortSignal }): AsyncGenerator<ReadBatch>;
}

/** What was found, of a table with all its branches, or of one branch. */
export interface FsckResult {
  /** Whether there are no problems. */
  readonly ok: boolean;
  /** Snapshots, those that only a tag keeps included. */
  readonly snapshots: number;
  /** Changelogs that have outlived their snapshots. */
  readonly changelogs: number;
  readonly manifests: number;
  readonly dataFiles: number;
  readonly changelogFiles: number;
  /** Index files, counted for each snapshot that names them. */
  readonly indexFiles: number;
  /** LATEST and EARLIEST where there are snapshots but no such hint: slower to open, and sound. */
  readonly missingHints: number;
  /** Least and greatest values of columns that the statistics of files do not tell. */
  readonly unknownBounds: number;
  /** Data files that exist with their size, but are of a format whose rows are not read yet. */
  readonly unreadFiles: number;
  /** Files that nothing names; some may belong to commits under way. Of the main branch's check only. */
  readonly orphans: number;
  /** In words, each beginning with the snapshot where it was met first. */
  readonly problems: readonly string[];
}

/**
 * Checks a table and its branches, or only the branch that was opened; damage is a problem in the result. Throws only
 * for failures of the storage (`E3002` to `E3004`).
 */
export async function fsck(source: FsckSource, signal?: AbortSignal): Promise<FsckResult> {
  const findings = new Findings();
  await checkBranch(source, findings, { where: '', signal });
  // Damage that is found already would only be told again.
  if (findings.problems.length === 0) {
    await findings.guard('latest state', () => checkRead(source, findings, signal));
  }
  let orphanCount = 0;
  if (source.paths.metaRoot === source.paths.root) {
    for (const name of await branchNames(source)) {
      await checkBranch(branchSource(source, name), findings, { where: `branch ${name}: `, signal });
    }
    await findings.guard('orphans', async () => {
      orphanCount = await countOrphans(source);
    });
  }
  return resultOf(findings, orphanCount);
}

function resultOf(findings: Findings, orphans: number): FsckResult {
  return {
    ok: findings.problems.length === 0,
    snapshots: findings.snapshotCount,
    changelogs: findings.changelogCount,
    manifests: findings.manifests.size,
    dataFiles: findings.dataFileNames.size,
    changelogFiles: findings.changelogFiles.size,
    indexFiles: findings.indexFileCount,
    missingHints: findings.missingHints,
    unknownBounds: findings.unknownBounds,
    unreadFiles: findings.unreadCount,
    orphans,
    problems: findings.problems,
  };
}

type BranchSource = CheckSource & { readonly snapshots: SnapshotStore };

function branchSource({ store, paths, manifests }: FsckSource, name: string): BranchSource {
  const own = new TablePaths(paths.root, name);
  const schemas = new SchemaStore(store, own.metaRoot);
  return { store, paths: own, manifests, schemas, snapshots: new SnapshotStore(store, own.metaRoot) };
}

async function checkBranch(
  source: BranchSource,
  findings: Findings,
  { where, signal }: { readonly where: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const check = new SnapshotCheck(source, findings);
  const ids = await source.snapshots.ids();
  await checkHints(source, findings, { where, ids });
  for (const id of ids) {
    signal?.throwIfAborted();
    const place = `${where}snapshot ${id}`;
    await findings.guard(place, async () => check.snapshot(await source.snapshots.read(id), place, true));
  }
  for (const { name, path } of await prefixedFiles(source.store, source.paths.tagDirectory, 'tag-')) {
    signal?.throwIfAborted();
    const place = `${where}tag ${name}`;
    await findings.guard(place, async () => check.snapshot(await readSnapshot(source, path), place, false));
  }
  for (const { name, path } of await prefixedFiles(source.store, source.paths.changelogDirectory, 'changelog-')) {
    signal?.throwIfAborted();
    const place = `${where}changelog ${name}`;
    findings.changelogCount++;
    await findings.guard(place, async () => check.changelog(place, await readSnapshot(source, path)));
  }
}

/** Snapshots follow one another without a gap, and the hints name the first and the last. */
async function checkHints(
  { store, paths, snapshots }: BranchSource,
  findings: Findings,
  { where, ids }: { readonly where: string; readonly ids: readonly bigint[] },
): Promise<void> {
  for (const [index, id] of ids.slice(1).entries()) {
    if (id !== ids[index] + 1n) findings.problems.push(`${where}snapshot ${id}: the one before it is not there`);
  }
  if (ids.length === 0) return;
  for (const [path, place] of [
    [paths.latestSnapshotHint, -1],
    [paths.earliestSnapshotHint, 0],
  ] as const) {
    if ((await store.stat(path)) === null) findings.missingHints++;
    // A commit or an expiry under way is between its snapshot and its hint: the second look is of now.
    else if (!(await isHinted(path, ids.at(place))) && !(await isHinted(path, (await snapshots.ids()).at(place)))) {
      findings.problems.push(`${where}${path} does not name snapshot ${ids.at(place)}`);
    }
  }

  async function isHinted(path: string, id: bigint | undefined): Promise<boolean> {
    return new TextDecoder().decode(await store.read(path)).trim() === id?.toString();
  }
}

/** The latest state can be read to its end. */
async function checkRead(source: FsckSource, findings: Findings, signal: AbortSignal | undefined): Promise<void> {
  const latest = await source.snapshots.latest();
  let rowCount = 0n;
  try {
    for await (const batch of source.read(signal === undefined ? {} : { signal })) rowCount += BigInt(batch.rowCount);
  } catch (error) {
    // A file format that is not known is no damage.
    if (isTributaryError(error, 'E3351')) return;
    throw error;
  }
  const totalCount = latest?.totalRecordCount ?? 0n;
  if (rowCount > totalCount)
    findings.problems.push(`latest state: ${rowCount} rows are read of ${totalCount} in files`);
}

async function countOrphans({ store, paths, schema }: FsckSource): Promise<number> {
  const settings = { olderThanMs: Number.POSITIVE_INFINITY, dryRun: true };
  const table = { store, tablePath: paths.root, schema, random: systemRandom };
  return (await removeOrphans(table, settings)).length;
}

async function readSnapshot({ store }: BranchSource, path: string): ReturnType<SnapshotStore['read']> {
  return parseSnapshot(new TextDecoder().decode(await store.read(path)));
}
