// The rows of one COPY as batches, and the statement that asks for them.
import { TributaryError } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { TableKey } from '../../change/table-key.ts';
import { errorState } from './connect.ts';
import { CopyDecoder } from './copy-decoder.ts';
import { CopyBatches } from './copy-out.ts';
import { type PostgresTable, quotedName, quoteIdentifier } from './postgres-table.ts';
import { type WatchedSession, type WatchParts, watchSession } from './session-watch.ts';

/** What is copied, and over which session. */
export interface RowsToCopy {
  readonly session: WatchedSession;
  readonly watch: WatchParts;
  readonly table: PostgresTable;
  readonly statement: string;
  /** For messages. */
  readonly position: SourcePosition;
}

/**
 * The rows as +I. Given up half-way it leaves the session within the COPY: it can only be closed then.
 * Throws E4001 to E4007 for values that cannot be held, E2001 if the connection is lost, E2013 if COPY fails.
 */
export async function* copiedRows(rows: RowsToCopy, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
  signal.throwIfAborted();
  const decoder = new CopyDecoder(rows.table, rows.position);
  const batches = new CopyBatches(rows.session.client, rows.statement, decoder);
  const endWatch = watchSession(rows.session, rows.watch);
  const onAbort = (): void => batches.giveUp();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const batch = await batches.next();
      if (batch === null) break;
      yield batch;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw copyError(rows.table.source.key, error);
  } finally {
    endWatch();
    signal.removeEventListener('abort', onAbort);
  }
  signal.throwIfAborted();
  const last = decoder.take(true);
  if (last !== null) yield last;
}

/** COPY of the table; of those rows only that fulfil the condition, where there is one. */
export function copyStatement(table: PostgresTable, where = ''): string {
  const columns = table.source.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  // COPY of a plain table reads that table alone, without its children; of a partitioned one it needs a query.
  const isWhole = where === '' && !table.partitioned;
  const condition = where === '' ? '' : ` WHERE ${where}`;
  const what = isWhole
    ? `${quotedName(table.source)} (${columns})`
    : `(SELECT ${columns} FROM ${rowsOf(table)}${condition})`;
  return `COPY ${what} TO STDOUT`;
}

/** What stands after FROM for the rows of this table: without those of children, but of all partitions. */
export function rowsOf(table: PostgresTable): string {
  return table.partitioned ? quotedName(table.source) : `ONLY ${quotedName(table.source)}`;
}

function copyError(table: TableKey, error: unknown): unknown {
  if (error instanceof TributaryError) return error;
  const state = errorState(error);
  const code = state === '' || /^(08|57P|ECONN|EPIPE)/.test(state) ? 'E2001' : 'E2013';
  return new TributaryError(code, `copy failed: table=${table} state=${state}`, { cause: error, context: { state } });
}
