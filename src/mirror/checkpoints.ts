// Checkpoints: everything up to one transaction boundary made durable, recorded, and only then acknowledged
// (architecture, "Exactly once", rules 1 and 2). One is under way at a time, while the loop goes on reading.
import type { Clock } from '../base/clock.ts';
import type { SourceIdentity, SourcePosition } from '../change/position.ts';
import type { CheckpointRecord, CopyingTable, PausedTable, StoppedTable } from '../checkpoint/checkpoint-record.ts';
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts';
import type { CommitMessage } from '../paimon/lsm/write-batch.ts';
import type { ChangeSource } from '../source/source.ts';
import type { CommitStamp } from './commit-properties.ts';
import type { Failure } from './failure.ts';
import type { MirroredTable, SealedFiles } from './mirrored-table.ts';
import type { CopyMark } from './table-copy.ts';
import type { PipelineTelemetry } from './telemetry.ts';

/** A place at which no transaction is open: what a checkpoint is taken at. */
export interface CheckpointPlace {
  readonly position: SourcePosition;
  /** Commit time of the newest transaction included, in milliseconds; 0 if unknown. */
  readonly commitTimeMs: number;
}

/** What checkpoints work with. */
export interface CheckpointParts {
  readonly pipeline: string;
  /** Of the source before anything was copied. */
  readonly identity: SourceIdentity;
  readonly token: string;
  readonly source: ChangeSource;
  readonly store: CheckpointStore;
  readonly clock: Clock;
  readonly telemetry: PipelineTelemetry;
  readonly tables: readonly MirroredTable[];
  readonly paused: readonly PausedTable[];
  /** Stops following a table whose rows cannot be written; throws what is no fault of rows, or stops the pipeline. */
  unwritable(table: MirroredTable, error: unknown): Promise<void>;
  readonly failure: Failure;
  /** Compacts what the rows of a checkpoint need to be seen; says of each table whether it got any. */
  settle(checkpoint: bigint, published: ReadonlyMap<MirroredTable, boolean>): Promise<void>;
  /** Called after each complete checkpoint. */
  completed(): void;
}

/** Of the tables that were being copied when a checkpoint began. */
type CopyMarks = ReadonlyMap<MirroredTable, CopyMark>;

/** What operators change at the place of a checkpoint; the next run of the pipeline finds it in the record. */
export interface RecordChange {
  /** Copied anew from here on. */
  readonly begun: CopyMarks;
  /** Not followed from here on. */
  readonly paused: ReadonlySet<MirroredTable>;
  /** Followed again from where they were paused. */
  readonly resumed: ReadonlySet<PausedTable>;
}

/** Takes the checkpoints of one pipeline, numbered upwards. */
export class Checkpoints {
  private readonly parts: CheckpointParts;
  /** Of the source; a copy may have made a part of it. */
  identity: SourceIdentity;
  private nextNumber: bigint;
  private copyNumber: bigint | null = null;
  private underWay: Promise<void> | null = null;
  /** Of the newest record. */
  private marks: CopyMarks = new Map();
  private paused: readonly PausedTable[];
  private resumed: readonly PausedTable[] = [];

  constructor(parts: CheckpointParts, nextNumber: bigint) {
    this.parts = parts;
    this.identity = parts.identity;
    this.paused = parts.paused;
    this.nextNumber = nextNumber;
  }

  get running(): boolean {
    return this.underWay !== null;
  }

  /**
   * Begins a checkpoint at the place. The tables are sealed before this returns, so the loop may write on at once. A
   * failure is reported, and rejects the next `settled`.
   */
  begin(place: CheckpointPlace): void {
    const number = this.nextNumber++;
    const startMs = this.parts.clock.monotonicMs();
    const sealed = new Map<MirroredTable, SealedFiles>();
    const marks = new Map<MirroredTable, CopyMark>();
    for (const table of this.parts.tables) {
      if (table.error !== null) continue;
      sealed.set(table, table.seal());
      if (table.copy !== null) marks.set(table, table.copy.mark(place.position));
    }
    this.underWay = this.complete(number, place, { sealed, marks }).then(() => {
      this.underWay = null;
      this.measured(startMs);
      this.parts.completed();
    });
    this.underWay.catch((error: unknown) => this.parts.failure.report(error));
  }

