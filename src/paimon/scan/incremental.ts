// What came between two states of a table, as a batch: the rows or changes that the snapshots of a range wrote, or the
// difference of the two states. Source: format notes 05 section 10 (IncrementalDeltaStartingScanner,
// IncrementalDiffStartingScanner).
import { TributaryError } from '../../base/errors.ts';
import { type PlainCondition, plainConditions } from '../format/condition.ts';
import { partitionByInterval } from '../lsm/interval-partition.ts';
import { bucketKey } from '../lsm/live-files.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { changelogSnapshot, type ChangelogSource, earliestChangesId, writtenEntries, changesIn } from './changelog.ts';
import { readsAboveLevel0 } from './plan.ts';
import { checkConditions, fieldOf } from './predicate.ts';
import { partitionMayMeet } from './prune.ts';
import { type DiffPlan, planDiff, readDiff } from './read-diff.ts';
import { readPlan } from './read.ts';
import type { IncrementalMode, IncrementalOptions, IncrementalRange, ReadBatch, ScanPlan, Split } from './scan.ts';
import { keyRowOrder } from '../lsm/key-values.ts';
import { tableLayout } from '../lsm/key-value-file.ts';

/** What an incremental read works with. */
export interface IncrementalSource extends ChangelogSource {
  /** The latest schema: whatever the snapshots', rows are read with it. */
  readonly schema: TableSchema;
  readonly tag: (name: string) => Promise<Snapshot>;
}

/** The snapshots that an incremental read is about, once it is known which. */
type Resolved =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'written'; readonly from: 'delta' | 'changelog'; readonly after: bigint; readonly upTo: bigint }
  | { readonly kind: 'diff'; readonly before: Snapshot; readonly after: Snapshot };

/**
 * The rows, each with its kind; bucket after bucket, file after file. Throws
 * `E3400`, `E3401` (snapshots that are not there), `E3404` (tags), `E3405` (a range that goes backwards), `E3406`.
 */
export async function* readIncremental(
  source: IncrementalSource,
  options: IncrementalOptions,
): AsyncGenerator<ReadBatch> {
  const { schema } = source;
  const where = plainConditions(options.where ?? []);
  const fields = options.columns?.map((name) => fieldOf(name, schema.fields)) ?? schema.fields;
  checkConditions(options.where ?? [], schema.fields);
  const resolved = await resolve(source, options.between, options.mode ?? 'auto');
  if (resolved.kind === 'nothing') return;
  if (resolved.kind === 'diff') {
    const plan: DiffPlan = { ...(await planDiff(source, resolved, where)), fields, where };
    yield* readDiff(source, plan, options);
    return;
  }
  const splits = await writtenSplits(source, resolved, where);
  const plan: ScanPlan = { snapshot: null, schema, fields, splits };
  yield* readPlan(source, plan, options);
}

async function resolve(source: IncrementalSource, range: IncrementalRange, mode: IncrementalMode): Promise<Resolved> {
  const written = mode === 'auto' ? changesIn(source.schema) : mode;
  switch (range.kind) {
    case 'tags': {
      const [before, after] = await Promise.all([source.tag(range.after), source.tag(range.upTo)]);
      if (after.id < before.id) throw backwards(source, `after=${range.after} up_to=${range.upTo}`);
      if (mode === 'auto' || mode === 'diff') return diff(source, before, after);
      return writtenBetween(source, { after: before.id, upTo: after.id, from: mode });
    }
    case 'snapshots': {
      const { after, upTo } = range;
      if (upTo < after) throw backwards(source, `after=${after} up_to=${upTo}`);
      if (after === upTo || (await source.snapshots.earliestId()) === null) return { kind: 'nothing' };
      if (written !== 'diff') return writtenBetween(source, { after, upTo, from: written });
      return diff(source, await source.snapshots.read(after), await source.snapshots.read(upTo));
    }
    case 'timestamps':
      return betweenTimes(source, range, written);
  }
}

