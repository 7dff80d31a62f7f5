// The way into one Paimon table: its schemas and snapshots, reads, changes, and what writes to it.
import { type Clock, localTimeMs, systemClock } from '../base/clock.ts';
import { TributaryError } from '../base/errors.ts';
import { type Random, systemRandom } from '../base/random.ts';
import type { FileStore } from '../storage/file-store.ts';
import type { SpillSpace } from '../storage/spill-space.ts';
import { tablePathOf } from './catalog/file-system-catalog.ts';
import { ManifestStore } from './commit/manifest-store.ts';
import { SnapshotStore } from './commit/snapshot-store.ts';
import type { Condition } from './format/condition.ts';
import { checkDefaultValue } from './format/default-value.ts';
import { type RowObject, rowObjects, type RowValue } from './format/row-objects.ts';
import { TableCommitter, type TableCommitterParts } from './commit/table-commit.ts';
import { type CompactionChange, Compactor } from './lsm/compactor.ts';
import type { KeysAt } from './lsm/cross-partition-buckets.ts';
import { LiveFiles } from './lsm/live-files.ts';
import { TableWriter } from './lsm/table-writer.ts';
import type { TaskRunner } from './lsm/task-runner.ts';
import type { IndexManifestEntry, ManifestEntry } from './meta/manifest-entry.ts';
import type { Snapshot, SnapshotId } from './meta/snapshot.ts';
import {
  type ExpireResult,
  type ExpireSettings,
  expireSnapshots,
  retentionOf,
} from './maintenance/expire-snapshots.ts';
import { branchNames, createBranch, deleteBranch, fastForward } from './maintenance/branches.ts';
import { type History, readTags, type Tag } from './maintenance/references.ts';
import { rollback, type RollbackTarget } from './maintenance/rollback.ts';
import { createTag, deleteTag, type NewTag, replaceTag } from './maintenance/tags.ts';
import { TablePaths } from './meta/table-paths.ts';
import { aggregateRows, namedAggregates, type TableAggregates } from './scan/aggregate.ts';
import { type ChangelogSource, changelogSnapshot, earliestChangesId, readChanges } from './scan/changelog.ts';
import { countRows } from './scan/count.ts';
import { readIncremental } from './scan/incremental.ts';
import { planTogether, readBranchOf } from './scan/branch-plan.ts';
import { planScan, type PlanSource } from './scan/plan.ts';
import { fieldOf } from './scan/predicate.ts';
import { type PresentRowsOptions, readPresentKeys } from './scan/present-keys.ts';
import { readPlan } from './scan/read.ts';
import type { IncrementalOptions, ReadBatch, ReadOptions, ReadPoint, ScanPlan, SnapshotChanges } from './scan/scan.ts';
import { type OpenedSystemTable, openSystemTable } from './scan/system/read-system-table.ts';
import { auditChanges, binlogChanges } from './scan/system/row-tables.ts';
import { snapshotAt, taggedSnapshot } from './scan/time-travel.ts';
import { valueCondition, type ValueOperator } from './scan/value-condition.ts';
import { applySchemaChanges } from './schema/apply-schema-changes.ts';
import type { SchemaChange } from './schema/schema-change.ts';
import { requireKnownRows } from './schema/foreign-options.ts';
import { SchemaStore } from './schema/schema-store.ts';
import { readableSchema } from './schema/system-fields.ts';
import { tableOptions } from './schema/table-options.ts';
import type { TableSchema } from './schema/table-schema.ts';
import { validateSchema } from './schema/validate-schema.ts';

