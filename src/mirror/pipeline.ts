// The state of a running pipeline behind the loop in `mirror.ts`: its tables, the newest transaction boundary, and when
// the next checkpoint is due.
import { assert, isTributaryError, type TributaryError } from '../base/errors.ts';
import type { ChangeBatch } from '../change/change-batch.ts';
import type { SourcePosition } from '../change/position.ts';
import type { TableKey } from '../change/table-key.ts';
import type { Boundary, InitialCopy, LogHealth, SourceEvent } from '../source/source.ts';
import { BackPressure } from './back-pressure.ts';
import { type CheckpointPlace, Checkpoints } from './checkpoints.ts';
import { Copier } from './copier.ts';
import { copyTables } from './copy.ts';
import { EventInbox } from './event-inbox.ts';
import { Maintenance } from './maintenance.ts';
import type { MirrorParts } from './parts.ts';
import type { MirroredTable } from './mirrored-table.ts';
import type { MirrorSettings } from './settings.ts';
import { type PipelineStart, startPipeline } from './start.ts';
import { grantWishes } from './grant-wishes.ts';
import { staleKeys } from './stale-keys.ts';
import { COPY_BEGINS, TableCopy } from './table-copy.ts';

/** How long the loop sleeps at most, so that a stop is noticed. */
const WAIT_MS_MAX = 200;
/** How often the source is asked how the log kept for us is. */
const HEALTH_INTERVAL_MS = 5_000;
/** How long a stop waits for the end of the transaction being read; a longer one is read again after the restart. */
const STOP_GRACE_MS = 10_000;

type TableFailed = Extract<SourceEvent, { readonly kind: 'table-failed' }>;

/** A pipeline between its start and its end; made by `Pipeline.start`, used by the loop alone. */
export class Pipeline {
  private readonly parts: MirrorParts;
  private readonly settings: MirrorSettings;
  private readonly started: PipelineStart;
  private readonly tables: ReadonlyMap<TableKey, MirroredTable>;
  private readonly checkpoints: Checkpoints;
  private readonly pressure: BackPressure;
  private readonly maintenance: Maintenance;
  /** Null where no table is copied in chunks. */
  private copier: Copier | null = null;
  private readonly logEnd = new AbortController();
  /** Where to read the log from. */
  private from: SourcePosition | null;
  /** The newest place without an open transaction; null before the first. */
  private place: CheckpointPlace | null = null;
  private transactionOpen = false;
  /** A table was altered: the next run finds out how. */
  private isToRestart = false;
  private dirtyRows = 0;
  private dirtyBytes = 0;
  private dirty = false;
  private lastBeginMs: number;
  private stopRequestedMs: number | null = null;
  private readonly stopHealth: () => void;
  private askingHealth = false;

  private constructor(parts: MirrorParts, settings: MirrorSettings, started: PipelineStart) {
    this.parts = parts;
    this.settings = settings;
    this.started = started;
    this.from = started.from;
    this.tables = new Map(started.tables.map((table) => [table.source.key, table]));
    this.lastBeginMs = parts.clock.monotonicMs();
    this.pressure = new BackPressure({
      tables: started.tables,
      bytesMax: settings.memoryBytesMax,
      clock: parts.clock,
      telemetry: parts.telemetry,
      flushFailed: (table, error) => this.unwritable(table, error),
    });
    this.maintenance = new Maintenance({ parts, settings, tables: started.tables, failure: started.failure });
    this.checkpoints = new Checkpoints(
      {
        pipeline: settings.pipeline,
        identity: started.description.identity,
        token: started.token,
        source: parts.source,
        store: parts.checkpoints,
        clock: parts.clock,
        telemetry: parts.telemetry,
        tables: started.tables,
        paused: started.paused,
        unwritable: (table, error) => this.unwritable(table, error),
        failure: started.failure,
        settle: (checkpoint, published) => this.maintenance.settle(checkpoint, published),
        completed: () => this.maintenance.afterCheckpoint(),
      },
      started.nextNumber,
    );
    this.stopHealth = parts.clock.every(HEALTH_INTERVAL_MS, () => this.askHealth());
  }

