// The PostgreSQL source against a server with TLS: each mode with the right and the wrong certificate.
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { tableKey } from '../../src/change/table-key.ts';
import { connect } from '../../src/source/postgres/connect.ts';
import type { TlsSettings } from '../../src/source/connection-settings.ts';
import type { PostgresSettings } from '../../src/source/postgres/settings.ts';
import { type TestCertificates, testCertificates } from '../support/certificates.ts';
import { postgresSettings, postgresSource, reaches, readLog, rowsOf } from '../support/postgres-source.ts';
import { freshDatabase, localPostgresKinds, postgres, type TestPostgres, withClient } from '../support/servers.ts';

const NAME = 'database.test';
let certificates: TestCertificates;
let strangers: TestCertificates;
let server: TestPostgres;

beforeAll(async () => {
  certificates = testCertificates(NAME);
  strangers = testCertificates(NAME);
  server = await postgres({
    kind: localPostgresKinds()[0],
    settings: { ssl: 'on', ssl_cert_file: certificates.certFile, ssl_key_file: certificates.keyFile },
  });
});
afterAll(async () => {
  await server.stop();
});

function settings(tls: Partial<TlsSettings>, changes: Partial<PostgresSettings> = {}): PostgresSettings {
  const all = { mode: 'require', ca: null, cert: null, key: null, servername: null, ...tls } as const;
  return postgresSettings(server.url, { tls: all, ...changes });
}

/** Connects and says whether the server sees TLS. */
async function encrypted(tls: Partial<TlsSettings>, purpose: 'sql' | 'replication'): Promise<boolean> {
  const client = await connect(settings(tls), purpose, () => undefined);
  try {
    const result = await client.query<{ ssl: string }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    return result.rows[0]?.ssl === 't';
  } finally {
    await client.end();
  }
}

test('P43 every mode that is satisfied encrypts, for statements and for the log', async () => {
  const { ca } = certificates;
  const satisfied: readonly Partial<TlsSettings>[] = [
    { mode: 'prefer' },
    { mode: 'require' },
    { mode: 'require', ca },
    { mode: 'verify-ca', ca },
    { mode: 'verify-ca', ca, servername: 'another.test' },
    { mode: 'verify-full', ca, servername: NAME },
  ];
  for (const tls of satisfied) {
    for (const purpose of ['sql', 'replication'] as const) expect(await encrypted(tls, purpose), tls.mode).toBe(true);
  }
  expect(await encrypted({ mode: 'disable' }, 'sql')).toBe(false);
});

test('P43 a certificate of another authority or for another name is refused, without the password in any message', async () => {
  const { ca } = certificates;
  const password = 'a-very-secret-word';
  const refused: readonly Partial<TlsSettings>[] = [
    { mode: 'require', ca: strangers.ca },
    { mode: 'verify-ca' },
    { mode: 'verify-ca', ca: strangers.ca },
    { mode: 'verify-full', ca: strangers.ca, servername: NAME },
    { mode: 'verify-full', ca },
    { mode: 'verify-full', ca, servername: 'another.test' },
  ];
  for (const tls of refused) {
    const asked = settings(tls, { password: () => Promise.resolve(password) });
    const error = await connect(asked, 'sql', () => undefined).catch((failure: unknown) => failure);
    expect(isTributaryError(error) && [error.code, error.kind], JSON.stringify(tls.mode)).toEqual(['E2012', 'config']);
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(password);
  }
});

test('the whole source over verify-full: copy and log', async () => {
  const database = await freshDatabase(server);
  const tls = { mode: 'verify-full', ca: certificates.ca, cert: null, key: null, servername: NAME } as const;
  const source = postgresSource(postgresSettings(database.url, { tls }));
  try {
    await withClient(database.url, (client) => client.query('create table t (id int primary key)'));
    const { tables } = await source.open();
    const key = tableKey('public', 't');
    const copy = await source.beginCopy([key], new AbortController().signal);
    await copy.close();
    await withClient(database.url, (client) => client.query('insert into t values (1)'));
    const { logEnd } = await source.health();
    const places = new Map([[key, copy.position]]);
    const events = await readLog(source, { from: copy.position, places, enough: reaches(source, logEnd) });
    expect(rowsOf(events, tables[0])).toEqual([['+I', '1']]);
  } finally {
    await source.close();
    await database.drop();
  }
});
