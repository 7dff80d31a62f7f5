// `tributary resync`, `pause` and `resume`: what a running daemon is asked to do with mirrored tables, while others go on.
import type { Command } from 'commander';
import { ERROR_CODES, type ErrorCode } from '../base/error-codes.ts';
import { TributaryError } from '../base/errors.ts';
import { sourceNames } from '../config/to-settings.ts';
import type { WishKind } from '../mirror/control.ts';
import type { DaemonStatus, TableStatus } from '../server/status.ts';
import { askDaemon, daemonUrl } from './ask-daemon.ts';
import { printJson, printLine } from './output.ts';
import { type ConfigOptions, configCommand, loadConfig } from './shared-options.ts';

type Options = ConfigOptions & { readonly all?: boolean; readonly json?: boolean };

/** A table of which the daemon has recorded what was asked for. */
interface DoneOrder {
  readonly source: string;
  readonly table: string;
}

/** What a command is about, and what it says of a table when it is done. */
interface Order {
  readonly about: string;
  told(done: DoneOrder): string;
}

const ORDERS: Readonly<Record<WishKind, Order>> = {
  resync: {
    about: 'copy mirrored tables anew, in place, while the daemon runs and others go on',
    told: ({ source, table }) => `${source} is copied anew into ${table}`,
  },
  pause: {
    about: 'stop following tables until `resume`, also over restarts; the source keeps their log',
    told: ({ source, table }) => `${source} is paused: ${table} stays as it is`,
  },
  resume: {
    about: 'follow paused tables again from where they stand, and try those that have stopped',
    told: ({ source, table }) => `${source} is followed again into ${table}`,
  },
};

/** `tributary resync|pause|resume -c FILE TABLE…` */
export function orderCommand(kind: WishKind): Command {
  return configCommand(kind, ORDERS[kind].about)
    .argument('[tables...]', 'tables as in the lake (database.table) or as in the source')
    .option('--all', 'every table of the configuration')
    .option('--json', 'as JSON')
    .action(async (names: readonly string[], options: Options) => {
      if (names.length > 0 === (options.all === true)) {
        throw new TributaryError('E6200', `name tables, or give --all: command=${kind}`);
      }
      const loaded = await loadConfig(options);
      const { listen } = loaded.config.http;
      const daemon = await askDaemon(listen, sourceNames(loaded));
      if (listen === null || daemon === null) {
        throw new TributaryError('E6022', `no daemon answers there: http.listen=${listen ?? '(none)'}`);
      }
      const url = daemonUrl(listen);
      const answers = await Promise.allSettled(chosen(daemon, names).map((table) => order(url, kind, table)));
      const done = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      if (options.json === true) printJson({ tables: done });
      else for (const table of done) printLine(ORDERS[kind].told(table));
      throwRefusals(answers);
    });
}

/** Throws the first refusal, with the messages of all. */
function throwRefusals(answers: readonly PromiseSettledResult<DoneOrder>[]): void {
  const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
  if (refusals.length === 0) return;
  const [first] = refusals;
  if (refusals.length === 1 || !(first instanceof TributaryError)) throw first;
  throw new TributaryError(first.code, refusals.map(String).join('; '));
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

/** Resolves when it is recorded. Throws what the daemon refuses it with. */
async function order(url: string, kind: WishKind, { table }: TableStatus): Promise<DoneOrder> {
  const answer = await fetch(`${url}/api/v1/tables/${encodeURIComponent(table)}/${kind}`, { method: 'POST' });
  const body = (await answer.json()) as DoneOrder & { readonly error?: string; readonly code?: string };
  if (answer.ok) return { source: body.source, table: body.table };
  const { code = '' } = body;
  throw new TributaryError(
    Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'E9001',
    body.error ?? `the daemon refuses: status=${answer.status}`,
  );
}