/** Which changes of a table to give: those of the snapshots after `after`, up to and including `upTo`. */
export interface ChangeRange {
  readonly after: bigint;
  readonly upTo: bigint;
  /** Names of the columns, in the wanted order; all of them unless given. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** What a writer of a table works with. */
export interface WriteComponents {
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  /** The files of the latest snapshot; shared by the one writer and the one compactor of a table. */
  readonly liveFiles: LiveFiles;
  /** See `TableWriterOptions`. */
  readonly changesAsGiven?: boolean;
  /** See `TableWriterOptions`. */
  readonly commitUser?: string;
  /** See `TableWriterOptions`. */
  readonly spill?: SpillSpace;
}

/** What a committer of a table works with, beside the table. */
export type CommitterComponents = Pick<TableCommitterParts, 'clock' | 'random' | 'token' | 'knownSnapshotId'>;

/** Which table is meant. */
export interface TableName {
  readonly database: string;
  readonly table: string;
  /** The main branch unless given. */
  readonly branch?: string;
}

/** What a tag keeps, and for how long. */
export interface TagOptions {
  /** The latest unless given. */
  readonly snapshotId?: bigint;
  /** For ever unless given. */
  readonly retainedMs?: number;
  readonly clock?: Clock;
}

/** One table, or a branch of it. Holds nothing open; `schema` is as of `open` or the last `refresh`. */
export class Table {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  private latestSchema: TableSchema;

  private constructor(store: FileStore, paths: TablePaths, latest: { schemas: SchemaStore; schema: TableSchema }) {
    this.store = store;
    this.paths = paths;
    this.schemas = latest.schemas;
    this.snapshots = new SnapshotStore(store, paths.metaRoot);
    this.latestSchema = latest.schema;
    this.manifests = new ManifestStore({ store, tablePath: paths.root, schema: latest.schema, random: systemRandom });
  }

  /** Opens a table. Throws `E3120` if there is no such table or branch, `E3122` for a name that is not allowed. */
  static async open(store: FileStore, name: TableName): Promise<Table> {
    return Table.at(store, new TablePaths(tablePathOf(name.database, name.table), name.branch));
  }

  private static async at(store: FileStore, paths: TablePaths): Promise<Table> {
    const schemas = new SchemaStore(store, paths.metaRoot);
    const schema = await schemas.latest();
    if (schema !== null) return new Table(store, paths, { schemas, schema });
    throw new TributaryError('E3120', `table not found: path=${paths.metaRoot}`);
  }

  /** The table's directory in the store, such as `shop.db/orders`. */
  get path(): string {
    return this.paths.root;
  }

  /** The latest schema. */
  get schema(): TableSchema {
    return this.latestSchema;
  }

  /** Reads the latest schema again and gives it. */
  async refresh(): Promise<TableSchema> {
    this.latestSchema = (await this.schemas.latest()) ?? this.latestSchema;
    return this.latestSchema;
  }

  /**
   * Changes the schema: all changes in one new version, or none, whoever else alters the table at the same time. Older
   * files are read with the new schema from then on; writers that are open go on with the old one until they are opened
   * anew. Throws `E3132` (a change is refused), `E3133` (a default), `E3103`, `E3105` (the schema as a whole), `E3106`.
   */
  async alter(
    changes: readonly SchemaChange[],
    { clock = systemClock }: { readonly clock?: Clock } = {},
  ): Promise<TableSchema> {
    const hasSnapshots = (await this.snapshots.latest()) !== null;
    const timeMillis = clock.nowMs();
    const context = { hasSnapshots, timeMillis, checkDefaultValue };
    this.latestSchema = await this.schemas.update((latest) => applySchemaChanges(latest, changes, context));
    return this.latestSchema;
  }

  /** The newest snapshot; null for a table that was never committed to. */
  async latestSnapshot(): Promise<Snapshot | null> {
    return this.snapshots.latest();
  }

  /** The snapshot of that id. Throws `E3455` if it is not there (any more). */
  async snapshot(id: bigint): Promise<Snapshot> {
    return this.snapshots.read(id);
  }

  /** The snapshot that a tag keeps. Throws `E3404` if there is no such tag. */
  async tag(name: string): Promise<Snapshot> {
    return taggedSnapshot(this, name);
  }

