// The rows that a merge has taken from its runs and not yet given out, with the batches they stand in.
import { interleaveVectors, type Selection } from '../../../column/interleave.ts';
import { ofKind } from '../../../column/take.ts';
import type { Vector } from '../../../column/vector.ts';
import type { KeyValueBatch } from '../key-values.ts';
import { type LateLayout, pickSelected } from '../late-columns.ts';
import type { MergedRows, SortedGroups } from './merge-function.ts';

/** Rows in merge order, in groups of one key. */
export class MergeWindow {
  private readonly batches: KeyValueBatch[] = [];
  private readonly late: LateLayout | null;
  private sources: Uint32Array;
  private rows: Uint32Array;
  private groupStarts: Uint32Array;
  rowCount = 0;
  private groupCount = 0;

  /** `late` parts the layout of the whole rows where the batches have late columns. */
  constructor(capacity: number, late: LateLayout | null) {
    this.late = late;
    this.sources = new Uint32Array(capacity);
    this.rows = new Uint32Array(capacity);
    this.groupStarts = new Uint32Array(capacity);
  }

  /** Takes a batch in and gives its number. */
  addBatch(batch: KeyValueBatch): number {
    return this.batches.push(batch) - 1;
  }

  /** Adds a row, as the first of a group or one more of the last. */
  addRow(source: number, row: number, startsGroup: boolean): void {
    if (this.rowCount === this.rows.length) this.grow();
    if (startsGroup) this.groupStarts[this.groupCount++] = this.rowCount;
    this.sources[this.rowCount] = source;
    this.rows[this.rowCount++] = row;
  }

  /** Number of the batch of the last row. */
  get lastSource(): number {
    return this.sources[this.rowCount - 1];
  }

  /** Row of the last row in its batch. */
  get lastRow(): number {
    return this.rows[this.rowCount - 1];
  }

  batch(source: number): KeyValueBatch {
    return this.batches[source];
  }

  /** The batches that the rows stand in, by number; valid until the window changes. */
  get sourceBatches(): readonly KeyValueBatch[] {
    return this.batches;
  }

  /** The groups, for a merge function; valid until the window changes. */
  groups(): SortedGroups {
    const { rowCount, groupCount, groupStarts, sources, rows, batches } = this;
    const kinds = batches.map((batch) => batch.kinds);
    const columns = batches.map((batch) => batch.columns);
    const levels = batches.map((batch) => batch.level ?? 0);
    return { rowCount, groupCount, groupStarts, sources, rows, kinds, columns, levels };
  }

  /** A new batch of the rows that a merge function has left of the groups; reads their late columns, once. */
  async gather(merged: MergedRows): Promise<KeyValueBatch> {
    const heads = gatherMerged(this.batches, merged);
    if (this.late === null) return heads;
    const late = await pickSelected(
      this.batches.map((batch) => batch.late),
      merged.selection,
    );
    const all = [...heads.columns, ...late];
    return { ...heads, columns: this.late.places.map((place) => all[place]) };
  }

  /** Forgets all rows and batches. */
  clear(): void {
    this.batches.length = 0;
    this.rowCount = 0;
    this.groupCount = 0;
  }

  private grow(): void {
    this.sources = doubled(this.sources);
    this.rows = doubled(this.rows);
    this.groupStarts = doubled(this.groupStarts);
  }
}

/** A new batch of merged rows; `batches` are those that were merged, of one layout. */
export function gatherMerged(batches: readonly KeyValueBatch[], merged: MergedRows): KeyValueBatch {
  const { selection, columns } = merged;
  const selected = (column: (batch: KeyValueBatch) => Vector): Vector =>
    interleaveVectors(batches.map(column), selection);
  return {
    rowCount: selection.rows.length,
    columns: batches[0].columns.map((_, index) => columns?.[index] ?? selected((batch) => batch.columns[index])),
    sequence: ofKind(
      selected((batch) => batch.sequence),
      'i64',
    ),
    kinds: merged.kinds ?? selectedKinds(batches, selection),
  };
}

function selectedKinds(batches: readonly KeyValueBatch[], { sources, rows }: Selection): Uint8Array {
  const kinds = new Uint8Array(rows.length);
  for (let index = 0; index < kinds.length; index++) kinds[index] = batches[sources[index]].kinds[rows[index]];
  return kinds;
}

function doubled(array: Uint32Array): Uint32Array {
  const grown = new Uint32Array(2 * array.length);
  grown.set(array);
  return grown;
}
