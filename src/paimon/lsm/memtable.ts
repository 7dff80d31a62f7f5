// The changes of one table that are not in files yet: the batches as they came, in log order.
import type { WriteBatch } from './write-batch.ts';

/** Batches in write order, with their size. */
export class Memtable {
  private held: WriteBatch[] = [];
  private bytes = 0;

  /** Bytes of memory that the batches hold. */
  get sizeBytes(): number {
    return this.bytes;
  }

  get isEmpty(): boolean {
    return this.held.length === 0;
  }

  add(batch: WriteBatch): void {
    if (batch.rowCount === 0) return;
    this.held.push(batch);
    this.bytes += batch.sizeBytes;
  }

  /** Takes everything out. */
  take(): { readonly batches: readonly WriteBatch[]; readonly sizeBytes: number } {
    const taken = { batches: this.held, sizeBytes: this.bytes };
    this.held = [];
    this.bytes = 0;
    return taken;
  }
}
