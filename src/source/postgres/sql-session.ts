// A session for short statements: one at a time, opened when first needed and again after it was lost.
import type pg from 'pg';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { Turns } from '../../base/turns.ts';
import { connect, disconnect, errorState } from './connect.ts';
import type { ConnectionSettings } from '../connection-settings.ts';

/** A row of a result: every value as text. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What runs statements. */
export interface SqlRunner {
  /** The rows of one statement. Throws E2010 to E2012 (no connection) and E2013 (the statement failed). */
  query(
    text: string,
    values?: readonly (string | number | readonly (string | number)[])[],
  ): Promise<readonly TextRow[]>;
}

/** Longer than any statement on the catalog takes, waiting for locks included. */
const STATEMENT_MS_MAX = 60_000;
/** What the driver says of a statement that took longer; it leaves the connection as it is. */
const TIMED_OUT = 'Query read timeout';

/**
 * Runs one statement on a client. One that is not answered in a minute fails, as a dead route never answers, and its
 * connection is cut; `unlimited` is for a statement that may wait for other transactions. Throws E2013.
 */
export async function runStatement(
  client: pg.Client,
  text: string,
  values: readonly (string | number | readonly (string | number)[])[] = [],
  wait: 'limited' | 'unlimited' = 'limited',
): Promise<readonly TextRow[]> {
  // Without values the statement goes by the simple protocol, the only one that replication sessions know.
  const parameters = values.length === 0 ? {} : { values: [...values] };
  const limit = wait === 'limited' ? { query_timeout: STATEMENT_MS_MAX } : {};
  try {
    return (await client.query<TextRow>({ text, ...parameters, ...limit } as pg.QueryConfig)).rows;
  } catch (error) {
    if (isTributaryError(error)) throw error;
    if (error instanceof Error && error.message === TIMED_OUT) client.connection.stream.destroy();
    const state = errorState(error);
    throw new TributaryError('E2013', `statement failed: state=${state}`, {
      cause: error,
      context: { state, statement: text.slice(0, 200) },
    });
  }
}

/** The session. */
export class SqlSession implements SqlRunner {
  private readonly settings: ConnectionSettings;
  private client: pg.Client | null = null;
  private readonly queue = new Turns();
  private closed = false;

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  query(
    text: string,
    values: readonly (string | number | readonly (string | number)[])[] = [],
  ): Promise<readonly TextRow[]> {
    // A statement that fails is its caller's; the next one starts afresh.
    return this.queue.take(async () => runStatement(await this.connected(), text, values));
  }

  /** Ends the session at once: statements under way and later ones fail, as over a dead route none would ever end. */
  async close(): Promise<void> {
    this.closed = true;
    await this.cut();
    await this.queue.ended();
    // It may have been connecting.
    await this.cut();
  }

  private async cut(): Promise<void> {
    const { client } = this;
    this.client = null;
    if (client !== null) await disconnect(client);
  }

  private async connected(): Promise<pg.Client> {
    if (this.closed) throw new TributaryError('E2010', 'the source is closed');
    this.client ??= await connect(this.settings, 'sql', () => {
      this.client = null;
    });
    return this.client;
  }
}

/** A value that the statement always gives. Throws E2013 if it does not. */
export function field(row: TextRow | undefined, name: string): string {
  const value = row?.[name];
  if (value === undefined || value === null) throw new TributaryError('E2013', `result lacks a value: column=${name}`);
  return value;
}

/** A boolean as PostgreSQL prints it. */
export function isTrue(row: TextRow, name: string): boolean {
  return row[name] === 't' || row[name] === 'true';
}
