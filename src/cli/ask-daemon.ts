// Asks a daemon that may be running for its status.
import { systemClock } from '../base/clock.ts';
import { parseListen } from '../server/http-server.ts';
import type { DaemonStatus } from '../server/status.ts';

const ANSWER_MS = 5000;

/** Where a daemon that listens there is reached from this machine, without a slash at its end. Throws E6003. */
export function daemonUrl(listen: string): string {
  const { host, port } = parseListen(listen);
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}

/** The status of the daemon at that address if it runs one of these pipelines; null where none answers. Throws E6003. */
export async function askDaemon(listen: string | null, pipelines: readonly string[]): Promise<DaemonStatus | null> {
  if (listen === null) return null;
  const patience = new AbortController();
  const cancel = systemClock.after(ANSWER_MS, () => patience.abort());
  try {
    const url = `${daemonUrl(listen)}/api/v1/status`;
    const answer = (await (await fetch(url, { signal: patience.signal })).json()) as Partial<DaemonStatus>;
    const isOurs = answer.pipelines?.some(({ pipeline }) => pipelines.includes(pipeline)) === true;
    return isOurs ? (answer as DaemonStatus) : null;
  } catch {
    // Nobody listens there, or it is another program: `status` works without.
    return null;
  } finally {
    cancel();
  }
}
