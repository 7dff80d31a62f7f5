// What a snapshot shows: the order in which transactions become visible is not that of their commit records, as a commit
// that waits for a standby is in the log and not visible yet.

/** A snapshot as `txid_current_snapshot()` prints it. */
export interface SnapshotText {
  /** All before are over. */
  readonly min: bigint;
  /** This one and all after had not begun. */
  readonly max: bigint;
  /** Those between that were running. */
  readonly running: ReadonlySet<bigint>;
}

const LOW_BITS = 32;
const HALF = 2n ** 31n;

/** Reads `min:max:running,…`. */
export function parseSnapshot(text: string): SnapshotText {
  const [min = '', max = '', running = ''] = text.split(':');
  return { min: BigInt(min), max: BigInt(max), running: new Set(running === '' ? [] : running.split(',').map(BigInt)) };
}

/** Whether the snapshot shows the transaction, which is known to have committed; `id` are the low 32 bits of its number. */
export function shows(snapshot: SnapshotText, id: number): boolean {
  // Of all numbers with these bits the one next to the snapshot's: there are never 2^31 between two that matter.
  const behind = BigInt.asIntN(LOW_BITS, snapshot.max - BigInt(id));
  const full = snapshot.max - (behind === -HALF ? HALF : behind);
  if (full < snapshot.min) return true;
  return full < snapshot.max && !snapshot.running.has(full);
}

/**
 * The transactions that a chunk of a copy has to show: those that the log has given, to this process until they are seen to
 * be visible, or to one before, which may be any that had begun by then.
 */
export class DueTransactions {
  private readonly ids = new Set<number>();
  private allBefore = 0n;

  /** A transaction that the log gives: the low 32 bits of its number. */
  add(id: number): void {
    this.ids.add(id);
  }

  /** All that have begun before this one have to be over, too. */
  addAllBefore(full: bigint): void {
    if (full > this.allBefore) this.allBefore = full;
  }

  /** Those so far, to be given to `settle` with a snapshot that is taken afterwards. */
  now(): readonly number[] {
    return [...this.ids];
  }

  /** Whether the snapshot shows all of these, and all that have to be over are; those that it does not stay due. */
  settle(due: readonly number[], snapshot: SnapshotText): boolean {
    let isComplete = snapshot.min >= this.allBefore;
    for (const id of due) {
      if (shows(snapshot, id)) this.ids.delete(id);
      else isComplete = false;
    }
    return isComplete;
  }

  /** No chunk is read any more. */
  clear(): void {
    this.ids.clear();
  }
}
