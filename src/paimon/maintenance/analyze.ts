// ANALYZE: reads the latest state of a table and publishes what it found of the columns as the statistics of a snapshot,
// for planners of queries. Source: format notes 01 section 4; PaimonAnalyzeTableColumnCommand.
import { assert, TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { rowComparator } from '../../column/compare.ts';
import { PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import type { TableCommitter } from '../commit/table-commit.ts';
import { type Cell, cellAt, compareCells } from '../format/cell.ts';
import { valueText } from '../format/partition-path.ts';
import { BATCH_COMMIT_IDENTIFIER, type Snapshot } from '../meta/snapshot.ts';
import { type ColumnStatistics, statisticsToJson, type TableStatistics } from '../meta/statistics-json.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import { fieldOf } from '../scan/predicate.ts';
import type { ReadBatch, ReadOptions } from '../scan/scan.ts';
import { type DataField, type DataType, columnOrder } from '../schema/data-type.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { DistinctCount } from './distinct-count.ts';
import { mayBePublished } from '../lsm/commit-outcome.ts';

/** The table to analyze. */
export interface AnalyzeSource {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  read(options: ReadOptions): AsyncGenerator<ReadBatch>;
}

/** What to analyze. */
export interface AnalyzeOptions {
  /** Names of the columns; all those whose values are not nested unless given. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Bytes of a value, by type; of texts and binaries each value tells. */
const SIZES: Readonly<Partial<Record<DataType['kind'], number>>> = {
  BOOLEAN: 1,
  TINYINT: 1,
  SMALLINT: 2,
  INT: 4,
  BIGINT: 8,
  FLOAT: 4,
  DOUBLE: 8,
  DATE: 4,
  TIME: 4,
  TIMESTAMP: 8,
  TIMESTAMP_LTZ: 8,
};
const TEXTS: ReadonlySet<DataType['kind']> = new Set(['CHAR', 'VARCHAR']);
const BINARIES: ReadonlySet<DataType['kind']> = new Set(['BINARY', 'VARBINARY', 'BLOB']);

/**
 * The statistics of the latest snapshot; null for a table without one. Distinct values are exact up to some thousands and
 * estimated beyond, as the reference estimates them. Throws `E3400` (no such column), `E3431` (a nested type).
 */
export async function analyzeTable(
  source: AnalyzeSource,
  options: AnalyzeOptions = {},
): Promise<TableStatistics | null> {
  const snapshot = await source.snapshots.latest();
  if (snapshot === null) return null;
  const { fields } = await source.schemas.read(snapshot.schemaId);
  const chosen = chosenFields(fields, options.columns);
  const analyses = chosen.map((field) => new ColumnAnalysis(field));
  let rowCount = 0;
  // A read without columns would not tell how many rows there are.
  const columns = chosen.length === 0 ? [fields[0].name] : chosen.map(({ name }) => name);
  const at = { kind: 'snapshot', id: snapshot.id } as const;
  const { signal } = options;
  for await (const batch of source.read({ at, columns, ...(signal === undefined ? {} : { signal }) })) {
    rowCount += batch.rowCount;
    for (const [index, analysis] of analyses.entries()) analysis.add(batch.columns[index]);
  }
  const files = await source.manifests.liveEntriesOf(snapshot);
  const sizeBytes = files.reduce((sum, { file }) => sum + file.fileSize, 0);
  const total = Number(snapshot.totalRecordCount);
  return {
    snapshotId: snapshot.id,
    schemaId: snapshot.schemaId,
    mergedRecordCount: BigInt(rowCount),
    mergedRecordSizeBytes: BigInt(total === 0 ? 0 : Math.round((sizeBytes / total) * rowCount)),
    columns: new Map(analyses.map((analysis) => [analysis.field.name, analysis.result()])),
  };
}

/**
 * Publishes statistics as an ANALYZE snapshot, which changes nothing else. Later snapshots of the same schema keep them.
 * Throws as `TableCommitter.commit`.
 */
export async function publishStatistics(
  { store, paths }: Pick<AnalyzeSource, 'store' | 'paths'>,
  statistics: TableStatistics,
  by: { readonly committer: TableCommitter; readonly commitUser: string; readonly random: Random },
): Promise<Snapshot> {
  const fileName = `stat-${by.random.uuid()}-0`;
  const path = paths.statistics(fileName);
  const created = await store.create(path, new TextEncoder().encode(statisticsToJson(statistics)));
  assert(created, `file of a fresh name exists already: ${path}`);
  try {
    return await by.committer.commit({
      kind: 'ANALYZE',
      added: [],
      deleted: [],
      changelog: [],
      statistics: fileName,
      commitUser: by.commitUser,
      commitIdentifier: BATCH_COMMIT_IDENTIFIER,
    });
  } catch (error) {
    // Where the outcome of the commit is not certain, a snapshot may name the file.
    if (!mayBePublished(error)) await store.delete(path);
    throw error;
  }
}

function chosenFields(fields: readonly DataField[], names: readonly string[] | undefined): readonly DataField[] {
  if (names === undefined) return fields.filter(({ type }) => !isNested(type));
  const chosen = names.map((name) => fieldOf(name, fields));
  const nested = chosen.find(({ type }) => isNested(type));
  if (nested === undefined) return chosen;
  throw new TributaryError('E3431', `column is not analyzed: column=${nested.name} type=${nested.type.kind}`);
}

function isNested({ kind }: DataType): boolean {
  return ['ARRAY', 'MAP', 'MULTISET', 'ROW', 'VARIANT'].includes(kind);
}

/** Gathers what is to be known of one column. */
class ColumnAnalysis {
  readonly field: DataField;
  private readonly hasBounds: boolean;
  private readonly distinct = new DistinctCount();
  private min: Cell = null;
  private max: Cell = null;
  private nullCount = 0;
  private valueCount = 0;
  private lengthSum = 0;
  private lengthMax = 0;

  constructor(field: DataField) {
    this.field = field;
    this.hasBounds = !TEXTS.has(field.type.kind) && !BINARIES.has(field.type.kind);
  }

  add(vector: Vector): void {
    this.distinct.add(vector);
    const length = lengthReader(this.field.type, vector);
    for (let row = 0; row < vector.length; row++) {
      if (validityAt(vector, row) !== PRESENT) {
        this.nullCount++;
        continue;
      }
      this.valueCount++;
      const size = length(row);
      this.lengthSum += size;
      this.lengthMax = Math.max(this.lengthMax, size);
    }
    if (this.hasBounds) this.addBounds(vector);
  }

  result(): ColumnStatistics {
    const { id, type } = this.field;
    const average = this.valueCount === 0 ? 0 : Math.ceil(this.lengthSum / this.valueCount);
    return {
      columnId: id,
      distinctCount: this.distinct.count(),
      min: boundText(type, this.min),
      max: boundText(type, this.max),
      nullCount: BigInt(this.nullCount),
      averageLength: BigInt(average),
      maxLength: BigInt(this.lengthMax),
    };
  }

  private addBounds(vector: Vector): void {
    const compare = rowComparator([vector], [vector], [columnOrder(this.field.type)]);
    let least = -1;
    let greatest = -1;
    for (let row = 0; row < vector.length; row++) {
      if (validityAt(vector, row) !== PRESENT) continue;
      if (least < 0 || compare(row, least) < 0) least = row;
      if (greatest < 0 || compare(row, greatest) > 0) greatest = row;
    }
    if (least < 0) return;
    const [low, high] = [cellAt(this.field.type, vector, least), cellAt(this.field.type, vector, greatest)];
    if (this.min === null || compareCells(low, this.min) < 0) this.min = low;
    if (this.max === null || compareCells(high, this.max) > 0) this.max = high;
  }
}

/** Reads the length of the value at a row. */
function lengthReader(type: DataType, vector: Vector): (row: number) => number {
  if (vector.kind !== 'bytes' || type.kind === 'DECIMAL') {
    const size = type.kind === 'DECIMAL' ? (type.precision <= 18 ? 8 : 16) : (SIZES[type.kind] ?? 0);
    return () => size;
  }
  const { bytes, offsets } = vector;
  if (!TEXTS.has(type.kind)) return (row) => offsets[row + 1] - offsets[row];
  return (row) => {
    let characters = 0;
    // Every byte but those that continue a character.
    for (let at = offsets[row]; at < offsets[row + 1]; at++) if ((bytes[at] & 0xc0) !== 0x80) characters++;
    return characters;
  };
}

/** A bound as the reference writes it: dates as days and times as milliseconds, both as numbers. */
function boundText(type: DataType, cell: Cell): string | null {
  if (cell === null) return null;
  return valueText(type, cell, type.kind === 'DATE' || type.kind === 'TIME');
}
