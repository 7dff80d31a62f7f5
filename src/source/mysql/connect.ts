// Opens connections to MySQL and MariaDB through the driver: authentication and TLS are its business. Every session is
// set up the same way, so that values are printed alike whatever the server's and the user's settings are.
import mysql from 'mysql2';
import { TributaryError } from '../../base/errors.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import { tlsOptions } from '../tls-options.ts';
import type { RawConnection } from './raw-connection.ts';

const NO_TLS = 'HANDSHAKE_NO_SSL_SUPPORT';
/** Wrong password, no such database, no right to it, host not allowed, account locked. */
const REFUSED = new Set([1044, 1045, 1049, 1130, 1698, 3118, 4151]);
const CERTIFICATE = /certificate|self.signed|CERT_|ERR_TLS|SSL/;

/**
 * Connects. The caller ends the connection; what it reports after that goes to `onLost`, once.
 * Throws E2010 (unreachable), E2011 (refused), E2012 (no TLS as asked for).
 */
export async function connect(
  settings: ConnectionSettings,
  onLost: (error: TributaryError) => void,
): Promise<RawConnection> {
  const password = (await settings.password()) ?? '';
  const tls = tlsOptions(settings);
  if (settings.tls.mode === 'verify-full' && settings.tls.servername !== null) {
    throw new TributaryError('E2012', `the driver cannot check for another name than the host's: ${place(settings)}`);
  }
  try {
    return await attempt(settings, { password, tls }, onLost);
  } catch (error) {
    if (settings.tls.mode !== 'prefer' || codeOf(error) !== NO_TLS) throw connectError(settings, error);
  }
  try {
    return await attempt(settings, { password, tls: false }, onLost);
  } catch (error) {
    throw connectError(settings, error);
  }
}

interface Attempt {
  readonly password: string;
  readonly tls: ReturnType<typeof tlsOptions>;
}

async function attempt(
  settings: ConnectionSettings,
  { password, tls }: Attempt,
  onLost: (error: TributaryError) => void,
): Promise<RawConnection> {
  const address = settings.host.startsWith('/')
    ? { socketPath: settings.host }
    : { host: settings.host, port: settings.port };
  const connection = mysql.createConnection({
    ...address,
    user: settings.user,
    password,
    ...(settings.database === '' ? {} : { database: settings.database }),
    ...(tls === false ? {} : { ssl: driverTls(settings, tls) }),
    connectTimeout: settings.connectTimeoutMs,
    charset: 'utf8mb4',
    // A server must not be able to ask for files; with attributes a query would have another form.
    flags: ['-LOCAL_FILES', '-CLIENT_QUERY_ATTRIBUTES'],
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    connectAttributes: { program_name: 'tributary' },
  }) as RawConnection;
  let connected = false;
  let lost = false;
  await new Promise<void>((resolve, reject) => {
    connection.on('error', (error: Error) => {
      reject(error);
      if (!connected || lost) return;
      lost = true;
      onLost(connectError(settings, error));
    });
    connection.once('connect', () => resolve());
    connection.once('end', () => reject(new Error('the server closed the connection')));
  }).catch((error: unknown) => {
    disconnect(connection);
    throw error;
  });
  connected = true;
  return connection;
}

/** Ends a connection at once: a server that is sending would not notice a polite end. */
export function disconnect(connection: RawConnection): void {
  connection.destroy();
  connection.stream.destroy();
}

function driverTls(settings: ConnectionSettings, tls: Exclude<Attempt['tls'], false>): mysql.SslOptions {
  const { ca, cert, key } = settings.tls;
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    verifyIdentity: settings.tls.mode === 'verify-full',
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function place(settings: ConnectionSettings): string {
  return `host=${settings.host} port=${settings.port} database=${settings.database} user=${settings.user}`;
}

function connectError(settings: ConnectionSettings, error: unknown): TributaryError {
  const code = codeOf(error);
  const number = error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const cause = { cause: error, context: { state: code } };
  if (REFUSED.has(number))
    return new TributaryError('E2011', `the server refused the connection: ${place(settings)}`, cause);
  const text = error instanceof Error ? `${code} ${error.message}` : '';
  if (code === NO_TLS || CERTIFICATE.test(text)) {
    return new TributaryError('E2012', `no trusted tls connection: ${place(settings)}`, cause);
  }
  return new TributaryError('E2010', `no connection to the server: ${place(settings)}`, cause);
}
