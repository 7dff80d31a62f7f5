// The compactions of one mirrored table: some a commit waits for, as its rows or its changes come with them; the others
// run beside the loop.
import { TributaryError } from '../base/errors.ts';
import { Turns } from '../base/turns.ts';
import { type CompactionCommitter, Compactor } from '../paimon/lsm/compactor.ts';
import { SchemaStore } from '../paimon/schema/schema-store.ts';
import { type TableOptions, tableOptions } from '../paimon/schema/table-options.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { MirrorParts } from './parts.ts';

/** Compactions of a table in one round beside the loop; the next round goes on. */
const COMPACTIONS_MAX = 4;
/** How often a commit's compaction is tried again after another writer was faster. */
const CONFLICTS_MAX = 8;
/** Sorted runs beyond the table's `num-sorted-run.stop-trigger`, as a factor, from which on writing waits. */
const RUNS_MAX_FACTOR = 4;

/** What a commit waits for. */
interface CommitCompaction {
  /**
   * Level 0 is lifted: reads of tables with deletion vectors pass it by, and changes that are looked up are written down
   * then.
   */
  readonly liftsLevel0: boolean;
  /** Everything goes to the highest level with each checkpoint whose number this divides; null for never. */
  readonly fullEvery: number | null;
}

/** What commits of a table with these options wait for: as Flink's writer decides (LookupStrategy, GlobalFullCompactionSinkWrite). */
function commitCompaction(options: TableOptions): CommitCompaction {
  const { changelogProducer, deletionVectors, deletionVectorsMergeOnRead, fullCompactionDeltaCommits } = options;
  const isFullProducer = changelogProducer === 'full-compaction';
  const hidesLevel0 = deletionVectors && !deletionVectorsMergeOnRead;
  return {
    liftsLevel0: hidesLevel0 || changelogProducer === 'lookup',
    fullEvery:
      isFullProducer || fullCompactionDeltaCommits !== null ? Math.max(1, fullCompactionDeltaCommits ?? 1) : null,
  };
}

/** One compactor of a table; its calls run one after the other. */
export class TableCompaction {
  private readonly table: MirroredTable;
  private readonly compactor: Compactor;
  private readonly wish: CommitCompaction;
  private readonly turns = new Turns();
  /** There may be rows that the last compaction of a commit has not seen: a run before this one may have been killed. */
  private isUnsettled = true;
  private isFullDue = true;

  constructor(table: MirroredTable, parts: MirrorParts, pipeline: string) {
    this.table = table;
    this.compactor = compactorOf(table, parts, pipeline);
    this.wish = commitCompaction(tableOptions(table.schema));
  }

  /** Whether the table has so many sorted runs that reading it gets slow. */
  isBehind(): boolean {
    const { schema, error } = this.table;
    return error === null && this.compactor.runCountMax(schema) > RUNS_MAX_FACTOR * tableOptions(schema).stopTrigger;
  }

  /**
   * Compacts what a checkpoint waits for, after its rows were published; `hasRows` says whether there were any. Throws
   * what `Compactor.compact` throws, and `E3390` where another writer was faster too often.
   */
  async settle(checkpoint: bigint, hasRows: boolean): Promise<void> {
    if (hasRows) {
      this.isUnsettled = true;
      this.isFullDue = true;
    }
    const { liftsLevel0, fullEvery } = this.wish;
    const isFull = this.isFullDue && fullEvery !== null && checkpoint % BigInt(fullEvery) === 0n;
    if (isFull || (liftsLevel0 && this.isUnsettled)) {
      await this.turns.take(() => this.compactSurely(isFull));
      if (isFull) this.isFullDue = false;
    }
    this.isUnsettled = false;
  }

  /** Compacts what is due, as often as a round may; what commits wait for is left to them. */
  async round(signal: AbortSignal): Promise<void> {
    if (this.wish.liftsLevel0) return;
    for (let count = 0; count < COMPACTIONS_MAX; count++) {
      signal.throwIfAborted();
      const report = await this.turns.take(() => this.compactor.compact({ signal }));
      if (report === null) return;
      this.table.compacted(report);
    }
  }

  private async compactSurely(full: boolean): Promise<void> {
    for (let attempt = 0; attempt < CONFLICTS_MAX; attempt++) {
      const report = await this.compactor.compact({ full });
      if (report !== null) this.table.compacted(report);
      if (report?.outcome !== 'conflict') return;
    }
    throw new TributaryError(
      'E3390',
      `another writer changes the table faster than it can be compacted: table=${this.table.tablePath}`,
    );
  }
}

/** Compactions commit under a user of their own and carry no position (architecture, rule 6). */
function compactorOf(table: MirroredTable, parts: MirrorParts, pipeline: string): Compactor {
  const committer: CompactionCommitter = {
    commit: async (change) => {
      await table.exclusively(() =>
        table.committer.commit({
          kind: 'COMPACT',
          ...change,
          commitUser: `${pipeline}-compaction`,
          // Snapshot ids only grow, so this is larger than that of any compaction before.
          commitIdentifier: (table.committer.latest?.id ?? 0n) + 1n,
        }),
      );
    },
    latestFiles: async () => {
      await table.committer.refresh();
      return table.committer.liveEntries();
    },
    indexEntries: () => table.committer.indexEntries(),
  };
  return new Compactor({
    store: parts.store,
    tablePath: table.tablePath,
    schemas: new SchemaStore(parts.store, table.tablePath),
    liveFiles: table.liveFiles,
    runner: parts.runner,
    random: parts.random,
    clock: parts.clock,
    committer,
  });
}
