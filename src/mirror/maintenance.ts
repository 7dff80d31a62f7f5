// What keeps the lake readable while the pipeline runs: compaction, and expiry of what nobody may read any more. It runs
// beside the loop, one table after the other, and never changes what a table holds.
import type { TableKey } from '../change/table-key.ts';
import { expireSnapshots } from '../paimon/maintenance/expire-snapshots.ts';
import type { Failure } from './failure.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { MirrorParts } from './parts.ts';
import type { MirrorSettings } from './settings.ts';
import { TableCompaction } from './table-compaction.ts';

/** How often expired snapshots and records are looked for; more often where they stay for less than that. */
const EXPIRE_INTERVAL_MS_MAX = 10_000;
/** The most snapshots of a table that expire in one round. */
const EXPIRE_COUNT_MAX = 200;

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
  private readonly compactions: ReadonlyMap<MirroredTable, TableCompaction>;
  private readonly ending = new AbortController();
  private underWay: Promise<void> | null = null;
  /** A checkpoint came while a round was under way, which may not have seen its files. */
  private isDue = false;
  private behind = false;
  private lastExpiryMs: number;

  constructor(parts: MaintenanceParts) {
    this.parts = parts;
    this.compactions = new Map(
      parts.tables.map((table) => [table, new TableCompaction(table, parts.parts, parts.settings.pipeline)]),
    );
    this.lastExpiryMs = parts.parts.clock.monotonicMs();
  }

  /**
   * Compacts what a checkpoint waits for: `published` says of each of its tables whether it got rows. Rejects with the
   * first failure once all have ended.
   */
  async settle(checkpoint: bigint, published: ReadonlyMap<MirroredTable, boolean>): Promise<void> {
    if (this.parts.settings.compaction === 'off') return;
    const settling = [...published].map(async ([table, hasRows]) => {
      await this.compactions.get(table)?.settle(checkpoint, hasRows);
    });
    const failed = (await Promise.allSettled(settling)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Begins a round, after the one under way if there is one. A failure is reported and ends the pipeline. */
  afterCheckpoint(): void {
    if (this.ending.signal.aborted) return;
    this.behind = [...this.compactions.values()].some((compaction) => compaction.isBehind());
    this.isDue = true;
    if (this.underWay !== null) return;
    this.underWay = this.rounds()
      .catch((error: unknown) => {
        if (!this.ending.signal.aborted) this.parts.failure.report(error);
      })
      .finally(() => {
        this.underWay = null;
      });
  }

  /** Waits for the round under way while compaction is behind: writing must not outrun it for ever. */
  async relieve(): Promise<void> {
    if (this.behind) await this.underWay;
    this.behind = false;
  }

  /** Resolves when no round is under way or due. */
  async settled(): Promise<void> {
    await this.underWay;
  }

  /** Ends the round under way; what it has not published is thrown away. */
  async close(): Promise<void> {
    this.ending.abort();
    await this.underWay;
  }

  /** Nothing may be left due: where the source falls silent, no checkpoint comes that would begin another round. */
  private async rounds(): Promise<void> {
    while (this.isDue && !this.ending.signal.aborted) {
      this.isDue = false;
      await this.round();
    }
  }

  private async round(): Promise<void> {
    const { settings, tables, parts } = this.parts;
    const followed = tables.filter((table) => table.error === null && table.snapshotId !== null);
    if (settings.compaction === 'inline') {
      for (const table of followed) await this.compactions.get(table)?.round(this.ending.signal);
    }
    const nowMs = parts.clock.monotonicMs();
    if (nowMs - this.lastExpiryMs < Math.min(EXPIRE_INTERVAL_MS_MAX, settings.snapshots.retainMs / 2)) return;
    this.lastExpiryMs = nowMs;
    await this.expire(followed);
  }

  /** Removes old checkpoint records first: what they named is free to expire only then. */
  private async expire(tables: readonly MirroredTable[]): Promise<void> {
    const { parts, settings } = this.parts;
    const { retainMs, countMin } = settings.snapshots;
    await parts.checkpoints.removeOld({ retainMs, countMin }, parts.clock.nowMs());
    const oldest = await this.oldestNamed(new Set(tables.map((table) => table.source.key)));
    for (const table of tables) {
      this.ending.signal.throwIfAborted();
      const named = oldest.get(table.source.key);
      // A table that no cut names yet keeps everything.
      if (named === undefined) continue;
      await expireSnapshots(
        { store: parts.store, tablePath: table.tablePath, schema: table.schema, random: parts.random },
        {
          retention: { countMin, countMax: Number.MAX_SAFE_INTEGER, timeMs: retainMs },
          countMax: EXPIRE_COUNT_MAX,
          nowMs: parts.clock.nowMs(),
          protectedIds: [named],
        },
      );
    }
  }

  /** The oldest snapshot of each table that a retained cut names; snapshot ids grow with the numbers of the cuts. */
  private async oldestNamed(tables: ReadonlySet<TableKey>): Promise<Map<TableKey, bigint>> {
    const oldest = new Map<TableKey, bigint>();
    for (const number of await this.parts.parts.checkpoints.list()) {
      const record = await this.parts.parts.checkpoints.read(number);
      for (const { source, snapshotId } of record?.tables ?? []) {
        if (snapshotId !== null && tables.has(source) && !oldest.has(source)) oldest.set(source, snapshotId);
      }
      if (oldest.size === tables.size) break;
    }
    return oldest;
  }
}
