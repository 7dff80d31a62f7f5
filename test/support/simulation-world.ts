// What a simulated life of a pipeline runs on, and how its tables are laid out.
import { EVOLVES } from './evolves.ts';
import type { Random } from '../../src/base/random.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import type { TableMapping } from '../../src/mapping/lake-table.ts';
import type { MirrorSettings } from '../../src/mirror/settings.ts';
import { Table } from '../../src/paimon/table.ts';
import type { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import type { EagerClock } from './eager-clock.ts';
import type { LsmInvariants } from './lsm-invariants.ts';
import type { ScriptedDatabase, ScriptedLoad } from './scripted-database.ts';

/** The pipeline of simulations. */
export const PIPELINE = 'shop';

/** What a simulation runs on. */
export interface World {
  readonly random: Random;
  readonly clock: EagerClock;
  readonly store: MemoryFileStore;
  readonly database: ScriptedDatabase;
  readonly load: ScriptedLoad;
  readonly problems: string[];
  /** Snapshots and records that nobody needs go away while the pipeline runs. */
  readonly expires: boolean;
  readonly commitIntervalMs: number;
  /** Small enough that a checkpoint takes several flushes, or large enough that it takes none. */
  readonly memoryBytesMax: number;
  readonly layouts: ReadonlyMap<TableKey, Layout>;
  /** What holds after every compaction of each lake table; of some seeds none. */
  readonly invariants: ReadonlyMap<TableKey, LsmInvariants>;
  /** Tables are copied in chunks of so many rows; null for whole copies. */
  readonly chunkRows: number;
  readonly isChunked: boolean;
  /** The tables that others have written to, and the number of the newest record then: cuts up to their next copy are wrong. */
  readonly damaged: Map<TableKey, bigint>;
  /** The tables that are copied anew since they were damaged, and all that ever were. */
  readonly mended: Set<TableKey>;
  readonly copiedAnew: Set<TableKey>;
  steps: number;
}

/** A mirrored table as the lake has it. */
export function lakeTable(store: MemoryFileStore, key: TableKey): Promise<Table> {
  return Table.open(store, { database: 'shop', table: key.split('.')[1] });
}

export function settingsOf(world: World): MirrorSettings {
  const tableMapping = (table: TableKey): TableMapping => {
    const layout = world.layouts.get(table) ?? {};
    const isDynamic = layout['dynamic-bucket.target-row-num'] !== undefined;
    return {
      database: '{schema}',
      table: '{table}',
      case: 'preserve',
      buckets: isDynamic ? 'dynamic' : table.endsWith('accounts') ? 1 : 2,
      options: {
        'num-sorted-run.compaction-trigger': '3',
        // Codecs are not what a simulation tests, and they would take a third of its time.
        'file.compression': 'none',
        'manifest.compression': 'null',
        ...layout,
      },
    };
  };
  return {
    pipeline: PIPELINE,
    database: 'shop',
    mapping: tableMapping,
    commit: { intervalMs: world.commitIntervalMs, bytesMax: 1 << 20, rowsMax: 50 },
    memoryBytesMax: world.memoryBytesMax,
    heartbeatMs: 1000,
    copy: {
      rowsMax: world.chunkRows,
      bytesMax: 1 << 20,
      ageMaxMs: 60_000,
      heldBytesMax: world.memoryBytesMax / 4,
      bytesPerSecondMax: world.expires ? 1 << 20 : null,
    },
    snapshots: world.expires ? { retainMs: 400, countMin: 1 } : { retainMs: 1e12, countMin: 1000 },
    compaction: 'inline',
    evolution: EVOLVES,
    onTableError: 'isolate',
    onLogLost: 'stop',
    isolateLagBytesMax: 1e12,
    untilCaughtUp: false,
    acceptGap: null,
  };
}

/** The options of a mirrored table that decide how its rows and changes come about. */
type Layout = Readonly<Record<string, string>>;

/** By the name of a scripted table, what its seeds take turns in. */
const LAYOUTS: Readonly<Record<string, readonly Layout[]>> = {
  accounts: [
    { 'changelog-producer': 'input' },
    { 'changelog-producer': 'lookup' },
    { 'changelog-producer': 'input', 'deletion-vectors.enabled': 'true' },
    { 'changelog-producer': 'full-compaction' },
  ],
  orders: [
    { 'changelog-producer': 'input' },
    { 'deletion-vectors.enabled': 'true', 'changelog-producer': 'lookup' },
    { 'changelog-producer': 'input', 'dynamic-bucket.target-row-num': '5' },
    { 'changelog-producer': 'full-compaction', 'full-compaction.delta-commits': '3' },
  ],
  notes: [{}, { 'deletion-vectors.enabled': 'true' }, { 'dynamic-bucket.target-row-num': '5' }],
};

export function layoutsOf(tables: readonly TableKey[], seed: number): ReadonlyMap<TableKey, Layout> {
  const turn = Math.floor(seed / 6);
  return new Map(
    tables.map((table) => {
      const layouts = LAYOUTS[table.split('.')[1]];
      return [table, layouts[turn % layouts.length]];
    }),
  );
}
