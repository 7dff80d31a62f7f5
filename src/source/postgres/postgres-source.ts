// PostgreSQL as a change source: ties the checks, the publication, the slot, the copy and the log together.
import type { Clock } from '../../base/clock.ts';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { SourceIdentity, SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import type {
  ChangeSource,
  ChunkedCopies,
  Incarnations,
  InitialCopy,
  LogHealth,
  LogStart,
  SourceDescription,
  SourceEvent,
  StreamOptions,
} from '../source.ts';
import { examine, type Examination } from './check.ts';
import { type SourceCheck, throwFirstFailure } from '../check-result.ts';
import { startHeartbeat } from './heartbeat.ts';
import { SnapshotCopy } from './initial-copy.ts';
import { formatLsn, type Lsn, lsnOrder, parseLsn } from './lsn.ts';
import { PartitionWatch } from './partition-watch.ts';
import type { PostgresTable } from './postgres-table.ts';
import { checkPublication, ensurePublication, readPublication } from './publication.ts';
import { changedTables, type PublicationMark, readMark, refuseOtherPublication } from './publication-mark.ts';
import type { ReplicationStream } from './replication-stream.ts';
import type { PostgresSettings } from './settings.ts';
import { createSlot, readLogEnd, readSlot } from './slot.ts';
import { SqlSession } from './sql-session.ts';
import { startStream } from './start-stream.ts';
import { DueTransactions } from './visible-transactions.ts';
import { beginNow, ChunkReader } from './chunk-reader.ts';
import { disconnect } from './connect.ts';
import { isReadableByKey } from './key-condition.ts';

const SLOT_NAME_MAX = 63;

/** What a source works with beside its settings. */
export interface PostgresComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A PostgreSQL server and a slot on it. */
export class PostgresSource implements ChangeSource {
  readonly positions = lsnOrder;
  readonly chunks: ChunkedCopies = {
    supports: (key) => !this.opened().isStandby && isReadableByKey(this.table(key)),
    prepareLog: (tables, signal) => this.prepareLog(tables, signal),
    openChunk: (key, range, signal) => this.chunkReader.open(this.table(key), range, signal),
    close: () => this.endCopies(),
  };
  private readonly settings: PostgresSettings;
  private readonly components: PostgresComponents;
  private readonly sql: SqlSession;
  private examination: Examination | null = null;
  /** The publication as it was before the first change that is to be followed. */
  private mark: PublicationMark | null = null;
  private partitions: PartitionWatch | null = null;
  private current: ReplicationStream | null = null;
  private acknowledged: Lsn = 0n;
  private readonly due = new DueTransactions();
  private readonly chunkReader: ChunkReader;
  /** Tables are copied in chunks while the log is read. */
  private notesTransactions = false;

  constructor(settings: PostgresSettings, components: PostgresComponents) {
    this.settings = settings;
    this.components = components;
    this.sql = new SqlSession(settings);
    this.chunkReader = new ChunkReader({ settings, clock: components.clock }, this.due);
  }

  /** Everything that must hold, in order, with what is wrong and the SQL that puts it right. Throws E2010 to E2013. */
  async check(): Promise<SourceCheck> {
    const { results, tables } = await examine(this.sql, this.settings);
    return { results, tables: tables.map((table) => table.source) };
  }

  /** Throws E2010 to E2013 without a connection, else the code of the first check that fails: E2020 to E2028, E2100. */
  async open(): Promise<SourceDescription> {
    const examination = await examine(this.sql, this.settings);
    throwFirstFailure(examination.results);
    for (const result of examination.results) {
      if (result.status === 'warn') this.components.logger.warn(`${result.subject}: ${result.message}`);
    }
    this.examination = examination;
    this.mark = examination.mark;
    this.partitions = new PartitionWatch(this.sql, this.components.logger, examination.tables);
    await this.partitions.look();
    const confirmed = examination.slot?.walStatus === 'lost' ? null : (examination.slot?.confirmed ?? null);
    return {
      identity: this.identity(examination.mark),
      tables: examination.tables.map((table) => table.source),
      logStart: confirmed === null ? null : formatLsn(confirmed),
      logEnd: formatLsn(examination.logEnd),
      incarnations: this.incarnations(examination.mark),
    };
  }

  /**
   * Throws E2010 to E2013, E2022 to E2024, E2028, and E2105 where the publication was changed since `open`. Killed
   * anywhere, the next call goes on with what is there.
   */
  async beginCopy(tables: readonly TableKey[], signal: AbortSignal): Promise<InitialCopy> {
    const { versionNumber } = this.opened();
    const wanted = new Map(tables.map((key) => [key, this.table(key)]));
    const { mark, exists } = await this.publish(wanted);
    const { name } = this.settings.slot;
    // A slot that is there has no snapshot to give any more: one that lives as long as its connection gives it.
    const suffix = `_copy_${this.components.random.uuid().slice(0, 8)}`;
    const temporary = exists ? `${name.slice(0, SLOT_NAME_MAX - suffix.length)}${suffix}` : null;
    const { settings, components } = this;
    const { clock } = components;
    const request = { name: temporary ?? name, temporary: exists, versionNumber, clock, signal };
    const slot = await createSlot(settings, request);
    const identity = this.identity(mark);
    return SnapshotCopy.begin({ settings, clock }, slot, {
      identity,
      incarnations: this.incarnations(mark),
      tables: wanted,
    });
  }

  /** Publishes the tables; says whether the slot is there. */
  private async publish(
    wanted: ReadonlyMap<TableKey, PostgresTable>,
  ): Promise<{ readonly mark: PublicationMark; readonly exists: boolean }> {
    const { versionNumber } = this.opened();
    await ensurePublication(this.sql, this.settings, { tables: [...wanted.values()], versionNumber });
    const mark = await this.markWith(wanted);
    this.mark = mark;
    const { name, create } = this.settings.slot;
    const slot = await readSlot(this.sql, name);
    const isLost = slot?.walStatus === 'lost' && this.settings.onSlotLost === 'resync';
    if (isLost) await this.sql.query('select pg_drop_replication_slot($1)', [name]);
    const exists = slot !== null && !isLost;
    if (!exists && create === 'never') throw new TributaryError('E2024', `no such slot: slot=${name}`);
    return { mark, exists };
  }

  private async endCopies(): Promise<void> {
    this.notesTransactions = false;
    this.due.clear();
    await this.chunkReader.close();
  }

  /** Throws as `beginCopy` does. */
  private async prepareLog(tables: readonly TableKey[], signal: AbortSignal): Promise<LogStart> {
    const { mark, exists } = await this.publish(new Map(tables.map((key) => [key, this.table(key)])));
    let position: SourcePosition | null = null;
    if (!exists) {
      const { name } = this.settings.slot;
      const { versionNumber } = this.opened();
      const { clock } = this.components;
      const slot = await createSlot(this.settings, { name, temporary: false, versionNumber, clock, signal });
      await disconnect(slot.client);
      position = formatLsn(slot.consistentPoint);
    }
    // What runs now may be in a log that was read before, or began before the table was published: a chunk shows it.
    this.due.addAllBefore(await beginNow(this.sql));
    this.notesTransactions = true;
    return { position, identity: this.identity(mark), incarnations: this.incarnations(mark) };
  }

  /**
   * Throws E2001, E2010, E2013 (lost; try again), E2023 (publication gone or lacking), E2030 (slot in use), E2031 (silent; try again), E2033 (unknown message),
   * E2100 (slot lost), E2104 (the slot stands after `from`), E2105 (the publication was changed meanwhile), E2106 (no
   * slot). A table that was taken out of the publication or dropped fails with E2108.
   */
  async *stream(options: StreamOptions): AsyncGenerator<SourceEvent, void, undefined> {
    const tables = this.opened().tables.filter((table) => options.places.has(table.source.key));
    const { settings, components } = this;
    await this.checkPublished(tables);
    const changed = await this.lookAtPublication();
    const { acknowledged } = this;
    const verify = (): Promise<void> => this.verify();
    const onTransaction = (id: number): void => {
      if (this.notesTransactions) this.due.add(id);
    };
    const stream = await startStream({ settings, components, tables, options, acknowledged, verify, onTransaction });
    if (stream === null) return;
    this.current = stream;
    for (const [key, error] of changed) stream.failTable(key, error);
    const stopHeartbeat = startHeartbeat(this.sql, settings.heartbeat, components);
    try {
      yield* stream.events();
    } finally {
      stopHeartbeat();
      this.current = null;
    }
  }

  acknowledge(position: SourcePosition): void {
    const lsn = parseLsn(position);
    if (lsn <= this.acknowledged) return;
    this.acknowledged = lsn;
    this.current?.acknowledge(lsn);
  }

  /** Beside telling, looks at the publication and the partitions: what it finds ends the stream or is logged. */
  async health(): Promise<LogHealth> {
    if (this.current !== null) {
      await this.verify();
      await this.partitions?.look();
    }
    const slot = await readSlot(this.sql, this.settings.slot.name);
    const logEnd = formatLsn(await readLogEnd(this.sql));
    if (slot === null) return { status: 'missing', logEnd, retainedBytes: 0, safeBytes: null };
    const { walStatus, retainedBytes, safeBytes } = slot;
    const status = walStatus === 'lost' || walStatus === 'unreserved' ? walStatus : 'ok';
    return { status, logEnd, retainedBytes, safeBytes };
  }

  async close(): Promise<void> {
    await this.current?.close();
    await this.chunkReader.close();
    await this.sql.close();
  }

  /** A table that is not published would stand still silently. */
  private async checkPublished(tables: readonly PostgresTable[]): Promise<void> {
    const { name, viaPartitionRoot } = this.settings.publication;
    const state = await readPublication(this.sql, name, this.opened().versionNumber);
    const publication = { name, create: 'never', viaPartitionRoot } as const;
    throwFirstFailure(checkPublication(state, tables, { publication }));
  }

  /** Ends the stream with E2105 if the publication was changed, and fails the tables of which it was. */
  private async verify(): Promise<void> {
    const stream = this.current;
    try {
      const changed = await this.lookAtPublication();
      for (const [key, error] of changed) stream?.failTable(key, error);
    } catch (error) {
      if (isTributaryError(error, 'E2105')) stream?.fail(error);
      throw error;
    }
  }

  private async lookAtPublication(): Promise<ReadonlyMap<TableKey, TributaryError>> {
    const { name } = this.settings.publication;
    const { tables, versionNumber, mark } = this.opened();
    const known = this.mark ?? mark;
    const now = await readMark(this.sql, name, { tables, versionNumber });
    refuseOtherPublication(name, known, now);
    return changedTables(known, now);
  }

  /** The mark after tables were published: what the others had is kept, so that a change of theirs is seen. */
  private async markWith(wanted: ReadonlyMap<TableKey, PostgresTable>): Promise<PublicationMark> {
    const { name } = this.settings.publication;
    const { tables, versionNumber, mark } = this.opened();
    const now = await readMark(this.sql, name, { tables, versionNumber });
    if (mark.publication !== '') refuseOtherPublication(name, mark, now);
    const marks = new Map(mark.tables);
    for (const [key, text] of now.tables) if (wanted.has(key) || mark.publication === '') marks.set(key, text);
    return { ...now, tables: marks };
  }

  private identity(mark: PublicationMark): SourceIdentity {
    const { systemIdentifier, timeline } = this.opened();
    const { publication, version: publicationVersion } = mark;
    return {
      kind: 'postgres',
      values: { systemIdentifier, timeline, slot: this.settings.slot.name, publication, publicationVersion },
    };
  }

  private incarnations(mark: PublicationMark): Incarnations {
    return new Map(this.opened().tables.map(({ source: { key } }) => [key, mark.tables.get(key) ?? '']));
  }

  private opened(): Examination {
    if (this.examination === null) throw new TributaryError('E9001', 'the source is not open');
    return this.examination;
  }

  private table(key: TableKey): PostgresTable {
    const table = this.opened().tables.find((candidate) => candidate.source.key === key);
    if (table === undefined) throw new TributaryError('E9001', `table is not in the source: table=${key}`);
    return table;
  }
}