  /**
   * The snapshot at a point, null for a table that is empty there. Throws `E3404` (no such tag), `E3455` (no such
   * snapshot, or none that is old or late enough), `E3242` (a version that names nothing).
   */
  async snapshotAt(point: ReadPoint): Promise<Snapshot | null> {
    return snapshotAt(this, point);
  }

  /** What a read would read: with the columns of the snapshot for a point in the past, else with the latest. */
  async plan(options: ReadOptions = {}): Promise<ScanPlan> {
    const point = options.at ?? { kind: 'latest' };
    const own = await this.planSource(point);
    const branch = readBranchOf(this.latestSchema);
    const other = branch === null ? null : new TablePaths(this.path, branch.name);
    if (branch === null || other === null || other.metaRoot === this.paths.metaRoot) return planScan(own, options);
    const table = await Table.at(this.store, other);
    // Ids are those of one history: the other one is read as it was at that time.
    const isId = point.kind === 'snapshot' && own.snapshot !== null;
    const source = await table.planSource(isId ? { kind: 'timestamp', timestampMs: own.snapshot.timeMillis } : point);
    if (!branch.isFirst) return planTogether(own, source, options);
    const plan = await planTogether(source, own, options);
    return { ...plan, splits: [], next: { plan, schemas: table.schemas } };
  }

  private async planSource(point: ReadPoint): Promise<PlanSource> {
    const snapshot = await this.snapshotAt(point);
    const schema = await this.readSchema(snapshot, point);
    requireKnownRows(this);
    const { manifests, schemas, path: tablePath } = this;
    return { tablePath, manifests, schemas, schema, snapshot };
  }

  /**
   * The rows of one state of the table: in key order within a bucket, in write order in append tables. Throws `E3361` to
   * `E3366` (merge engine), `E3351` (file format), `E3352` (type change), `E3400` (column), `E3402`, `E3404`, `E3455`, `E3244`.
   */
  async *read(options: ReadOptions = {}): AsyncGenerator<ReadBatch> {
    const { store, schemas, path: tablePath } = this;
    yield* readPlan({ store, schemas, tablePath }, await this.plan(options), options);
  }

  /** How many rows `read` would give; from the metadata where that tells. Throws what `read` throws. */
  async count(options: Omit<ReadOptions, 'columns'> = {}): Promise<number> {
    const { store, schemas, path: tablePath, schema } = this;
    const columns = [schema.primaryKeys[0] ?? schema.fields[0].name];
    return countRows({ store, schemas, tablePath }, await this.plan({ ...options, columns }), { ...options, columns });
  }

  /**
   * The number of rows that `read` would give, and of each column the least and greatest value and how often it is NULL;
   * from the metadata where that tells. Throws what `read` throws, and `E3400` for a column whose values have no order.
   */
  async aggregate(
    columns: readonly string[],
    options: Omit<ReadOptions, 'columns' | 'limit'> = {},
  ): Promise<TableAggregates> {
    const { store, schemas, path: tablePath } = this;
    if (columns.length === 0) return { rowCount: await this.count(options), columns: {} };
    const asked = { ...options, columns };
    const plan = await this.plan(asked);
    return namedAggregates(plan.fields, await aggregateRows({ store, schemas, tablePath }, plan, asked));
  }

  /** The rows of one state as plain objects: `read` for programs that take them one by one. Throws what `read` throws. */
  async *rows(options: ReadOptions = {}): AsyncGenerator<RowObject> {
    for await (const batch of this.read(options)) yield* rowObjects(batch);
  }

  /**
   * A condition for `where` from JavaScript values (see `RowValue`); `in` and `not in` take a list of them, `between` its
   * two ends. Throws `E3400` (no such column), `E3137` (a value of another type).
   */
  condition(column: string, operator: ValueOperator, value: RowValue): Condition {
    return valueCondition(fieldOf(column, readableSchema(this.schema).fields), operator, value);
  }

