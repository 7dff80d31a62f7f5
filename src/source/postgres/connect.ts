// Opens connections to PostgreSQL through the driver: authentication and TLS are its business. Every session is set
// up the same way, so that the log and COPY print values alike whatever the server's and the user's settings are.
import { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { TributaryError } from '../../base/errors.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import { tlsOptions } from '../tls-options.ts';

// Given at start-up, where they win over settings of the role and the database and reach the walsender too.
// row_security=off makes a query fail where a policy would silently hide rows.
const SESSION_OPTIONS = [
  'DateStyle=ISO',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'extra_float_digits=3',
  'bytea_output=hex',
  'client_encoding=UTF8',
  'search_path=pg_catalog',
  'statement_timeout=0',
  'idle_in_transaction_session_timeout=0',
  'lock_timeout=10s',
  'row_security=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** What the server knows our sessions by. */
export const APPLICATION_NAME = 'tributary';

/** Every value as the text the server sent. */
const TEXT_TYPES: pg.CustomTypesConfig = { getTypeParser: () => (value: string | Buffer) => value };
const NO_TLS_ANSWER = 'does not support SSL';

/**
 * Connects. `purpose` `replication` gives a session that takes replication commands beside SQL. The caller ends the
 * client; what the connection reports after that goes to `onLost`, once.
 * Throws E2010 (unreachable), E2011 (refused), E2012 (no TLS as asked for).
 */
export async function connect(
  settings: ConnectionSettings,
  purpose: 'sql' | 'replication',
  onLost: (error: TributaryError) => void,
): Promise<pg.Client> {
  // An empty password stands for none: the driver would otherwise look for one in the environment and in files.
  const password = (await settings.password()) ?? '';
  try {
    return await attempt(settings, { purpose, password, tls: tlsOptions(settings) }, onLost);
  } catch (error) {
    const plain = settings.tls.mode === 'prefer' && error instanceof Error && error.message.includes(NO_TLS_ANSWER);
    if (!plain) throw connectError(settings, error);
  }
  try {
    return await attempt(settings, { purpose, password, tls: false }, onLost);
  } catch (error) {
    throw connectError(settings, error);
  }
}

interface Attempt {
  readonly purpose: 'sql' | 'replication';
  readonly password: string;
  readonly tls: ConnectionOptions | false;
}

async function attempt(
  settings: ConnectionSettings,
  { purpose, password, tls }: Attempt,
  onLost: (error: TributaryError) => void,
): Promise<pg.Client> {
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    password: () => password,
    ssl: tls,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    application_name: APPLICATION_NAME,
    options: SESSION_OPTIONS,
    keepAlive: true,
    // The system would wait for two hours before it asks whether a silent peer is still there.
    keepAliveInitialDelayMillis: 10_000,
    types: TEXT_TYPES,
    ...(purpose === 'replication' ? { replication: 'database' } : {}),
  });
  let connected = false;
  let lost = false;
  client.on('error', (error) => {
    if (!connected || lost) return;
    lost = true;
    onLost(connectError(settings, error));
  });
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {
      // It never was open.
    });
    throw error;
  }
  connected = true;
  return client;
}

/** Ends a connection: says goodbye and does not wait for an answer, which a dead route would never let through. */
export async function disconnect(client: pg.Client): Promise<void> {
  const ended = client.end();
  const { stream } = client.connection;
  if (stream instanceof Socket) stream.destroySoon();
  await ended;
}

/** SQLSTATE of a server's error, or the operating system's code, or nothing. */
export function errorState(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

// Wrong user or password, no entry in pg_hba.conf, no such database, not allowed to connect, not allowed to replicate.
const REFUSED = new Set(['28000', '28P01', '3D000', '42501']);
const CERTIFICATE = /certificate|self.signed|CERT_|ERR_TLS|SSL/;

function connectError(settings: ConnectionSettings, error: unknown): TributaryError {
  const where = `host=${settings.host} port=${settings.port} database=${settings.database} user=${settings.user}`;
  const state = errorState(error);
  const cause = { cause: error, context: { state } };
  const text = error instanceof Error ? `${state} ${error.message}` : '';
  // The driver's own words where the server wants a password and there is none.
  const noPassword = state === '' && text.includes('password must be');
  if (REFUSED.has(state) || noPassword)
    return new TributaryError('E2011', `postgres refused the connection: ${where}`, cause);
  if (CERTIFICATE.test(text)) return new TributaryError('E2012', `no trusted tls connection: ${where}`, cause);
  return new TributaryError('E2010', `no connection to postgres: ${where}`, cause);
}
