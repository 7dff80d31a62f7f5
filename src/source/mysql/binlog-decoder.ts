// Turns the events of the binary log into source events: what belongs to which transaction, which table's place already
// includes it, and when a batch is large enough. It never touches a socket.
import { TributaryError } from '../../base/errors.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import { OK } from '../faults.ts';
import type { Boundary, SourceEvent } from '../source.ts';
import { valueError } from '../value-error.ts';
import type { Charsets } from './charsets.ts';
import { EVENT, type EventHeader, HEADER_SIZE, readHeader, verifyChecksum } from './event-header.ts';
import { FollowedTable } from './followed-table.ts';
import { readMariadbGtid, readMysqlGtid, type TransactionStart } from './gtid-event.ts';
import type { Flavor, Gtid, GtidSet } from './gtid.ts';
import { formatPosition, gtidOrder, parsePosition } from './gtids.ts';
import type { MysqlTable } from './mysql-table.ts';
import { readQuery } from './query-event.ts';
import type { RowDecoder } from './row-decoder.ts';
import { hasRows, readRowsEvent, readTableId, type RowsEvent } from './rows-event.ts';
import { EVERY_TABLE, statementEffect, type TableName } from './statement.ts';
import { readTableKey } from './table-map.ts';
import { readPayload } from './transaction-payload.ts';

/** An event is cut at the end of a transaction from this size on, and within one at this many times the size. */
const EVENT_ROWS = 8192;
const EVENT_BYTES = 1024 * 1024;
const WITHIN_TRANSACTION = 4;
/** The number of a table that does not exist: such an event only ends a statement. */
const NO_TABLE = 0xffffff;
const CRC32 = 1;

/** Events that say nothing about rows. */
const SILENT: ReadonlySet<number> = new Set([
  EVENT.stop,
  EVENT.rotate,
  EVENT.intVar,
  EVENT.rand,
  EVENT.userVar,
  EVENT.heartbeat,
  EVENT.ignorable,
  EVENT.rowsQuery,
  EVENT.previousGtids,
  EVENT.transactionContext,
  EVENT.viewChange,
  EVENT.heartbeatV2,
  EVENT.annotateRows,
  EVENT.binlogCheckpoint,
  EVENT.gtidList,
  EVENT.startEncryption,
]);
/** Made up by the server while it sends: some come without the sum that others have. */
const UNSUMMED: ReadonlySet<number> = new Set([
  EVENT.rotate,
  EVENT.heartbeat,
  EVENT.heartbeatV2,
  EVENT.formatDescription,
]);

/** What is followed. */
export interface BinlogDecoderOptions {
  readonly flavor: Flavor;
  /** The transactions that the log is read after. */
  readonly from: SourcePosition;
  readonly tables: readonly MysqlTable[];
  readonly places: ReadonlyMap<TableKey, SourcePosition>;
  readonly beforeImages: ReadonlySet<TableKey>;
  readonly charsets: Charsets;
  /** The server takes names that differ in case for the same. */
  readonly foldNames: boolean;
}

/** Decodes the events of one connection, in order. */
export class BinlogDecoder {
  /** Events that are ready, oldest first; the reader takes them away. */
  readonly events: SourceEvent[] = [];
  private readonly options: BinlogDecoderOptions;
  private readonly byKey = new Map<string, FollowedTable>();
  /** By the numbers that the log gives to tables; null for those that are not followed. */
  private readonly byId = new Map<number, FollowedTable | null>();
  /** All transactions whose end has been read, and those before them. */
  private readonly position: GtidSet;
  private readonly withRows: FollowedTable[] = [];
  private checksums = false;
  private transaction: TransactionStart | null = null;
  private commitTimeMs = 0;
  /** The open transaction's rows have begun: its end is a commit. */
  private begun = false;
  /** Something of ours was in the open transaction. */
  private hasOurs = false;
  private pendingBytes = 0;
  private pendingRows = 0;
  /** Finished transactions that no event has told of yet. */
  private finished: { readonly commitTimeMs: number; readonly count: number } | null = null;
  /** Something of a transaction was given after the last boundary. */
  private owesBoundary = false;
  private cutAtCommit = false;
  /** The log went on without anything of ours after the last boundary; at the start, where it begins. */
  private hasProgress = true;