  /**
   * The changes of a range of snapshots, in snapshot order, as the table's changelog producer promises them (see
   * `readChanges`). Throws `E3401` where snapshots of the range have expired.
   */
  async *changes(range: ChangeRange): AsyncGenerator<SnapshotChanges> {
    for (let id = range.after + 1n; id <= range.upTo; id++) {
      range.signal?.throwIfAborted();
      yield* this.changesOf(id, range.columns === undefined ? {} : { columns: range.columns });
    }
  }

  /**
   * The rows that came between two states, each with its kind, as a batch: see `IncrementalMode`. Throws `E3401`
   * (snapshots that are not there), `E3404` (tags), `E3405` (a range that goes backwards), `E3406` (a diff across a
   * change of the number of buckets).
   */
  async *incremental(options: IncrementalOptions): AsyncGenerator<ReadBatch> {
    const schema = await this.refresh();
    yield* readIncremental({ ...this.changelogSource(), schema, tag: (name) => this.tag(name) }, options);
  }

  /** The changes of one snapshot. Throws `E3401` if it has expired and left no changelog. */
  async *changesOf(
    id: bigint,
    options: { readonly columns?: readonly string[] } = {},
  ): AsyncGenerator<SnapshotChanges> {
    const schema = await this.refresh();
    const fields = options.columns?.map((name) => fieldOf(name, schema.fields)) ?? schema.fields;
    const source = this.changelogSource();
    const snapshot = await changelogSnapshot(source, id as SnapshotId);
    yield* readChanges(source, snapshot, { schema, fields });
  }

  /**
   * A system table of the latest state, or of that at `options.at`, by its name after the `$`: `snapshots`, `schemas`,
   * `options`, `tags`, `branches`, `consumers`, `aggregation_fields`, `statistics`, `manifests`, `files`,
   * `file_key_ranges`, `partitions`, `buckets`, `table_indexes`; `row_tracking`, `audit_log`, `binlog` (rows with their
   * kinds, retracts included) or `ro` (rows of the highest level). Throws `E3403`, `E3400`, `E3404`, `E3455`.
   */
  async openSystemTable(name: string, options: ReadOptions = {}): Promise<OpenedSystemTable> {
    const at = options.at ?? { kind: 'latest' };
    const snapshot = await this.snapshotAt(at);
    const schema =
      snapshot === null || at.kind === 'latest' ? await this.refresh() : await this.schemas.read(snapshot.schemaId);
    const { store, paths, schemas, snapshots, manifests } = this;
    const read = (wanted: ReadOptions): AsyncGenerator<ReadBatch> => this.read({ ...wanted, at });
    return openSystemTable({ store, paths, schemas, snapshots, manifests, snapshot, schema, read }, name, options);
  }

  /** The rows of a system table: see `openSystemTable`. */
  async *systemTable(name: string, options: ReadOptions = {}): AsyncGenerator<ReadBatch> {
    yield* (await this.openSystemTable(name, options)).batches();
  }

  /**
   * The changes of a range of snapshots as a stream of the system table `audit_log` or `binlog` gives them: with a
   * column `rowkind`, in a binlog with the values before and after an update as one row. Throws as `changes`, `E3403`.
   */
  systemChanges(name: string, range: ChangeRange): AsyncGenerator<SnapshotChanges> {
    if (name === 'audit_log') return auditChanges(this.changes(range));
    if (name === 'binlog') return binlogChanges(this.changes(range));
    throw new TributaryError('E3403', `system table has no changes: name=${name} there are=audit_log, binlog`);
  }

  /** The oldest snapshot whose changes are left; null for a table that was never committed to. */
  async earliestChanges(): Promise<SnapshotId | null> {
    return earliestChangesId(this.changelogSource());
  }

  /** The live files of the latest snapshot. */
  async liveFiles(): Promise<LiveFiles> {
    const snapshot = await this.latestSnapshot();
    return new LiveFiles(snapshot === null ? [] : await this.manifests.liveEntriesOf(snapshot));
  }

