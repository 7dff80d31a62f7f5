// Where a consumer of a changelog stands: `consumer/consumer-<id>` beside the table, in Paimon's form. Source: format
// notes 01 section 1 (ConsumerManager).
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { Table } from '../paimon/table.ts';

const ID_FORM = /^[\p{L}\p{N}_][\p{L}\p{N}._-]{0,199}$/u;

/** The next snapshot that a consumer wants; null for one that has not consumed yet. Throws `E6019`, `E6020`. */
export async function readConsumer(table: Table, id: string): Promise<bigint | null> {
  const path = pathOf(table, id);
  try {
    return nextSnapshotOf(await table.store.read(path), path);
  } catch (error) {
    if (isTributaryError(error, 'E3001')) return null;
    throw error;
  }
}

/** Sets the next snapshot that a consumer wants; expiry keeps it. Throws `E6020`. */
export async function writeConsumer(table: Table, id: string, nextSnapshot: bigint): Promise<void> {
  await table.store.replace(pathOf(table, id), new TextEncoder().encode(`{\n  "nextSnapshot" : ${nextSnapshot}\n}`));
}

function pathOf(table: Table, id: string): string {
  if (!ID_FORM.test(id)) throw new TributaryError('E6020', `consumer has a name that is refused: consumer=${id}`);
  return table.paths.consumer(id);
}

/** Snapshot ids stay far below 2^53 in practice; digits are read as text all the same. */
function nextSnapshotOf(bytes: Uint8Array, path: string): bigint {
  const found = /^\s*\{\s*"nextSnapshot"\s*:\s*(\d+)\s*\}\s*$/.exec(new TextDecoder().decode(bytes));
  if (found !== null) return BigInt(found[1]);
  throw new TributaryError('E6019', `consumer file is damaged: path=${path}`);
}
