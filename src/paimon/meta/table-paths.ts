// Where everything of a table is. All paths are relative to the store's root. Source: format notes 01 section 1
// (FileStorePathFactory, SnapshotManager, BranchManager).
import { partitionPathOf } from '../format/partition-path.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { DataFileMeta } from './data-file-meta.ts';
import type { SnapshotId } from './snapshot.ts';

/** The branch that a table is without a branch. */
export const MAIN_BRANCH = 'main';

/** Names of the two hint files beside snapshots and changelogs. */
const LATEST_HINT = 'LATEST';
const EARLIEST_HINT = 'EARLIEST';

/**
 * The paths of a table or of one of its branches. A branch has its own schemas, snapshots, tags, consumers and
 * changelogs; manifests, indexes, statistics and data files are the table's.
 */
export class TablePaths {
  /** The table's directory, such as `shop.db/orders`. */
  readonly root: string;
  /** Where schemas, snapshots, tags, consumers and changelogs are: the table's directory, or the branch's. */
  readonly metaRoot: string;

  constructor(root: string, branch: string = MAIN_BRANCH) {
    this.root = root;
    this.metaRoot = branch === MAIN_BRANCH ? root : `${root}/branch/branch-${branch}`;
  }

  get schemaDirectory(): string {
    return `${this.metaRoot}/schema`;
  }

  schema(id: number): string {
    return `${this.schemaDirectory}/schema-${id}`;
  }

  get snapshotDirectory(): string {
    return `${this.metaRoot}/snapshot`;
  }

  snapshot(id: SnapshotId): string {
    return `${this.snapshotDirectory}/snapshot-${id}`;
  }

  get latestSnapshotHint(): string {
    return `${this.snapshotDirectory}/${LATEST_HINT}`;
  }

  get earliestSnapshotHint(): string {
    return `${this.snapshotDirectory}/${EARLIEST_HINT}`;
  }

  /** Long-lived changelogs, which have the form of snapshots. */
  get changelogDirectory(): string {
    return `${this.metaRoot}/changelog`;
  }

  changelog(id: SnapshotId): string {
    return `${this.changelogDirectory}/changelog-${id}`;
  }

  get latestChangelogHint(): string {
    return `${this.changelogDirectory}/${LATEST_HINT}`;
  }

  get earliestChangelogHint(): string {
    return `${this.changelogDirectory}/${EARLIEST_HINT}`;
  }

  get tagDirectory(): string {
    return `${this.metaRoot}/tag`;
  }

  tag(name: string): string {
    return `${this.tagDirectory}/tag-${name}`;
  }

  get consumerDirectory(): string {
    return `${this.metaRoot}/consumer`;
  }

  consumer(id: string): string {
    return `${this.consumerDirectory}/consumer-${id}`;
  }

  get branchDirectory(): string {
    return `${this.root}/branch`;
  }

  branch(name: string): string {
    return `${this.branchDirectory}/branch-${name}`;
  }

  get manifestDirectory(): string {
    return `${this.root}/manifest`;
  }

  /** A manifest, manifest list or index manifest by its name. */
  manifest(fileName: string): string {
    return `${this.manifestDirectory}/${fileName}`;
  }

  get indexDirectory(): string {
    return `${this.root}/index`;
  }

  index(fileName: string): string {
    return `${this.indexDirectory}/${fileName}`;
  }

  get statisticsDirectory(): string {
    return `${this.root}/statistics`;
  }

  statistics(fileName: string): string {
    return `${this.statisticsDirectory}/${fileName}`;
  }
}

/** The names of a data file and of what belongs to it. */
type FileNames = Pick<DataFileMeta, 'fileName' | 'extraFiles'>;

/** Where the data and changelog files of a table's partitions and buckets are. */
export interface BucketPaths {
  /** The directory of a bucket, without a `/` at the end. Throws `E3111`, `E3112`. */
  directory(partition: Uint8Array, bucket: number): string;
  /** A file of the bucket by its name: a data file, changelog file or file index. */
  file(partition: Uint8Array, bucket: number, fileName: string): string;
  /** All files that belong to a data file: itself and its extra files. */
  filesOf(partition: Uint8Array, bucket: number, file: FileNames): readonly string[];
}

/**
 * The bucket paths of a table. Files with an external path are not in the store; callers look at
 * `DataFileMeta.externalPath` first.
 */
export function bucketPathsOf(root: string, schema: TableSchema): BucketPaths {
  const { dataFileDirectory } = tableOptions(schema);
  const base = dataFileDirectory === null ? root : `${root}/${dataFileDirectory}`;
  const partitionPath = partitionPathOf(schema);
  const directory = (partition: Uint8Array, bucket: number): string =>
    `${base}/${partitionPath(partition)}bucket-${bucket === BUCKET_POSTPONE ? 'postpone' : bucket}`;
  return {
    directory,
    file: (partition, bucket, fileName) => `${directory(partition, bucket)}/${fileName}`,
    filesOf: (partition, bucket, file) =>
      [file.fileName, ...file.extraFiles].map((name) => `${directory(partition, bucket)}/${name}`),
  };
}
