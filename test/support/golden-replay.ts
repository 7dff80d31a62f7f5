// The steps of a golden case, run through our own `table` verbs into a warehouse of our own.
import { join } from 'node:path';
import { isTributaryError } from '../../src/base/errors.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import type { GoldenCase, GoldenStep } from './golden.ts';
import type { TableAt } from './reference.ts';

/** Verbs that change a table; the others only look. */
const CHANGING = new Set([
  'create',
  'alter',
  'write',
  'compact',
  'tag',
  'branch',
  'rollback',
  'expire-snapshots',
  'expire-changelogs',
]);
/** Options whose values are files of the case. */
const FILE_OPTIONS = new Set(['--rows', '--schema', '--changes']);

/** A step that ended otherwise than the reference's. */
export interface ReplayFault {
  readonly step: string;
  /** The code of the error; `none` for a step that should have been refused. */
  readonly code: string;
}

/**
 * Runs the steps that change the table, `db.t` unless another name is given. The first that fails where the reference
 * did not, or the other way round; or null.
 */
export async function replay(found: GoldenCase, warehouse: string, table = 'db.t'): Promise<ReplayFault | null> {
  for (const step of found.steps) {
    if (!CHANGING.has(step.args[0] ?? '')) continue;
    const code = await runStep(step, found, { warehouse, table });
    const isRefused = step.fails === true;
    if (isRefused !== (code !== null)) return { step: step.args.join(' '), code: code ?? 'none' };
  }
  return null;
}

/** The code of the step's error, or null. */
async function runStep(step: GoldenStep, found: GoldenCase, at: TableAt): Promise<string | null> {
  try {
    await (await tableCommand()).parseAsync(ourArguments(step, found, at), { from: 'user' });
    return null;
  } catch (error) {
    if (!isTributaryError(error)) throw error;
    return error.code;
  }
}

function ourArguments({ args }: GoldenStep, found: GoldenCase, at: TableAt): readonly string[] {
  return args.map((arg, index) => {
    const option = args[index - 1] ?? '';
    if (option === '--warehouse') return at.warehouse;
    if (option === '--table') return at.table;
    return FILE_OPTIONS.has(option) ? join(found.directory, arg) : arg;
  });
}
