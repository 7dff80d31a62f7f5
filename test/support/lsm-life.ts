// One life of the differential test of the LSM engine, lived by us and by the reference.
import assert from 'node:assert/strict';
import { isTributaryError } from '../../src/base/errors.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { canonicalRows, type GoldenRow } from './golden.ts';
import { LsmInvariants } from './lsm-invariants.ts';
import { Refused } from './line-process.ts';
import { type LsmModel, lsmModel } from './lsm-model.ts';
import type { LsmScenario, LsmStep } from './lsm-scenario.ts';
import { OurSession } from './our-session.ts';
import { OurVerbs } from './our-verbs.ts';
import type { Reference, TableAt } from './reference.ts';
import { historyByReference, historyByUs, shapesOf } from './table-history.ts';
import { removeDir, tempDir } from './temp-dir.ts';

/** Commits of this user are numbered by the test. */
const NUMBERED = 'numbered';

/** Says null, or with what one refuses a step. */
type Doer = (step: LsmStep) => Promise<string | null>;

/** A table of a scenario in both implementations, or one of each. */
export class LsmLife {
  /** What was done, for the message of a failure. */
  readonly said: string[];
  private readonly client: Reference;
  private readonly scenario: LsmScenario;
  private readonly warehouse = tempDir();
  private readonly ours: TableAt = { warehouse: this.warehouse, table: 'db.ours' };
  private readonly theirs: TableAt;
  private readonly verbs = new OurVerbs(this.ours);
  private readonly session = new OurSession(() => this.verbs.open());
  private readonly model: LsmModel | null;
  private readonly invariants = new LsmInvariants(() => this.verbs.open());
  private commitCount = 0;

  constructor(client: Reference, scenario: LsmScenario, said: string[]) {
    this.said = said;
    this.client = client;
    this.scenario = scenario;
    this.model = lsmModel(scenario.table);
    const table = scenario.kind === 'shared' ? 'db.ours' : 'db.theirs';
    this.theirs = { warehouse: this.warehouse, table };
    this.said.push(`${scenario.kind} ${JSON.stringify(scenario.table)}`);
  }

  /** False where a step was refused, which ends the life. */
  async live(): Promise<boolean> {
    await this.create();
    for (const { step, isOurs } of this.scenario.turns) {
      const isShared = this.scenario.kind === 'shared';
      this.said.push(`${isShared ? (isOurs ? 'ours: ' : 'theirs: ') : ''}${stepText(step)}`);
      this.commitCount++;
      const doers = isShared ? [isOurs ? this.doOurs : this.doTheirs] : [this.doOurs, this.doTheirs];
      // They need not refuse at the same time what they cannot merge, if each has its turn.
      const refusals: (string | null)[] = [];
      for (const doer of doers) refusals.push(await doer(step));
      if (step.kind === 'compact') await this.invariants.check();
      const isRefused = refusals.map((refusal) => refusal !== null);
      assert(new Set(isRefused).size === 1, `one refuses a step: ours=${refusals[0]} theirs=${refusals[1]}`);
      if (isRefused[0]) {
        this.said.push(`refused: ${refusals.join(' ')}`);
        return false;
      }
      if (step.kind === 'write') this.model?.apply(step.rows);
    }
    await this.session.close();
    await this.compare();
    return true;
  }

  async end(): Promise<void> {
    await this.session.close();
    removeDir(this.warehouse);
  }

  private async create(): Promise<void> {
    const { table, kind } = this.scenario;
    assert.equal(await this.verbs.create(table), null);
    if (kind === 'lock-step') await this.client.create(this.theirs, table);
  }

  private readonly doOurs: Doer = async (step) => {
    try {
      return await this.ourStep(step);
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      await this.session.close();
      // Rows that are lost anyway are nothing to the reference, whatever they are.
      return step.kind === 'lose' ? null : error.code;
    }
  };

