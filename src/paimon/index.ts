// The public interface of `tributary/paimon`: Paimon tables without anything of change data capture.
export { TributaryError } from '../base/errors.ts';
export { rowKindText, type RowKindText } from '../column/row-kind.ts';
export type { ColumnBatch, Vector } from '../column/vector.ts';
export type { FileStore, StoreSettings } from '../storage/file-store.ts';
export { openStore, storeSettingsOf } from '../storage/open-store.ts';
export { FileSystemCatalog } from './catalog/file-system-catalog.ts';
export { openGlobalTable } from './catalog/global-tables.ts';
export { type CommitRequest, TableCommitter } from './commit/table-commit.ts';
export { type Cell, cellAt } from './format/cell.ts';
export { createRowPrinter } from './format/row-json.ts';
export { type RowObject, rowObjects, type RowValue } from './format/row-objects.ts';
export { type ColumnType, Lake, type NewTable } from './lake.ts';
export { type CompactionReport, Compactor } from './lsm/compactor.ts';
export type { LiveFiles } from './lsm/live-files.ts';
export { createTaskRunner, type TaskRunner } from './lsm/task-runner.ts';
export type { TableWriter } from './lsm/table-writer.ts';
export type { CommitMessage, WriteBatch } from './lsm/write-batch.ts';
export { analyzeTable, publishStatistics } from './maintenance/analyze.ts';
export type { ExpireResult, ExpireSettings } from './maintenance/expire-snapshots.ts';
export { fsck, type FsckResult } from './maintenance/fsck.ts';
export type { DataFileMeta } from './meta/data-file-meta.ts';
export type { ManifestEntry } from './meta/manifest-entry.ts';
export type { Snapshot, SnapshotId } from './meta/snapshot.ts';
export type { ColumnStatistics, TableStatistics } from './meta/statistics-json.ts';
export type { ColumnAggregate, TableAggregates } from './scan/aggregate.ts';
export type { Condition, Literal } from './format/condition.ts';
export type {
  ReadBatch,
  ReadOptions,
  ReadPoint,
  ScanPlan,
  SnapshotChanges,
  Split,
} from './scan/scan.ts';
export type { OpenedSystemTable } from './scan/system/read-system-table.ts';
export type { DataField, DataType } from './schema/data-type.ts';
export { parseDataType } from './schema/data-type-text.ts';
export { type ColumnPath, type ColumnPlace, parseSchemaChanges, type SchemaChange } from './schema/schema-change.ts';
export type { TableSchema } from './schema/table-schema.ts';
export {
  type ChangeRange,
  type CommitterComponents,
  Table,
  type TableName,
  type WriteComponents,
} from './table.ts';
export { type SessionOptions, TableSession } from './table-session.ts';
export type { ValueOperator } from './scan/value-condition.ts';