  constructor(options: BinlogDecoderOptions) {
    this.options = options;
    this.position = parsePosition(options.from);
    const { charsets } = options;
    for (const table of options.tables) {
      const { key } = table.source;
      const place = options.places.get(key);
      if (place === undefined) continue;
      const wantsBeforeImages = options.beforeImages.has(key);
      this.byKey.set(this.folded(key), new FollowedTable(table, { place, charsets, wantsBeforeImages }));
    }
  }

  /**
   * Takes the event `bytes[start … end)`; the bytes are not kept. Throws E2033 for one that may have rows and is not
   * known, E2034 for a statement that changes rows, E2036 for one that is damaged.
   */
  event(bytes: Buffer, start: number, end: number): void {
    const header = readHeader(bytes, start);
    if (header.type === EVENT.formatDescription) this.checksums = bytes[end - 5] === CRC32;
    const summed = this.checksums && !UNSUMMED.has(header.type);
    this.body(header, bytes, start, summed ? verifyChecksum(bytes, start, end) : end);
  }

  /** All transactions whose end has been read, and the open one. */
  get seen(): SourcePosition {
    const position = this.positionNow();
    return this.transaction === null
      ? position
      : gtidOrder.latest(position, formatPosition(this.options.flavor, this.gtidText()));
  }

  /** Whole transactions wait to be given, and nothing of an open one with them. */
  get ready(): boolean {
    return this.finished !== null;
  }

  /** Gives what waits: at once if no transaction is open, else at the end of the open one. */
  flush(): void {
    if (this.finished === null) return;
    if (this.transaction !== null) this.cutAtCommit = true;
    else this.cut(this.takeBoundary());
  }

  /** The position up to which the log went on without anything for us, if nothing waits; once for each position. */
  takeProgress(): SourcePosition | null {
    const quiet = this.transaction === null && this.finished === null && !this.owesBoundary && this.events.length === 0;
    if (!quiet || !this.hasProgress) return null;
    this.hasProgress = false;
    return this.positionNow();
  }

  private body(header: EventHeader, bytes: Buffer, start: number, end: number): void {
    const { type } = header;
    const from = start + HEADER_SIZE;
    if (hasRows(type)) {
      this.rows(type, bytes, from, end);
      return;
    }
    switch (type) {
      case EVENT.tableMap:
        this.tableMap(bytes, from, end);
        break;
      case EVENT.gtid:
        this.begin(readMysqlGtid(bytes, from, end), header);
        break;
      case EVENT.mariadbGtid:
        this.begin(readMariadbGtid(bytes, from, bytes.readUInt32LE(start + 5)), header);
        break;
      case EVENT.xid:
        this.commit();
        break;
      case EVENT.query:
      case EVENT.queryCompressed:
        this.query(type, bytes, from, end);
        break;
      case EVENT.transactionPayload:
        this.payload(readPayload(bytes, from, end));
        break;
      default:
        this.unusual(header, bytes, from);
    }
  }

  private unusual(header: EventHeader, bytes: Buffer, from: number): void {
    switch (header.type) {
      case EVENT.formatDescription:
        this.fileBegins();
        break;
      case EVENT.anonymousGtid:
        throw this.unknown('transaction without a GTID', header);
      case EVENT.xaPrepare:
        // A byte that says whether the transaction is committed at once.
        if (bytes[from] === 0 && this.hasOurs) throw this.unknown('transaction prepared and not committed', header);
        this.commit();
        break;
      case EVENT.partialUpdateRows: {
        const state = this.byId.get(readTableId(bytes, from)) ?? null;
        if (state !== null && this.isWanted(state)) throw this.unknown('rows with parts of JSON values', header);
        break;
      }
      default:
        if (!SILENT.has(header.type) && !header.ignorable) throw this.unknown('unknown event', header);
    }
  }