  private async ourStep(step: LsmStep): Promise<string | null> {
    if (step.kind === 'compact' && !step.bySession) return this.verbs.compact({ full: step.full });
    if (step.kind === 'compact') await this.session.compact(step.full);
    else if (step.kind === 'lose') {
      await this.session.write(step.rows, { flushes: step.dies });
      if (step.dies) this.session.die();
      else await this.session.close();
    } else if (step.by === 'verb') return this.writeByVerb(step);
    else {
      await this.session.write(step.rows, { flushes: step.by === 'flushing-session' });
      await this.session.commit();
    }
    return null;
  }

  /** One writer at a time knows which sequence numbers are next. */
  private async writeByVerb(step: Extract<LsmStep, { kind: 'write' }>): Promise<string | null> {
    await this.session.close();
    const { rows, writeOnly, isRepeated } = step;
    if (!isRepeated) return this.verbs.write(rows, { writeOnly });
    const how = { writeOnly, commitUser: NUMBERED, commitId: this.commitCount, filterCommitted: true };
    const refusal = await this.verbs.write(rows, how);
    return refusal ?? this.verbs.write(rows, how);
  }

  private readonly doTheirs: Doer = async (step) => {
    try {
      await this.theirStep(step);
      return null;
    } catch (error) {
      if (error instanceof Refused) return error.trace;
      throw error;
    }
  };

  private async theirStep(step: LsmStep): Promise<void> {
    if (step.kind === 'compact') return this.client.compact(this.theirs, { full: step.full });
    if (step.kind === 'lose') return;
    if (this.scenario.kind === 'shared') await this.session.close();
    const { rows, writeOnly, isRepeated } = step;
    if (!isRepeated) return this.client.write(this.theirs, rows, { writeOnly });
    const how = { writeOnly, commitUser: NUMBERED, commitId: this.commitCount, filterCommitted: true };
    await this.client.write(this.theirs, rows, how);
    await this.client.write(this.theirs, rows, how);
  }

  /** The rows are those of the model, if there is one; some of the columns are what the whole rows have of them. */
  private async compareLatest(): Promise<void> {
    const { columns } = this.scenario;
    const some = (row: GoldenRow): GoldenRow => Object.fromEntries(columns.map((name) => [name, row[name]]));
    try {
      const rows = await this.verbs.read();
      assert.deepEqual(
        canonicalRows(await this.verbs.read({ columns })),
        canonicalRows(rows.map(some)),
        'some columns',
      );
      this.model?.requireSame(rows);
    } catch (error) {
      // Whether the reference refuses it, too, is looked at with the rest of the history.
      if (!isTributaryError(error)) throw error;
    }
  }

  private async compare(): Promise<void> {
    const { client, ours, theirs, scenario } = this;
    const keys = scenario.table.primaryKeys;
    const table = await this.verbs.open();
    const own = await historyByUs(table);
    await this.compareLatest();
    if (scenario.isReadAcross) {
      assert.deepEqual(own, await historyByReference(client, ours, keys), 'what we wrote, read by us and by them');
      assert.deepEqual((await fsck(table)).problems, []);
      // Vectors that the reference leaves behind of files that its full compactions have written again delete nothing.
      const { problems } = await client.fsck(ours);
      assert.deepEqual(
        problems.filter((problem) => !problem.endsWith('which is not live')),
        [],
      );
    }
    if (scenario.kind === 'shared') return;
    const other = await new OurVerbs(theirs).open();
    assert.deepEqual(await shapesOf(table), await shapesOf(other), 'files of ours and theirs');
    const read = await historyByReference(client, theirs, keys);
    assert.deepEqual(own, read, 'what we wrote and what they wrote');
    if (scenario.isReadAcross)
      assert.deepEqual(await historyByUs(other), read, 'what they wrote, read by us and by them');
  }
}

function stepText(step: LsmStep): string {
  if (step.kind === 'compact') return JSON.stringify(step);
  const { rows, ...rest } = step;
  return [JSON.stringify(rest), ...rows.map((row) => `  ${JSON.stringify(row)}`)].join('\n');
}
