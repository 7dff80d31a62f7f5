// A session for short statements: opened when first needed and again after it was lost.
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import { connect, disconnect } from './connect.ts';
import { FieldReader, queryPayload, QueryResult } from './query-result.ts';
import { RawCommand, type RawConnection, ServerError } from './raw-connection.ts';

/** A row of a result: every value as the text the server printed, under names in lower case. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What runs statements. */
export interface SqlRunner {
  /** The rows of one statement. Throws E2010 to E2012 (no connection) and E2013 (the statement failed). */
  query(statement: string): Promise<readonly TextRow[]>;
}

// Writing to us may take as long as our back-pressure lasts; the server would give up after a minute.
const SESSION_SETTINGS =
  "SET SESSION time_zone = '+00:00', sql_mode = '', net_write_timeout = 31536000, wait_timeout = 31536000, lock_wait_timeout = 10, group_concat_max_len = 1048576";

/** Runs a statement on a connection. Throws E2013. */
export async function runStatement(connection: RawConnection, statement: string): Promise<readonly TextRow[]> {
  const rows: TextRow[] = [];
  let onClose: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      // The driver does not tell a command that we have cut its connection.
      onClose = () => reject(new Error('the connection was closed'));
      connection.stream.once('close', onClose);
      const result: QueryResult = new QueryResult({
        row: (packet) => {
          const fields = new FieldReader(packet);
          rows.push(Object.fromEntries(result.names.map((name) => [name.toLowerCase(), fields.text()])));
        },
        done: resolve,
        failed: reject,
      });
      connection.addCommand(new RawCommand(queryPayload(statement), result));
    });
    return rows;
  } catch (error) {
    throw statementError(error, statement);
  } finally {
    connection.stream.off('close', onClose);
  }
}

/** The coded error of a statement that failed: E2001 where the connection was lost, else E2013. */
export function statementError(error: unknown, statement: string): TributaryError {
  if (isTributaryError(error)) return error;
  if (!(error instanceof ServerError)) {
    return new TributaryError('E2001', 'the connection was lost', { cause: error });
  }
  const context = { state: String(error.number), statement: statement.slice(0, 200) };
  return new TributaryError('E2013', `statement failed: state=${error.number}`, { cause: error, context });
}

/** Connects and sets the session up. Throws E2010 to E2013. */
export async function openSession(
  settings: ConnectionSettings,
  onLost: (error: TributaryError) => void,
): Promise<RawConnection> {
  const connection = await connect(settings, onLost);
  try {
    await runStatement(connection, SESSION_SETTINGS);
    return connection;
  } catch (error) {
    disconnect(connection);
    throw error;
  }
}

/** The session. */
export class SqlSession implements SqlRunner {
  private readonly settings: ConnectionSettings;
  private opening: Promise<RawConnection> | null = null;
  private closed = false;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  async query(statement: string): Promise<readonly TextRow[]> {
    if (this.closed) throw new TributaryError('E2010', 'the source is closed');
    return runStatement(await this.connected(), statement);
  }

  /** Ends the session at once: statements under way fail. */
  async close(): Promise<void> {
    this.closed = true;
    const connection = await this.opening?.catch(() => null);
    this.opening = null;
    if (connection != null) disconnect(connection);
  }

  private connected(): Promise<RawConnection> {
    this.opening ??= openSession(this.settings, () => {
      this.opening = null;
    }).catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }
}

/** A value that the statement always gives. Throws E2013 if it does not. */
export function field(row: TextRow | undefined, name: string): string {
  const value = row?.[name];
  if (value === undefined || value === null) throw new TributaryError('E2013', `result lacks a value: column=${name}`);
  return value;
}

/** A text as an SQL literal. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** An identifier as SQL spells it, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