  /** The index files of the latest snapshot. */
  async indexEntries(): Promise<readonly IndexManifestEntry[]> {
    return this.manifests.indexEntriesOf(await this.latestSnapshot());
  }

  /** The one writer of the table. */
  openWriter(components: WriteComponents): TableWriter {
    const { store, path: tablePath, schema } = this;
    const latestIndex = (): Promise<readonly IndexManifestEntry[]> => this.indexEntries();
    const { crossPartitionIndexTtlMs: ttlMs } = tableOptions(schema);
    const createdFromMs = ttlMs === null ? undefined : localTimeMs(components.clock.nowMs()) - ttlMs;
    const presentKeys = (): AsyncIterable<KeysAt> => this.presentKeys({ createdFromMs });
    return TableWriter.open({ store, tablePath, schema, latestIndex, presentKeys, ...components });
  }

  /** The keys of all rows of the latest state with their places, for tables with a primary key: see `readPresentKeys`. */
  async *presentKeys(options: PresentRowsOptions = {}): AsyncGenerator<KeysAt> {
    const { store, schemas, manifests, path: tablePath, schema } = this;
    const snapshot = await this.snapshots.latest();
    yield* readPresentKeys({ store, schemas, manifests, tablePath, schema, snapshot }, options);
  }

  /**
   * A writer of files that are to replace partitions or the whole table: it begins as if the table were empty, and leaves
   * changelogs out, as readers of changes pass overwrites by.
   */
  openOverwriter(components: Omit<WriteComponents, 'liveFiles'>): TableWriter {
    const { store, path: tablePath } = this;
    const schema = { ...this.schema, options: { ...this.schema.options, 'changelog-producer': 'none' } };
    return TableWriter.open({ store, tablePath, schema, liveFiles: new LiveFiles(), ...components });
  }

  /**
   * Publishes the table's commits; see `TableCommitterParts` for the token and the snapshot seen.
   * Give the one committer of a process to its writer and its compactor.
   */
  async committer(parts: CommitterComponents): Promise<TableCommitter> {
    const { store, schema, path: tablePath } = this;
    const branchPath = this.paths.metaRoot;
    return TableCommitter.open({ store, tablePath, branchPath, schema, ...parts });
  }

  /**
   * The one compactor of the table. It publishes through the committer under a user of its own, with identifiers that
   * go on from the newest snapshot of that user; `commitIdentifier` gives the one of its next commit instead.
   */
  async openCompactor(
    components: WriteComponents,
    publish: {
      readonly committer: TableCommitter;
      readonly commitUser: string;
      readonly commitIdentifier?: bigint;
    },
  ): Promise<Compactor> {
    const { store, schemas, path: tablePath } = this;
    const { committer, commitUser } = publish;
    let identifier =
      publish.commitIdentifier ?? ((await this.snapshots.newestBy(commitUser))?.commitIdentifier ?? 0n) + 1n;
    const commit = async (change: CompactionChange): Promise<void> => {
      await committer.commit({ kind: 'COMPACT', ...change, commitUser, commitIdentifier: identifier });
      identifier += 1n;
    };
    const latestFiles = async (): Promise<readonly ManifestEntry[]> => {
      await committer.refresh();
      return committer.liveEntries();
    };
    const indexEntries = (): Promise<readonly IndexManifestEntry[]> => committer.indexEntries();
    return new Compactor({
      store,
      tablePath,
      schemas,
      ...components,
      committer: { commit, latestFiles, indexEntries },
    });
  }

