// What the verbs of `tributary table` that commit do afterwards, as every writer of the table does; snapshots that
// retained cuts of a pipeline name stay.
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { type CommitMade, TableUpkeep } from '../../paimon/maintenance/table-upkeep.ts';
import type { Table } from '../../paimon/table.ts';
import { snapshotsOfCuts } from './maintain.ts';

/** Does what is due after a commit to the table of that name. Throws `E3240`. */
export async function keepUp(table: Table, name: string, commit: CommitMade): Promise<void> {
  const upkeep = new TableUpkeep(table, { clock: systemClock, random: systemRandom });
  await upkeep.run(commit, await snapshotsOfCuts(table.store, name));
}
