// A batch whose rows are given their places, with the rows that go to other partitions than they say, and those that take
// keys away from where they were.
import { concatVectors } from '../../column/concat.ts';
import { DELETE, rowKindText } from '../../column/row-kind.ts';
import { takeVector } from '../../column/take.ts';
import { type Vector, vectorSizeBytes } from '../../column/vector.ts';
import { decodeRows } from '../format/binary-row.ts';
import { vectorOf } from '../format/cell.ts';
import { partitionTypes } from '../format/partition-path.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { KeyPlaces } from './key-places.ts';
import type { WriteBatch } from './write-batch.ts';

/** The row keeps its own partition. */
const OWN = -1;

/** Collects the rows that a batch becomes, in order. */
export class MovedRows {
  private readonly schema: TableSchema;
  private readonly rowCount: number;
  /** The kind of each row of the batch. */
  private readonly givenKinds: Uint8Array;
  private readonly places: KeyPlaces;
  /** For each row collected the row of the batch that it is made of, its bucket and its kind. */
  private readonly sources: Uint32Array;
  private readonly buckets: Int32Array;
  private readonly kinds: Uint8Array;
  /** For each row collected its partition as an index of `others`, or OWN. */
  private readonly partitionOf: Int32Array;
  /** Partitions, by their numbers, of rows that say another one. */
  private readonly others = new Map<number, number>();
  private count = 0;

  constructor(schema: TableSchema, batch: Pick<WriteBatch, 'rowCount' | 'kinds'>, places: KeyPlaces) {
    this.schema = schema;
    this.rowCount = batch.rowCount;
    this.givenKinds = batch.kinds;
    this.places = places;
    this.sources = new Uint32Array(2 * batch.rowCount);
    this.buckets = new Int32Array(2 * batch.rowCount);
    this.kinds = new Uint8Array(2 * batch.rowCount);
    this.partitionOf = new Int32Array(2 * batch.rowCount);
  }

  /** The row, at a place of the partition that it says. */
  add(row: number, place: number): void {
    this.push(row, place, this.givenKinds[row], OWN);
  }

  /** The row, at a place of another partition. */
  move(row: number, place: number): void {
    this.push(row, place, this.givenKinds[row], this.otherOf(place));
  }

  /** A -D with the values of the row, at a place of another partition. */
  delete(row: number, place: number): void {
    this.push(row, place, DELETE, this.otherOf(place));
  }

  /** The rows collected, of the batch as it was given. */
  finish(given: WriteBatch): WriteBatch {
    const { count, rowCount } = this;
    const buckets = this.buckets.slice(0, count);
    if (count === rowCount && this.others.size === 0) return { ...given, buckets };
    const columns = this.columns(given.columns);
    const kinds = this.kinds.slice(0, count);
    const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), count);
    return { ...given, rowCount: count, columns, kinds, buckets, sizeBytes };
  }

  private push(row: number, place: number, kind: number, partition: number): void {
    this.sources[this.count] = row;
    this.buckets[this.count] = this.places.bucketOf[place];
    this.kinds[this.count] = kind;
    this.partitionOf[this.count++] = partition;
  }

  private otherOf(place: number): number {
    const partition = this.places.partitionOf[place];
    const known = this.others.get(partition) ?? this.others.size;
    this.others.set(partition, known);
    return known;
  }

  private columns(given: readonly Vector[]): readonly Vector[] {
    const { schema, count, rowCount } = this;
    const sources = this.sources.subarray(0, count);
    const columns = given.map((column) => takeVector(column, sources));
    const replace = (name: string, values: Vector, valueOf: (index: number) => number): void => {
      const at = schema.fields.findIndex((field) => field.name === name);
      const rows = sources.map((row, index) => (valueOf(index) < 0 ? row : rowCount + valueOf(index)));
      columns[at] = takeVector(concatVectors([given[at], values]), rows);
    };
    if (this.others.size === 0) return columns;
    const partitions = [...this.others.keys()].map((number) => this.places.partitions[number]);
    for (const [index, values] of decodeRows(partitionTypes(schema), partitions).entries()) {
      replace(schema.partitionKeys[index], values, (row) => this.partitionOf[row]);
    }
    const { rowKindField } = tableOptions(schema);
    const type = schema.fields.find((field) => field.name === rowKindField)?.type;
    if (rowKindField !== null && type !== undefined) {
      // What a row says of its kind counts, so that a -D has to say it, too.
      const text = vectorOf(type, [new TextEncoder().encode(rowKindText(DELETE))]);
      replace(rowKindField, text, (row) => (this.partitionOf[row] !== OWN && this.kinds[row] === DELETE ? 0 : -1));
    }
    return columns;
  }
}
