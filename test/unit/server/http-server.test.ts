// What the daemon tells over HTTP: health, metrics that parse, lag that tells the truth.
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { TributaryError } from '../../../src/base/errors.ts';
import type { SourcePosition } from '../../../src/change/position.ts';
import { tableKey } from '../../../src/change/table-key.ts';
import { PipelineControl } from '../../../src/mirror/control.ts';
import { newPipelineTelemetry, type PipelineTelemetry, tableTelemetry } from '../../../src/mirror/telemetry.ts';
import { liveness, readiness } from '../../../src/server/health.ts';
import { type HttpServer, parseListen, startHttpServer } from '../../../src/server/http-server.ts';
import { Metrics } from '../../../src/server/metrics.ts';
import {
  type ConfigReading,
  copySecondsLeft,
  lagMs,
  pipelineStatus,
  tableFreshnessMs,
} from '../../../src/server/status.ts';

const NOW = 1_800_000_000_000;
const FOLLOWED: ConfigReading = { followedMs: NOW - 60_000, error: null };

function pipeline(name = 'shop'): PipelineTelemetry {
  const telemetry = newPipelineTelemetry(name, 1000);
  telemetry.state = 'streaming';
  telemetry.connected = true;
  const table = tableTelemetry(telemetry, tableKey('public', 'o"rd\\ers'), 'shop.orders');
  table.state = 'streaming';
  table.rows.splice(0, 4, 5, 2, 2, 1);
  table.copiedRows = 100;
  return telemetry;
}

describe('P45: lag', () => {
  test('is 0 when caught up, however long ago that was', () => {
    const telemetry = pipeline();
    telemetry.receivedCommitTimeMs = NOW - 3_600_000;
    telemetry.durableCommitTimeMs = NOW - 3_600_000;
    expect(lagMs(telemetry, NOW)).toBe(0);
    expect(lagMs(pipeline(), NOW)).toBe(0);
  });

  test('is the age of the oldest change that is not durable, not that of the newest', () => {
    const telemetry = pipeline();
    telemetry.waitingCommitTimeMs = NOW - 1000;
    telemetry.receivedCommitTimeMs = NOW - 10;
    expect(lagMs(telemetry, NOW)).toBe(1000);
    telemetry.committingCommitTimeMs = NOW - 4000;
    expect(lagMs(telemetry, NOW)).toBe(4000);
  });

  test("is never negative when the source's clock is ahead", () => {
    const telemetry = pipeline();
    telemetry.waitingCommitTimeMs = NOW + 5000;
    expect(lagMs(telemetry, NOW)).toBe(0);
  });

  test('of a table is no more than that of its pipeline, and 0 with it', () => {
    const telemetry = pipeline();
    const [table] = telemetry.tables.values();
    table.visibleCommitTimeMs = NOW - 3_600_000;
    expect(tableFreshnessMs(telemetry, table, NOW)).toBe(0);
    telemetry.waitingCommitTimeMs = NOW - 2000;
    expect(tableFreshnessMs(telemetry, table, NOW)).toBe(2000);
    table.visibleCommitTimeMs = NOW - 500;
    expect(tableFreshnessMs(telemetry, table, NOW)).toBe(500);
  });
});

describe('P32: progress of a copy', () => {
  const copying = (): PipelineTelemetry => {
    const telemetry = pipeline();
    const [table] = telemetry.tables.values();
    table.state = 'copying';
    table.copyStart = { atMs: NOW - 10_000, rows: 100 };
    table.copiedRows = 300;
    table.copiedBytes = 9000;
    table.copyRowsEstimate = 1300;
    return telemetry;
  };

  test('tells rows, bytes and the time that the rest takes at the speed of this process', () => {
    const { tables } = pipelineStatus(copying(), NOW);
    expect(tables[0]).toMatchObject({
      copied_rows: 300,
      copied_bytes: 9000,
      copy_rows_estimate: 1300,
      copy_seconds_left: 50,
    });
  });

  test.each([
    ['it is through', { state: 'streaming' }],
    ['it has not begun', { copyStart: null }],
    ['nothing was read yet', { copiedRows: 100 }],
    ['the estimate was too small', { copyRowsEstimate: 200 }],
  ] as const)('has no time left to tell where %s', (_name, given) => {
    const [table] = copying().tables.values();
    expect(copySecondsLeft({ ...table, ...given }, NOW)).toBeNull();
  });
});

