// Where the demo keeps its database, its lake, its configuration and its log.
// Opens files itself (an exception to the file rule): it makes and removes what is the demo's own.
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LineSink } from '../logger.ts';

/** The demo's directory. */
export interface DemoDirectory {
  readonly path: string;
  /** Kept at the end: the user named it. */
  readonly isKept: boolean;
  /** Of the database server. */
  readonly server: string;
  readonly lake: string;
  readonly configFile: string;
  readonly logFile: string;
  writeConfig(text: string): void;
  /** Appends lines to the log. */
  logSink(): LineSink;
  /** Removes everything, unless the user named the directory. */
  remove(): void;
}

/** Makes the directory: the named one, or a new one under the system's temporary one. The server's is named after the source. */
export function openDemoDirectory(named: string | undefined, source: string): DemoDirectory {
  const path = named === undefined ? mkdtempSync(join(tmpdir(), 'tributary-demo-')) : resolve(named);
  const isNew = !existsSync(path);
  mkdirSync(path, { recursive: true });
  // As root the server runs under an account of its own, which has to get through to its own directory below.
  if (named === undefined || isNew) chmodSync(path, 0o711);
  const configFile = join(path, 'tributary.yaml');
  const logFile = join(path, 'tributary.log');
  return {
    path,
    isKept: named !== undefined,
    server: join(path, source),
    lake: join(path, 'lake'),
    configFile,
    logFile,
    writeConfig: (text) => writeFileSync(configFile, text, { mode: 0o600 }),
    logSink: () => ({ write: (line) => appendFileSync(logFile, line, { mode: 0o600 }) }),
    remove: () => {
      if (named === undefined) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