  /** Finds out where the lake and the source stand, refuses gaps and other writers, opens the tables. */
  static async start(parts: MirrorParts, settings: MirrorSettings): Promise<Pipeline> {
    return new Pipeline(parts, settings, await startPipeline(parts, settings));
  }

  /** Copies the tables that cannot be copied in chunks, before the log; each is committed at its copy's position. */
  async copyWholeTables(signal: AbortSignal): Promise<void> {
    const toCopy = this.started.toCopy.filter((table) => !this.hasChunks(table));
    if (toCopy.length === 0) return;
    this.parts.telemetry.state = 'copying';
    this.parts.log.info('copying new tables', { pipeline: this.settings.pipeline, tables: toCopy.length });
    const positions = new Set<SourcePosition>();
    for (let left: readonly MirroredTable[] = toCopy; left.length > 0; ) {
      const copy = await this.parts.source.beginCopy(
        left.map((table) => table.source.key),
        signal,
      );
      try {
        left = await this.copy(copy, left, signal);
      } finally {
        await copy.close();
      }
      this.from ??= copy.position;
      positions.add(copy.position);
    }
    this.refuseIfNoneFollowed();
    // Tables at other positions: only the log can say when all have reached the furthest.
    const [position] = positions;
    if (toCopy.length < this.tables.size || positions.size > 1 || this.stoppedCount > 0) return;
    this.reach({ position, commitTimeMs: 0 });
    this.beginCheckpoint();
  }

  private hasChunks(table: MirroredTable): boolean {
    return this.parts.source.chunks?.supports(table.source.key) === true;
  }

  /** Makes what the log of the tables needs that are copied in chunks while the log is followed. */
  async prepareCopies(signal: AbortSignal): Promise<void> {
    const { source, log, clock, telemetry } = this.parts;
    const begun = this.started.toCopy.filter((table) => table.error === null && this.hasChunks(table));
    const goingOn = [...this.tables.values()].filter((table) => table.copy !== null && table.error === null);
    const tables = [...goingOn, ...begun];
    if (source.chunks === undefined || tables.length === 0) return;
    const start = await source.chunks.prepareLog(
      tables.map((table) => table.source.key),
      signal,
    );
    this.checkpoints.identity = start.identity;
    // A server that keeps its log by its own rule has more of it than new tables need.
    const begins = start.position ?? this.from;
    assert(begins !== null, 'a log has no beginning');
    if (this.from === null || [...this.tables.values()].every(({ place }) => place === null)) this.from = begins;
    for (const table of begun) {
      table.incarnation = start.incarnations.get(table.source.key) ?? '';
      // What the lake has of it is of another time.
      if (table.snapshotId !== null) await table.truncate();
      const { positions } = source;
      // What the log has of it so far, perhaps with other columns, every chunk shows.
      const from = positions.latest(begins, this.started.description.logEnd);
      table.beginCopy(new TableCopy(table.source, COPY_BEGINS, { positions, from }), from);
    }
    // A shard that is new in a merged table is in the log from here on.
    for (const table of goingOn) {
      if (table.copy?.isToBegin === true) table.incarnation = start.incarnations.get(table.source.key) ?? '';
    }
    for (const table of tables) table.telemetry.copyRowsEstimate = table.source.rowCountEstimate;
    if (this.covers(this.from)) this.reach({ position: this.from, commitTimeMs: 0 });
    const { failure } = this.started;
    this.copier = new Copier(
      {
        chunks: source.chunks,
        settings: this.settings.copy,
        clock,
        log,
        failure,
        boundary: () => (this.transactionOpen ? null : (this.place?.position ?? null)),
        wrote: (rows, bytes) => this.wrote(rows, bytes),
        relieve: () => this.pressure.relieve(),
        unwritable: (table, error) => this.unwritable(table, error),
        staleKeys: ({ lake }, upTo) => staleKeys(this.parts.store, lake, upTo),
        copied: () => this.wrote(0, 0),
      },
      tables,
    );
    log.info('copying tables in chunks', { pipeline: this.settings.pipeline, tables: tables.length });
    telemetry.state = 'copying';
  }

  /** What is due of copies in chunks, after an event of the log. */
  look(): void {
    this.copier?.look();
    if (this.copier?.isDone === true) this.parts.telemetry.state = 'streaming';
  }

