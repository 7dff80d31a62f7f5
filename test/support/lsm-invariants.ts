// What holds after every compaction of any table: the files of each snapshot are sound, and every snapshot ever published
// reads as it did; a compaction brings no key back.
import assert from 'node:assert/strict';
import { Findings, SnapshotCheck } from '../../src/paimon/maintenance/check-snapshot.ts';
import type { Snapshot } from '../../src/paimon/meta/snapshot.ts';
import { BUCKET_POSTPONE, tableOptions } from '../../src/paimon/schema/table-options.ts';
import type { Table } from '../../src/paimon/table.ts';
import { type Answer, REFUSED, snapshotRows } from './table-history.ts';

/** Remembers the rows of every snapshot of one table that it has seen. */
export class LsmInvariants {
  private readonly open: () => Promise<Table>;
  private readonly findings = new Findings();
  private readonly rows = new Map<bigint, Answer>();

  /** `open` gives the table as a reader who comes anew finds it. */
  constructor(open: () => Promise<Table>) {
    this.open = open;
  }

  /**
   * Checks the snapshots that are new: above level 0, files of a bucket's level do not overlap, counts of rows and of
   * deletes add up, files hold what their metadata says. And that those which were there before read the same. Snapshots
   * that have gone are forgotten.
   */
  async check(): Promise<void> {
    const table = await this.open();
    const check = new SnapshotCheck(table, this.findings);
    const ids = new Set<bigint>(await table.snapshots.ids());
    for (const id of this.rows.keys()) if (!ids.has(id)) this.rows.delete(id);
    for (const id of ids) {
      const rows = await snapshotRows(table, id);
      const known = this.rows.get(id);
      if (known !== undefined) assert.deepEqual(rows, known, `snapshot ${id} reads the same as before`);
      else {
        const snapshot = await table.snapshot(id);
        await check.snapshot(snapshot, `snapshot ${id}`, true);
        this.requireNothingBack(table, snapshot, rows);
        this.rows.set(id, rows);
      }
    }
    assert.deepEqual(this.findings.problems, []);
  }

  /** Of a compaction: no key is there that was not there before, and where the newest row stays, all rows are the same. */
  private requireNothingBack({ schema }: Table, { id, commitKind }: Snapshot, rows: Answer): void {
    const before = this.rows.get(id - 1n);
    if (commitKind !== 'COMPACT' || before === undefined || before === REFUSED || rows === REFUSED) return;
    const options = tableOptions(schema);
    const { mergeEngine, sequenceFields, deletionVectors, recordExpireMs } = options;
    // Rows of postponed buckets are seen from a compaction on.
    if (options.bucket === BUCKET_POSTPONE) return;
    // Reads of these leave level 0 out, so that compactions make rows seen; and a delete that has expired deletes no more.
    if (mergeEngine === 'first-row' || deletionVectors || recordExpireMs !== null) return;
    // The entries of maps have another order in Avro files than in Parquet files.
    const hasMaps = /"(MAP|MULTISET)"/.test(JSON.stringify(schema.fields));
    if (mergeEngine === 'deduplicate' && sequenceFields.length === 0 && !hasMaps) {
      assert.deepEqual(rows, before, `compaction ${id} changes no row`);
    }
    // A retraction that has met nothing is no row, and becomes one of NULLs where a compaction merges it alone: in the
    // reference, too.
    if (mergeEngine === 'aggregation') return;
    // Of a group whose delete was merged alone first, an older row counts again: in the reference, too.
    if ('partial-update.remove-record-on-sequence-group' in schema.options) return;
    const keyOf = (row: string): string => JSON.stringify(keysOf(row, schema.primaryKeys));
    const known = new Set(before.map(keyOf));
    const back = rows.filter((row) => !known.has(keyOf(row)));
    assert.deepEqual(back, [], `compaction ${id} brings no key back`);
  }
}

/** The values of those columns in a row of the canonical form. */
function keysOf(row: string, names: readonly string[]): readonly unknown[] {
  const cells = JSON.parse(row) as readonly (readonly [string, unknown])[];
  return cells.filter(([name]) => names.includes(name));
}