  /**
   * Commits a copied table at the copy's position, with a number that all tables of the copy share. It is no checkpoint:
   * the first record follows when all tables are at one position.
   */
  async publishCopy(table: MirroredTable, position: SourcePosition): Promise<void> {
    this.copyNumber ??= this.nextNumber++;
    const stamp = this.stamp(this.copyNumber, { position, commitTimeMs: 0 });
    await table.publish(await table.seal(), { ...stamp, isCopying: false });
    table.reached(position, 0);
  }

  /**
   * Records a change at the place of the checkpoint before, which is complete: a record without snapshots, and the last
   * one of its run.
   */
  async recordChange(place: CheckpointPlace, { begun, paused, resumed }: RecordChange): Promise<void> {
    const followed = this.parts.tables.filter((table) => table.error === null);
    const tables = [...new Set([...followed, ...begun.keys()])].filter((table) => !paused.has(table));
    const number = this.nextNumber++;
    await this.parts.settle(number, new Map(followed.map((table) => [table, false])));
    // What the copies under way have read since is not durable.
    const marks = new Map([...this.marks, ...begun]);
    const markOf = (table: MirroredTable): CopyMark | null => marks.get(table) ?? table.copy?.durable ?? null;
    const pausedNow = [...paused].map((table) => pausedTable(table, place, markOf(table)));
    this.paused = [...this.paused.filter((table) => !resumed.has(table)), ...pausedNow];
    this.resumed = [...resumed];
    await this.record(this.stamp(number, place), tables, marks);
  }

  /** Whether the newest record tells how far the table's copy is; true without a copy. */
  knowsCopy(table: MirroredTable): boolean {
    return table.copy === null || table.copy.isInPlace || this.marks.has(table);
  }

  /** Resolves when no checkpoint is under way; rejects if the last one failed. */
  async settled(): Promise<void> {
    await this.underWay;
  }

  private async complete(
    number: bigint,
    place: CheckpointPlace,
    { sealed, marks }: { readonly sealed: Map<MirroredTable, SealedFiles>; readonly marks: CopyMarks },
  ): Promise<void> {
    const stamp = this.stamp(number, place);
    const files = await this.durableFiles(sealed);
    const published = await Promise.allSettled(
      [...files].map(([table, message]) => {
        const mark = marks.get(table);
        return table.publish(message, {
          ...stamp,
          position: mark?.place ?? stamp.position,
          isCopying: mark !== undefined,
        });
      }),
    );
    const failed = published.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await this.parts.settle(number, new Map([...files].map(([table, message]) => [table, message !== null])));
    await this.record(stamp, [...files.keys()], marks);
  }

  /**
   * Waits until every table's files are durable, before the first snapshot names one: a failing flush leaves no partial
   * checkpoint. A table whose rows cannot be written, or that was stopped since, is left out: its place stays.
   */
  private async durableFiles(
    sealed: Map<MirroredTable, SealedFiles>,
  ): Promise<Map<MirroredTable, CommitMessage | null>> {
    const tables = [...sealed.keys()];
    const results = await Promise.allSettled(sealed.values());
    const files = new Map<MirroredTable, CommitMessage | null>();
    for (const [index, result] of results.entries()) {
      const table = tables[index];
      if (result.status === 'fulfilled') files.set(table, result.value);
      else await this.parts.unwritable(table, result.reason);
    }
    return files;
  }