  private wrote(rows: number, bytes: number): void {
    this.dirty = true;
    this.dirtyRows += rows;
    this.dirtyBytes += bytes;
  }

  private copy(
    copy: InitialCopy,
    tables: readonly MirroredTable[],
    signal: AbortSignal,
  ): Promise<readonly MirroredTable[]> {
    this.checkpoints.identity = copy.identity;
    for (const table of tables) table.incarnation = copy.incarnations.get(table.source.key) ?? '';
    const { checkpoints, pressure, parts } = this;
    const { lease, failure } = this.started;
    const unwritable = (table: MirroredTable, error: TributaryError): Promise<void> => this.unwritable(table, error);
    return copyTables({ copy, tables, checkpoints, pressure, lease, failure, unwritable, log: parts.log, signal });
  }

  private get stoppedCount(): number {
    return [...this.tables.values()].filter((table) => table.error !== null).length;
  }

  /** A pipeline without a table to follow has failed. */
  private refuseIfNoneFollowed(): void {
    const [first] = this.tables.values();
    if (this.stoppedCount === this.tables.size && first?.error != null) throw first.error;
  }

  /** The log from where the lake stands; to be closed by `closeLog`. */
  openLog(): EventInbox {
    assert(this.from !== null, 'the log is opened before its start is known');
    this.parts.telemetry.state = this.copier === null ? 'streaming' : 'copying';
    this.parts.log.info('following the log', {
      pipeline: this.settings.pipeline,
      tables: this.tables.size,
      from: this.from,
    });
    const places = new Map<TableKey, SourcePosition>();
    const beforeImages = new Set<TableKey>();
    for (const table of this.tables.values()) {
      if (table.error !== null || table.place === null) continue;
      places.set(table.source.key, table.place);
      // What a copy in chunks has of a row is not always what the log says it was before.
      if (table.lake.options['changelog-producer'] === 'input' && table.copy === null && !table.hasOwnColumns)
        beforeImages.add(table.source.key);
    }
    this.copier?.start();
    const { formerColumns } = this.started;
    const { signal } = this.logEnd;
    const events = this.parts.source.stream({ from: this.from, places, beforeImages, formerColumns, signal });
    return new EventInbox(events, this.parts.clock, this.started.failure.promise);
  }

  /** Ends the reading of the log. Never throws. */
  async closeLog(inbox: EventInbox): Promise<void> {
    // A source that waits for its log ends only when it is told to.
    this.logEnd.abort();
    await inbox
      .close()
      .catch((error: unknown) => this.parts.log.debug('closing the log failed', { reason: String(error) }));
  }

  /** True when the loop is to end: asked to stop at a boundary, or caught up where that was asked for. */
  finished(signal: AbortSignal): boolean {
    const nowMs = this.parts.clock.monotonicMs();
    if (signal.aborted) {
      this.stopRequestedMs ??= nowMs;
      return !this.transactionOpen || nowMs - this.stopRequestedMs > STOP_GRACE_MS;
    }
    if (!this.settings.untilCaughtUp || this.place === null || this.transactionOpen) return false;
    // Tables that were copied meanwhile may stand beyond the end at the start: only what covers them can be committed.
    const { position } = this.place;
    const isCopied = this.copier?.isDone !== false;
    return (
      isCopied &&
      this.covers(position) &&
      this.parts.source.positions.includes(position, this.started.description.logEnd)
    );
  }

  /** How long the loop may wait for an event until something is due, in milliseconds. */
  dueInMs(): number {
    const elapsedMs = this.parts.clock.monotonicMs() - this.lastBeginMs;
    const intervalMs = this.dirty ? this.settings.commit.intervalMs : this.settings.heartbeatMs;
    return Math.min(WAIT_MS_MAX, Math.max(1, intervalMs - elapsedMs));
  }

  /** Takes changes; `boundary` is null while a transaction is open. */
  write(changes: readonly ChangeBatch[], boundary: Boundary | null): void {
    for (const batch of changes) {
      this.table(batch.table).write(batch);
      this.parts.control.fits(batch.table);
      this.wrote(batch.rowCount, batch.sizeBytes);
    }
    this.transactionOpen = boundary === null;
    if (boundary === null) return;
    this.parts.telemetry.transactions += boundary.transactionCount;
    this.reach(boundary);
    if (boundary.commitTimeMs > 0) this.parts.telemetry.waitingCommitTimeMs ??= boundary.commitTimeMs;
  }

