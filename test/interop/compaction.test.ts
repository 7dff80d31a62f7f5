// Tables that we and the reference write and compact in turns: both read the same rows and changes at every snapshot, a
// table that the reference made alone holds the same, changelogs tell how the rows came about, and fsck finds nothing.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { drawScenario, SCENARIO_FIELDS, type ScenarioStep } from '../support/compaction-scenario.ts';
import { canonicalRows, type GoldenRow } from '../support/golden.ts';
import { changesByKey, openReplayed, replayedChanges, replayedRows } from '../support/replayed-table.ts';
import { reference, type Reference, type SnapshotChange, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
/** About six seconds each; PROPERTY_SECONDS runs more, SEED one. */
const COUNT = Math.ceil(Number(process.env['PROPERTY_SECONDS'] ?? 90) / 6);
const SEEDS =
  process.env['SEED'] === undefined
    ? Array.from({ length: COUNT }, (_, index) => index + 1)
    : [Number(process.env['SEED'])];

describe.skipIf(java === null)('compactions by either side', () => {
  const client = java as Reference;
  let files = 0;

  async function doOurs(at: TableAt, step: ScenarioStep): Promise<void> {
    const where = ['--warehouse', at.warehouse, '--table', at.table];
    if (step.kind === 'compact') {
      await run(['compact', ...where, ...(step.full ? ['--full'] : [])]);
      return;
    }
    const rows = join(at.warehouse, `rows-${files++}.ndjson`);
    writeFileSync(rows, step.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await run(['write', ...where, '--rows', rows, ...(step.writeOnly ? ['--write-only'] : [])]);
  }

  async function run(args: readonly string[]): Promise<void> {
    await tableCommand().parseAsync(args, { from: 'user' });
  }

  async function doTheirs(at: TableAt, step: ScenarioStep): Promise<void> {
    if (step.kind === 'compact') await client.compact(at, { full: step.full });
    else await client.write(at, step.rows, { writeOnly: step.writeOnly });
  }

  test.each(SEEDS)('SEED=%i', async (seed) => {
    const scenario = drawScenario(seededRandom(seed));
    const definition = { fields: SCENARIO_FIELDS, partitionKeys: [], primaryKeys: ['id'], options: scenario.options };
    const [mixed, theirs] = ['mixed', 'theirs'].map((name): TableAt => {
      const warehouse = join(tempDir(), name);
      mkdirSync(warehouse);
      return { warehouse, table: 'db.t' };
    }) as [TableAt, TableAt];
    const context = JSON.stringify(scenario.options);
    for (const at of [mixed, theirs]) await client.create(at, { ...definition, comment: '' });
    const last: ScenarioStep = { kind: 'compact', ours: seed % 2 === 0, full: true };
    for (const [index, step] of [...scenario.steps, last].entries()) {
      await (step.ours ? doOurs(mixed, step) : doTheirs(mixed, step));
      await doTheirs(theirs, step);
      if (!scenario.isTimeless) continue;
      const where = `${context} step=${index} ${step.kind}`;
      expect(canonicalRows(await client.read(mixed)), where).toEqual(canonicalRows(await client.read(theirs)));
    }
    await expectSameReads(mixed, context);
    const changes = await expectSameChanges(mixed, context);
    const rows = await client.read(mixed);
    // Where changes come without the rows before them, they need not fit one another.
    expect(scenario.hasTrueChangelog ? applied(changes) : canonicalRows(rows), context).toEqual(canonicalRows(rows));
    expect(await client.fsck(mixed), context).toMatchObject({ problems: [] });
    expect((await fsck(await openReplayed(mixed.warehouse))).problems, context).toEqual([]);
  });

  async function expectSameReads(at: TableAt, context: string): Promise<void> {
    const table = await openReplayed(at.warehouse);
    for (const id of await table.snapshots.ids()) {
      const expected = canonicalRows(await client.read(at, { snapshot: id }));
      const rows = await replayedRows(table, { at: { kind: 'snapshot', id } });
      expect(rows, `${context} snapshot=${id}`).toEqual(expected);
    }
  }

  async function expectSameChanges(at: TableAt, context: string): Promise<readonly SnapshotChange[]> {
    const changes = await client.changelog(at, { fromSnapshot: 1 });
    const table = await openReplayed(at.warehouse);
    for (const id of await table.snapshots.ids()) {
      const expected = changes.filter(({ snapshot }) => BigInt(snapshot) === id) as readonly unknown[];
      const seen = await replayedChanges(table, { after: id - 1n, upTo: id });
      expect(seen, `${context} snapshot=${id}`).toEqual(changesByKey(expected as readonly GoldenRow[], ['id']));
    }
    return changes;
  }
});

/** The rows that the changes leave; throws where a change does not fit the row before it. */
function applied(changes: readonly SnapshotChange[]): readonly string[] {
  const rows = new Map<string, GoldenRow>();
  const text = (row: GoldenRow | undefined): string => JSON.stringify(row ?? null);
  for (const { snapshot, kind, row } of changes) {
    const id = JSON.stringify(row['id']);
    const before = rows.get(id);
    const fits = kind === '+I' ? before === undefined : kind === '+U' || text(before) === text(row);
    if (!fits) throw new Error(`snapshot ${snapshot}: ${kind} ${text(row)} after ${text(before)}`);
    if (kind === '-U' || kind === '-D') rows.delete(id);
    else rows.set(id, row);
  }
  return canonicalRows([...rows.values()]);
}
