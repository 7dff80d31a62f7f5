// Other engines of Paimon as readers and writers of our tables: Flink and Spark, each one long-lived JVM behind SQL.
// What they need is installed by test/interop/engines/setup.sh; versions stand there.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GoldenRow } from './golden.ts';
import { interopWanted, jsonLines, lineProcess, outputOf } from './line-process.ts';
import type { KindRow } from './reference.ts';
import { tempDir } from './temp-dir.ts';

const HERE = fileURLToPath(new URL('../interop/engines/', import.meta.url));
const INSTALL_LIMIT_MS = 600_000;

/** Packages of the JDK that Flink and Spark look into and that are closed to them by default. */
const OPENED = `java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.time java.util
  java.util.concurrent java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar`;
const JAVA_OPTIONS = [
  ...OPENED.split(/\s+/).map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  ...'-Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=UTC'.split(' '),
  ...'-Dlog4j2.level=OFF -Dlog4j2.StatusLogger.level=OFF'.split(' '),
];

/** An engine with the catalog of one warehouse in use. Calls reject with `Refused` where the engine refuses. */
export interface SqlEngine {
  readonly version: string;
  /** The rows of a statement, in the JSON of the reference but for the digits of timestamps; see `comparableRows`. */
  query(sql: string): Promise<readonly GoldenRow[]>;
  stop(): Promise<void>;
}

/** Flink can read a table as a stream, too. */
export interface Flink extends SqlEngine {
  /** The first `count` changes of a streaming query, or what came of them within the time. */
  stream(sql: string, limit: { readonly count: number; readonly seconds: number }): Promise<readonly KindRow[]>;
}

/** Starts Flink over a warehouse; null where interop tests are not wanted. */
export async function flink(warehouse: string): Promise<Flink | null> {
  const engine = await start('flink', 'FlinkServer', warehouse);
  if (engine === null) return null;
  const stream: Flink['stream'] = async (sql, { count, seconds }) =>
    jsonLines<KindRow>(await engine.ask('stream', String(count), String(seconds), sql));
  return { ...engine, stream };
}

/** Starts Spark over a warehouse; null where interop tests are not wanted. */
export async function spark(warehouse: string): Promise<SqlEngine | null> {
  return start('spark', 'SparkServer', warehouse);
}

async function start(
  name: 'flink' | 'spark',
  main: string,
  warehouse: string,
): Promise<(SqlEngine & { ask: (...args: readonly string[]) => Promise<string> }) | null> {
  if (!interopWanted()) {
    process.stderr.write(`skipped: ${name} (TRIBUTARY_INTEROP=1 runs it; needs JDK 17, Maven and PyPI)\n`);
    return null;
  }
  await promisify(execFile)(join(HERE, 'setup.sh'), [name], { timeout: INSTALL_LIMIT_MS });
  const installed = join(HERE, '.installed', name);
  const classPath = [join(installed, 'classes'), ...jarsOf(installed)].join(':');
  const java = lineProcess([
    'java',
    ...JAVA_OPTIONS,
    `-Djava.io.tmpdir=${tempDir()}`,
    '-cp',
    classPath,
    main,
    warehouse,
  ]);
  const ask = async (...args: readonly string[]): Promise<string> => outputOf(await java.ask(args));
  return {
    version: await ask('version'),
    query: async (sql) => jsonLines<GoldenRow>(await ask('batch', sql)),
    stop: () => java.stop(),
    ask,
  };
}

/** In the order of their names: class loading must not depend on how a directory is listed. */
function jarsOf(installed: string): readonly string[] {
  const names = readdirSync(join(installed, 'jars')).filter((name) => name.endsWith('.jar'));
  return names.sort().map((name) => join(installed, 'jars', name));
}
