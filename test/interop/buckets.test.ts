// Tables of every bucket mode, with partitions of every type, that we and the reference write, overwrite, compact and
// rescale in turns: after each step both read what a model says, and at the end both find the table sound.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import {
  BUCKET_MODES,
  BucketModel,
  type BucketScenario,
  type BucketStep,
  drawBucketScenario,
} from '../support/bucket-scenario.ts';
import { canonicalRows, type GoldenValue, plainText } from '../support/golden.ts';
import { LsmInvariants } from '../support/lsm-invariants.ts';
import { OurSession } from '../support/our-session.ts';
import { openReplayed, replayedRows } from '../support/replayed-table.ts';
import { reference, type KindRow, type Reference, type TableAt } from '../support/reference.ts';
import { differentialSeconds, liveSeeds } from '../support/seeds.ts';
import { removeDir, tempDir } from '../support/temp-dir.ts';

const java = await reference();
const SECONDS = differentialSeconds(0.2);

describe.skipIf(java === null)('buckets and partitions of either side', () => {
  const client = java as Reference;

  test(`hold what a model does, for ${SECONDS} s`, { timeout: (SECONDS + 120) * 1000 }, async () => {
    const file = 'test/interop/buckets.test.ts';
    const { lives, whole } = await liveSeeds({ name: 'buckets', file, seconds: SECONDS, live });
    // One life that is repeated may end early.
    expect(lives === 1 || whole > 0).toBe(true);
  });

  async function live(seed: number): Promise<boolean> {
    const scenario = drawBucketScenario(seededRandom(seed), BUCKET_MODES[seed % BUCKET_MODES.length]);
    const warehouse = tempDir();
    mkdirSync(warehouse, { recursive: true });
    const invariants = new LsmInvariants(() => openReplayed(warehouse));
    const life = new TableLife(client, { warehouse, table: 'db.t' }, scenario);
    await client.create(life.at, scenario.definition);
    for (const [index, step] of scenario.steps.entries()) {
      const context = `${JSON.stringify(scenario.definition)} step=${index} ${JSON.stringify({ ...step, rows: 0 })}`;
      await life.take(step, (seen, wanted) => expect(seen, context).toEqual(wanted));
      await expectSame(life, context);
      if (step.kind === 'compact') await invariants.check();
    }
    await life.end();
    const context = JSON.stringify(scenario.definition);
    expect((await fsck(await openReplayed(warehouse))).problems, context).toEqual([]);
    expect(await client.fsck(life.at), context).toMatchObject({ problems: [] });
    removeDir(warehouse);
    return true;
  }

  async function expectSame({ at, model }: TableLife, context: string): Promise<void> {
    const rows = canonicalRows(model.rows());
    expect(canonicalRows(await client.read(at)), context).toEqual(rows);
    expect(await replayedRows(await openReplayed(at.warehouse)), context).toEqual(rows);
  }
});

/** Says what should be equal. */
type Same = (seen: unknown, wanted: unknown) => void;

/** One table, with what it should hold. */
class TableLife {
  readonly at: TableAt;
  readonly model: BucketModel;
  private readonly client: Reference;
  private readonly session: OurSession;
  private readonly scenario: BucketScenario;
  private files = 0;

  constructor(client: Reference, at: TableAt, scenario: BucketScenario) {
    this.client = client;
    this.at = at;
    this.session = new OurSession(() => openReplayed(at.warehouse));
    this.scenario = scenario;
    this.model = new BucketModel(scenario);
  }

  async take(step: BucketStep, same: Same): Promise<void> {
    // It knows which bucket each key is in, and which number comes next: one writer at a time.
    if (step.kind !== 'write' || !step.bySession) await this.session.close();
    switch (step.kind) {
      case 'write':
        this.model.write(step.rows);
        return step.bySession ? this.session.writeAndCommit(step.rows) : this.write(step, []);
      case 'compact':
        if (step.ours) this.model.settle();
        return step.ours
          ? this.run(['compact', ...(step.full ? ['--full'] : [])])
          : this.client.compact(this.at, { full: step.full });
      case 'overwrite':
        return this.overwrite(step, same);
      case 'drop': {
        const dropped = this.model.drop(step.pick);
        if (dropped !== null) await this.run(['drop-partition', '--partition', this.words(dropped).join(',')]);
        return;
      }
      case 'rescale':
        return this.rescale(step, same);
    }
  }

  /** Nobody writes to the table any more. */
  end(): Promise<void> {
    return this.session.close();
  }

  private async overwrite(step: Extract<BucketStep, { kind: 'overwrite' }>, same: Same): Promise<void> {
    const isTaken = this.model.overwrite(step.rows, step.partition);
    const words = step.partition === null ? [] : this.words(step.partition);
    const failure = await outcome(this.write(step, ['--overwrite', ...words]));
    same(failure, isTaken ? null : 'E3318');
  }

  /** Other buckets by ALTER, which are not written to until the rows are written anew. */
  private async rescale(step: Extract<BucketStep, { kind: 'rescale' }>, same: Same): Promise<void> {
    const rows = this.model.rows();
    const [first] = rows;
    const buckets = String(step.buckets);
    if (this.scenario.mode === 'postpone') return this.run(['rescale', '--bucket-num', buckets]);
    await this.client.alter(this.at, [{ action: 'setOption', key: 'bucket', value: buckets }]);
    if (first === undefined) return this.run(['rescale']);
    const before = (await (await openReplayed(this.at.warehouse)).liveFiles()).entries()[0].totalBuckets;
    if (before !== step.buckets) {
      const again = [{ kind: '+I', row: first }];
      // The reference refuses it, too, but for buckets that were not there: it lets a partition have two numbers of them.
      same(await outcome(this.write({ ours: true, rows: again }, [])), 'E3452');
    }
    const values = this.scenario.definition.partitionKeys.map((name) => first[name]);
    if (values.length > 0 && values.every((value) => value !== null && value !== '')) {
      await this.run(['rescale', '--partition', ...this.words(values)]);
      same(canonicalRows(await this.client.read(this.at)), canonicalRows(rows));
      same(await replayedRows(await openReplayed(this.at.warehouse)), canonicalRows(rows));
      same((await this.client.fsck(this.at)).problems, []);
    }
    const whole = rows.map((row): KindRow => ({ kind: '+I', row }));
    await this.write({ ours: step.ours, rows: whole }, ['--overwrite']);
    // Partitions that hold no rows any more may have files.
    await this.run(['rescale']);
  }

  private async write(
    step: { readonly ours: boolean; readonly rows: readonly KindRow[] },
    how: readonly string[],
  ): Promise<void> {
    if (!step.ours) {
      const overwrite = how.length === 0 ? {} : { overwrite: how.slice(1) };
      return this.client.write(this.at, step.rows, overwrite);
    }
    const file = join(this.at.warehouse, `rows-${this.files++}.ndjson`);
    writeFileSync(file, step.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await this.run(['write', '--rows', file, ...how]);
  }

  private async run([verb, ...args]: readonly string[]): Promise<void> {
    const where = ['--warehouse', this.at.warehouse, '--table', this.at.table];
    await (await tableCommand()).parseAsync([verb ?? '', ...where, ...args], { from: 'user' });
  }

  /** A partition as the command line names it. */
  private words(values: readonly (GoldenValue | undefined)[]): readonly string[] {
    return values.map((value, index) => `${this.scenario.definition.partitionKeys[index]}=${plainText(value)}`);
  }
}

/** The code with which we refused a call; null where we did not. */
async function outcome(call: Promise<void>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (isTributaryError(error)) return error.code;
    throw error;
  }
}