  private unknown(what: string, { type, logPosition }: EventHeader): TributaryError {
    const message = `${what} in the log: type=${type} end=${logPosition} after=${this.positionNow()}`;
    return new TributaryError('E2033', message, { context: { position: this.positionNow() } });
  }

  private payload(events: Buffer): void {
    for (let at = 0; at < events.length; ) {
      const header = readHeader(events, at);
      if (header.size < HEADER_SIZE || at + header.size > events.length) {
        throw this.unknown('event that is not whole', header);
      }
      this.body(header, events, at, at + header.size);
      at += header.size;
    }
  }

  /** A new file: after a crash of the server, an open transaction has no end. */
  private fileBegins(): void {
    if (this.transaction !== null && this.hasOurs) {
      const position = this.positionNow();
      throw new TributaryError('E2033', `transaction without an end in the log: after=${position}`);
    }
    this.transaction = null;
    this.byId.clear();
  }

  private begin(transaction: TransactionStart, { timestamp }: EventHeader): void {
    this.transaction = transaction;
    this.begun = transaction.begun;
    this.hasOurs = false;
    this.commitTimeMs = transaction.commitTimeMs ?? timestamp * 1000;
  }

  private commit(): void {
    const { transaction } = this;
    if (transaction === null) return;
    this.transaction = null;
    this.position.add(transaction.gtid);
    if (this.withRows.length === 0 && !this.owesBoundary) {
      this.hasProgress = true;
      return;
    }
    this.finished = { commitTimeMs: this.commitTimeMs, count: (this.finished?.count ?? 0) + 1 };
    if (this.cutAtCommit || this.isLarge(1)) this.cut(this.takeBoundary());
  }

  private tableMap(bytes: Buffer, from: number, end: number): void {
    const state = this.byKey.get(this.folded(readTableKey(bytes, from, end))) ?? null;
    this.byId.set(readTableId(bytes, from), state);
    if (state === null || state.failed || state.isDescribedBy(bytes, from, end)) return;
    if (state.listed) this.cut(null);
    state.describe(bytes, from, end);
  }

  private rows(type: number, bytes: Buffer, from: number, end: number): void {
    const id = readTableId(bytes, from);
    const state = this.byId.get(id);
    if (state === undefined && id !== NO_TABLE) {
      throw new TributaryError('E2033', `rows of a table that the log did not describe: after=${this.positionNow()}`);
    }
    if (state == null || !this.isWanted(state)) return;
    const event = readRowsEvent(type, bytes, from, end);
    try {
      this.decode(state, event);
    } catch (error) {
      if (!(error instanceof TributaryError) || (error.code !== 'E2032' && error.kind !== 'data')) throw error;
      this.fail(state, error, error.code === 'E2032' && state.isAltered ? 'columns' : undefined);
      return;
    }
    this.pendingBytes += end - from;
    if (this.isLarge(WITHIN_TRANSACTION)) this.cut(null);
  }

  private decode(state: FollowedTable, event: RowsEvent): void {
    const rows = state.decoder(event.columnCount, this.gtidText());
    this.chooseImages(state, rows, event);
    this.hasOurs = true;
    const before = rows.rowCount;
    const fault = decodeRows(rows, event);
    this.pendingRows += rows.rowCount - before;
    if (fault !== OK) {
      throw valueError(fault, state.table.source, { column: rows.failedColumn, position: this.gtidText() });
    }
    if (state.listed) return;
    state.listed = true;
    this.withRows.push(state);
  }

  /** Old rows are given where they are wanted and whole; a batch has either all of them or none. */
  private chooseImages(state: FollowedTable, rows: RowDecoder, event: RowsEvent): void {
    if (event.kind === 'insert') return;
    const beforeImages = state.wantsBeforeImages && rows.isWhole(event.bytes, event.present);
    if (rows.beforeImages === beforeImages) return;
    if (rows.rowCount > 0) this.cut(null);
    rows.beforeImages = beforeImages;
  }