async function betweenTimes(
  source: IncrementalSource,
  { afterMs, upToMs }: Extract<IncrementalRange, { kind: 'timestamps' }>,
  mode: 'delta' | 'changelog' | 'diff',
): Promise<Resolved> {
  if (upToMs < afterMs) throw backwards(source, `after_ms=${afterMs} up_to_ms=${upToMs}`);
  const [earliest, latest] = [await source.snapshots.earliest(), await source.snapshots.latest()];
  if (earliest === null || latest === null) return { kind: 'nothing' };
  if (afterMs === upToMs || afterMs > latest.timeMillis || upToMs < earliest.timeMillis) return { kind: 'nothing' };
  const before = await source.snapshots.atOrBefore(afterMs);
  const last = (await source.snapshots.atOrBefore(upToMs)) ?? latest;
  if (mode === 'diff') return diff(source, before ?? earliest, last);
  return writtenBetween(source, { after: before?.id ?? earliest.id - 1n, upTo: last.id, from: mode });
}

async function writtenBetween(
  source: IncrementalSource,
  range: { readonly from: 'delta' | 'changelog'; readonly after: bigint; readonly upTo: bigint },
): Promise<Resolved> {
  const earliest = (await earliestChangesId(source)) ?? 1n;
  const latest = (await source.snapshots.latestId()) ?? 0n;
  if (range.after >= earliest - 1n && range.upTo <= latest) return { kind: 'written', ...range };
  throw new TributaryError(
    'E3401',
    `changes are not there: table=${source.tablePath} after=${range.after} up_to=${range.upTo} available=${earliest}-${latest}`,
  );
}

/** Throws `E3406` where the two states have keys in different buckets. */
async function diff(source: IncrementalSource, before: Snapshot, after: Snapshot): Promise<Resolved> {
  if (before.id === after.id) return { kind: 'nothing' };
  if (tableOptions(source.schema).dataEvolution) {
    // Files that only the later state has hold some columns of rows that both have.
    throw new TributaryError(
      'E3356',
      `states of a table with data evolution are not compared: table=${source.tablePath}`,
    );
  }
  if (before.schemaId !== after.schemaId) {
    const [first, second] = await Promise.all([before, after].map(({ schemaId }) => source.schemas.read(schemaId)));
    const [from, to] = [tableOptions(first).bucket, tableOptions(second).bucket];
    if (from !== to) {
      throw new TributaryError(
        'E3406',
        `states have different numbers of buckets: table=${source.tablePath} snapshots=${before.id},${after.id} buckets=${from},${to}`,
      );
    }
  }
  return { kind: 'diff', before, after };
}

/** One split a bucket, its files by key ranges and within these by snapshots: see `partitionByInterval`. */
async function writtenSplits(
  source: IncrementalSource,
  range: Extract<Resolved, { kind: 'written' }>,
  where: readonly PlainCondition[],
): Promise<readonly Split[]> {
  const { schema } = source;
  const levelMin = schema.primaryKeys.length > 0 && readsAboveLevel0(schema) ? 1 : 0;
  const entries: ManifestEntry[] = [];
  for (let id = range.after + 1n; id <= range.upTo; id++) {
    const snapshot = await changelogSnapshot(source, id as SnapshotId);
    for (const entry of await writtenEntries(source.manifests, snapshot, range.from)) {
      // What waits in a postponed bucket (-2) is no change yet.
      if (entry.bucket === BUCKET_POSTPONE || entry.file.level < levelMin) continue;
      if (!partitionMayMeet(entry.partition, where, schema)) continue;
      entries.push(entry);
    }
  }
  const layout = tableLayout(schema);
  const { dataEvolution } = tableOptions(schema);
  const inSections = (files: readonly DataFileMeta[]): readonly DataFileMeta[] =>
    layout.keyIndexes.length === 0 ? files : partitionByInterval(files, keyRowOrder(layout)).flat(2);
  const buckets = Map.groupBy(entries, (entry) => bucketKey(entry.partition, entry.bucket));
  return [...buckets.values()].map((group) => ({
    partition: group[0].partition,
    bucket: group[0].bucket,
    files: inSections(group.map((entry) => entry.file)),
    rawConvertible: !dataEvolution,
    kinds: 'stored',
    deletionFiles: new Map(),
  }));
}

function backwards(source: IncrementalSource, range: string): TributaryError {
  return new TributaryError('E3405', `range goes backwards: table=${source.tablePath} ${range}`);
}
