// From a snapshot to the splits that a read has to read. Source: format notes 05 sections 4 and 11, 04 sections 4 and 9.
import { assert } from '../../base/errors.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import { conditionColumns, type PlainCondition, plainConditions } from '../format/condition.ts';
import type { ReadSchemas } from '../lsm/file-conditions.ts';
import { type DeletionFile, deletionFilesOf } from '../lsm/deletion-vector.ts';
import { filePaths } from '../lsm/file-paths.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { type RowGroup, rowGroups, withoutColumnStores } from '../lsm/row-id-groups.ts';
import { writtenSchema } from '../lsm/written-columns.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { DELETION_VECTORS, FILE_ADD, type IndexManifestEntry, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { readableSchema } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { rowsByEmbeddedIndex } from './file-selection.ts';
import { checkConditions, fieldOf } from './predicate.ts';
import { columnsMayMeet, valuesMayMeet } from './prune.ts';
import type { ReadOptions, ScanPlan, Split } from './scan.ts';
import { manifestMayMeet, ScanSelection, type WantedFiles } from './scan-selection.ts';
import { keylessRule, type SplitFiles, type SplitRule, splitFiles } from './split-files.ts';
import { keyRowOrder } from '../lsm/key-values.ts';
import { tableLayout } from '../lsm/key-value-file.ts';

/** What a plan is made of. */
export interface PlanSource {
  /** The table's directory (a branch shares that of its table). */
  readonly tablePath: string;
  readonly manifests: ManifestStore;
  readonly schemas: SchemaStore;
  /** The schema to read with. */
  readonly schema: TableSchema;
  /** Null for a table that was never committed to. */
  readonly snapshot: Snapshot | null;
  /** Partitions that are read; all unless given. */
  readonly inPartition?: (partition: Uint8Array) => boolean;
}

/**
 * The splits of the snapshot that may hold rows that meet the conditions, in bucket order. Throws `E3400` (unknown column
 * or value of another type).
 */
export async function planScan(source: PlanSource, options: ReadOptions): Promise<ScanPlan> {
  const { schema, snapshot } = source;
  const readable = readableSchema(schema);
  const fields = options.columns?.map((name) => fieldOf(name, readable.fields)) ?? schema.fields;
  checkConditions(options.where ?? [], readable.fields);
  const where = plainConditions(options.where ?? []);
  if (snapshot === null) return { snapshot, schema, fields, splits: [] };
  const rule = splitRule(schema, options);
  const { inPartition = () => true } = source;
  const found = await visibleEntries(source, snapshot, { options, where, rule });
  const visible = found.filter(({ partition }) => inPartition(partition));
  const indexEntries = await source.manifests.indexEntriesOf(snapshot);
  const deletionFiles = deletionFilesByBucket(source, indexEntries);
  const prune = await Pruner.open(source, visible, where);
  const asWritten: SplitRule = { kind: 'as-written', order: keyRowOrder(tableLayout(schema)) };
  const asked = [...fields, ...conditionColumns(where).map((name) => fieldOf(name, readable.fields))];
  const splits: Split[] = [];
  for (const bucket of byBucket(visible)) {
    const { partition, bucket: number } = bucket[0];
    const all = bucket.map((entry) => entry.file);
    const files = rule.kind === 'row-ids' ? withoutColumnStores(all, asked) : all;
    const bucketSplits = splitFiles(files, number < 0 ? asWritten : rule);
    const place = { partition, bucket: number, deletionFiles: deletionFiles(bucket[0]) };
    for (const split of await prune.byValues(bucketSplits)) splits.push({ ...place, ...split });
  }
  return { snapshot, schema, fields, splits };
}

interface VisibleFiles extends Pick<WantedFiles, 'where'> {
  readonly options: ReadOptions;
  readonly rule: SplitRule;
}

