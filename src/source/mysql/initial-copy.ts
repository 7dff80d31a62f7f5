// A consistent copy of existing rows: one read-only transaction, each table by one SELECT whose rows go straight into
// columns.
import { TributaryError } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { SourceIdentity, SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import { OK } from '../faults.ts';
import type { Incarnations, InitialCopy } from '../source.ts';
import { valueError } from '../value-error.ts';
import { disconnect } from './connect.ts';
import { type MysqlTable, quotedName } from './mysql-table.ts';
import { FieldReader, queryPayload, QueryResult } from './query-result.ts';
import { RawCommand, type RawConnection, type RawPacket } from './raw-connection.ts';
import { RowDecoder } from './row-decoder.ts';
import { statementError } from './sql-session.ts';
import { selectExpression } from './value-plan.ts';

const BATCH_ROWS = 32_768;
const BATCH_BYTES = 4 * 1024 * 1024;

/** What the copy is of. */
export interface CopySource {
  readonly position: SourcePosition;
  readonly identity: SourceIdentity;
  readonly tables: ReadonlyMap<TableKey, MysqlTable>;
}

/** The copy in a transaction that sees exactly what the position includes. */
export class TransactionCopy implements InitialCopy {
  readonly position: SourcePosition;
  readonly identity: SourceIdentity;
  readonly incarnations: Incarnations = new Map();
  private readonly tables: ReadonlyMap<TableKey, MysqlTable>;
  private readonly connection: RawConnection;

  constructor(connection: RawConnection, source: CopySource) {
    this.connection = connection;
    this.position = source.position;
    this.identity = source.identity;
    this.tables = source.tables;
  }

  /**
   * A copy given up half-way leaves the connection within it: only `close` is left to do.
   * Throws E4001 to E4008 for values that cannot be held, E2001 if the connection is lost, E2013 if the SELECT fails, as
   * it does for a table that was altered since the transaction began.
   */
  async *rows(key: TableKey, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
    const table = this.tables.get(key);
    if (table === undefined) throw new TributaryError('E9001', `table is not part of the copy: table=${key}`);
    yield* selectedRows(this.connection, { table, position: this.position, from: quotedName(table.source) }, signal);
  }

  close(): Promise<void> {
    disconnect(this.connection);
    return Promise.resolve();
  }
}

/** What is read of a table. */
interface Selection {
  readonly table: MysqlTable;
  readonly position: string;
  /** What stands after FROM. */
  readonly from: string;
}

/** The rows as +I, in batches. Throws as `TransactionCopy.rows` does; given up half-way, the connection is left within it. */
export async function* selectedRows(
  connection: RawConnection,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<ChangeBatch, void, undefined> {
  signal.throwIfAborted();
  const selected = new SelectedRows(connection, selection);
  const onAbort = (): void => selected.giveUp();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const batch = await selected.next();
      signal.throwIfAborted();
      if (batch === null) return;
      yield batch;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    selected.end();
  }
}

/** The rows of one SELECT in batches; the socket is paused while nobody asks for the next. */
class SelectedRows {
  private readonly connection: RawConnection;
  private readonly table: MysqlTable;
  private readonly position: string;
  private readonly decoder: RowDecoder;
  private readonly batches: ChangeBatch[] = [];
  private readonly onClose = (): void => this.fail(new Error('the connection was closed'));
  private fields: FieldReader | null = null;
  private pendingBytes = 0;
  private done = false;
  private failure: TributaryError | null = null;
  private wake: (() => void) | null = null;

  constructor(connection: RawConnection, { table, position, from }: Selection) {
    this.connection = connection;
    this.table = table;
    this.position = position;
    this.decoder = new RowDecoder(table, null);
    const statement = selectStatement(table, from);
    const result = new QueryResult({
      row: (packet) => this.row(packet),
      done: () => this.finish(),
      failed: (error) => this.fail(statementError(error, statement)),
    });
    connection.stream.once('close', this.onClose);
    connection.addCommand(new RawCommand(queryPayload(statement), result));
  }

  async next(): Promise<ChangeBatch | null> {
    for (;;) {
      const batch = this.batches.shift();
      if (batch !== undefined) return batch;
      if (this.failure !== null) throw this.failure;
      if (this.done) return null;
      this.connection.stream.resume();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  giveUp(): void {
    this.fail(new TributaryError('E2001', 'the copy was given up'));
  }

  end(): void {
    this.connection.stream.off('close', this.onClose);
  }

  private row(packet: RawPacket): void {
    if (this.failure !== null) return;
    this.fields ??= new FieldReader(packet);
    this.fields.reset(packet);
    const count = this.table.plans.length;
    for (let column = 0; column < count; column++) {
      this.fields.next();
      const { start, end } = this.fields;
      const fault = this.decoder.selected(packet.buffer, start, end, column);
      if (fault === OK) continue;
      const place = { column: this.decoder.failedColumn, position: this.position };
      this.fail(valueError(fault, this.table.source, place));
      return;
    }
    this.decoder.selectedRow();
    this.pendingBytes += packet.end - packet.offset;
    if (this.decoder.rowCount >= BATCH_ROWS || this.pendingBytes >= BATCH_BYTES) this.cut();
  }

  private cut(): void {
    this.pendingBytes = 0;
    this.batches.push(this.decoder.finish());
    this.connection.stream.pause();
    this.wakeUp();
  }

  private finish(): void {
    if (this.failure === null && this.decoder.rowCount > 0) this.batches.push(this.decoder.finish());
    this.done = true;
    this.wakeUp();
  }

  private fail(error: unknown): void {
    this.failure ??= error instanceof TributaryError ? error : statementError(error, '');
    // What still comes is not looked at; the connection is closed with the copy.
    this.batches.length = 0;
    this.wakeUp();
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}

function selectStatement(table: MysqlTable, from: string): string {
  const columns = table.source.columns.map(({ name }, index) => selectExpression(name, table.plans[index]));
  return `SELECT ${columns.join(', ')} FROM ${from}`;
}
