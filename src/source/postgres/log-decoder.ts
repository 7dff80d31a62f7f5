// Turns the messages of the pgoutput protocol (version 1, text) into source events: what belongs to which
// transaction, which table's place already includes it, and when a batch is large enough. It never touches a socket.
import { TributaryError } from '../../base/errors.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { Boundary, FormerColumns, SourceEvent } from '../source.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';
import type { PostgresTable } from './postgres-table.ts';
import { describeMismatch, isAlteration, readRelation, renamed, tupleColumns } from './relation.ts';
import { RowDecoder } from './row-decoder.ts';
import { valueError } from '../value-error.ts';
import { OK } from '../faults.ts';

const BEGIN = 0x42;
const COMMIT = 0x43;
const ORIGIN = 0x4f;
const RELATION = 0x52;
const TYPE = 0x59;
const INSERT_MESSAGE = 0x49;
const UPDATE_MESSAGE = 0x55;
const DELETE_MESSAGE = 0x44;
const TRUNCATE = 0x54;
const LOGICAL_MESSAGE = 0x4d;

/** An event is cut at the end of a transaction from this size on, and within one at this many times the size. */
const EVENT_ROWS = 8192;
const EVENT_BYTES = 1024 * 1024;
const WITHIN_TRANSACTION = 4;
/** Milliseconds from 1970 to 2000, where PostgreSQL's clock begins. */
const POSTGRES_EPOCH_MS = 946_684_800_000;

/** What is followed. */
export interface LogDecoderOptions {
  readonly tables: readonly PostgresTable[];
  readonly places: ReadonlyMap<TableKey, SourcePosition>;
  readonly beforeImages: ReadonlySet<TableKey>;
  readonly formerColumns?: FormerColumns | undefined;
  /** Told the id of each transaction, the low 32 bits of it, before anything of the transaction is given. */
  readonly onTransaction?: (id: number) => void;
}

/** A table and the rows read for it. */
interface TableState {
  readonly table: PostgresTable;
  readonly place: Lsn;
  readonly wantsBeforeImages: boolean;
  rows: RowDecoder | null;
  /** Why there is no decoder although the log has described the table; told when the first row comes. */
  mismatch: string;
  failed: boolean;
  /** In the list of tables with rows. */
  listed: boolean;
}

/** Decodes the messages of one stream, in order. */
export class LogDecoder {
  /** Events that are ready, oldest first; the reader takes them away. */
  readonly events: SourceEvent[] = [];
  private readonly byKey = new Map<string, TableState>();
  /** By the object that was described at the start: it may have another name by now. */
  private readonly byFirstOid = new Map<number, TableState>();
  private readonly byOid = new Map<number, TableState | null>();
  private readonly filterUntil: Lsn;
  private readonly former: FormerColumns | null;
  private readonly onTransaction: ((id: number) => void) | null;
  private readonly withRows: TableState[] = [];
  private lastOid = -1;
  private lastState: TableState | null = null;
  private pendingBytes = 0;
  private pendingRows = 0;
  private inTransaction = false;
  /** Where the open transaction's commit record begins. */
  private commitStart: Lsn = 0n;
  /** Whether some table's place may include the open transaction. */
  private filtering = true;
  /** The newest finished transaction that no event has told of yet. */
  private finished: { position: Lsn; commitTimeMs: number; count: number } | null = null;
  /** Something of a transaction was given after the last boundary. */
  private owesBoundary = false;
  private cutAtCommit = false;
  /** The furthest place between transactions with nothing of ours after the last boundary. */
  private idle: Lsn = 0n;

  constructor(options: LogDecoderOptions) {
    this.former = options.formerColumns ?? null;
    this.onTransaction = options.onTransaction ?? null;
    let filterUntil = 0n;
    for (const table of options.tables) {
      const { key } = table.source;
      const placeText = options.places.get(key);
      if (placeText === undefined) continue;
      const place = parseLsn(placeText);
      if (place > filterUntil) filterUntil = place;
      const wantsBeforeImages = options.beforeImages.has(key);
      const state = { table, place, wantsBeforeImages, rows: null, mismatch: '', failed: false, listed: false };
      this.byKey.set(key, state);
      this.byFirstOid.set(table.oid, state);
    }
    this.filterUntil = filterUntil;
  }

