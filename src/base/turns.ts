// Actions of one owner, one after the other: what a lock is where nothing is shared between threads.

/** Runs each action when all that were given before have ended, well or not. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** What the action gives; its failure is its caller's alone. An action that waits for a later one never ends. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.last.then(action);
    this.last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when all actions given so far have ended. */
  async ended(): Promise<void> {
    await this.last;
  }
}