  /** Empties tables, within an open transaction. */
  async truncate(tables: readonly TableKey[]): Promise<void> {
    this.transactionOpen = true;
    this.dirty = true;
    // The writer's truncate must not overlap with the sealing of a checkpoint.
    await this.checkpoints.settled();
    for (const key of tables) {
      const table = this.table(key);
      this.copier?.interrupt(table);
      await table.truncate().catch((error: unknown) => this.unwritable(table, error));
    }
  }

  /** The log went on without anything for us. */
  advance(position: SourcePosition): void {
    this.transactionOpen = false;
    this.reach({ position, commitTimeMs: this.place?.commitTimeMs ?? 0 });
  }

  /** The source gives no more of a table. One that was altered is followed again by the next run of the pipeline. */
  async tableFailed({ table: key, error, altered }: TableFailed): Promise<void> {
    const { control, log } = this.parts;
    const isFollowed = altered !== undefined && this.settings.evolution.onChange === 'evolve';
    const todo = isFollowed ? control.altered(key, altered) : 'stop';
    if (todo === 'stop') return this.isolate(key, error);
    const table = this.table(key);
    log.info('table was altered in the source', { table: key, reason: error.message });
    this.copier?.interrupt(table);
    if (table.error === null) await table.fail(error);
    if (todo === 'restart') this.isToRestart = true;
    else
      control.ask('resync', key).catch((reason: unknown) => log.debug('not copied anew', { reason: String(reason) }));
  }

  /** Stops following one table while the others go on, or throws where the configuration says so. */
  async isolate(key: TableKey, error: TributaryError): Promise<void> {
    if (this.settings.onTableError === 'stop') throw error;
    const table = this.table(key);
    if (table.error !== null) return;
    this.parts.log.error('table stopped, the others go on', error, { table: key });
    this.copier?.interrupt(table);
    await table.fail(error);
  }

  /** Keeps buffers within the budget and sorted runs few; waits while they are not. */
  async relieve(): Promise<void> {
    await this.pressure.relieve();
    await this.maintenance.relieve();
  }

  /** Whether a checkpoint is to be taken now. */
  checkpointDue(): boolean {
    if (this.place === null || this.transactionOpen || this.checkpoints.running || !this.covers(this.place.position))
      return false;
    if (this.copier?.awaitsCheckpoint === true) return true;
    const elapsedMs = this.parts.clock.monotonicMs() - this.lastBeginMs;
    const { intervalMs, rowsMax, bytesMax } = this.settings.commit;
    if (this.dirty) return elapsedMs >= intervalMs || this.dirtyRows >= rowsMax || this.dirtyBytes >= bytesMax;
    return elapsedMs >= this.settings.heartbeatMs && this.place.position !== this.parts.telemetry.durablePosition;
  }

  /** Begins a checkpoint at the newest boundary; reading goes on meanwhile. */
  beginCheckpoint(): void {
    assert(this.place !== null && !this.transactionOpen, 'a checkpoint is taken at a transaction boundary');
    this.refuseGrowingLag(this.place.position);
    this.lastBeginMs = this.parts.clock.monotonicMs();
    const { telemetry } = this.parts;
    telemetry.committingCommitTimeMs ??= telemetry.waitingCommitTimeMs;
    telemetry.waitingCommitTimeMs = null;
    this.dirty = false;
    this.dirtyRows = 0;
    this.dirtyBytes = 0;
    this.checkpoints.begin(this.place);
  }

  /**
   * Does what operators ask for, where no transaction is open. True where the pipeline has to start anew for it: what was
   * asked for is recorded then, and no more of this run is to be.
   */
  async serve(): Promise<boolean> {
    const { control } = this.parts;
    if (this.isToRestart) return true;
    if (!control.isAsked || this.place === null || this.transactionOpen || !this.covers(this.place.position))
      return false;
    await this.checkpoints.settled();
    const { place } = this;
    this.beginCheckpoint();
    await this.checkpoints.settled();
    const { tables, checkpoints, started } = this;
    return grantWishes(control.take(), { place, tables, paused: started.paused, checkpoints, log: this.parts.log });
  }

