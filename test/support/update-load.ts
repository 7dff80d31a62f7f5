// Random updates of a table of many rows, a thousand a second, through the whole mirror; and what they leave of it.
import { EVOLVES } from './evolves.ts';
import type { Random } from '../../src/base/random.ts';
import type { MirrorSettings } from '../../src/mirror/settings.ts';
import { runsOf } from '../../src/paimon/lsm/bucket-compaction.ts';
import { bucketKey } from '../../src/paimon/lsm/live-files.ts';
import { runSizeBytes } from '../../src/paimon/lsm/sorted-run.ts';
import { Table } from '../../src/paimon/table.ts';
import type { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type ScriptedChange, ScriptedDatabase, type ScriptedRow } from './scripted-database.ts';

/** Buckets of the table. */
export const LOAD_BUCKETS = 2;
/** Transactions and updates of each second. */
export const LOAD_TRANSACTIONS = 10;
const UPDATES = 100;

/** The mirror of it: a commit each second, every other option as it is by default. */
export const LOAD_SETTINGS: MirrorSettings = {
  pipeline: 'shop',
  database: 'shop',
  mapping: () => ({ database: '{schema}', table: '{table}', case: 'preserve', buckets: LOAD_BUCKETS, options: {} }),
  commit: { intervalMs: 1000, bytesMax: 1 << 26, rowsMax: 1_000_000 },
  memoryBytesMax: 1 << 28,
  heartbeatMs: 30_000,
  copy: { rowsMax: 50_000, bytesMax: 1 << 26, ageMaxMs: 60_000, heldBytesMax: 1 << 25, bytesPerSecondMax: null },
  snapshots: { retainMs: 120_000, countMin: 10 },
  compaction: 'inline',
  evolution: EVOLVES,
  onTableError: 'stop',
  onLogLost: 'stop',
  isolateLagBytesMax: 1e12,
  untilCaughtUp: false,
  acceptGap: null,
};

function rowOf(id: number, version: number): ScriptedRow {
  return { id, name: `name ${id}`, big: `version ${version} of ${id * 7919}`, amount: version };
}

/** A database of one table, `orders`, whose rows stay and get new values. */
export class UpdateLoad {
  readonly database = new ScriptedDatabase(['orders']);
  readonly rowCount: number;
  private readonly random: Random;
  private version = 0;

  constructor(rowCount: number, random: Random, nowMs: number) {
    this.rowCount = rowCount;
    this.random = random;
    const [table] = this.database.tables;
    const rows = Array.from(
      { length: rowCount },
      (_, id): ScriptedChange => ({ kind: 'insert', table, row: rowOf(id, 0) }),
    );
    this.database.commit(rows, nowMs);
  }

  /** The rows as they are to be, by key. */
  get state(): ReadonlyMap<number, ScriptedRow> {
    return this.database.state(this.database.tables[0]);
  }

  /** Commits a transaction; the log forgets what has been acknowledged. */
  transaction(nowMs: number): void {
    const { database } = this;
    const { log, confirmed } = database;
    log.splice(0, log.findLastIndex(({ end }) => end <= (confirmed ?? 0)) + 1);
    const [table] = database.tables;
    const version = ++this.version;
    const changes = Array.from({ length: UPDATES }, (): ScriptedChange => {
      const id = Math.floor(this.random.unit() * this.rowCount);
      const before = this.state.get(id) ?? rowOf(id, 0);
      return { kind: 'update', table, before, row: rowOf(id, version), bigKept: false };
    });
    database.commit(changes, nowMs);
  }
}

/** A bucket as it is. */
export interface BucketRuns {
  readonly fileCount: number;
  /** Bytes of its sorted runs, the oldest last. */
  readonly runBytes: readonly number[];
  /** Rows of all files, older ones of a key included. */
  readonly rowCount: number;
}

/** The table that the load is mirrored to, and its buckets. */
export async function loadedTable(
  store: LocalFileStore,
): Promise<{ readonly table: Table; readonly buckets: readonly BucketRuns[] }> {
  const table = await Table.open(store, { database: 'shop', table: 'orders' });
  const entries = (await table.liveFiles()).entries();
  const byBucket = Map.groupBy(entries, ({ partition, bucket }) => bucketKey(partition, bucket));
  const buckets = [...byBucket.values()].map((ofBucket): BucketRuns => {
    const files = ofBucket.map(({ file }) => file);
    const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
    return { fileCount: files.length, runBytes: runsOf(table.schema, files).map(runSizeBytes), rowCount };
  });
  return { table, buckets };
}
