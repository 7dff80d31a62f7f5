// What keeps the lake readable while the pipeline runs: compaction, and expiry of what nobody may read any more. It runs
// beside the loop, one table after the other, and never changes what a table holds.
import type { Failure } from './failure.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { MirrorParts } from './parts.ts';
import type { MirrorSettings } from './settings.ts';

/** What maintenance works with. */
export interface MaintenanceParts {
  readonly parts: MirrorParts;
  readonly settings: MirrorSettings;
  readonly tables: readonly MirroredTable[];
  readonly failure: Failure;
}

/** The maintenance of one pipeline's tables. */
export class Maintenance {
  private readonly parts: MaintenanceParts;
  private underWay: Promise<void> | null = null;

  constructor(parts: MaintenanceParts) {
    this.parts = parts;
  }

  /** Begins a round unless one is under way. */
  afterCheckpoint(): void {
    if (this.underWay !== null) return;
    this.underWay = this.round().finally(() => {
      this.underWay = null;
    });
    this.underWay.catch((error: unknown) => this.parts.failure.report(error));
  }

  /** Resolves when no round is under way; rejects if it failed. */
  async settled(): Promise<void> {
    await this.underWay;
  }

  async close(): Promise<void> {
    await this.settled();
  }

  private async round(): Promise<void> {}
}
