// Random histories of one table: writers, compactions, expiry, crashes and faults of the storage, against a model.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../../../src/base/errors.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import type { CommitRequest, TableCommitter } from '../../../../src/paimon/commit/table-commit.ts';
import { expireSnapshots } from '../../../../src/paimon/maintenance/expire-snapshots.ts';
import { removeOrphans } from '../../../../src/paimon/maintenance/remove-orphans.ts';
import type { ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { bucketPathsOf } from '../../../../src/paimon/meta/table-paths.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FaultyFileStore, seededFaults } from '../../../support/faulty-file-store.ts';
import {
  deletionOf,
  entryOf,
  lookInto,
  namesOf,
  openCommitter,
  readAllSnapshots,
  requestOf,
  TABLE,
  testSchema,
} from '../commit/commit-fixtures.ts';

type Step = 'append' | 'compact' | 'upgrade' | 'expire' | 'restart' | 'orphans' | 'foreign';

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>('append') },
    { weight: 3, arbitrary: fc.constant<Step>('compact') },
    { weight: 1, arbitrary: fc.constant<Step>('upgrade') },
    { weight: 2, arbitrary: fc.constant<Step>('expire') },
    { weight: 1, arbitrary: fc.constant<Step>('restart') },
    { weight: 1, arbitrary: fc.constant<Step>('orphans') },
    { weight: 2, arbitrary: fc.constant<Step>('foreign') },
  ),
  { minLength: 5, maxLength: 40 },
);
const buckets = bucketPathsOf(TABLE, testSchema());
const schema = testSchema({
  'manifest.merge-min-count': '3',
  'manifest.full-compaction-threshold-size': '20 kb',
  'commit.max-retries': '3',
});

/** One table on a failing store, and what was acknowledged of it. */
class World {
  readonly clock = new FakeClock({ autoAdvance: true });
  readonly inner = new MemoryFileStore(this.clock);
  readonly #seed: number;
  readonly #acknowledged = new Map<bigint, readonly string[]>();
  #number = 0;
  #run = 0;
  #store: FaultyFileStore;
  #committer: TableCommitter | null = null;

  constructor(seed: number, faultShare: number) {
    this.#seed = seed;
    this.#store = new FaultyFileStore(this.inner, seededFaults(seededRandom(seed), faultShare));
  }

  async live(history: readonly Step[]): Promise<void> {
    for (const step of history) await this.step(step);
  }

  async step(step: Step): Promise<void> {
    this.clock.setNow(this.clock.nowMs() + 1000);
    try {
      await this.#act(step);
    } catch (error) {
      // What a pipeline does about an error that may pass: it starts again from the table.
      if (!isTributaryError(error, 'E3002', 'E3004', 'E3450', 'E3453', 'E3456', 'E3457')) throw error;
      this.#committer = null;
    }
    await this.check();
  }

