// `tributary resync`: has a running daemon copy mirrored tables anew, in place.
import type { Command } from 'commander';
import { ERROR_CODES, type ErrorCode } from '../base/error-codes.ts';
import { TributaryError } from '../base/errors.ts';
import { sourceNames } from '../config/to-settings.ts';
import type { DaemonStatus, TableStatus } from '../server/status.ts';
import { askDaemon, daemonUrl } from './ask-daemon.ts';
import { printJson, printLine } from './output.ts';
import { type ConfigOptions, configCommand, loadConfig } from './shared-options.ts';

type Options = ConfigOptions & { readonly all?: boolean; readonly json?: boolean };

/** `tributary resync -c FILE TABLE…` */
export function resyncCommand(): Command {
  return configCommand('resync', 'copy mirrored tables anew, in place, while the daemon runs and others go on')
    .argument('[tables...]', 'tables as in the lake (database.table) or as in the source')
    .option('--all', 'every table of the configuration')
    .option('--json', 'as JSON')
    .action(async (names: readonly string[], options: Options) => {
      if (names.length > 0 === (options.all === true)) {
        throw new TributaryError('E6200', 'name tables, or give --all: command=resync');
      }
      const { config, ...loaded } = await loadConfig(options);
      const { listen } = config.http;
      const daemon = await askDaemon(listen, sourceNames({ config, ...loaded }));
      if (listen === null || daemon === null) {
        throw new TributaryError('E6022', `no daemon answers there: http.listen=${listen ?? '(none)'}`);
      }
      const tables = chosen(daemon, names);
      const begun = await Promise.all(tables.map((table) => begin(daemonUrl(listen), table)));
      if (options.json === true) printJson({ tables: begun });
      else for (const { source, table } of begun) printLine(`${source} is copied anew into ${table}`);
    });
}

/** The tables of these names; all without any. Throws E6023. */
function chosen({ pipelines }: DaemonStatus, names: readonly string[]): readonly TableStatus[] {
  const all = pipelines.flatMap(({ tables }) => tables);
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find(({ table, source }) => table === name || source === name);
    if (found === undefined) throw new TributaryError('E6023', `no such table is mirrored: table=${name}`);
    return found;
  });
}

/** Resolves when it is recorded that the table is copied anew. Throws what the daemon refuses it with. */
async function begin(
  url: string,
  { table }: TableStatus,
): Promise<{ readonly source: string; readonly table: string }> {
  const answer = await fetch(`${url}/api/v1/tables/${encodeURIComponent(table)}/resync`, { method: 'POST' });
  const body = (await answer.json()) as { source: string; table: string; error?: string; code?: string };
  if (answer.ok) return { source: body.source, table: body.table };
  const { code = '' } = body;
  throw new TributaryError(
    Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'E9001',
    body.error ?? `the daemon refuses: status=${answer.status}`,
  );
}