  /**
   * Removes old snapshots and the files that only they name, by the table's options unless `retention` is given; those
   * that tags and consumers need stay. Throws what the store throws.
   */
  expireSnapshots(
    settings: Partial<ExpireSettings> & { readonly clock?: Clock; readonly random?: Random } = {},
  ): Promise<ExpireResult> {
    const { clock = systemClock, random = systemRandom, ...given } = settings;
    const options = tableOptions(this.schema);
    const defaults = {
      retention: retentionOf(options),
      countMax: options.snapshotExpireCountMax,
      nowMs: clock.nowMs(),
    };
    const { store, path: tablePath, schema } = this;
    return expireSnapshots({ store, tablePath, schema, random }, { ...defaults, ...given });
  }

  /** The tags, by snapshot, oldest first. */
  tags(): Promise<readonly Tag[]> {
    return readTags(this.store, this.paths.tagDirectory);
  }

  /** What tags, branches and rollbacks work on (`maintenance/`), with the latest schema. */
  async history(): Promise<History> {
    const { store, paths, schemas, snapshots, manifests } = this;
    return { store, paths, schemas, snapshots, manifests, schema: await this.refresh() };
  }

  /**
   * Makes a tag, which keeps a snapshot (the latest unless given) from expiring, for ever or for a time. Throws `E3407`,
   * `E3408`, `E3455`.
   */
  async createTag(name: string, options: TagOptions = {}): Promise<void> {
    await createTag(await this.history(), await this.newTag(name, options));
  }

  /** Lets a tag keep another snapshot, the latest unless given. Throws `E3404`, `E3455`. */
  async replaceTag(name: string, options: TagOptions = {}): Promise<void> {
    await replaceTag(await this.history(), await this.newTag(name, options));
  }

  /** Deletes a tag, and the files that only it kept; false if there is none of that name. */
  async deleteTag(name: string): Promise<boolean> {
    return deleteTag(await this.history(), name);
  }

  /** The names of the branches, `main` left out. */
  branches(): Promise<readonly string[]> {
    return branchNames(this);
  }

  /** Makes a branch: an empty one, or one that begins with a tag's state. Throws `E3404`, `E3409`, `E3410`. */
  async createBranch(name: string, options: { readonly fromTag?: string } = {}): Promise<void> {
    await createBranch(await this.history(), name, options.fromTag ?? null);
  }

  /** Deletes a branch. Throws `E3411`. */
  async deleteBranch(name: string): Promise<void> {
    await deleteBranch(await this.history(), name);
  }

  /** The table goes on as the branch has: what it had since the branch began is gone. Throws `E3411`, `E3412`. */
  async fastForward(branch: string): Promise<void> {
    await fastForward(await this.history(), branch);
  }

  /** Takes the table back to a snapshot or a tag; what came later is gone. Throws `E3404`, `E3455`. */
  async rollbackTo(target: RollbackTarget): Promise<void> {
    await rollback(await this.history(), target);
  }

  private async newTag(name: string, { snapshotId, retainedMs, clock = systemClock }: TagOptions): Promise<NewTag> {
    const snapshot = snapshotId === undefined ? await this.snapshots.latest() : await this.snapshots.read(snapshotId);
    if (snapshot === null) throw new TributaryError('E3455', `table has no snapshot yet: table=${this.path}`);
    return { name, snapshot, life: retainedMs === undefined ? null : { createdMs: clock.nowMs(), retainedMs } };
  }

  /**
   * What a state is read with: the latest schema, or for a point in the past the columns that the table had then with the
   * options that it has now, as the reference does. Throws `E3103` where those options name columns that were not there.
   */
  private async readSchema(snapshot: Snapshot | null, point: ReadPoint): Promise<TableSchema> {
    const latest = await this.refresh();
    if (snapshot === null || point.kind === 'latest' || snapshot.schemaId === latest.id) return latest;
    const schema = { ...(await this.schemas.read(snapshot.schemaId)), options: latest.options };
    validateSchema(schema);
    return schema;
  }

  private changelogSource(): ChangelogSource {
    requireKnownRows(this);
    const { store, schemas, paths, snapshots, manifests, path: tablePath } = this;
    return { store, schemas, paths, snapshots, manifests, tablePath };
  }
}
