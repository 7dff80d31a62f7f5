// The changes of a table, snapshot after snapshot, from a start to an end or for ever.
import type { Clock } from '../base/clock.ts';
import { isTributaryError, TributaryError } from '../base/errors.ts';
import { DELETE, INSERT, isRetract } from '../column/row-kind.ts';
import { bucketKey } from '../paimon/lsm/live-files.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from '../paimon/meta/manifest-entry.ts';
import type { Snapshot, SnapshotId } from '../paimon/meta/snapshot.ts';
import { fieldOf } from '../paimon/scan/predicate.ts';
import { readPlan } from '../paimon/scan/read.ts';
import type { ReadBatch, ScanPlan, SnapshotChanges } from '../paimon/scan/scan.ts';
import { keylessRule, splitFiles } from '../paimon/scan/split-files.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { Table } from '../paimon/table.ts';
import { readConsumer, writeConsumer } from './consumer.ts';
import { timestampMsOf } from './read-at.ts';
import { keyRowOrder } from '../paimon/lsm/key-values.ts';
import { tableLayout } from '../paimon/lsm/key-value-file.ts';
import { changesIn } from '../paimon/scan/changelog.ts';

/**
 * Where a changelog starts: with the changes of a snapshot, of the first snapshot at or after a time, of the oldest that
 * is left, or of the first that is yet to come.
 */
export type ChangelogStart =
  | { readonly snapshot: bigint | number }
  | { readonly timestamp: Date | number | string }
  | 'earliest'
  | 'latest';

/** Where a changelog ends: after the changes of a snapshot, of the last one at or before a time, or of the latest. */
export type ChangelogEnd =
  | { readonly snapshot: bigint | number }
  | { readonly timestamp: Date | number | string }
  | 'latest';

/** Which changes to give. */
export interface ChangelogOptions {
  /** `earliest` unless given. A consumer that has consumed before goes on where it stands. */
  readonly from?: ChangelogStart;
  /** Inclusive; the latest snapshot at the start unless given. */
  readonly to?: ChangelogEnd;
  /** Waits for new snapshots until `to`, or the signal, ends it. Default false. */
  readonly follow?: boolean;
  readonly columns?: readonly string[];
  /** Remembers in the lake what was consumed: a snapshot counts as soon as the batch after its last one is asked for. */
  readonly consumer?: string;
  /** Milliseconds between looks for new snapshots; default 1000. */
  readonly pollIntervalMs?: number;
  /** Ends the changelog, as its end does. */
  readonly signal?: AbortSignal;
}

const POLL_INTERVAL_MS = 1000;

/** Reads `snapshot:N`, `timestamp:T`, `earliest` or `latest`. Throws `E6018`. */
export function parseChangelogStart(text: string): ChangelogStart {
  return text === 'earliest' ? text : parseChangelogEnd(text);
}

/** Reads `snapshot:N`, `timestamp:T` or `latest`. Throws `E6018`. */
export function parseChangelogEnd(text: string): ChangelogEnd {
  if (text === 'latest') return text;
  const value = /^(snapshot|timestamp):(.+)$/.exec(text);
  if (value?.[1] === 'snapshot' && /^\d+$/.test(value[2])) return { snapshot: BigInt(value[2]) };
  if (value?.[1] === 'timestamp') return { timestamp: /^\d+$/.test(value[2]) ? Number(value[2]) : value[2] };
  throw new TributaryError('E6018', `place in a changelog is not understood: place=${text}`);
}

/**
 * The changes as the table's changelog producer promises them: with `none` the net change of each key per snapshot, as
 * upserts (+I, +U) and deletes (-D), and what an OVERWRITE (TRUNCATE) took away as -D. Throws `E3401` where snapshots of
 * the range have expired, `E6018` to `E6020`.
 */
