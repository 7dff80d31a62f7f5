// `tributary run`: the daemon.
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { TributaryError } from '../base/errors.ts';
import { systemRandom } from '../base/random.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { RunOptions } from '../config/to-settings.ts';
import { startDaemon } from './daemon.ts';
import { createLogger } from './logger.ts';
import { redactor } from './secrets.ts';
import { type ConfigOptions, configCommand, loadConfig } from './shared-options.ts';
import { listenToReloads, listenToStopSignals, type StopReason } from './signals.ts';

interface Options extends ConfigOptions {
  readonly untilCaughtUp?: boolean;
  readonly acceptGap?: string;
}

/** `tributary run -c FILE` */
export function runCommand(): Command {
  return configCommand('run', 'mirror every source of the configuration until stopped')
    .option('--until-caught-up', "end with 0 when everything up to the source's position at the start is committed")
    .option('--accept-gap <from..to>', 'accept that the log between two positions is gone; it is recorded in the lake')
    .option('--json', 'print a failure as JSON')
    .action(async (options: Options) => {
      const loaded = await loadConfig(options);
      const run = { untilCaughtUp: options.untilCaughtUp ?? false, acceptGap: parseGap(options.acceptGap) };
      process.exitCode = await runUntilStopped({ loaded, run, readAgain: () => loadConfig(options) });
    });
}

interface Run {
  readonly loaded: LoadedConfig;
  readonly run: RunOptions;
  /** Reads the configuration again. */
  readonly readAgain: () => Promise<LoadedConfig>;
}

/** Runs until all pipelines have ended; the exit code, or the first failure thrown. */
async function runUntilStopped({ loaded, run, readAgain }: Run): Promise<number> {
  const { level, format } = loaded.config.log;
  const log = createLogger({ level, format, sink: process.stderr, redactor, clock: systemClock });
  const stop = listenToStopSignals((reason) => log.info('stopping: committing what is complete', { signal: reason }));
  try {
    const daemon = await startDaemon({ loaded, run, log, clock: systemClock, random: systemRandom }, stop.signal);
    const release = listenToReloads(() => daemon.reload(readAgain));
    const [failure] = await daemon.done.finally(release);
    if (failure !== undefined) throw failure.error;
    return exitCodeOf(stop.reason(), () => log.info('interrupted, committed cleanly'));
  } finally {
    stop.release();
  }
}

function exitCodeOf(reason: StopReason | null, onInterrupt: () => void): number {
  if (reason !== 'SIGINT') return 0;
  onInterrupt();
  return 130;
}

/** `FROM..TO`. Throws E6001. */
export function parseGap(text: string | undefined): RunOptions['acceptGap'] {
  if (text === undefined) return null;
  const match = /^([^.\s]+)\.\.([^.\s]+)$/.exec(text);
  if (match === null) {
    throw new TributaryError('E6001', `gap is not of the form FROM..TO: option=--accept-gap value=${text}`);
  }
  return { from: match[1], to: match[2] };
}