describe('P27: health', () => {
  test.each(['failed', 'retrying'] as const)(
    'a pipeline that is %s is neither alive nor ready, and the others do not hide it',
    (state) => {
      const bad = pipeline('bad');
      bad.state = state;
      expect(liveness([pipeline(), bad], NOW)).toEqual({ ok: false, reasons: [`bad: ${state}`] });
      expect(readiness([pipeline(), bad])).toEqual({ ok: false, reasons: [`bad: ${state}`] });
    },
  );

  test('a pipeline that copies is alive and not ready', () => {
    const telemetry = pipeline();
    telemetry.state = 'copying';
    expect(liveness([telemetry], NOW).ok).toBe(true);
    expect(readiness([telemetry]).ok).toBe(false);
  });

  test('a pipeline that is behind and commits nothing has stalled; an idle one has not', () => {
    const telemetry = pipeline();
    telemetry.lastCommitMs = NOW - 400_000;
    expect(liveness([telemetry], NOW).ok).toBe(true);
    telemetry.waitingCommitTimeMs = NOW - 399_000;
    expect(liveness([telemetry], NOW)).toEqual({ ok: false, reasons: ['shop: stalled'] });
    telemetry.lastCommitMs = NOW - 1000;
    expect(liveness([telemetry], NOW).ok).toBe(true);
  });
});

/** Samples of an OpenMetrics text, by name and labels; throws on a line that is none. */
function parseMetrics(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const lines = text.split('\n');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  for (const line of lines.slice(0, -2)) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'TYPE') types.set(comment[2], comment[3]);
      continue;
    }
    const sample = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+]+)$/.exec(line);
    if (sample === null) throw new Error(`not a line of OpenMetrics: ${line}`);
    const family = sample[1].replace(/_(total|bucket|sum|count)$/, '');
    const type = types.get(sample[1]) ?? types.get(family);
    expect(type, line).toBeDefined();
    expect(sample[1].endsWith('_total'), line).toBe(type === 'counter');
    expect(samples.has(`${sample[1]}${sample[2] ?? ''}`), line).toBe(false);
    samples.set(`${sample[1]}${sample[2] ?? ''}`, Number(sample[3]));
  }
  return samples;
}

describe('metrics', () => {
  const rest = { version: '1.2.3', config: FOLLOWED, nowMs: NOW, residentBytes: 42 };

  test('parse as OpenMetrics and say what the telemetry says, at every scrape', async () => {
    const telemetry = pipeline();
    telemetry.waitingCommitTimeMs = NOW - 1500;
    telemetry.health = { status: 'unreserved', logEnd: '0/1' as SourcePosition, retainedBytes: 7, safeBytes: null };
    telemetry.errors.set('E2001', 3);
    telemetry.checkpoints = 2;
    telemetry.checkpointDurationsMs.push(3, 2000);
    telemetry.lastCommitMs = NOW;
    const metrics = new Metrics();
    await metrics.text({ ...rest, pipelines: [telemetry] });
    telemetry.checkpoints = 3;
    telemetry.checkpointDurationsMs.push(4);
    telemetry.lagBytes = 99;
    const samples = parseMetrics(await metrics.text({ ...rest, pipelines: [telemetry] }));
    const table = '{pipeline="shop",table="public.o\\"rd\\\\ers"';
    expect(Object.fromEntries(samples)).toMatchObject({
      'tributary_build_info{version="1.2.3"}': 1,
      tributary_up: 1,
      'tributary_state{pipeline="shop",state="streaming"}': 1,
      'tributary_state{pipeline="shop",state="failed"}': 0,
      'tributary_source_connected{pipeline="shop"}': 1,
      'tributary_source_lag_seconds{pipeline="shop"}': 1.5,
      'tributary_source_lag_bytes{pipeline="shop"}': 99,
      'tributary_slot_health{pipeline="shop",status="unreserved"}': 1,
      'tributary_slot_health{pipeline="shop",status="ok"}': 0,
      'tributary_slot_retained_wal_bytes{pipeline="shop"}': 7,
      'tributary_errors_total{pipeline="shop",code="E2001"}': 3,
      'tributary_commits_total{pipeline="shop",kind="checkpoint"}': 3,
      'tributary_last_commit_timestamp_seconds{pipeline="shop"}': NOW / 1000,
      'tributary_commit_duration_seconds_count{pipeline="shop"}': 3,
      'tributary_commit_duration_seconds_bucket{le="0.005",pipeline="shop"}': 2,
      [`tributary_rows_total${table},op="insert"}`]: 5,
      [`tributary_rows_total${table},op="update"}`]: 2,
      [`tributary_rows_total${table},op="delete"}`]: 1,
      [`tributary_snapshot_rows_total${table}}`]: 100,
      [`tributary_snapshot_progress_ratio${table}}`]: 1,
    });
    // What is not known is left out, not told as 0.
    expect(
      [...samples.keys()].filter(
        (name) => name.startsWith('tributary_slot_safe') || name.startsWith('tributary_last_error'),
      ),
    ).toEqual([]);
  });

  test('a checkpoint is observed once, however often it is looked at', () => {
    const telemetry = pipeline();
    telemetry.checkpoints = 1;
    telemetry.checkpointDurationsMs.push(3);
    const metrics = new Metrics();
    metrics.observe([telemetry]);
    metrics.observe([telemetry]);
    return metrics.text({ ...rest, pipelines: [telemetry] }).then((text) => {
      expect(parseMetrics(text).get('tributary_commit_duration_seconds_count{pipeline="shop"}')).toBe(1);
    });
  });
});

