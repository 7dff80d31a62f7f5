// Rows of manifests, manifest lists and index manifests. Source: format notes 02.
import type { BinaryRowBytes, DataFileMeta, SimpleStats } from './data-file-meta.ts';

export const FILE_ADD = 0;
export const FILE_DELETE = 1;

/** A row of a manifest: a file added to or deleted from the table. */
export interface ManifestEntry {
  /** FILE_ADD or FILE_DELETE. */
  readonly kind: number;
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
  /** The option `bucket` when the file was written. */
  readonly totalBuckets: number;
  readonly file: DataFileMeta;
}

/** A row of a manifest list: a manifest and what it spans. */
export interface ManifestFileMeta {
  readonly fileName: string;
  readonly fileSize: number;
  readonly numAddedFiles: number;
  readonly numDeletedFiles: number;
  readonly partitionStats: SimpleStats;
  readonly schemaId: number;
  readonly minBucket: number | null;
  readonly maxBucket: number | null;
  readonly minLevel: number | null;
  readonly maxLevel: number | null;
  readonly minRowId: bigint | null;
  readonly maxRowId: bigint | null;
}

/** Where the deletion vector of a data file stands in an index file. */
export interface DeletionVectorRange {
  readonly dataFileName: string;
  readonly offset: number;
  readonly length: number;
  readonly cardinality: bigint | null;
}

/** The type of index files that hold deletion vectors. */
export const DELETION_VECTORS = 'DELETION_VECTORS';

/** A row of an index manifest; a stored index manifest is the complete state. */
export interface IndexManifestEntry {
  readonly kind: number;
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
  /** `HASH`, `DELETION_VECTORS`, or a global index of a newer version. */
  readonly indexType: string;
  readonly fileName: string;
  readonly fileSize: number;
  readonly rowCount: number;
  readonly deletionVectorRanges: readonly DeletionVectorRange[] | null;
  readonly externalPath: string | null;
}