  /** Writes the record of a complete checkpoint and acknowledges it. */
  private async record(stamp: CommitStamp, sealed: readonly MirroredTable[], marks: CopyMarks): Promise<void> {
    const { parts } = this;
    const record = this.recordOf(stamp, sealed, marks);
    await parts.store.write(record);
    this.marks = marks;
    for (const table of sealed) {
      const mark = marks.get(table);
      table.reached(mark?.place ?? stamp.position, stamp.commitTimeMs);
      if (mark !== undefined) table.copy?.recorded(mark);
    }
    // A table that was stopped or paused or is being copied still needs the log from its place on.
    const places = [...record.stopped, ...record.copying, ...record.paused].map(({ place }) => place);
    parts.source.acknowledge(places.reduce((a, b) => parts.source.positions.earliest(a, b), stamp.position));
    parts.telemetry.durablePosition = stamp.position;
    parts.telemetry.checkpointNumber = stamp.checkpoint;
    if (stamp.commitTimeMs > 0) parts.telemetry.durableCommitTimeMs = stamp.commitTimeMs;
    parts.telemetry.committingCommitTimeMs = null;
  }

  private recordOf(stamp: CommitStamp, sealed: readonly MirroredTable[], marks: CopyMarks): CheckpointRecord {
    const { paused, resumed, parts } = this;
    const copying = sealed.flatMap((table) => {
      const mark = marks.get(table);
      return mark === undefined ? [] : [copyingTable(table, mark)];
    });
    const left = this.stoppedTables(sealed);
    const stopped = left.flatMap(({ copy, place, incarnation, source: { key: source } }): StoppedTable[] =>
      copy === null && place !== null ? [{ source, place, incarnation }] : [],
    );
    const stoppedCopies = left.flatMap((table) =>
      table.copy?.isInPlace === true ? [copyingTable(table, table.copy.durable)] : [],
    );
    return {
      pipeline: stamp.pipeline,
      number: stamp.checkpoint,
      position: stamp.position,
      identity: stamp.identity,
      commitTimeMs: stamp.commitTimeMs,
      token: stamp.token,
      timeMs: parts.clock.nowMs(),
      tables: sealed
        .filter((table) => !marks.has(table))
        .map((table) => ({
          source: table.source.key,
          table: lakeNameOf(table),
          snapshotId: table.snapshotId,
          incarnation: table.incarnation,
        })),
      stopped: [...stopped, ...resumed.filter((table) => table.copying === null)].map(
        ({ source, place, incarnation }) => ({ source, place, incarnation }),
      ),
      copying: [...copying, ...stoppedCopies, ...resumed.flatMap((table) => table.copying ?? [])],
      paused,
    };
  }

  /** Those that are not paused; a table that was stopped after it was sealed is part of the checkpoint all the same. */
  private stoppedTables(sealed: readonly MirroredTable[]): readonly MirroredTable[] {
    const paused = new Set(this.paused.map(({ source }) => source));
    return this.parts.tables.filter(
      (table) => table.error !== null && !sealed.includes(table) && !paused.has(table.source.key),
    );
  }

  private stamp(checkpoint: bigint, place: CheckpointPlace): CommitStamp {
    const { identity } = this;
    const { pipeline, token } = this.parts;
    return { pipeline, identity, token, checkpoint, position: place.position, commitTimeMs: place.commitTimeMs };
  }

  private measured(startMs: number): void {
    const { clock, telemetry } = this.parts;
    const durationMs = clock.monotonicMs() - startMs;
    telemetry.checkpoints++;
    telemetry.lastCommitMs = clock.nowMs();
    telemetry.checkpointSecondsTotal += durationMs / 1000;
    telemetry.checkpointDurationsMs.push(durationMs);
    if (telemetry.checkpointDurationsMs.length > 1024) telemetry.checkpointDurationsMs.shift();
  }
}

function lakeNameOf({ lake }: MirroredTable): string {
  return `${lake.database}.${lake.table}`;
}

function copyingTable(table: MirroredTable, mark: CopyMark): CopyingTable {
  return { ...mark, source: table.source.key, table: lakeNameOf(table), incarnation: table.incarnation };
}

/** `mark` is of its copy; null where it is in none. */
function pausedTable(table: MirroredTable, { position }: CheckpointPlace, mark: CopyMark | null): PausedTable {
  const { error, place, incarnation } = table;
  return {
    source: table.source.key,
    table: lakeNameOf(table),
    place: mark?.place ?? (error === null || place === null ? position : place),
    incarnation,
    copying: mark === null ? null : copyingTable(table, mark),
  };
}
