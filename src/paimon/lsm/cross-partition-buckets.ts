// Tables with dynamic buckets whose primary key lacks a partition column: an index of all keys says in which partition a
// key is, and what becomes of a row that comes for another one. Source: GlobalIndexAssigner, ExistingProcessor.
// One writer at a time: a second one would not see the keys of the first.
import { TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Vector } from '../../column/vector.ts';
import type { SpillSpace } from '../../storage/spill-space.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import type { IndexManifestEntry } from '../meta/manifest-entry.ts';
import { type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { BucketAssigner } from './bucket-assigner.ts';
import { KeyPlaces } from './key-places.ts';
import { MovedRows } from './moved-rows.ts';
import { withDefaults } from './null-values.ts';
import { KeyPrints, PlaceIndex } from './place-index.ts';
import { isLeftOut, rowKinds } from './row-kinds.ts';
import { partitionRows } from './row-places.ts';
import type { WriteBatch } from './write-batch.ts';

/** Keys that are in a bucket. */
export interface KeysAt {
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
  readonly rowCount: number;
  /** The columns of the primary key, in its order. */
  readonly columns: readonly Vector[];
}

/** What the index is kept with. */
export interface CrossPartitionParts {
  readonly schema: TableSchema;
  readonly random: Random;
  /** Takes what of the index memory cannot hold. */
  readonly spill: SpillSpace;
  /** The keys of all rows that the table holds; asked for once. */
  readonly presentKeys: () => AsyncIterable<KeysAt>;
}

/** Places rows by an index of the table's keys. Memory: `lookup.cache-max-memory-size`, whatever the table holds. */
export class CrossPartitionBuckets implements BucketAssigner {
  private readonly parts: CrossPartitionParts;
  private readonly options: TableOptions;
  private readonly keyIndexes: readonly number[];
  private readonly index: PlaceIndex;
  private readonly prints = new KeyPrints();
  private readonly places: KeyPlaces;
  private isLoaded = false;

  constructor(parts: CrossPartitionParts) {
    const { schema, random, spill } = parts;
    this.parts = parts;
    this.options = tableOptions(schema);
    this.keyIndexes = schema.primaryKeys.map((name) => schema.fields.findIndex((field) => field.name === name));
    const types = this.keyIndexes.map((index) => schema.fields[index].type);
    this.index = new PlaceIndex(types, { random, spill, sizeBytesMax: this.options.lookupCacheMaxBytes });
    this.places = new KeyPlaces(this.options.dynamicBucketTargetRowCount);
  }

  /**
   * The rows where they belong. Those of a key that is in another partition go there (`partial-update`, `aggregation`),
   * are left out (`first-row`), or come after a -D that takes the key away from there. Throws `E3316`, `E3317`.
   */
  async assign(batch: WriteBatch): Promise<WriteBatch> {
    await this.load();
    const { schema } = this.parts;
    const columns = withDefaults(schema.fields, batch.columns);
    const kinds = rowKinds(schema, { columns, kinds: batch.kinds });
    const { partitions, groups } = partitionRows(schema, { rowCount: batch.rowCount, columns });
    const numbers = partitions.map((partition) => this.places.partition(partition));
    const moved = new MovedRows(schema, { rowCount: batch.rowCount, kinds }, this.places);
    const keys = this.keyIndexes.map((index) => columns[index]);
    for (let from = 0; from < batch.rowCount; from += KeyPrints.rowsMax) {
      const to = Math.min(from + KeyPrints.rowsMax, batch.rowCount);
      this.index.print(keys, { from, to }, this.prints.words);
      await this.index.prepare(this.prints, to - from);
      for (let row = from; row < to; row++) {
        if (!isLeftOut(kinds[row], this.options)) this.place(row, row - from, numbers[groups[row]], moved);
      }
    }
    return moved.finish(batch);
  }

  /** Nothing is written: other writers read the table's keys anew. */
  async writeIndex(): Promise<readonly IndexManifestEntry[]> {
    return [];
  }

  async forget(): Promise<void> {
    this.isLoaded = true;
    this.places.clear();
    await this.index.clear();
  }

  close(): Promise<void> {
    return this.index.clear();
  }

  /** Throws `E3318` if a key that was written is among these, which stay where they are. */
  async requireApart(staying: AsyncIterable<KeysAt>): Promise<void> {
    for await (const { columns, rowCount } of staying) {
      for (let from = 0; from < rowCount; from += KeyPrints.rowsMax) {
        const to = Math.min(from + KeyPrints.rowsMax, rowCount);
        this.index.print(columns, { from, to }, this.prints.words);
        await this.index.prepare(this.prints, to - from);
        for (let at = 0; at < to - from; at++) {
          if (this.index.get(this.prints, at) < 0) continue;
          throw new TributaryError('E3318', 'key of the overwrite is in a partition that is not overwritten');
        }
      }
    }
  }

  /** Puts one row, whose key is prepared at `at`, where it belongs. */
  private place(row: number, at: number, partition: number, moved: MovedRows): void {
    const place = this.index.get(this.prints, at);
    if (place >= 0 && this.places.partitionOf[place] === partition) return moved.add(row, place);
    if (place >= 0) {
      switch (this.options.mergeEngine) {
        case 'first-row':
          return;
        case 'partial-update':
        case 'aggregation':
          return moved.move(row, place);
        case 'deduplicate':
          if (this.options.ignoreDelete) throw keyWouldStay();
          moved.delete(row, place);
          this.places.leave(place);
      }
    }
    const chosen = this.places.choose(partition);
    this.index.set(this.prints, at, chosen);
    moved.add(row, chosen);
  }

  /** Reads the table's keys, the first time. */
  private async load(): Promise<void> {
    if (this.isLoaded) return;
    this.isLoaded = true;
    const { index, prints, places } = this;
    for await (const { partition, bucket, columns, rowCount } of this.parts.presentKeys()) {
      const place = places.present(places.partition(partition), bucket, rowCount);
      for (let from = 0; from < rowCount; from += KeyPrints.rowsMax) {
        const to = Math.min(from + KeyPrints.rowsMax, rowCount);
        index.print(columns, { from, to }, prints.words);
        await index.makeRoom(to - from);
        for (let at = 0; at < to - from; at++) {
          if (index.get(prints, at) >= 0) throw keyIsTwice();
          index.set(prints, at, place);
        }
      }
    }
    await index.finishLoading(() => {
      throw keyIsTwice();
    });
  }
}

function keyWouldStay(): TributaryError {
  return new TributaryError('E3316', 'row has moved to another partition, but the table ignores deletes');
}

function keyIsTwice(): TributaryError {
  return new TributaryError('E3317', 'table has rows of one key in several partitions or buckets');
}
