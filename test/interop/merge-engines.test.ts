// The merge engines against the reference: random tables and changes, written by either and read by both. What one
// refuses, the other refuses.
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { canonicalRows, type GoldenRow } from '../support/golden.ts';
import { Refused } from '../support/line-process.ts';
import { OurVerbs } from '../support/our-verbs.ts';
import { isRepeatable, randomMergeTable } from '../support/random-merge-table.ts';
import { type KindRow, type Reference, reference, type TableAt } from '../support/reference.ts';
import { differentialSeconds, liveSeeds } from '../support/seeds.ts';
import { tempDir } from '../support/temp-dir.ts';

const SECONDS = differentialSeconds(0.2);
const COMMITS_MAX = 5;
const java = await reference();

const REFUSED = 'refused';
type Outcome = readonly string[] | typeof REFUSED;

async function outcome(rows: Promise<readonly GoldenRow[]>): Promise<Outcome> {
  try {
    return canonicalRows(await rows);
  } catch (error) {
    if (isTributaryError(error) || error instanceof Refused) return REFUSED;
    throw error;
  }
}

/** What the reference says against it, or null. */
async function complaint(done: Promise<void>): Promise<string | null> {
  try {
    await done;
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

/** One table's life in both implementations. */
class Life {
  private readonly client: Reference;
  private readonly warehouse = tempDir();
  private readonly ours: OurVerbs;
  private readonly theirsByUs: OurVerbs;
  private readonly theirs: TableAt;
  private readonly oursByThem: TableAt;
  /** Whether both write the same. */
  private readonly isSame: boolean;

  constructor(client: Reference, isSame: boolean) {
    this.isSame = isSame;
    this.client = client;
    this.theirs = { warehouse: this.warehouse, table: 'db.theirs' };
    this.oursByThem = { warehouse: this.warehouse, table: 'db.ours' };
    this.ours = new OurVerbs(this.oursByThem);
    this.theirsByUs = new OurVerbs(this.theirs);
  }

  async create(definition: object): Promise<void> {
    assert.equal(await this.ours.create(definition), null);
    await this.client.create(this.theirs, definition);
  }

  /** Writes the changes to both; false where both refuse. */
  async write(rows: readonly KindRow[]): Promise<boolean> {
    const ours = await this.ours.write(rows);
    return this.bothDid(ours, await complaint(this.client.write(this.theirs, rows)));
  }

  /** Compacts both; false where both refuse. */
  async compact(): Promise<boolean> {
    const ours = await this.ours.compact({ full: true });
    return this.bothDid(ours, await complaint(this.client.compact(this.theirs, { full: true })));
  }

  private bothDid(code: string | null, theirs: string | null): boolean {
    if (this.isSame && (code === null) !== (theirs === null)) throw new Error(`ours=${code} theirs=${theirs}`);
    return code === null && theirs === null;
  }

  /** Both read the same from either table, and from both tables. */
  async compare(): Promise<void> {
    const ours = await outcome(this.ours.read());
    assert.deepEqual(ours, await outcome(this.client.read(this.oursByThem)), 'what we wrote, read by us and by them');
    const theirs = await outcome(this.theirsByUs.read());
    assert.deepEqual(theirs, await outcome(this.client.read(this.theirs)), 'what they wrote, read by us and by them');
    if (this.isSame) assert.deepEqual(ours, theirs, 'what we wrote and what they wrote');
  }

  /** A part of the columns is what the whole rows hold of them. */
  async compareColumns(columns: readonly string[]): Promise<void> {
    const whole = await outcome(
      this.ours
        .read()
        .then((rows) => rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])) as GoldenRow)),
    );
    if (whole !== REFUSED) assert.deepEqual(await outcome(this.ours.read({ columns })), whole, 'some of the columns');
  }

  async check(): Promise<void> {
    assert.deepEqual((await this.client.fsck(this.oursByThem)).problems, []);
  }
}

/** Lives one life, and says whether to its end; `said` is what was done, for the message of a failure. */
async function runLife(client: Reference, seed: number, said: string[]): Promise<boolean> {
  const random = seededRandom(seed);
  const drawn = randomMergeTable(random);
  const { table } = drawn;
  const life = new Life(client, isRepeatable(table));
  said.push(JSON.stringify(table));
  await life.create(table);
  const commits = 2 + Math.floor(random.unit() * (COMMITS_MAX - 1));
  for (let commit = 0; commit < commits; commit++) {
    const rows = drawn.changes();
    said.push(rows.map((row) => JSON.stringify(row)).join('\n'));
    if (!(await life.write(rows))) return false;
  }
  await life.compare();
  await life.compareColumns(table.fields.map((field) => field.name).filter(() => random.unit() < 0.5));
  if (!(await life.compact())) return false;
  await life.compare();
  await life.check();
  return true;
}

describe.skipIf(java === null)('merge engines', () => {
  const client = java as Reference;

  test(`merge as the reference does, for ${SECONDS} s`, { timeout: (SECONDS + 120) * 1000 }, async () => {
    const file = 'test/interop/merge-engines.test.ts';
    const live = (seed: number, said: string[]): Promise<boolean> => runLife(client, seed, said);
    const { whole } = await liveSeeds({ name: 'merge engines', file, seconds: SECONDS, live });
    expect(whole).toBeGreaterThan(0);
  });
});