  /** Makes everything up to the newest boundary durable, where no transaction is open. */
  async finish(): Promise<void> {
    this.copier?.stop();
    await this.checkpoints.settled();
    const complete = this.place !== null && !this.transactionOpen && this.covers(this.place.position);
    if (complete && (this.dirty || this.place?.position !== this.parts.telemetry.durablePosition)) {
      this.beginCheckpoint();
      await this.checkpoints.settled();
    }
    await this.maintenance.settled();
  }

  /** Drops what no snapshot names and lets go of the source and the lease. Never throws. */
  async close(): Promise<void> {
    this.logEnd.abort();
    this.stopHealth();
    const closing = [
      this.copier?.close() ?? Promise.resolve(),
      this.checkpoints.settled(),
      this.maintenance.close(),
      ...[...this.tables.values()].map((table) => table.abort()),
      this.parts.source.close(),
    ];
    for (const result of await Promise.allSettled(closing)) {
      if (result.status === 'rejected')
        this.parts.log.debug('closing after a failure', { reason: String(result.reason) });
    }
    // A lease that stays runs out by itself; the failure that led here is what counts.
    await this.started.lease
      .release()
      .catch((error: unknown) => this.parts.log.warn('lease could not be given back', { reason: String(error) }));
  }

  /** Keeps what is told of the log up to date; an answer that does not come is told by the stream itself. */
  private askHealth(): void {
    if (this.askingHealth) return;
    this.askingHealth = true;
    this.parts.source
      .health()
      .then((health) => this.tellHealth(health))
      .catch((error: unknown) => {
        this.tellHealth(null);
        this.parts.log.debug('health of the log is not known', { reason: String(error) });
      })
      .finally(() => {
        this.askingHealth = false;
      });
  }

  /** Stops following a table whose rows cannot be written; throws what is no fault of rows, or stops the pipeline. */
  private async unwritable(table: MirroredTable, error: unknown): Promise<void> {
    // What a stopped table had under way ends with it.
    if (table.error !== null) return;
    if (!isTributaryError(error) || error.kind !== 'data') throw error;
    await this.isolate(table.source.key, error);
  }

  private tellHealth(health: LogHealth | null): void {
    const { telemetry, source } = this.parts;
    const { durablePosition } = telemetry;
    const isKnown = health !== null && durablePosition !== null;
    telemetry.health = health;
    telemetry.lagBytes = isKnown ? source.positions.distanceBytes(durablePosition, health.logEnd) : null;
  }

  private reach(place: CheckpointPlace): void {
    this.place = { position: place.position, commitTimeMs: place.commitTimeMs };
    this.parts.telemetry.receivedPosition = place.position;
    if (place.commitTimeMs > 0) this.parts.telemetry.receivedCommitTimeMs = place.commitTimeMs;
  }

  /** Whether every followed table is at or before the position: only then is a checkpoint there a consistent cut. */
  private covers(position: SourcePosition): boolean {
    const { recorded } = this.started;
    // Tables that are being copied may stand before it, and be all that there are.
    if (recorded !== null && !this.parts.source.positions.includes(position, recorded)) return false;
    for (const table of this.tables.values()) {
      if (table.error !== null || table.copy !== null || table.place === null) continue;
      if (!this.parts.source.positions.includes(position, table.place)) return false;
    }
    return true;
  }

  /** A stopped table keeps the source's log from its place on; that may not go on for ever. */
  private refuseGrowingLag(position: SourcePosition): void {
    for (const table of this.tables.values()) {
      if (table.error === null || table.copy?.isInPlace === false || table.place === null) continue;
      const lagBytes = this.parts.source.positions.distanceBytes(table.place, position);
      if (lagBytes !== null && lagBytes > this.settings.isolateLagBytesMax) throw table.error;
    }
  }

  private table(key: TableKey): MirroredTable {
    const table = this.tables.get(key);
    assert(table !== undefined, `changes of a table that is not mirrored: table=${key}`);
    return table;
  }
}