export async function* readChangelog(
  table: Table,
  options: ChangelogOptions,
  clock: Clock,
): AsyncGenerator<SnapshotChanges> {
  const { consumer, signal } = options;
  const end = await lastSnapshot(table, options);
  const isDone = (id: bigint): boolean => (end !== null && id > end) || signal?.aborted === true;
  for (let next = await firstSnapshot(table, options); !isDone(next); ) {
    const latest: bigint = (await table.latestSnapshot())?.id ?? 0n;
    while (next <= latest && !isDone(next)) {
      yield* snapshotChanges(table, next, options);
      next += 1n;
      if (consumer !== undefined) await writeConsumer(table, consumer, next);
    }
    if (isDone(next) || !(await waited(clock, options))) return;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** False if the signal came first. */
async function waited(clock: Clock, { pollIntervalMs = POLL_INTERVAL_MS, signal }: ChangelogOptions): Promise<boolean> {
  try {
    await clock.sleep(pollIntervalMs, signal);
    return true;
  } catch (error) {
    if (isAborted(signal)) return false;
    throw error;
  }
}

/** The id of the first snapshot to give. */
async function firstSnapshot(table: Table, { from = 'earliest', consumer }: ChangelogOptions): Promise<bigint> {
  const stands = consumer === undefined ? null : await readConsumer(table, consumer);
  if (stands !== null) return stands;
  if (from === 'earliest') return (await table.earliestChanges()) ?? 1n;
  if (from === 'latest') return ((await table.latestSnapshot())?.id ?? 0n) + 1n;
  if ('snapshot' in from) return BigInt(from.snapshot);
  const before = await table.snapshots.atOrBefore(timestampMsOf(from.timestamp) - 1);
  return before === null ? ((await table.earliestChanges()) ?? 1n) : before.id + 1n;
}

/** The id of the last snapshot to give; null for none, as it follows. */
async function lastSnapshot(table: Table, { to, follow = false }: ChangelogOptions): Promise<bigint | null> {
  if (to === undefined || to === 'latest') {
    return follow && to === undefined ? null : ((await table.latestSnapshot())?.id ?? 0n);
  }
  if ('snapshot' in to) {
    const latest = (await table.latestSnapshot())?.id ?? 0n;
    const asked = BigInt(to.snapshot);
    return follow || asked <= latest ? asked : latest;
  }
  return (await table.snapshots.atOrBefore(timestampMsOf(to.timestamp)))?.id ?? 0n;
}

async function* snapshotChanges(
  table: Table,
  id: bigint,
  { columns }: ChangelogOptions,
): AsyncGenerator<SnapshotChanges> {
  const schema = await table.refresh();
  const { mergeEngine } = tableOptions(schema);
  const isDelta = changesIn(schema) === 'delta';
  const snapshot = isDelta ? await snapshotOrNull(table, id) : null;
  if (snapshot?.commitKind === 'OVERWRITE') yield* overwriteChanges(table, snapshot, columns);
  else if (snapshot?.commitKind === 'APPEND' && schema.primaryKeys.length > 0 && mergeEngine === 'deduplicate') {
    yield* netChanges(table, snapshot, columns);
  } else yield* table.changesOf(id, columns === undefined ? {} : { columns });
}

/** Null for a snapshot that has expired: `changesOf` knows what is left of it. */
async function snapshotOrNull(table: Table, id: bigint): Promise<Snapshot | null> {
  try {
    return await table.snapshot(id);
  } catch (error) {
    if (isTributaryError(error, 'E3455')) return null;
    throw error;
  }
}

/** The last change of each key among the files that an APPEND added. */
async function* netChanges(
  table: Table,
  snapshot: Snapshot,
  columns: readonly string[] | undefined,
): AsyncGenerator<SnapshotChanges> {
  const entries = await table.manifests.deltaEntriesOf(snapshot);
  for await (const batch of readEntries(table, entries, { columns, keepRetracts: true })) {
    yield changesOf(batch, snapshot.id, (kind) => (isRetract(kind) ? DELETE : kind));
  }
}

/** What an OVERWRITE took away, as -D, and what it added. */
async function* overwriteChanges(
  table: Table,
  snapshot: Snapshot,
  columns: readonly string[] | undefined,
): AsyncGenerator<SnapshotChanges> {
  const entries = await table.manifests.deltaEntriesOf(snapshot);
  const removed = entries.filter((entry) => entry.kind === FILE_DELETE);
  const added = entries.filter((entry) => entry.kind === FILE_ADD);
  for await (const batch of readEntries(table, removed, { columns })) yield changesOf(batch, snapshot.id, () => DELETE);
  for await (const batch of readEntries(table, added, { columns })) yield changesOf(batch, snapshot.id, () => INSERT);
}

function changesOf(batch: ReadBatch, snapshotId: SnapshotId, kindOf: (kind: number) => number): SnapshotChanges {
  return { ...batch, snapshotId, kinds: batch.kinds.map(kindOf) };
}

/** The rows of files, those of one key merged. */
async function* readEntries(
  table: Table,
  entries: readonly ManifestEntry[],
  options: { readonly columns: readonly string[] | undefined; readonly keepRetracts?: boolean },
): AsyncGenerator<ReadBatch> {
  const { schema } = table;
  const fields = options.columns?.map((name) => fieldOf(name, schema.fields)) ?? schema.fields;
  const order = keyRowOrder(tableLayout(schema));
  const rule = schema.primaryKeys.length === 0 ? keylessRule(schema) : ({ kind: 'merge', order } as const);
  const buckets = Map.groupBy(entries, (entry) => bucketKey(entry.partition, entry.bucket));
  const splits = [...buckets.values()].flatMap((bucket) => {
    const files = splitFiles(
      bucket.map((entry) => entry.file),
      rule,
    );
    const { partition, bucket: number } = bucket[0];
    return files.map((part) => ({ partition, bucket: number, ...part, deletionFiles: new Map() }));
  });
  const plan: ScanPlan = { snapshot: null, schema, fields, splits };
  const source = { store: table.store, schemas: table.schemas, tablePath: table.path };
  yield* readPlan(source, plan, { keepRetracts: options.keepRetracts ?? false });
}