  private query(type: number, bytes: Buffer, from: number, end: number): void {
    const { database, statement } = readQuery(type, bytes, from, end);
    const effect = statementEffect(statement);
    switch (effect.kind) {
      case 'begin':
        this.begun = true;
        return;
      case 'commit':
        this.commit();
        return;
      case 'rollback':
      case 'rollback-to':
        if (this.hasOurs) throw this.statementError('rolls back rows that the log holds', statement);
        if (effect.kind === 'rollback') this.commit();
        return;
      case 'rows':
        throw this.statementError('changes rows that the log does not hold', statement);
      case 'truncate':
        this.truncate(effect.table, database);
        break;
      case 'definition':
        this.definition(effect.mentions, database);
        break;
      case 'none':
        break;
    }
    if (!this.begun) this.commit();
  }

  private statementError(what: string, statement: string): TributaryError {
    // The statement may hold values; its first word does not.
    const [verb = ''] = /^\s*[a-z]+/i.exec(statement) ?? [];
    const context = { position: this.gtidText() };
    return new TributaryError('E2034', `statement ${what}: verb=${verb.trim()} gtid=${this.gtidText()}`, { context });
  }

  private truncate(name: TableName, database: string): void {
    const state = this.byKey.get(this.folded(`${name.database ?? database}.${name.table}`));
    if (state === undefined || !this.isWanted(state)) return;
    if (this.withRows.length > 0) this.cut(null);
    this.events.push({ kind: 'truncate', tables: [state.table.source.key] });
    this.owesBoundary = true;
  }

  /** Tables that the statement names may have other rows than before. */
  private definition(mentions: readonly TableName[], database: string): void {
    for (const state of this.byKey.values()) {
      const { schema, name } = state.table.source;
      const isMentioned = mentions.some(
        (mention) =>
          sameName(mention.database ?? database, schema) &&
          (mention.table === EVERY_TABLE || sameName(mention.table, name)),
      );
      if (!isMentioned || !this.isWanted(state)) continue;
      this.fail(state, state.changed('reason=statement', this.gtidText()), 'rows');
    }
  }

  private isWanted(state: FollowedTable): boolean {
    return this.transaction !== null && state.wants(this.transaction.gtid);
  }

  private fail(state: FollowedTable, error: TributaryError, altered?: 'columns' | 'rows'): void {
    state.failed = true;
    this.pendingRows -= state.rows?.rowCount ?? 0;
    state.rows = null;
    if (state.listed) this.withRows.splice(this.withRows.indexOf(state), 1);
    state.listed = false;
    const event = { kind: 'table-failed', table: state.table.source.key, error } as const;
    this.events.push(altered === undefined ? event : { ...event, altered });
  }

  private isLarge(times: number): boolean {
    return this.pendingBytes >= times * EVENT_BYTES || this.pendingRows >= times * EVENT_ROWS;
  }

  private takeBoundary(): Boundary | null {
    const { finished } = this;
    if (finished === null) return null;
    this.finished = null;
    this.cutAtCommit = false;
    this.hasProgress = false;
    return { position: this.positionNow(), commitTimeMs: finished.commitTimeMs, transactionCount: finished.count };
  }

  private cut(boundary: Boundary | null): void {
    const changes = this.withRows.map((state) => {
      state.listed = false;
      return (state.rows as RowDecoder).finish();
    });
    this.withRows.length = 0;
    this.pendingBytes = 0;
    this.pendingRows = 0;
    this.owesBoundary = boundary === null;
    this.events.push({ kind: 'changes', changes, boundary });
  }

  private positionNow(): SourcePosition {
    return formatPosition(this.options.flavor, this.position.text());
  }

  private gtidText(): string {
    const gtid: Gtid | undefined = this.transaction?.gtid;
    if (gtid === undefined) return this.positionNow();
    const { group, server, number } = gtid;
    return this.options.flavor === 'mysql' ? `${group}:${number}` : `${group}-${server}-${number}`;
  }

  private folded(key: string): string {
    return this.options.foldNames ? key.toLowerCase() : key;
  }
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function decodeRows(rows: RowDecoder, event: RowsEvent): number {
  switch (event.kind) {
    case 'insert':
      return rows.inserts(event);
    case 'update':
      return rows.updates(event);
    case 'delete':
      return rows.deletes(event);
  }
}
