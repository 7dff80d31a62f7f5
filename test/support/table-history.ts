// What a table's snapshots hold and changed, as a reader tells it: to be compared with what another tells, or with what
// another table holds.
import { isTributaryError } from '../../src/base/errors.ts';
import type { ManifestEntry } from '../../src/paimon/meta/manifest-entry.ts';
import type { SnapshotId } from '../../src/paimon/meta/snapshot.ts';
import type { Table } from '../../src/paimon/table.ts';
import { canonicalRows, type GoldenRow } from './golden.ts';
import type { Reference, SnapshotChange, TableAt } from './reference.ts';
import { changesByKey, replayedChanges, replayedRows } from './replayed-table.ts';

/** What a reader says that cannot give rows. */
export const REFUSED = 'refused';

/** Rows in canonical form, or a refusal. */
export type Answer = readonly string[] | typeof REFUSED;

/** The rows and the changes of each snapshot, by its id. */
export interface TableHistory {
  readonly rows: Readonly<Record<string, Answer>>;
  /** Refused for all where they are for one. */
  readonly changes: Readonly<Record<string, Answer>> | typeof REFUSED;
}

/** As the reference reads the table. */
export async function historyByReference(
  client: Reference,
  at: TableAt,
  keys: readonly string[],
): Promise<TableHistory> {
  const rows: Record<string, Answer> = {};
  let changes: TableHistory['changes'] = {};
  for (const answer of await client.lives(at)) {
    const lines = 'error' in answer ? REFUSED : answer.lines;
    if (answer.snapshot !== undefined) {
      rows[answer.snapshot] = lines === REFUSED ? REFUSED : canonicalRows(lines as readonly GoldenRow[]);
    } else if (lines === REFUSED) changes = REFUSED;
    else {
      const found = Map.groupBy(lines as readonly SnapshotChange[], (change) => change.snapshot);
      const known = Object.keys(rows).map((id) => [id, found.get(Number(id)) ?? []] as const);
      changes = Object.fromEntries(
        known.map(([id, of]) => [id, changesByKey(of as readonly unknown[] as GoldenRow[], keys)]),
      );
    }
  }
  return { rows, changes };
}

/** As we read the table. */
export async function historyByUs(table: Table): Promise<TableHistory> {
  const rows: Record<string, Answer> = {};
  const changes: Record<string, Answer> = {};
  for (const id of await table.snapshots.ids()) {
    rows[String(id)] = await snapshotRows(table, id);
    changes[String(id)] = await answerOf(() => replayedChanges(table, { after: id - 1n, upTo: id }));
  }
  return { rows, changes: Object.values(changes).includes(REFUSED) ? REFUSED : changes };
}

/**
 * Of each snapshot its kind, and of each level of each bucket the sorted runs, rows and rows of deletes. In how many
 * files a run above level 0 is depends on how full they are, of which each implementation has its own idea.
 */
export async function shapesOf(table: Table): Promise<readonly string[]> {
  const shapes: string[] = [];
  for (const id of await table.snapshots.ids()) {
    const snapshot = await table.snapshot(id);
    const entries = await table.manifests.liveEntriesOf(snapshot);
    const levels = Map.groupBy(entries, levelText);
    const texts = [...levels].map(([level, of]) => {
      const rows = of.reduce((sum, { file }) => sum + file.rowCount, 0);
      const deletes = of.reduce((sum, { file }) => sum + (file.deleteRowCount ?? 0), 0);
      const runs = of[0].file.level === 0 ? of.length : 1;
      return `${level}: ${runs} runs, ${rows} rows, ${deletes} deletes`;
    });
    shapes.push(`${id} ${snapshot.commitKind} ${texts.sort().join('; ')}`);
  }
  return shapes;
}

function levelText({ partition, bucket, file }: ManifestEntry): string {
  const name = Buffer.from(partition)
    .toString('latin1')
    .replaceAll(/[^a-z]/g, '');
  return `${name}/${bucket} level ${file.level}`;
}

/** The rows of a snapshot as we read them. */
export function snapshotRows(table: Table, id: bigint): Promise<Answer> {
  return answerOf(() => replayedRows(table, { at: { kind: 'snapshot', id: id as SnapshotId } }));
}

async function answerOf(rows: () => Promise<readonly string[]>): Promise<Answer> {
  try {
    return await rows();
  } catch (error) {
    if (isTributaryError(error)) return REFUSED;
    throw error;
  }
}
