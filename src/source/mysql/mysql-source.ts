// MySQL and MariaDB as a change source: ties the checks, the copy and the log together.
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { SourceIdentity, SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import { type SourceCheck, throwFirstFailure } from '../check-result.ts';
import type {
  ChangeSource,
  ChunkedCopies,
  InitialCopy,
  LogHealth,
  LogStart,
  SourceDescription,
  SourceEvent,
  StreamOptions,
} from '../source.ts';
import { BinlogStream } from './binlog-stream.ts';
import { type Examination, examine } from './check.ts';
import { ChunkReader } from './chunk-reader.ts';
import { gtidOrder } from './gtids.ts';
import { TransactionCopy } from './initial-copy.ts';
import { isReadableByKey } from './key-condition.ts';
import type { MysqlTable } from './mysql-table.ts';
import { readLoggedPosition, readLogStart, readPosition, readServer } from './server.ts';
import type { MysqlSettings } from './settings.ts';
import { beginSnapshot } from './snapshot.ts';
import { SqlSession } from './sql-session.ts';

/** Numbers drawn for ourselves are above those that people give. */
const SERVER_ID_MIN = 2 ** 31;

/** What a source works with beside its settings. */
export interface MysqlComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A MySQL or MariaDB server and the log it keeps by its own rule. */
export class MysqlSource implements ChangeSource {
  readonly positions = gtidOrder;
  readonly chunks: ChunkedCopies = {
    supports: (key) => isReadableByKey(this.table(key)),
    prepareLog: () => this.prepareLog(),
    openChunk: (key, range, signal) => {
      this.chunkReader ??= new ChunkReader(this.settings, this.opened().server.flavor);
      return this.chunkReader.open(this.table(key), { range, due: this.due(), signal });
    },
    close: () => this.endChunks(),
  };
  private readonly settings: MysqlSettings;
  private readonly components: MysqlComponents;
  private readonly sql: SqlSession;
  private examination: Examination | null = null;
  private current: BinlogStream | null = null;
  private acknowledged: SourcePosition | null = null;
  private chunkReader: ChunkReader | null = null;
  /** What was in the log when chunks were prepared for: a process before this one may have been given that. */
  private loggedBefore: SourcePosition | null = null;

  constructor(settings: MysqlSettings, components: MysqlComponents) {
    this.settings = settings;
    this.components = components;
    this.sql = new SqlSession(settings);
  }

  /** Everything that must hold, in order, with what is wrong and the SQL that puts it right. Throws E2010 to E2013. */
  async check(): Promise<SourceCheck> {
    const { results, tables } = await examine(this.sql, this.settings);
    return { results, tables: tables.map((table) => table.source) };
  }

  /** Throws E2010 to E2013 without a connection, else the code of the first check that fails: E2022, E2026 to E2029, E2035. */
  async open(): Promise<SourceDescription> {
    const examination = await examine(this.sql, this.settings);
    throwFirstFailure(examination.results);
    for (const result of examination.results) {
      if (result.status === 'warn') this.components.logger.warn(`${result.subject}: ${result.message}`);
    }
    this.examination = examination;
    return {
      identity: this.identity(),
      tables: examination.tables.map((table) => table.source),
      logStart: examination.logStart,
      logEnd: examination.logEnd,
      incarnations: new Map(),
    };
  }

  /** Throws E2010 to E2013. Nothing is created in the server. */
  async beginCopy(tables: readonly TableKey[], signal: AbortSignal): Promise<InitialCopy> {
    signal.throwIfAborted();
    const wanted = new Map(tables.map((key) => [key, this.table(key)]));
    const { connection, position } = await beginSnapshot(this.settings, this.opened().server);
    return new TransactionCopy(connection, { position, identity: this.identity(), tables: wanted });
  }

  /**
   * Throws E2001, E2010 to E2013, E2031 (lost or silent; try again), E2022 (no right), E2033 (unknown event), E2034 (a
   * statement changed rows), E2035 (our number is another replica's), E2036 (damaged event), E2100 (log gone).
   */
  async *stream(options: StreamOptions): AsyncGenerator<SourceEvent, void, undefined> {
    const { server, charsets, tables } = this.opened();
    const { settings } = this;
    const { clock, random } = this.components;
    const followed = tables.filter((table) => options.places.has(table.source.key));
    const from = this.startOf(options);
    const stream = new BinlogStream({
      settings,
      clock,
      signal: options.signal,
      decoder: {
        flavor: server.flavor,
        from,
        tables: followed,
        places: options.places,
        beforeImages: options.beforeImages,
        charsets,
        foldNames: server.variables.get('lower_case_table_names') !== '0',
      },
      dump: { from, serverId: this.serverId(), replicaUuid: random.uuid(), heartbeatMs: settings.heartbeatMs },
    });
    this.current = stream;
    try {
      yield* stream.events();
    } finally {
      if (this.loggedBefore !== null) this.loggedBefore = this.due();
      this.current = null;
    }
  }

  /** The server keeps its log by its own rule: it is told nothing. */
  acknowledge(position: SourcePosition): void {
    this.acknowledged = position;
  }

  async health(): Promise<LogHealth> {
    const { flavor } = this.examination?.server ?? (await readServer(this.sql));
    const logStart = await readLogStart(this.sql, flavor);
    const logEnd = await readPosition(this.sql, flavor);
    const isLost = this.acknowledged !== null && !gtidOrder.includes(this.acknowledged, logStart);
    return { status: isLost ? 'lost' : 'ok', logEnd, retainedBytes: 0, safeBytes: null };
  }

  async close(): Promise<void> {
    this.current?.close();
    await this.endChunks();
    await this.sql.close();
  }

  /** Throws E2010 to E2013. Nothing is created in the server. */
  private async prepareLog(): Promise<LogStart> {
    const { flavor } = this.opened().server;
    const position = await readPosition(this.sql, flavor);
    this.loggedBefore = await readLoggedPosition(this.sql, flavor);
    return { position, identity: this.identity(), incarnations: new Map() };
  }

  /** The transactions that a chunk has to show. */
  private due(): SourcePosition {
    const { loggedBefore, current } = this;
    if (loggedBefore === null) throw new TributaryError('E9001', 'chunks were not prepared for');
    return current === null ? loggedBefore : gtidOrder.latest(loggedBefore, current.seen);
  }

  private endChunks(): Promise<void> {
    this.chunkReader?.close();
    return Promise.resolve();
  }

  /** The log before the earliest place has nothing for any table. */
  private startOf({ from, places }: StreamOptions): SourcePosition {
    const all = [...places.values()];
    return all.length === 0
      ? from
      : gtidOrder.latest(
          from,
          all.reduce((a, b) => gtidOrder.earliest(a, b)),
        );
  }

  private serverId(): number {
    const { serverId } = this.settings;
    return serverId === 'auto' ? SERVER_ID_MIN + Math.floor(this.components.random.unit() * SERVER_ID_MIN) : serverId;
  }

  /** A set of transactions says itself which servers it is of: a replica that has them is the same source. */
  private identity(): SourceIdentity {
    return { kind: 'mysql', values: { flavor: this.opened().server.flavor } };
  }

  private opened(): Examination {
    if (this.examination === null) throw new TributaryError('E9001', 'the source is not open');
    return this.examination;
  }

  private table(key: TableKey): MysqlTable {
    const table = this.opened().tables.find((candidate) => candidate.source.key === key);
    if (table === undefined) throw new TributaryError('E9001', `table is not in the source: table=${key}`);
    return table;
  }
}
