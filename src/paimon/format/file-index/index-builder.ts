// What every kind of index is built with.
import type { Vector } from '../../../column/vector.ts';
import type { RowRange } from '../column-statistics.ts';

/** Builds the index of one column of one file. */
export interface IndexBuilder {
  /** Takes the values of the file's next rows, NULL ones too. The vector is not kept. */
  add(vector: Vector, rows: RowRange): void;
  /** The index; null where its form cannot hold the values, so that the file has none. */
  finish(): Uint8Array | null;
}
