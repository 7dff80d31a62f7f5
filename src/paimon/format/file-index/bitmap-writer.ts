// Writes the index type `bitmap`: the rows of each value. Bitmaps are in the order in which a Java HashMap gives their
// values, as the reference writes them. Source: format notes 04 section 8 (BitmapFileIndex, versions 1 and 2).
import type { Vector } from '../../../column/vector.ts';
import type { DataType } from '../../schema/data-type.ts';
import { type Cell, compareCells } from '../cell.ts';
import type { RowRange } from '../column-statistics.ts';
import { hashRule } from '../hash-order.ts';
import { writeRoaring } from '../roaring.ts';
import { BigEndianBytes } from './big-endian-bytes.ts';
import { DistinctValues } from './distinct-values.ts';
import type { IndexBuilder } from './index-builder.ts';
import { type IndexValues, valueSize } from './index-value.ts';

const CAPACITY_MIN = 16;
const LOAD_FACTOR = 0.75;
const NO_LENGTH = -1;
/** Above every number of a value. */
const NUMBERS = 2 ** 31;

/** How a bitmap index is written. */
export interface BitmapSettings {
  /** The type of the values, and how an index holds them. */
  readonly type: DataType;
  readonly values: IndexValues;
  readonly version: 1 | 2;
  /** `index-block-size`: of version 2. */
  readonly blockSizeBytes: number;
}

/** A value with the place of its rows; below zero, the offset is the one row `-1 - offset`. */
interface Entry {
  readonly value: Cell;
  readonly offset: number;
  readonly length: number;
}

/** Where the rows of NULL are; null where there are none. */
type NullPlace = Pick<Entry, 'offset' | 'length'> | null;

/** Bitmaps one after the other, and the entries that point to them. */
interface Body {
  readonly bytes: BigEndianBytes;
  readonly nulls: NullPlace;
  readonly entries: readonly Entry[];
}

export class BitmapWriter implements IndexBuilder {
  private readonly settings: BitmapSettings;
  private readonly distinct: DistinctValues;

  constructor(settings: BitmapSettings) {
    this.settings = settings;
    this.distinct = new DistinctValues(settings.type);
  }

  add(vector: Vector, rows: RowRange): void {
    this.distinct.add(vector, rows);
  }

  finish(): Uint8Array | null {
    const { version } = this.settings;
    const body = this.body();
    const bytes = new BigEndianBytes();
    bytes
      .int8(version)
      .int32(this.distinct.rowCount)
      .int32(body.entries.length)
      .int8(Number(body.nulls !== null));
    if (body.nulls !== null) bytes.int32(body.nulls.offset);
    if (version === 1) this.writeEntries(bytes, body.entries);
    else {
      if (body.nulls !== null) bytes.int32(body.nulls.length);
      const blocks = this.blocksOf(body.entries);
      if (blocks === null) return null;
      this.writeBlocks(bytes, blocks);
    }
    return bytes.append(body.bytes.written()).written();
  }

  private body(): Body {
    const bytes = new BigEndianBytes();
    const nullRows = this.distinct.nullRows();
    const nulls = nullRows.length === 0 ? null : this.nullPlace(bytes, nullRows);
    const rows = this.distinct.rowsByValue();
    const entries = this.inHashOrder().map((number): Entry => {
      const value = this.distinct.cells[number];
      if (rows[number].length === 1) return { value, offset: -1 - rows[number][0], length: NO_LENGTH };
      const bitmap = writeRoaring(rows[number]);
      const offset = bytes.length;
      bytes.append(bitmap);
      return { value, offset, length: bitmap.length };
    });
    return { bytes, nulls, entries };
  }

  private nullPlace(bytes: BigEndianBytes, rows: Uint32Array): NullPlace {
    const bitmap = writeRoaring(rows);
    if (rows.length === 1) return { offset: -1 - rows[0], length: bitmap.length };
    bytes.append(bitmap);
    return { offset: 0, length: bitmap.length };
  }

  /** The numbers of the values as a HashMap gives them that was filled by `computeIfAbsent`, row after row. */
  private inHashOrder(): readonly number[] {
    const { cells, isLastNew } = this.distinct;
    const rule = hashRule(this.settings.type);
    // Room is made by the call after the one that has filled it.
    const sizeBefore = isLastNew ? cells.length - 1 : cells.length;
    let capacity = CAPACITY_MIN;
    while (sizeBefore > LOAD_FACTOR * capacity) capacity *= 2;
    const places = Float64Array.from(cells, (cell, number) => {
      const hash = rule.hashOf(cell);
      const bucket = (hash ^ (hash >>> 16)) & (capacity - 1);
      // Of one bucket the last comes first.
      return bucket * NUMBERS + (cells.length - 1 - number);
    });
    return Array.from(places.sort(), (place) => cells.length - 1 - (place % NUMBERS));
  }

  private writeEntries(bytes: BigEndianBytes, entries: readonly Entry[]): void {
    for (const { value, offset } of entries) bytes.value(this.settings.values, value).int32(offset);
  }

  /** The entries by value, in blocks of the wanted size; null where one entry alone is larger. */
  private blocksOf(entries: readonly Entry[]): readonly (readonly Entry[])[] | null {
    const { values, blockSizeBytes } = this.settings;
    const blocks: Entry[][] = [];
    let blockBytes = Number.POSITIVE_INFINITY;
    for (const entry of entries.toSorted((a, b) => compareCells(a.value, b.value))) {
      const sizeBytes = 8 + valueSize(values, entry.value);
      if (4 + sizeBytes > blockSizeBytes) return null;
      if (blockBytes + sizeBytes > blockSizeBytes) {
        blocks.push([]);
        blockBytes = 4;
      }
      blocks.at(-1)?.push(entry);
      blockBytes += sizeBytes;
    }
    return blocks;
  }

  private writeBlocks(bytes: BigEndianBytes, blocks: readonly (readonly Entry[])[]): void {
    const { values } = this.settings;
    const content = new BigEndianBytes();
    bytes.int32(blocks.length);
    for (const block of blocks) {
      bytes.value(values, block[0].value).int32(content.length);
      content.int32(block.length);
      for (const { value, offset, length } of block) content.value(values, value).int32(offset).int32(length);
    }
    bytes.int32(content.length).append(content.written());
  }
}