/** The files that the read sees and that may hold rows that meet the conditions. */
async function visibleEntries(
  { manifests, schema, schemas }: PlanSource,
  snapshot: Snapshot,
  { options, where, rule }: VisibleFiles,
): Promise<readonly ManifestEntry[]> {
  const list = (await manifests.manifestsOf(snapshot)).filter((manifest) => manifestMayMeet(manifest, where, schema));
  const standAlone = rule.kind !== 'merge' && rule.kind !== 'row-ids';
  const judgesBuckets = rule.kind === 'merge' && keepsRows(schema) && asksForValues(where, schema);
  const asksFiles = where.length > 0 && (standAlone || judgesBuckets);
  const fileSchemas = await schemas.readAll(asksFiles ? list.map(({ schemaId }) => schemaId) : [], []);
  const wanted = { schema, where, isVisible: visibility(schema, options), standAlone, fileSchemas };
  if (!judgesBuckets) return manifests.liveEntriesIn(list, new ScanSelection(wanted));
  // A row that is left of a merge stands in one of the files: buckets without such a file are passed by as a whole.
  const buckets = new Set<string>();
  const judge = new ScanSelection({ ...wanted, standAlone: true });
  await manifests.visit(list, {
    hasBlock: (span) => judge.hasBlock(span),
    visit: (row) => {
      if (row.kind !== FILE_ADD || !judge.hasPlace(row) || !judge.hasFile(row)) return;
      buckets.add(bucketKey(row.partition, row.bucket));
    },
  });
  return buckets.size === 0 ? [] : manifests.liveEntriesIn(list, new ScanSelection({ ...wanted, buckets }));
}

/** Whether a condition is on a column that is neither of the partition nor of the key, which tell more by themselves. */
function asksForValues(where: readonly PlainCondition[], { partitionKeys, primaryKeys }: TableSchema): boolean {
  return conditionColumns(where).some((name) => !partitionKeys.includes(name) && !primaryKeys.includes(name));
}

/** Whether a merge gives one of its rows as it is. */
function keepsRows(schema: TableSchema): boolean {
  const { mergeEngine } = tableOptions(schema);
  return mergeEngine === 'deduplicate' || mergeEngine === 'first-row';
}

function splitRule(schema: TableSchema, options: ReadOptions): SplitRule {
  if (schema.primaryKeys.length === 0) return keylessRule(schema);
  if (options.readOptimized === true || (options.beforeChanges !== true && readsAboveLevel0(schema)))
    return { kind: 'levels-above-0' };
  return { kind: 'merge', order: keyRowOrder(tableLayout(schema)) };
}

/** Whether each key stands once above level 0, and level 0 is not visible until it is compacted. */
export function readsAboveLevel0(schema: TableSchema): boolean {
  const { deletionVectors, deletionVectorsMergeOnRead, mergeEngine } = tableOptions(schema);
  return (deletionVectors && !deletionVectorsMergeOnRead) || mergeEngine === 'first-row';
}

function visibility(schema: TableSchema, options: ReadOptions): WantedFiles['isVisible'] {
  const { levelCount, changelogProducer } = tableOptions(schema);
  const producer = options.beforeChanges === true ? changelogProducer : 'none';
  const seesPostponed = options.beforeChanges === true && changelogProducer === 'none';
  const isTopOnly = options.readOptimized === true || producer === 'full-compaction';
  const levelMin = isTopOnly ? levelCount - 1 : producer === 'lookup' ? 1 : 0;
  const levelMax = isTopOnly ? levelCount - 1 : Number.POSITIVE_INFINITY;
  const isKeyed = schema.primaryKeys.length > 0;
  return ({ bucket, level }) => {
    // Files of postponed buckets (-2) are not sorted and not visible until they are compacted into real ones.
    if (bucket < 0) return seesPostponed;
    return !isKeyed || (level >= levelMin && level <= levelMax);
  };
}

/** The entries of each bucket, partitions and buckets in the order of their first file. */
function byBucket(entries: readonly ManifestEntry[]): readonly (readonly ManifestEntry[])[] {
  const buckets = Map.groupBy(entries, ({ partition, bucket }) => bucketKey(partition, bucket));
  return [...buckets.values()].sort((a, b) => {
    const byPartition = Buffer.compare(a[0].partition, b[0].partition);
    return byPartition === 0 ? a[0].bucket - b[0].bucket : byPartition;
  });
}

