// What decoders of every source's rows have in common: the batch under construction, absent values, and faults that become
// NULL. A row is written by one call, which returns OK or a fault; after a fault the rows so far are of no use.
import type { ChangeBatch } from '../change/change-batch.ts';
import type { SourceTable } from '../change/source-table.ts';
import type { VectorBuilder } from '../column/builder.ts';
import { MISSING, NULL, type Vector, vectorSizeBytes } from '../column/vector.ts';
import { KEY_ABSENT, MALFORMED, OK } from './faults.ts';

/** Rows of one table under construction, in the columns of its decoders. */
export abstract class RowBuilder<Decoder extends { readonly builder: VectorBuilder }> {
  /** Rows written since the last `finish`. */
  rowCount = 0;
  /** After a fault: the index of the table's column at fault. */
  failedColumn = 0;
  /** Batches carry whole old rows. */
  abstract readonly beforeImages: boolean;
  protected readonly isKey: Uint8Array;
  protected abstract readonly decoders: readonly Decoder[];
  private readonly source: SourceTable;
  private readonly nullFaults: number;
  private kinds: Uint8Array = new Uint8Array(1024);
  private hasMissing = false;

  /** `nullFaults`: a bit for each fault that makes a value NULL where it is not one of the key. */
  constructor(source: SourceTable, nullFaults: number) {
    this.source = source;
    this.nullFaults = nullFaults;
    this.isKey = new Uint8Array(source.columns.length);
    for (const column of source.keyColumns) this.isKey[column] = 1;
  }

  /** The rows so far; the builder starts again empty. */
  finish(): ChangeBatch {
    const { rowCount, hasMissing, beforeImages } = this;
    const columns: Vector[] = this.decoders.map((decoder) => decoder.builder.finish(rowCount));
    const kinds = this.kinds.slice(0, rowCount);
    this.rowCount = 0;
    this.hasMissing = false;
    const sizeBytes = columns.reduce((sum, column) => sum + vectorSizeBytes(column), kinds.byteLength);
    return { table: this.source.key, rowCount, columns, kinds, beforeImages, hasMissing, sizeBytes };
  }

  /** Writes NULL or MISSING into a column of the row being built. */
  protected writeAbsent(column: number, flag: number): number {
    if (this.isKey[column] === 1) {
      this.failedColumn = column;
      return KEY_ABSENT;
    }
    const { builder } = this.decoders[column];
    builder.reserve(this.rowCount);
    builder.setAbsent(this.rowCount, flag);
    if (flag === MISSING) this.hasMissing = true;
    return OK;
  }

  /** Writes NULL for a fault where the configuration says so. */
  protected absorb(fault: number, column: number): number {
    const lenient = this.isKey[column] === 0 && (this.nullFaults & (1 << fault)) !== 0;
    if (lenient) return this.writeAbsent(column, NULL);
    this.failedColumn = column;
    return fault;
  }

  protected endRow(kind: number): void {
    const row = this.rowCount;
    if (row === this.kinds.length) {
      const grown = new Uint8Array(2 * row);
      grown.set(this.kinds);
      this.kinds = grown;
    }
    this.kinds[row] = kind;
    this.rowCount = row + 1;
  }

  protected malformed(): number {
    this.failedColumn = 0;
    return MALFORMED;
  }
}
