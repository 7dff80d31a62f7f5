// Damaged tables: any file of any golden table cut, flipped or made hostile. Reading gives a coded error or rows, never
// another error, a hang, or memory that the files do not justify. FUZZ_MUTATIONS says how many; CI tries 100,000.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { Table } from '../../src/paimon/table.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { golden, goldenNames } from '../support/golden.ts';
import { mutate } from '../support/mutations.ts';
import { OverlayStore } from '../support/overlay-store.ts';

const MUTATIONS = Number(process.env['FUZZ_MUTATIONS'] ?? 600);
const SEED = Number(process.env['SEED'] ?? 20261125);
/** Batches of rows and decompressed pages have sizes of their own, whatever the file. */
const MEMORY_BYTES = 96 * 1024 * 1024;
/** An operation that reads more is tried as much less often. */
const CHEAP_BYTES = 8192;
const FAMILIES = [
  [
    'metadata, statistics, manifests',
    /^(stats-|manifest-|filters|tags|branches|expire|rollback|commit|se-|dedup-|write-)/,
  ],
  ['data files', /^(types-|parquet-|orc-|avro-|key-|wide-|thin-|big-|append-|part-)/],
  ['indexes, vectors, changelogs, engines', /^(index-|dv-|bucket-|cp-|pu-|agg-|first-)/],
] as const;

/** What is done with a table, from the cheapest on. */
const OPERATIONS: Readonly<Record<string, (table: Table) => Promise<void>>> = {
  read: async (table) => {
    for await (const batch of table.read()) expect(batch.rowCount).toBeGreaterThan(0);
  },
  changes: async (table) => {
    const latest = await table.latestSnapshot();
    const first = await table.earliestChanges();
    if (latest === null || first === null) return;
    for await (const _batch of table.changes({ after: first - 1n, upTo: latest.id }));
  },
  systemTables: async (table) => {
    for (const name of ['snapshots', 'schemas', 'files', 'manifests', 'partitions', 'table_indexes']) {
      for await (const _batch of table.systemTable(name));
    }
  },
  fsck: async (table) => {
    await fsck(table);
  },
};

interface Subject {
  readonly name: string;
  readonly store: MemoryFileStore;
  readonly operation: string;
  /** The files that the operation reads. */
  readonly paths: readonly string[];
  readonly sizeBytes: number;
}

async function loaded(name: string): Promise<MemoryFileStore> {
  const { warehouse } = golden(name);
  const store = new MemoryFileStore();
  for (const entry of readdirSync(warehouse, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // A Buffer's `slice` would share its bytes.
    await store.create(relative(warehouse, path), new Uint8Array(readFileSync(path)));
  }
  return store;
}

/** The error's name and text if it is not a coded one, or null. */
async function uncoded(store: OverlayStore, operation: string): Promise<string | null> {
  try {
    const table = await Table.open(store, { database: 'db', table: 't' });
    await OPERATIONS[operation]?.(table);
    return null;
  } catch (error) {
    if (isTributaryError(error) && !error.code.startsWith('E9')) return null;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

async function subjectsOf(family: RegExp): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const name of goldenNames().filter((candidate) => family.test(candidate))) {
    const store = await loaded(name);
    for (const operation of Object.keys(OPERATIONS)) {
      const overlay = new OverlayStore(store, null);
      await uncoded(overlay, operation);
      subjects.push({ name, store, operation, paths: [...overlay.readPaths], sizeBytes: overlay.readBytes });
    }
  }
  return subjects;
}

/** What is read is small for most of the tries, so that there can be many. */
function chosen(subjects: readonly Subject[], random: Random): Subject {
  for (;;) {
    const subject = subjects[Math.floor(random.unit() * subjects.length)];
    if (subject === undefined) throw new Error('no subject');
    if (subject.paths.length > 0 && random.unit() < CHEAP_BYTES / subject.sizeBytes) return subject;
  }
}

/** Tries one damage; what went wrong, or null. */
async function attempt(subjects: readonly Subject[], random: Random): Promise<string | null> {
  const { name, store, operation, paths, sizeBytes } = chosen(subjects, random);
  const path = paths[Math.floor(random.unit() * paths.length)] ?? '';
  const original = await store.read(path);
  if (original.length === 0) return null;
  const { bytes, what } = mutate(original, random);
  if (process.env['FUZZ_TRACE'] !== undefined) process.stderr.write(`${name} ${operation} ${path}: ${what}\n`);
  const before = process.memoryUsage().arrayBuffers;
  const fault = await uncoded(new OverlayStore(store, { path, bytes }), operation);
  const grown = process.memoryUsage().arrayBuffers - before;
  const where = `${name} ${operation} ${path}: ${what}`;
  if (fault !== null) return `${where}\n${fault}`;
  return grown > MEMORY_BYTES + 2 * sizeBytes ? `${where}\nmemory grew by ${grown} bytes` : null;
}

describe('damaged tables', () => {
  test.each(FAMILIES)(
    '%s: a coded error or rows',
    async (title, family) => {
      const random = seededRandom(SEED);
      const subjects = await subjectsOf(family);
      const faults: string[] = [];
      for (let count = 0; count < MUTATIONS / FAMILIES.length && faults.length < 10; count++) {
        const fault = await attempt(subjects, random);
        if (fault !== null) faults.push(`SEED=${SEED} ${title} #${count} ${fault}`);
      }
      expect(faults).toEqual([]);
    },
    1_200_000,
  );
});
