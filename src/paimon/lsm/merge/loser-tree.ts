// A tournament over the heads of several sorted runs: one comparison a level to replace the winner.

/** True when run `a` comes before run `b`, whose heads are equal numbers; a total order. */
export type RunOrder = (a: number, b: number) => boolean;

const EMPTY = -1;

/** Finds the run whose head is first. Runs are 0 … runCount - 1; at least one. */
export class LoserTree {
  private readonly runCount: number;
  private readonly heads: Float64Array;
  private readonly before: RunOrder;
  /** The loser of each inner match at 1 … runCount - 1; the winner of all at 0. */
  private readonly nodes: Int32Array;

  /** A number for each run, of which the smaller one is first; kept by the caller up to date. `before` decides for equal ones. */
  constructor(heads: Float64Array, before: RunOrder) {
    this.runCount = heads.length;
    this.heads = heads;
    this.before = before;
    this.nodes = new Int32Array(this.runCount).fill(EMPTY);
    for (let run = this.runCount - 1; run >= 0; run--) this.place(run);
  }

  /** The run whose head is first. */
  get winner(): number {
    return this.nodes[0];
  }

  /** Plays again after the head of `run`, which is the winner, changed. */
  replay(run: number): void {
    const { nodes, heads } = this;
    let winner = run;
    let head = heads[run];
    for (let node = (run + this.runCount) >> 1; node > 0; node >>= 1) {
      const other = nodes[node];
      const otherHead = heads[other];
      if (otherHead < head || (otherHead === head && this.before(other, winner))) {
        nodes[node] = winner;
        winner = other;
        head = otherHead;
      }
    }
    nodes[0] = winner;
  }

  /** Puts a run into the tree. An empty place wins, so that every run is placed once. */
  private place(run: number): void {
    const { nodes, heads } = this;
    let winner = run;
    for (let node = (run + this.runCount) >> 1; node > 0; node >>= 1) {
      const other = nodes[node];
      if (winner === EMPTY) continue;
      const isFirst =
        other === EMPTY ||
        heads[other] < heads[winner] ||
        (heads[other] === heads[winner] && this.before(other, winner));
      if (!isFirst) continue;
      nodes[node] = winner;
      winner = other;
    }
    nodes[0] = winner;
  }
}
