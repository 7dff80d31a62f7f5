// Compares what a data file holds with what the manifest says of it: counts, keys and their order, sequence numbers,
// partition, bucket, bounds.
import { rowComparator, type RowComparator, vectorComparator } from '../../column/compare.ts';
import { isRetract } from '../../column/row-kind.ts';
import { bigIntAt, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { decodeCells } from '../format/binary-row.ts';
import { type Bucketer, bucketRuleOf, createBucketer } from '../format/bucket.ts';
import { type Cell, cellAt, compareCells, vectorOf } from '../format/cell.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import type { KeyValueBatch, KeyValueLayout } from '../lsm/key-values.ts';
import type { SimpleStats } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import { type DataField, columnOrder } from '../schema/data-type.ts';
import { isTrackingField } from '../schema/system-fields.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';

/** Types without bounds. */
const NESTED: ReadonlySet<string> = new Set(['ARRAY', 'MAP', 'MULTISET', 'ROW', 'VARIANT', 'BLOB']);

/** Takes a file's batches, with all columns of its schema, in order, and says what is wrong at the end. */
export class FileCheck {
  private readonly entry: ManifestEntry;
  private readonly schema: TableSchema;
  private readonly layout: KeyValueLayout;
  /** Several rows of a key may follow one another: changelog files. */
  private readonly isChangelog: boolean;
  private readonly bucketer: Bucketer | null;
  private readonly columns: readonly ColumnCheck[];
  private readonly keyColumns: readonly ColumnCheck[];
  private readonly found = new Set<string>();
  private readonly partition: PartitionCheck;
  private rowCount = 0;
  private deleteCount = 0;
  private minSequence: bigint | null = null;
  private maxSequence: bigint | null = null;
  private firstKey: readonly Cell[] | null = null;
  private last: KeyValueBatch | null = null;

  /** `schema` is the version that the file was written with. */
  constructor(entry: ManifestEntry, schema: TableSchema, isChangelog: boolean) {
    this.entry = entry;
    this.schema = schema;
    this.isChangelog = isChangelog;
    this.layout = tableLayout(schema);
    const rule = { ...bucketRuleOf(schema), bucketCount: entry.totalBuckets };
    this.bucketer = entry.totalBuckets > 0 && rule.columns.length > 0 ? createBucketer(rule) : null;
    this.columns = columnChecks(schema, entry.file.valueStats, entry.file.valueStatsCols);
    this.keyColumns = columnChecks(schema, entry.file.keyStats, trimmedPrimaryKeys(schema));
    this.partition = new PartitionCheck(entry, schema);
  }

  /** Takes the next rows. */
  add(batch: KeyValueBatch): void {
    if (batch.rowCount === 0) return;
    this.checkOrder(batch);
    this.checkBuckets(batch);
    if (!this.partition.holds(batch)) this.found.add('a row is of another partition');
    for (const column of [...this.columns, ...this.keyColumns]) column.add(batch.columns[column.index]);
    for (let row = 0; row < batch.rowCount; row++) {
      if (isRetract(batch.kinds[row])) this.deleteCount++;
      const sequence = bigIntAt(batch.sequence, row);
      if (this.minSequence === null || sequence < this.minSequence) this.minSequence = sequence;
      if (this.maxSequence === null || sequence > this.maxSequence) this.maxSequence = sequence;
    }
    this.firstKey ??= this.keyAt(batch, 0);
    this.rowCount += batch.rowCount;
    this.last = batch;
  }

  /** What is wrong with the file, in words. */
  problems(): readonly string[] {
    const { file } = this.entry;
    this.compare('rows', file.rowCount, this.rowCount);
    if (this.layout.keyIndexes.length > 0) this.checkKeyed();
    for (const column of this.columns) for (const problem of column.problems()) this.found.add(problem);
    for (const column of this.keyColumns) for (const problem of column.problems()) this.found.add(`key ${problem}`);
    return [...this.found];
  }

  /** How many bounds of columns with values the statistics do not tell. */
  unknownBounds(): number {
    return [...this.columns, ...this.keyColumns].reduce((sum, column) => sum + column.unknownBounds(), 0);
  }

  private checkKeyed(): void {
    const { file } = this.entry;
    if (file.deleteRowCount !== null) this.compare('deletes', file.deleteRowCount, this.deleteCount);
    this.compare('least sequence number', file.minSequenceNumber, this.minSequence);
    this.compare('greatest sequence number', file.maxSequenceNumber, this.maxSequence);
    // Files of postponed buckets are in the order of arrival.
    if (this.entry.bucket < 0) return;
    const types = this.layout.keyIndexes.map((index) => this.schema.fields[index].type);
    const lastKey = this.last === null ? null : this.keyAt(this.last, this.last.rowCount - 1);
    if (!sameCells(decodeCells(types, file.minKey), this.firstKey))
      this.found.add('the least key is not that of the first row');
    if (!sameCells(decodeCells(types, file.maxKey), lastKey))
      this.found.add('the greatest key is not that of the last row');
  }

  private compare(what: string, recorded: bigint | number, actual: bigint | number | null): void {
    if (recorded !== actual) this.found.add(`${what} recorded ${recorded}, actual ${actual}`);
  }

  private keyAt(batch: KeyValueBatch, row: number): readonly Cell[] {
    // Copies: bytes are views into the batch.
    return this.layout.keyIndexes.map((index) => {
      const cell = cellAt(this.schema.fields[index].type, batch.columns[index], row);
      return cell instanceof Uint8Array ? cell.slice() : cell;
    });
  }

  private checkOrder(batch: KeyValueBatch): void {
    const { keyIndexes, fields } = this.layout;
    if (keyIndexes.length === 0 || this.entry.bucket < 0) return;
    const keys = (of: KeyValueBatch): Vector[] => keyIndexes.map((index) => of.columns[index]);
    const orders = keyIndexes.map((index) => columnOrder(fields[index].type));
    const wrong = (order: number): boolean => (this.isChangelog ? order > 0 : order >= 0);
    const within = rowComparator(keys(batch), keys(batch), orders);
    const across = this.last === null ? null : rowComparator(keys(this.last), keys(batch), orders);
    if (across !== null && wrong(across((this.last as KeyValueBatch).rowCount - 1, 0)))
      this.found.add('keys are not in order');
    for (let row = 1; row < batch.rowCount; row++) {
      if (wrong(within(row - 1, row))) this.found.add('keys are not in order');
    }
  }

  private checkBuckets(batch: KeyValueBatch): void {
    if (this.bucketer === null) return;
    for (const bucket of this.bucketer(batch.columns, batch.rowCount)) {
      if (bucket !== this.entry.bucket) this.found.add(`a row belongs to bucket ${bucket}`);
    }
  }
}

/** Whether all rows have the partition of the manifest entry. */
class PartitionCheck {
  private readonly indexes: readonly number[];
  private readonly cells: readonly Cell[];
  private readonly fields: readonly DataField[];

  constructor(entry: ManifestEntry, schema: TableSchema) {
    this.fields = schema.fields;
    // A file of some columns may be without those of the partition.
    const places = schema.partitionKeys.map((name) => schema.fields.findIndex((field) => field.name === name));
    const cells = places.includes(-1)
      ? []
      : decodeCells(
          places.map((index) => schema.fields[index].type),
          entry.partition,
        );
    this.indexes = places.includes(-1) ? [] : places;
    this.cells = cells;
  }

  holds(batch: KeyValueBatch): boolean {
    return this.indexes.every((index, place) => {
      const { type } = this.fields[index];
      for (let row = 0; row < batch.rowCount; row++) {
        if (compareCells(cellAt(type, batch.columns[index], row), this.cells[place]) !== 0) return false;
      }
      return true;
    });
  }
}

/** One column with statistics: its bounds must hold every value, its null count must be exact. */
class ColumnCheck {
  readonly index: number;
  private readonly field: DataField;
  private readonly bounds: Vector;
  private readonly nullCount: bigint | null;
  private nulls = 0n;
  private hasValue = false;
  private isBelow = false;
  private isAbove = false;

  constructor(
    index: number,
    field: DataField,
    stats: { readonly min: Cell; readonly max: Cell; readonly nullCount: bigint | null },
  ) {
    this.index = index;
    this.field = field;
    this.bounds = vectorOf(field.type, [stats.min, stats.max]);
    this.nullCount = stats.nullCount;
  }

  add(vector: Vector): void {
    const hasMin = validityAt(this.bounds, 0) === PRESENT;
    const hasMax = validityAt(this.bounds, 1) === PRESENT;
    const compare: RowComparator | null =
      hasMin || hasMax ? vectorComparator(vector, this.bounds, columnOrder(this.field.type)) : null;
    for (let row = 0; row < vector.length; row++) {
      if (validityAt(vector, row) !== PRESENT) {
        this.nulls++;
        continue;
      }
      this.hasValue = true;
      if (compare !== null) {
        if (hasMin && compare(row, 0) < 0) this.isBelow = true;
        if (hasMax && compare(row, 1) > 0) this.isAbove = true;
      }
    }
  }

  /** Bounds that are not told though there are values; those of nested types never are. */
  unknownBounds(): number {
    if (!this.hasValue || NESTED.has(this.field.type.kind)) return 0;
    return [0, 1].filter((bound) => validityAt(this.bounds, bound) !== PRESENT).length;
  }

  problems(): readonly string[] {
    const { name } = this.field;
    const found: string[] = [];
    if (this.isBelow) found.push(`column ${name} has a value below its bounds`);
    if (this.isAbove) found.push(`column ${name} has a value above its bounds`);
    if (this.nullCount !== null && this.nullCount !== this.nulls) {
      found.push(`column ${name} nulls recorded ${this.nullCount}, actual ${this.nulls}`);
    }
    return found;
  }
}

/** Checks of the columns that statistics are of: all of the schema's unless named. */
function columnChecks(
  schema: TableSchema,
  stats: SimpleStats,
  names: readonly string[] | null,
): readonly ColumnCheck[] {
  const columns = names ?? schema.fields.map((field) => field.name);
  const row = stats.minValues;
  // Statistics of no columns at all stand where none were kept.
  if (new DataView(row.buffer, row.byteOffset, row.byteLength).getInt32(0) !== columns.length) return [];
  const indexes = columns.map((name) => schema.fields.findIndex((field) => field.name === name));
  const types = indexes.map((index) => ({ ...schema.fields[index].type, nullable: true }));
  const min = decodeCells(types, stats.minValues);
  const max = decodeCells(types, stats.maxValues);
  return indexes.flatMap((index, slot) => {
    // Where the file has no id of a row, what is read is that of its metadata.
    if (isTrackingField(schema.fields[index])) return [];
    const nullCount = stats.nullCounts?.[slot] ?? null;
    return [new ColumnCheck(index, schema.fields[index], { min: min[slot], max: max[slot], nullCount })];
  });
}

function sameCells(a: readonly Cell[], b: readonly Cell[] | null): boolean {
  return b !== null && a.every((cell, index) => compareCells(cell, b[index]) === 0);
}
