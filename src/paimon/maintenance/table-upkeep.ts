// What a writer does after its commits, unless the table is `write-only`: it makes the tags that are due, and lets tags,
// partitions, consumers and snapshots go whose time is over. Source: TableCommitImpl.maintain.
import { type Clock, localTimeMs } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { TableCommitter } from '../commit/table-commit.ts';
import { tableOptions, type TableOptions } from '../schema/table-options.ts';
import { AutomaticTags } from './automatic-tags.ts';
import { expireConsumers } from './consumers.ts';
import { expireChangelogs } from './expire-changelogs.ts';
import { expireSnapshots } from './expire-snapshots.ts';
import { expirePartitions } from './partitions.ts';
import type { History } from './references.ts';
import { expireTags } from './tags.ts';

interface Components {
  readonly clock: Clock;
  readonly random: Random;
}

/** The table (or branch) that is looked after: see `Table`. */
export interface UpkeptTable {
  history(): Promise<History>;
  committer(components: Components): Promise<TableCommitter>;
}

/** The commit that has just been made; the drop of old partitions has its user and identifier. */
export interface CommitMade {
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
}

/** Looks after one table for one writer. */
export class TableUpkeep {
  readonly #table: UpkeptTable;
  readonly #components: Components;
  #tags: AutomaticTags | null = null;
  #partitionsCheckedMs: number | null = null;

  constructor(table: UpkeptTable, components: Components) {
    this.#table = table;
    this.#components = components;
  }

  /**
   * Does what is due. `protectedIds` are of snapshots that must stay, with all after them. Throws `E3240`: the commit is
   * published all the same, and what is left undone is done after the next one.
   */
  async run(commit: CommitMade, protectedIds: Iterable<bigint> = []): Promise<void> {
    const history = await this.#table.history();
    if (tableOptions(history.schema).writeOnly) return;
    try {
      await this.#maintain(history, commit, protectedIds);
    } catch (error) {
      const { root } = history.paths;
      const { commitUser, commitIdentifier } = commit;
      throw new TributaryError(
        'E3240',
        `commit is published, what comes after it has failed: table=${root} commit_user=${commitUser} commit_identifier=${commitIdentifier}`,
        { cause: error },
      );
    }
  }

  async #maintain(history: History, commit: CommitMade, protectedIds: Iterable<bigint>): Promise<void> {
    const nowMs = this.#components.clock.nowMs();
    const { automaticTags, expiresTags, consumerExpirationMs } = tableOptions(history.schema);
    if (automaticTags !== null) {
      this.#tags ??= await AutomaticTags.open(history, automaticTags);
      await this.#tags.run(history, nowMs);
    }
    if (expiresTags) await expireTags(history, nowMs);
    await this.#expirePartitions(history, commit, nowMs);
    // Those before the snapshots, which they keep.
    if (consumerExpirationMs !== null) await expireConsumers(history, nowMs - consumerExpirationMs);
    await this.#expireSnapshots(history, { nowMs, protectedIds });
  }

  async #expirePartitions({ schema }: History, commit: CommitMade, nowMs: number): Promise<void> {
    const { partitionExpirationMs, partitionExpirationCheckMs: intervalMs } = tableOptions(schema);
    if (partitionExpirationMs === null || schema.partitionKeys.length === 0) return;
    // Many writers that live shorter than the interval look at some time, too, not all of them at once.
    this.#partitionsCheckedMs ??= nowMs - this.#components.random.unit() * intervalMs;
    if (intervalMs > 0 && nowMs <= this.#partitionsCheckedMs + intervalMs) return;
    const committer = await this.#table.committer(this.#components);
    await expirePartitions({ schema, committer, ...commit }, { localNowMs: localTimeMs(nowMs) });
    this.#partitionsCheckedMs = nowMs;
  }

  async #expireSnapshots(
    history: History,
    { nowMs, protectedIds }: { readonly nowMs: number; readonly protectedIds: Iterable<bigint> },
  ): Promise<void> {
    const { store, paths, schema } = history;
    // Files of a branch may be the table's, which knows nothing of its snapshots.
    if (paths.metaRoot !== paths.root) return;
    const options = tableOptions(schema);
    const keepChangelogs = changelogsOutlive(options);
    await expireSnapshots(
      { store, tablePath: paths.root, schema, random: this.#components.random },
      {
        retention: options.snapshotRetention,
        countMax: options.snapshotExpireCountMax,
        nowMs,
        protectedIds,
        keepChangelogs,
      },
    );
    if (!keepChangelogs || options.changelogRetention === null) return;
    await expireChangelogs(history, { retention: options.changelogRetention, nowMs });
  }
}

/** Whether changes are kept longer than snapshots. */
function changelogsOutlive({ snapshotRetention: snapshots, changelogRetention: changelogs }: TableOptions): boolean {
  if (changelogs === null) return false;
  return (
    changelogs.countMin > snapshots.countMin ||
    changelogs.countMax > snapshots.countMax ||
    changelogs.timeMs > snapshots.timeMs
  );
}
