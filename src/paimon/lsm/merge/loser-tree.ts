// A tournament over the heads of several sorted runs: one comparison a level to replace the winner.

/** True when run `a` comes before run `b`; a total order. */
export type RunOrder = (a: number, b: number) => boolean;

const EMPTY = -1;

/** Finds the run whose head is first. Runs are 0 … runCount - 1; at least one. */
export class LoserTree {
  private readonly runCount: number;
  private readonly before: RunOrder;
  /** The loser of each inner match at 1 … runCount - 1; the winner of all at 0. */
  private readonly nodes: Int32Array;

  constructor(runCount: number, before: RunOrder) {
    this.runCount = runCount;
    this.before = before;
    this.nodes = new Int32Array(runCount).fill(EMPTY);
    for (let run = runCount - 1; run >= 0; run--) this.replay(run);
  }

  /** The run whose head is first. */
  get winner(): number {
    return this.nodes[0];
  }

  /** Plays again after the head of `run` changed; `run` is the winner (or the tree is being built). */
  replay(run: number): void {
    let winner = run;
    for (let node = (run + this.runCount) >> 1; node > 0; node >>= 1) {
      const other = this.nodes[node];
      // An empty place wins while the tree is being built, so that every run is placed once.
      if (winner !== EMPTY && (other === EMPTY || this.before(other, winner))) {
        this.nodes[node] = winner;
        winner = other;
      }
    }
    this.nodes[0] = winner;
  }
}
