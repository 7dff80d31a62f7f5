// The daemon's HTTP server: health, readiness, metrics and status, as the telemetry says, and the way in for operators.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { PipelineControl, WishKind } from '../mirror/control.ts';
import type { PipelineTelemetry, TableState } from '../mirror/telemetry.ts';
import { type Health, liveness, readiness } from './health.ts';
import { Metrics } from './metrics.ts';
import { type ConfigReading, type DaemonStatus, pipelineStatus } from './status.ts';

/** What the server shows. */
export interface HttpServerParts {
  readonly pipelines: readonly PipelineTelemetry[];
  /** By the pipeline's name: the way in for what operators ask of it. */
  readonly controls: ReadonlyMap<string, PipelineControl>;
  readonly config: ConfigReading;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A listening server. */
export interface HttpServer {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
/** Commits may be 10 ms apart and the telemetry keeps 1024 durations. */
const OBSERVE_MS = 5000;
/** How long an operator's wish waits for a place at which it can be recorded. */
const PATIENCE_MS = 30_000;
const STATE_AFTER: Readonly<Record<WishKind, TableState>> = {
  resync: 'copying',
  pause: 'paused',
  resume: 'streaming',
};

/** Listens on `host:port`; port 0 takes a free one. Throws E6003 (no address) and E6004 (cannot listen there). */
export async function startHttpServer(listen: string, parts: HttpServerParts): Promise<HttpServer> {
  const { host, port } = parseListen(listen);
  const metrics = new Metrics();
  const startedMs = parts.clock.nowMs();
  const server = createServer((request, response) => {
    answer(request, { parts, metrics, startedMs }).then(
      (reply) => send(request, response, reply),
      (error: unknown) => {
        parts.log.error('request failed', error instanceof Error ? error : new Error(String(error)), {
          path: request.url,
        });
        send(request, response, json(500, { error: 'internal error, see the log' }));
      },
    );
  });
  await listening(server, { host, port, listen });
  const stopObserving = parts.clock.every(OBSERVE_MS, () => metrics.observe(parts.pipelines));
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    close: async () => {
      stopObserving();
      server.closeAllConnections();
      await new Promise<void>((closed) => {
        server.close(() => closed());
      });
    },
  };
}

/** `host:port` of a listen address; `[::1]:80` for an IPv6 one. Throws E6003. */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65535) {
    throw new TributaryError(
      'E6003',
      `listen address cannot be understood: option=http.listen value=${listen} expected=host:port`,
    );
  }
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : match[2]), port };
}

function listening(
  server: Server,
  at: { readonly host: string; readonly port: number; readonly listen: string },
): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (error) =>
      failed(new TributaryError('E6004', `cannot listen: option=http.listen value=${at.listen}`, { cause: error })),
    );
    server.listen(at.port, at.host, () => {
      server.removeAllListeners('error');
      done();
    });
  });
}

interface Site {
  readonly parts: HttpServerParts;
  readonly metrics: Metrics;
  readonly startedMs: number;
}

async function answer(request: IncomingMessage, site: Site): Promise<Reply> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method === 'POST') return command(request, path, site);
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'method not allowed' });
  const { parts, metrics } = site;
  const nowMs = parts.clock.nowMs();
  switch (path) {
    case '/healthz':
      return health(liveness(parts.pipelines, nowMs));
    case '/readyz':
      return health(readiness(parts.pipelines));
    case '/metrics': {
      const { pipelines, version, config } = parts;
      const residentBytes = process.memoryUsage.rss();
      return {
        status: 200,
        type: metrics.contentType,
        body: await metrics.text({ pipelines, version, config, nowMs, residentBytes }),
      };
    }
    case '/api/v1/status':
      return json(200, daemonStatus(site, nowMs));
    case '/api/v1/tables':
      return json(200, { tables: allTables(site, nowMs) });
    default:
      return table(path, site, nowMs);
  }
}

/** `/api/v1/tables/{t}`, by the name in the lake. */
function table(path: string, site: Site, nowMs: number): Reply {
  const prefix = '/api/v1/tables/';
  const name = path.startsWith(prefix) ? decodedName(path.slice(prefix.length)) : null;
  const found = allTables(site, nowMs).find((candidate) => candidate.table === name);
  return found === undefined ? json(404, { error: 'not found' }) : json(200, found);
}

/** `POST /api/v1/tables/{t}/{pause|resume|resync}`: answers when it is recorded. Pages of other sites cannot ask for it. */
async function command(request: IncomingMessage, path: string, site: Site): Promise<Reply> {
  const match = /^\/api\/v1\/tables\/([^/]+)\/(pause|resume|resync)$/.exec(path);
  if (match === null) return json(405, { error: 'method not allowed' });
  if (request.headers.origin !== undefined) return json(403, { error: 'not from a browser' });
  const name = decodedName(match[1]);
  const kind = match[2] as WishKind;
  for (const { pipeline, tables } of site.parts.pipelines) {
    const table = [...tables.values()].find(({ key, lakeName }) => lakeName === name || key === name);
    const control = site.parts.controls.get(pipeline);
    if (table === undefined || control === undefined) continue;
    const patience = new AbortController();
    const cancel = site.parts.clock.after(PATIENCE_MS, () => patience.abort());
    try {
      await control.ask(kind, table.key, patience.signal);
      return json(202, { pipeline, source: table.key, table: table.lakeName, state: STATE_AFTER[kind] });
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      return json(409, { error: error.message, code: error.code });
    } finally {
      cancel();
    }
  }
  return json(404, { error: `no such table is mirrored: table=${name}`, code: 'E6023' });
}

function decodedName(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function daemonStatus({ parts, startedMs }: Site, nowMs: number): DaemonStatus {
  const { error } = parts.config;
  return {
    version: parts.version,
    uptime_seconds: Math.max(0, nowMs - startedMs) / 1000,
    memory_bytes: process.memoryUsage.rss(),
    config: {
      followed_since: new Date(parts.config.followedMs).toISOString(),
      error: error === null ? null : { code: error.code, message: error.message },
    },
    pipelines: parts.pipelines.map((pipeline) => pipelineStatus(pipeline, nowMs)),
  };
}

function allTables({ parts }: Site, nowMs: number) {
  return parts.pipelines.flatMap((telemetry) => {
    const { pipeline, tables } = pipelineStatus(telemetry, nowMs);
    return tables.map((item) => ({ pipeline, ...item }));
  });
}

function health({ ok, reasons }: Health): Reply {
  return { status: ok ? 200 : 503, type: TEXT_TYPE, body: ok ? 'ok\n' : `${reasons.join('\n')}\n` };
}

function json(status: number, value: unknown): Reply {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(value)}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Reply): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.byteLength, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
