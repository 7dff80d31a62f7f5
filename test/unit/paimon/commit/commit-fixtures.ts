// Tables, entries and committers for the tests of commits and maintenance.
import { seededRandom } from '../../../../src/base/random.ts';
import type { Clock } from '../../../../src/base/clock.ts';
import { LiveIndex } from '../../../../src/paimon/commit/live-index.ts';
import { ManifestStore } from '../../../../src/paimon/commit/manifest-store.ts';
import { SnapshotStore } from '../../../../src/paimon/commit/snapshot-store.ts';
import { type CommitRequest, TableCommitter } from '../../../../src/paimon/commit/table-commit.ts';
import { EMPTY_ROW, encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { EMPTY_STATS } from '../../../../src/paimon/meta/stats.ts';
import type { Snapshot } from '../../../../src/paimon/meta/snapshot.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';
import type { FileStore } from '../../../../src/storage/file-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

export const TABLE = 'db.db/t';
const USER = 'pipeline';
export const TOKEN_PROPERTY = 'test.token';

const INT = { kind: 'INT', nullable: false } as const;

/** A table with one key column. */
export function testSchema(options: Readonly<Record<string, string>> = {}): TableSchema {
  return {
    id: 0,
    fields: [{ id: 0, name: 'id', type: INT }],
    highestFieldId: 0,
    partitionKeys: [],
    primaryKeys: ['id'],
    options: { bucket: '2', 'manifest.compression': 'null', ...options },
    comment: null,
    timeMillis: 0,
  };
}

export interface EntryOptions {
  readonly bucket?: number;
  readonly totalBuckets?: number;
  readonly level?: number;
  readonly rowCount?: number;
  readonly schemaId?: number;
  /** The keys of the first and last row. */
  readonly keys?: readonly [number, number];
  readonly extraFiles?: readonly string[];
}

/** An ADD entry of a file. */
export function entryOf(fileName: string, options: EntryOptions = {}): ManifestEntry {
  const [min, max] = options.keys ?? [0, 0];
  return {
    kind: FILE_ADD,
    partition: EMPTY_ROW,
    bucket: options.bucket ?? 0,
    totalBuckets: options.totalBuckets ?? 2,
    file: {
      fileName,
      fileSize: 100,
      rowCount: options.rowCount ?? 1,
      minKey: encodeCells([INT], [min]),
      maxKey: encodeCells([INT], [max]),
      keyStats: EMPTY_STATS,
      valueStats: EMPTY_STATS,
      minSequenceNumber: 0n,
      maxSequenceNumber: 0n,
      schemaId: options.schemaId ?? 0,
      level: options.level ?? 0,
      extraFiles: options.extraFiles ?? [],
      creationTimeMs: 0,
      deleteRowCount: 0,
      embeddedFileIndex: null,
      fileSource: 0,
      valueStatsCols: [],
      externalPath: null,
      firstRowId: null,
      writeCols: null,
    },
  };
}

/** The DELETE of an entry. */
export function deletionOf(entry: ManifestEntry): ManifestEntry {
  return { ...entry, kind: FILE_DELETE };
}

/** Names and levels of files, in order. */
export function namesOf(entries: readonly ManifestEntry[]): readonly string[] {
  return entries.map((entry) => `${entry.file.fileName}@${entry.file.level}`).sort();
}

/** A request with nothing in it but what is given. */
export function requestOf(identifier: number, request: Partial<CommitRequest> = {}): CommitRequest {
  return {
    kind: 'APPEND',
    added: [],
    deleted: [],
    changelog: [],
    commitUser: USER,
    commitIdentifier: BigInt(identifier),
    ...request,
  };
}

export interface CommitterOptions {
  readonly seed?: number;
  readonly token?: string | null;
  readonly clock?: Clock;
  readonly schema?: TableSchema;
  readonly knownSnapshotId?: bigint | null;
}

export function openCommitter(store: FileStore, options: CommitterOptions = {}): Promise<TableCommitter> {
  const token = options.token === undefined ? 'run-1' : options.token;
  return TableCommitter.open({
    store,
    tablePath: TABLE,
    schema: options.schema ?? testSchema(),
    clock: options.clock ?? new FakeClock({ autoAdvance: true }),
    random: seededRandom(options.seed ?? 1),
    ...(token === null ? {} : { token: { property: TOKEN_PROPERTY, value: token } }),
    ...(options.knownSnapshotId === undefined ? {} : { knownSnapshotId: options.knownSnapshotId }),
  });
}

/** The stores of the table, for looking. */
export function lookInto(store: FileStore): { readonly snapshots: SnapshotStore; readonly manifests: ManifestStore } {
  return {
    snapshots: new SnapshotStore(store, TABLE),
    manifests: new ManifestStore({ store, tablePath: TABLE, schema: testSchema(), random: seededRandom(99) }),
  };
}

/** The live files of every snapshot, by id; fails if one cannot be read or does not follow from the one before. */
export async function readAllSnapshots(store: FileStore): Promise<ReadonlyMap<bigint, readonly string[]>> {
  const { snapshots, manifests } = lookInto(store);
  const states = new Map<bigint, readonly string[]>();
  let before: { readonly snapshot: Snapshot; readonly live: LiveIndex } | null = null;
  for (const id of await snapshots.ids()) {
    const snapshot = await snapshots.read(id);
    const entries = await manifests.liveEntriesOf(snapshot);
    await manifests.changelogEntriesOf(snapshot);
    if (before !== null) {
      before.live.apply(await manifests.deltaEntriesOf(snapshot));
      const expected = namesOf(before.live.entries()).join();
      if (expected !== namesOf(entries).join()) throw new Error(`snapshot ${id} is not its delta after the one before`);
      if (id !== before.snapshot.id + 1n) throw new Error(`snapshot ${id} comes after a gap`);
      if (snapshot.timeMillis < before.snapshot.timeMillis) throw new Error(`time goes back at snapshot ${id}`);
    }
    before = { snapshot, live: new LiveIndex(entries) };
    states.set(id, namesOf(entries));
  }
  return states;
}