  /**
   * Takes the message `bytes[start … end)`; the bytes are not kept. Throws E2033 for a message of an unknown kind and
   * E4006 for one that is not whole.
   */
  message(bytes: Buffer, start: number, end: number = bytes.length): void {
    switch (bytes[start]) {
      case INSERT_MESSAGE:
      case UPDATE_MESSAGE:
      case DELETE_MESSAGE:
        this.change(bytes, start, end);
        break;
      case BEGIN:
        this.begin(bytes.readBigUInt64BE(start + 1));
        this.onTransaction?.(bytes.readUInt32BE(start + 17));
        break;
      case COMMIT:
        this.commit(bytes.readBigUInt64BE(start + 10), bytes.readBigInt64BE(start + 18));
        break;
      case RELATION:
        this.relation(bytes.subarray(start, end), 0);
        break;
      case TRUNCATE:
        this.truncate(bytes.subarray(start, end), 0);
        break;
      case TYPE:
      case ORIGIN:
      case LOGICAL_MESSAGE:
        break;
      default:
        throw new TributaryError('E2033', `unknown message in the log: kind=${bytes[start] ?? -1}`, {
          context: { after: formatLsn(this.commitStart) },
        });
    }
  }

  /** The log has been sent up to here; counts only between transactions. */
  reached(position: Lsn): void {
    if (!this.inTransaction && position > this.idle) this.idle = position;
  }

  /** Whole transactions wait to be given, and nothing of an open one with them. */
  get ready(): boolean {
    return this.finished !== null;
  }

  /** Gives what waits: at once if no transaction is open, else at the end of the open one. */
  flush(): void {
    if (this.finished === null) return;
    if (this.inTransaction) this.cutAtCommit = true;
    else this.cut(this.takeBoundary());
  }

  /** The position up to which the log went on without anything for us, if nothing waits; once for each position. */
  takeProgress(after: Lsn): Lsn | null {
    const quiet = !this.inTransaction && this.finished === null && !this.owesBoundary && this.events.length === 0;
    return quiet && this.idle > after ? this.idle : null;
  }

  /** The table is not followed any more, for a reason that the log does not tell. */
  failTable(table: TableKey, error: TributaryError): void {
    const state = this.byKey.get(table);
    if (state !== undefined && !state.failed) this.fail(state, error);
  }

  private begin(commitStart: Lsn): void {
    this.inTransaction = true;
    this.commitStart = commitStart;
    this.filtering = commitStart < this.filterUntil;
  }

  private commit(end: Lsn, time: bigint): void {
    this.inTransaction = false;
    if (this.withRows.length === 0 && !this.owesBoundary) {
      this.reached(end);
      return;
    }
    const commitTimeMs = Number(time / 1000n) + POSTGRES_EPOCH_MS;
    this.finished = { position: end, commitTimeMs, count: (this.finished?.count ?? 0) + 1 };
    if (this.cutAtCommit || this.isLarge(1)) this.cut(this.takeBoundary());
  }

  private change(bytes: Buffer, start: number, end: number): void {
    const oid = bytes.readUInt32BE(start + 1);
    const state = oid === this.lastOid ? this.lastState : this.stateOf(oid);
    if (state === null || state.failed || (this.filtering && this.commitStart < state.place)) return;
    const rows = state.rows;
    if (rows === null) {
      this.failMismatch(state);
      return;
    }
    const before = rows.rowCount;
    const fault = this.decode(rows, bytes, start, end);
    this.pendingRows += rows.rowCount - before;
    if (fault !== OK) {
      const position = formatLsn(this.commitStart);
      this.fail(state, valueError(fault, state.table.source, { column: rows.failedColumn, position }));
      return;
    }
    if (!state.listed) {
      state.listed = true;
      this.withRows.push(state);
    }
    this.pendingBytes += end - start;
    if (this.isLarge(WITHIN_TRANSACTION)) this.cut(null);
  }

