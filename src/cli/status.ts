// `tributary status`: sources, tables, lag and positions, from lake and source; a running daemon adds what only it knows.
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { sourceNames } from '../config/to-settings.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { askDaemon } from './ask-daemon.ts';
import { printJson, printLine } from './output.ts';
import { type ConfigOptions, configCommand, loadConfig } from './shared-options.ts';
import { listenToStopSignals } from './signals.ts';
import { type StatusReport, statusText } from './status-text.ts';
import { readStoredStatus } from './stored-status.ts';

type Options = ConfigOptions & { readonly json?: boolean; readonly watch?: boolean };

const WATCH_MS = 2000;
const CLEAR = '\u001b[H\u001b[J';

/** `tributary status -c FILE` */
export function statusCommand(): Command {
  return configCommand('status', 'show sources, tables, lag and positions, with or without a running daemon')
    .option('--watch', 'show it again every two seconds, until interrupted')
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const loaded = await loadConfig(options);
      if (options.watch === true) await watch(loaded, options);
      else show(await readStatus(loaded), options);
    });
}

/** Reads everything anew. A source that cannot be reached is part of the report. */
async function readStatus(loaded: LoadedConfig): Promise<StatusReport> {
  const names = sourceNames(loaded);
  const [daemon, ...pipelines] = await Promise.all([
    askDaemon(loaded.config.http.listen, names),
    ...names.map((name) => readStoredStatus(loaded, name)),
  ]);
  return { warehouse: loaded.config.lake.warehouse, daemon, pipelines };
}

function show(report: StatusReport, { json }: Options): void {
  if (json === true) printJson(report);
  else printLine(statusText(report, systemClock.nowMs()));
}

async function watch(loaded: LoadedConfig, options: Options): Promise<void> {
  const stop = listenToStopSignals();
  try {
    while (!stop.signal.aborted) {
      const report = await readStatus(loaded);
      if (process.stdout.isTTY) process.stdout.write(CLEAR);
      show(report, options);
      await systemClock.sleep(WATCH_MS, stop.signal).catch(() => {
        // The end of the wait is the end of the loop.
      });
    }
  } finally {
    stop.release();
  }
}