/** Where the deletion vectors of a bucket's files are, by data file name. */
export function deletionFilesByBucket(
  source: Pick<PlanSource, 'tablePath' | 'schema'>,
  indexEntries: readonly IndexManifestEntry[],
): (place: Pick<ManifestEntry, 'partition' | 'bucket'>) => ReadonlyMap<string, DeletionFile> {
  const paths = filePaths(source.tablePath, source.schema);
  const buckets = new Map<string, Map<string, DeletionFile>>();
  for (const entry of indexEntries) {
    if (entry.indexType !== DELETION_VECTORS) continue;
    const key = bucketKey(entry.partition, entry.bucket);
    const files = buckets.get(key) ?? new Map<string, DeletionFile>();
    buckets.set(key, files);
    for (const [name, vector] of deletionFilesOf(entry, paths.index(entry))) files.set(name, vector);
  }
  const none = new Map<string, DeletionFile>();
  return ({ partition, bucket }) => buckets.get(bucketKey(partition, bucket)) ?? none;
}

/** Leaves out files by their statistics. */
class Pruner {
  private readonly schema: TableSchema;
  private readonly where: readonly PlainCondition[];
  private readonly fileSchemas: ReadonlyMap<number, TableSchema>;
  private readonly keepsRows: boolean;
  /** Whether what is not read as it is are columns of the same rows, not rows of the same keys. */
  private readonly isKeyless: boolean;
  private readonly usesIndexes: boolean;

  private constructor(
    schema: TableSchema,
    where: readonly PlainCondition[],
    fileSchemas: ReadonlyMap<number, TableSchema>,
  ) {
    this.schema = readableSchema(schema);
    this.where = where;
    this.fileSchemas = fileSchemas;
    this.usesIndexes = tableOptions(schema).fileIndexReadEnabled;
    this.isKeyless = schema.primaryKeys.length === 0;
    this.keepsRows = keepsRows(schema);
  }

  static async open(
    source: PlanSource,
    entries: readonly ManifestEntry[],
    where: readonly PlainCondition[],
  ): Promise<Pruner> {
    const ids = where.length === 0 ? [] : entries.map((entry) => entry.file.schemaId);
    return new Pruner(source.schema, where, await source.schemas.readAll(ids, []));
  }

  async byValues(splits: readonly SplitFiles[]): Promise<readonly SplitFiles[]> {
    if (this.where.length === 0) return splits;
    const kept: SplitFiles[] = [];
    for (const split of splits) {
      if (this.isKeyless && !split.rawConvertible) {
        const files = rowGroups(split.files)
          .filter((group) => this.columnsMayMeet(group))
          .flat();
        if (files.length > 0) kept.push({ ...split, files });
        continue;
      }
      // Merged values may meet conditions that none of the values they are made of does.
      if (!split.rawConvertible && !this.keepsRows) {
        kept.push(split);
        continue;
      }
      const matching: DataFileMeta[] = [];
      for (const file of split.files) if (await this.valuesMayMeet(file)) matching.push(file);
      if (matching.length > 0) kept.push(split.rawConvertible ? { ...split, files: matching } : split);
    }
    return kept;
  }

  private columnsMayMeet(group: RowGroup): boolean {
    return columnsMayMeet(
      group.map((file) => ({ file, schemas: this.schemasOf(file) })),
      this.where,
    );
  }

  private schemasOf(file: DataFileMeta): ReadSchemas {
    const version = this.fileSchemas.get(file.schemaId);
    assert(version !== undefined, `schema version was not loaded: id=${file.schemaId}`);
    return { read: this.schema, file: writtenSchema(version, file) };
  }

  private async valuesMayMeet(file: DataFileMeta): Promise<boolean> {
    const schemas = this.schemasOf(file);
    if (!valuesMayMeet(file, this.where, schemas)) return false;
    if (!this.usesIndexes || file.embeddedFileIndex === null) return true;
    return (await rowsByEmbeddedIndex(file, this.where, schemas))?.isEmpty !== true;
  }
}