  private decode(rows: RowDecoder, bytes: Buffer, start: number, end: number): number {
    const tuple = start + 5;
    switch (bytes[start]) {
      case INSERT_MESSAGE:
        return rows.insert(bytes, tuple, end);
      case UPDATE_MESSAGE:
        return rows.update(bytes, tuple, end);
      default:
        return rows.delete(bytes, tuple, end);
    }
  }

  private isLarge(times: number): boolean {
    return this.pendingBytes >= times * EVENT_BYTES || this.pendingRows >= times * EVENT_ROWS;
  }

  private stateOf(oid: number): TableState | null {
    this.lastOid = oid;
    this.lastState = this.byOid.get(oid) ?? null;
    return this.lastState;
  }

  private relation(bytes: Buffer, start: number): void {
    const relation = readRelation(bytes, start);
    const state = this.byKey.get(relation.key) ?? this.byFirstOid.get(relation.oid) ?? null;
    this.byOid.set(relation.oid, state);
    this.lastOid = -1;
    if (state === null || state.failed) return;
    if (state.listed) this.cut(null);
    let described = relation;
    let mismatch = describeMismatch(relation, state.table);
    const former = mismatch === null ? undefined : this.formerOf(state);
    if (former !== undefined) {
      described = renamed(relation, former);
      mismatch = describeMismatch(described, state.table);
    }
    // Kept even within a transaction that the table's place includes: the log describes a table once, not once a
    // transaction. A mismatch counts only when a row comes that is wanted.
    state.mismatch = mismatch ?? '';
    const beforeImages = state.wantsBeforeImages && relation.identity === 'f';
    state.rows =
      mismatch === null ? new RowDecoder(state.table, tupleColumns(described, state.table), beforeImages) : null;
  }

  /** What columns of the table may be called in the open transaction. */
  private formerOf({ table }: TableState): ReadonlyMap<string, string | null> | undefined {
    const { former } = this;
    if (former === null || this.commitStart >= parseLsn(former.upTo)) return undefined;
    return former.names.get(table.source.key);
  }

  private failMismatch(state: TableState): void {
    const message = `table changed in the source: table=${state.table.source.key} ${state.mismatch}`;
    const context = { position: formatLsn(this.commitStart) };
    const altered = isAlteration(state.mismatch) ? { altered: 'columns' as const } : {};
    this.fail(state, new TributaryError('E2032', message, { context }), altered);
  }

  private truncate(bytes: Buffer, start: number): void {
    const count = bytes.readUInt32BE(start + 1);
    const tables: TableKey[] = [];
    for (let index = 0; index < count; index++) {
      const state = this.stateOf(bytes.readUInt32BE(start + 6 + 4 * index));
      if (state === null || state.failed || (this.filtering && this.commitStart < state.place)) continue;
      if (state.rows === null) this.failMismatch(state);
      else tables.push(state.table.source.key);
    }
    if (tables.length === 0) return;
    if (this.withRows.length > 0) this.cut(null);
    this.events.push({ kind: 'truncate', tables });
    this.owesBoundary = true;
  }

  private fail(state: TableState, error: TributaryError, altered: { readonly altered?: 'columns' } = {}): void {
    state.failed = true;
    this.pendingRows -= state.rows?.rowCount ?? 0;
    state.rows = null;
    if (state.listed) this.withRows.splice(this.withRows.indexOf(state), 1);
    state.listed = false;
    this.events.push({ kind: 'table-failed', table: state.table.source.key, error, ...altered });
  }

  private takeBoundary(): Boundary | null {
    const { finished } = this;
    if (finished === null) return null;
    this.finished = null;
    this.cutAtCommit = false;
    this.reached(finished.position);
    const position = formatLsn(finished.position);
    return { position, commitTimeMs: finished.commitTimeMs, transactionCount: finished.count };
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
}
