// The PostgreSQL source against bad networks and a lost slot: what it notices, and what it says.
import { createServer, connect as connectTo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { tableKey } from '../../src/change/table-key.ts';
import { connect } from '../../src/source/postgres/connect.ts';
import type { SourceEvent } from '../../src/source/source.ts';
import { postgresFixture, streamToEnd, tableOf } from '../support/postgres-fixture.ts';
import { postgresSettings, postgresSource, reaches, readLog, rowsOf } from '../support/postgres-source.ts';
import { freshDatabase, postgres, withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

const fixture = postgresFixture();
const proxies: Proxy[] = [];

/** Passes connections on to a port until it is told to let nothing through any more, as a dead route does. */
class Proxy {
  readonly port: number;
  private readonly server: Server;
  private readonly sockets: Socket[];

  private constructor(server: Server, port: number, sockets: Socket[]) {
    this.server = server;
    this.port = port;
    this.sockets = sockets;
  }

  static async to(port: number): Promise<Proxy> {
    const sockets: Socket[] = [];
    const server = createServer((near) => {
      const far = connectTo(port, '127.0.0.1');
      for (const socket of [near, far]) {
        socket.on('error', () => socket.destroy());
        sockets.push(socket);
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const proxy = new Proxy(server, typeof address === 'object' && address !== null ? address.port : 0, sockets);
    proxies.push(proxy);
    return proxy;
  }

  /** Lets nothing through; the connections stay open. */
  drop(): void {
    for (const socket of this.sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
});

/** The error that ends a stream which has given at least one event before `spoil`. */
async function failureAfter(
  events: AsyncIterable<SourceEvent>,
  spoil: () => void,
): Promise<{ readonly code: string; readonly kind: string }> {
  let spoiled = false;
  try {
    for await (const _event of events) {
      if (!spoiled) spoil();
      spoiled = true;
    }
  } catch (error) {
    if (isTributaryError(error)) return { code: error.code, kind: error.kind };
    throw error;
  }
  throw new Error('the stream ended without an error');
}

describe('the network', () => {
  test('P27 a route that lets nothing through is noticed, a cut connection at once; both are retried', async () => {
    await fixture.sql(
      'create table t (id int primary key)',
      `alter role postgres in database ${fixture.name} set wal_sender_timeout = '600ms'`,
    );
    const direct = postgresSettings(fixture.url);
    const proxy = await Proxy.to(direct.port);
    const started = await fixture.start();
    const source = fixture.source({ port: proxy.port });
    await source.open();
    await fixture.sql('insert into t values (1)');
    const options = {
      from: started.position,
      places: new Map([[tableKey('public', 't'), started.position]]),
      beforeImages: new Set<never>(),
      signal: new AbortController().signal,
    };
    expect(await failureAfter(source.stream(options), () => proxy.drop())).toEqual({ code: 'E2031', kind: 'retry' });
    const second = await Proxy.to(direct.port);
    const other = fixture.source({ port: second.port });
    await other.open();
    const cut = await failureAfter(other.stream(options), () => second.cut());
    expect(cut.kind).toBe('retry');
    const events = await streamToEnd(started);
    expect(rowsOf(events, tableOf(started, 't'))).toEqual([['+I', '1']]);
  });

  test('nobody listens: unreachable, to be retried', async () => {
    const proxy = await Proxy.to(1);
    const port = proxy.port;
    proxy.close();
    await expect(fixture.source({ port }).open()).rejects.toMatchObject({ code: 'E2010', kind: 'retry' });
  });

  test('tls: prefer goes on without, require does not', async () => {
    const tls = { mode: 'prefer', ca: null, cert: null, key: null, servername: null } as const;
    const client = await connect(postgresSettings(fixture.url, { tls }), 'sql', () => undefined);
    await client.end();
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
      const refused = connect(postgresSettings(fixture.url, { tls: { ...tls, mode } }), 'sql', () => undefined);
      await expect(refused).rejects.toMatchObject({ code: 'E2012' });
    }
  });
});

describe('the slot', () => {
  test('P23 a lost slot is told by health, by the checks and by the stream', async () => {
    const settings = { max_slot_wal_keep_size: '1MB', min_wal_size: '32MB', max_wal_size: '32MB', wal_keep_size: '0' };
    const server = await postgres({ settings });
    try {
      const database = await freshDatabase(server);
      await withClient(database.url, (client) => client.query('create table t (id int primary key)'));
      const source = postgresSource(postgresSettings(database.url));
      const { tables } = await source.open();
      const copy = await source.beginCopy(
        tables.map((table) => table.key),
        new AbortController().signal,
      );
      await copy.close();
      await withClient(database.url, (client) => client.query('insert into t values (1)'));
      await until(
        async () => {
          await withClient(database.url, async (client) => {
            await client.query('select pg_logical_emit_message(false, $1, repeat($2, 1000000))', ['fill', 'x']);
            await client.query('select pg_switch_wal()');
            await client.query('checkpoint');
          });
          return (await source.health()).status === 'lost';
        },
        { what: 'the slot being lost' },
      );
      const results = (await source.check()).results.filter((result) => result.status === 'fail');
      expect(results.map((result) => result.code)).toEqual(['E2100']);
      const places = new Map([[tableKey('public', 't'), copy.position]]);
      const read = readLog(source, { from: copy.position, places, enough: reaches(source, copy.position) });
      await expect(read).rejects.toMatchObject({ code: 'E2100', kind: 'source' });
      await source.close();
      await database.drop();
    } finally {
      await server.stop();
    }
  });

  test('P22 the heartbeat moves a log that nobody writes to', async () => {
    await fixture.sql('create table t (id int primary key)');
    const started = await fixture.start({ heartbeat: { intervalMs: 50, emit: 'auto' } });
    const first = started.position;
    const places = new Map([[tableKey('public', 't'), first]]);
    const moved = await readLog(started.source, {
      from: first,
      places,
      enough: (events) => events.filter((event) => event.kind === 'progress').length >= 2,
    });
    const positions = moved.flatMap((event) => (event.kind === 'progress' ? [event.position] : []));
    expect(moved.length).toBe(positions.length);
    expect(started.source.positions.includes(positions[0], positions[1])).toBe(false);
  });
});