  async #act(step: Step): Promise<void> {
    this.#number += 1;
    const table = { tablePath: TABLE, schema, random: seededRandom(this.#seed + this.#number) };
    switch (step) {
      case 'append':
        return this.#commit({ added: [await this.#newFile(0)] });
      case 'compact':
        return this.#compact();
      case 'upgrade':
        return this.#upgrade();
      case 'foreign': {
        const other = await openCommitter(this.inner, { seed: this.#seed + this.#number, token: null, schema });
        const commitUser = `other-${this.#number}`;
        await other.commit(requestOf(1, { commitUser, added: [await this.#newFile(0)] }));
        return;
      }
      case 'expire': {
        const retention = { countMin: 2, countMax: 5, timeMs: 4000 };
        const settings = { retention, countMax: 50, nowMs: this.clock.nowMs() };
        await expireSnapshots({ ...table, store: this.#store }, settings);
        return;
      }
      case 'orphans':
        // No write is under way, so that every orphan may go.
        if (this.#committer !== null) return;
        await removeOrphans({ ...table, store: this.#store }, { olderThanMs: this.clock.nowMs() + 1 });
        return;
      case 'restart':
        this.#committer = null;
        this.inner.crash();
    }
  }

  async #commit(request: Partial<CommitRequest>): Promise<void> {
    const committer = await this.#opened();
    const snapshot = await committer.commit(requestOf(this.#number, request));
    this.#acknowledged.set(snapshot.id, namesOf(committer.liveEntries()));
  }

  async #compact(): Promise<void> {
    const live = (await this.#opened()).liveEntries().filter((entry) => entry.file.level < 5);
    if (live.length === 0) return;
    const top = (await this.#opened()).liveEntries().filter((entry) => entry.file.level === 5);
    const deleted = [...live, ...top].map(deletionOf);
    await this.#commit({ kind: 'COMPACT', commitUser: 'compact', deleted, added: [await this.#newFile(5)] });
  }

  async #upgrade(): Promise<void> {
    const entry = (await this.#opened()).liveEntries().find(({ file }) => file.level === 0);
    if (entry === undefined) return;
    const added = [{ ...entry, file: { ...entry.file, level: 4 } }];
    const below = (await this.#opened()).liveEntries().filter(({ file }) => file.level === 4);
    const deleted = [entry, ...below].map(deletionOf);
    await this.#commit({ kind: 'COMPACT', commitUser: 'compact', deleted, added });
  }

  async #opened(): Promise<TableCommitter> {
    if (this.#committer === null) {
      this.#run += 1;
      const options = { seed: this.#seed * 31 + this.#run, token: `run-${this.#run}`, clock: this.clock, schema };
      this.#committer = await openCommitter(this.#store, options);
    }
    return this.#committer;
  }

  /** Writes a file as a writer does that succeeds; data files have tests of their own. */
  async #newFile(level: number): Promise<ManifestEntry> {
    const entry = entryOf(`f${this.#number}`, { level });
    for (const path of buckets.filesOf(entry.partition, 0, entry.file))
      await this.inner.create(path, new Uint8Array(1));
    return entry;
  }

  async check(): Promise<void> {
    const states = await readAllSnapshots(this.inner);
    const { snapshots } = lookInto(this.inner);
    const identifiers = new Map<string, bigint>();
    for (const [id, names] of states) {
      const acknowledged = this.#acknowledged.get(id);
      if (acknowledged !== undefined && acknowledged.join() !== names.join()) throw new Error(`snapshot ${id} changed`);
      for (const name of names) await this.inner.read(`${TABLE}/bucket-0/${name.replace(/@.*/, '')}`);
      const { commitUser, commitIdentifier } = await snapshots.read(id);
      const last = identifiers.get(commitUser) ?? 0n;
      if (commitIdentifier <= last)
        throw new Error(`identifier ${commitIdentifier} of ${commitUser} comes after ${last}`);
      identifiers.set(commitUser, commitIdentifier);
    }
    const oldest = [...states.keys()][0] ?? 1n;
    for (const id of this.#acknowledged.keys()) {
      if (id >= oldest && !states.has(id)) throw new Error(`snapshot ${id} was acknowledged and is not there`);
    }
  }
}

describe('commits and expiry', () => {
  it('a committer of an empty table goes on after what others have published and expired', async () => {
    const world = new World(1, 0);
    // The first step opens the committer and has nothing to compact.
    const lives = world.live(['compact', 'foreign', 'foreign', 'foreign', 'expire', 'append']);
    await expect(lives).resolves.toBeUndefined();
  });

  it('keep every acknowledged snapshot readable until it expires, whatever fails', async () => {
    const property = fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.constantFrom(0, 0.02, 0.1),
      async (history, seed, faultShare) => {
        await new World(seed, faultShare).live(history);
      },
    );
    const seed = process.env['SEED'];
    const run = fc.assert(property, { numRuns: 60, ...(seed === undefined ? {} : { seed: Number(seed) }) });
    await expect(run).resolves.toBeUndefined();
  }, 60_000);
});