describe('the server', () => {
  let server: HttpServer | undefined;
  let control = new PipelineControl();

  afterEach(async () => {
    control = new PipelineControl();
    await server?.close();
    server = undefined;
  });

  async function start(pipelines: readonly PipelineTelemetry[]): Promise<HttpServer> {
    server = await startHttpServer('127.0.0.1:0', {
      pipelines,
      controls: new Map([['shop', control]]),
      config: FOLLOWED,
      version: '1',
      clock: systemClock,
      log: silentLogger,
    });
    return server;
  }

  test('answers with the right status and type', async () => {
    const telemetry = pipeline();
    const { url } = await start([telemetry]);
    const get = async (path: string, method = 'GET') => {
      const answer = await fetch(url + path, { method });
      return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
    };
    expect(await get('/healthz')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' });
    expect((await get('/metrics')).type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(await get('/healthz', 'HEAD')).toMatchObject({ status: 200, body: '' });
    const status = await get('/api/v1/status?x=1');
    expect(JSON.parse(status.body)).toMatchObject({
      version: '1',
      pipelines: [JSON.parse(JSON.stringify(pipelineStatus(telemetry, NOW))) as object],
    });
    expect(JSON.parse((await get('/api/v1/tables')).body)).toMatchObject({
      tables: [{ pipeline: 'shop', table: 'shop.orders', rows: { insert: 5, update: 2, delete: 1 } }],
    });
    expect(JSON.parse((await get('/api/v1/tables/shop.orders')).body)).toMatchObject({ table: 'shop.orders' });
    for (const path of ['/api/v1/tables/shop.none', '/api/v1/tables/%', '/nothing'])
      expect((await get(path)).status).toBe(404);
    expect((await get('/healthz', 'POST')).status).toBe(405);
    telemetry.state = 'failed';
    expect(await get('/healthz')).toMatchObject({ status: 503, body: 'shop: failed\n' });
    expect(await get('/readyz')).toMatchObject({ status: 503 });
  });

  test('asks the pipeline for a copy of a table, and answers when it is recorded or refused', async () => {
    const telemetry = pipeline();
    const [key] = telemetry.tables.keys();
    const { url } = await start([telemetry]);
    const post = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(url + path, { method: 'POST', headers });
      return { status: answer.status, body: await answer.json() };
    };
    const asked = async () => {
      while (!control.isAsked) await systemClock.sleep(5);
      return control.take()[0];
    };
    const granted = post('/api/v1/tables/shop.orders/resync');
    const wish = await asked();
    expect(wish).toMatchObject({ kind: 'resync', table: key });
    wish.granted();
    expect(await granted).toEqual({
      status: 202,
      body: { pipeline: 'shop', source: key, table: 'shop.orders', state: 'copying' },
    });
    for (const [kind, state] of [
      ['pause', 'paused'],
      ['resume', 'streaming'],
    ]) {
      const answered = post(`/api/v1/tables/shop.orders/${kind}`);
      const order = await asked();
      expect(order.kind).toBe(kind);
      order.granted();
      expect(await answered).toMatchObject({ status: 202, body: { state } });
    }
    expect((await post('/api/v1/tables/shop.orders/drop')).status).toBe(405);
    const refused = post(`/api/v1/tables/${encodeURIComponent(key)}/resync`);
    (await asked()).refused(new TributaryError('E1303', 'not this one'));
    expect(await refused).toEqual({ status: 409, body: { error: 'not this one', code: 'E1303' } });
    expect(await post('/api/v1/tables/shop.none/resync')).toMatchObject({ status: 404, body: { code: 'E6023' } });
    expect((await post('/api/v1/tables/shop.orders/resync', { origin: 'http://evil.example' })).status).toBe(403);
    control.close();
    expect(await post('/api/v1/tables/shop.orders/resync')).toMatchObject({ status: 409, body: { code: 'E6022' } });
  });

  test('refuses an address that is taken', async () => {
    const { url } = await start([]);
    const parts = {
      pipelines: [],
      controls: new Map<string, PipelineControl>(),
      config: FOLLOWED,
      version: '1',
      clock: systemClock,
      log: silentLogger,
    };
    await expect(startHttpServer(new URL(url).host, parts)).rejects.toMatchObject({ code: 'E6004' });
  });

  test.each([
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    [':8780', { host: '0.0.0.0', port: 8780 }],
    ['[::1]:0', { host: '::1', port: 0 }],
  ])('%s is an address', (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });

  test.each(['', '8780', 'host', 'host:', 'host:70000', '::1:80', 'a:b:1'])('%j is none', (text) => {
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'E6003' }));
  });
});
