// The first failure of anything that runs beside the loop: a checkpoint, a compaction, the lease.

/** Collects the first error; the loop waits for it beside its events. */
export class Failure {
  /** Rejects with the first error; never resolves. */
  readonly promise: Promise<never>;
  private reject: (error: unknown) => void = () => {};
  private first: { readonly error: unknown } | null = null;

  constructor() {
    this.promise = new Promise((_, reject) => {
      this.reject = reject;
    });
    // Between two waits of the loop nobody listens; that must not count as an unhandled rejection.
    this.promise.catch(() => {});
  }

  /** Reports an error; only the first one counts. */
  report(error: unknown): void {
    this.first ??= { error };
    this.reject(error);
  }

  /** Throws the error that was reported, if any. */
  throwIfFailed(): void {
    if (this.first !== null) throw this.first.error;
  }
}
