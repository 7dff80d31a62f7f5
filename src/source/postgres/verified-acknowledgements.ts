// Between what is durable here and what the server is told: nothing is acknowledged before the publication was looked
// at once more and found unchanged, at most once a second.
import type { Clock } from '../../base/clock.ts';
import type { Lsn } from './lsn.ts';

const INTERVAL_MS = 1000;
const PATIENCE_MS = 1000;

/** What acknowledgements work with. */
export interface VerifiedAcknowledgementsParts {
  readonly clock: Clock;
  /** Rejects if the log may lack changes so far. */
  readonly verify: () => Promise<void>;
  /** The server may be told of the position. */
  readonly confirmed: (position: Lsn) => void;
  readonly failed: (error: unknown) => void;
}

/** The acknowledgements of one stream. */
export class VerifiedAcknowledgements {
  private readonly parts: VerifiedAcknowledgementsParts;
  private durable: Lsn;
  private confirmed: Lsn;
  private lastMs = Number.NEGATIVE_INFINITY;
  private underWay: Promise<void> | null = null;
  private cancelNext: (() => void) | null = null;
  private stopped = false;

  constructor(parts: VerifiedAcknowledgementsParts, acknowledged: Lsn) {
    this.parts = parts;
    this.durable = acknowledged;
    this.confirmed = acknowledged;
  }

  /** Since when the publication is being looked at; null while it is not. */
  get waitingSinceMs(): number | null {
    return this.underWay === null ? null : this.lastMs;
  }

  /** Everything up to here is durable. */
  add(position: Lsn): void {
    if (position <= this.durable) return;
    this.durable = position;
    this.schedule();
  }

  /** Confirms what is durable by now; gives up after a second. Nothing is confirmed or reported any more afterwards. */
  async finish(): Promise<void> {
    this.cancelNext?.();
    const patience = new AbortController();
    const tooLong = this.parts.clock.sleep(PATIENCE_MS, patience.signal).catch(() => {
      // Everything was confirmed in time.
    });
    await Promise.race([this.settle(), tooLong]);
    patience.abort();
    this.stop();
  }

  /** Confirms and reports nothing any more. */
  stop(): void {
    this.stopped = true;
    this.cancelNext?.();
  }

  private async settle(): Promise<void> {
    await this.underWay;
    if (this.stopped || this.durable <= this.confirmed) return;
    this.look();
    await this.underWay;
  }

  private schedule(): void {
    if (this.cancelNext !== null || this.underWay !== null || this.stopped) return;
    const waitMs = this.lastMs + INTERVAL_MS - this.parts.clock.monotonicMs();
    if (waitMs <= 0) {
      this.look();
      return;
    }
    this.cancelNext = this.parts.clock.after(waitMs, () => {
      this.cancelNext = null;
      this.look();
    });
  }

  /** What is under way then never rejects: what is wrong is reported. */
  private look(): void {
    const { clock, verify } = this.parts;
    const position = this.durable;
    this.lastMs = clock.monotonicMs();
    this.underWay = verify().then(
      () => this.passed(position),
      (error: unknown) => {
        this.underWay = null;
        const report = !this.stopped;
        this.stop();
        if (report) this.parts.failed(error);
      },
    );
  }

  private passed(position: Lsn): void {
    this.underWay = null;
    if (this.stopped) return;
    this.confirmed = position;
    this.parts.confirmed(position);
    if (this.durable > position) this.schedule();
  }
}
