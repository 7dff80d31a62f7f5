// Random files, added and deleted over many manifests: a plan has every live file with a row that meets the conditions,
// none that is gone, and few of the others.
import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { FileSystemCatalog } from '../../src/paimon/catalog/file-system-catalog.ts';
import { encodeCells } from '../../src/paimon/format/binary-row.ts';
import { bucketRuleOf, createBucketer } from '../../src/paimon/format/bucket.ts';
import { vectorOf } from '../../src/paimon/format/cell.ts';
import type { Condition } from '../../src/paimon/format/condition.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from '../../src/paimon/meta/manifest-entry.ts';
import { EMPTY_STATS, simpleStats } from '../../src/paimon/meta/stats.ts';
import type { DataType } from '../../src/paimon/schema/data-type.ts';
import { Table } from '../../src/paimon/table.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { dataFile } from '../support/data-files.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { schemaOf } from '../support/written-table.ts';

const SEEDS = [1, 2, 3, 4];
const COMMITS = 12;
const QUERIES = 40;
const INT: DataType = { kind: 'INT', nullable: false };
const COLUMNS = { p: { ...INT, nullable: true }, k: INT, v: { ...INT, nullable: true } };
const TYPES = Object.values(COLUMNS);

type Row = readonly [p: number | null, k: number, v: number | null];

interface Written {
  readonly entry: ManifestEntry;
  readonly rows: readonly Row[];
}

/** Append tables judge files by their values, tables with keys by their keys, as rows of those have to be merged. */
const TABLES = {
  append: { primaryKeys: [], options: { bucket: '4', 'bucket-key': 'k' } },
  keyed: { primaryKeys: ['p', 'k'], options: { bucket: '4' } },
};

function integer(random: Random, count: number): number {
  return Math.floor(random.unit() * count);
}

function columnStats(rows: readonly Row[], index: 0 | 1 | 2) {
  const values = rows.map((row) => row[index]).filter((value) => value !== null);
  const nullCount = BigInt(rows.length - values.length);
  return values.length === 0
    ? { min: null, max: null, nullCount }
    : { min: Math.min(...values), max: Math.max(...values), nullCount };
}

class RandomTable {
  readonly files: Written[] = [];
  readonly table: Table;
  private readonly random: Random;
  private readonly bucketOf: (key: number) => number;
  private sequence = 0n;

  constructor(table: Table, random: Random) {
    this.table = table;
    this.random = random;
    const rule = { ...bucketRuleOf(table.schema), columns: [0] };
    const bucketer = createBucketer(rule);
    this.bucketOf = (key) => bucketer([vectorOf(INT, [key])], 1)[0];
  }

  /** Rows of one partition and bucket, and the file that holds them. */
  newFile(): Written {
    const { random } = this;
    const p = integer(random, 6) === 0 ? null : integer(random, 8);
    const bucket = integer(random, 4);
    const first = integer(random, 200);
    const keys = Array.from({ length: 20 }, (_, index) => first + index).filter((key) => this.bucketOf(key) === bucket);
    const base = integer(random, 1000);
    const rows = keys.map((k): Row => [p, k, integer(random, 5) === 0 ? null : base + integer(random, 30)]);
    const isKeyed = this.table.schema.primaryKeys.length > 0;
    const [min, max] = [keys[0] ?? 0, keys.at(-1) ?? 0];
    this.sequence += 1n;
    const file = dataFile({
      fileName: `data-${random.uuid()}-0.parquet`,
      rowCount: rows.length,
      minKey: encodeCells(isKeyed ? [INT] : [], isKeyed ? [min] : []),
      maxKey: encodeCells(isKeyed ? [INT] : [], isKeyed ? [max] : []),
      keyStats: isKeyed ? simpleStats([INT], [columnStats(rows, 1)]) : EMPTY_STATS,
      valueStats: simpleStats(
        TYPES.map((type) => ({ ...type, nullable: true })),
        [columnStats(rows, 0), columnStats(rows, 1), columnStats(rows, 2)],
      ),
      minSequenceNumber: this.sequence,
      maxSequenceNumber: this.sequence,
    });
    return { entry: { kind: FILE_ADD, partition: encodeCells([COLUMNS.p], [p]), bucket, totalBuckets: 4, file }, rows };
  }

  async fill(): Promise<void> {
    const committer = await this.table.committer({ clock: new EagerClock(), random: this.random });
    for (let commit = 1n; commit <= COMMITS; commit++) {
      const gone = this.files.filter(() => integer(this.random, 10) === 0);
      for (const file of gone) this.files.splice(this.files.indexOf(file), 1);
      const added = Array.from({ length: 20 }, () => this.newFile()).filter(({ rows }) => rows.length > 0);
      this.files.push(...added);
      await committer.commit({
        kind: 'COMPACT',
        added: added.map(({ entry }) => entry),
        deleted: gone.map(({ entry }) => ({ ...entry, kind: FILE_DELETE })),
        changelog: [],
        commitUser: 'test',
        commitIdentifier: commit,
      });
    }
  }
}

/** Conditions and what they say of a row. */
function randomQuery(random: Random): { readonly where: readonly Condition[]; readonly meets: (row: Row) => boolean } {
  const conditions = Array.from({ length: 1 + integer(random, 2) }, () => {
    const index = integer(random, 3) as 0 | 1 | 2;
    const column = 'pkv'[index];
    const literal = integer(random, [8, 220, 1030][index]);
    const choices: readonly { readonly condition: Condition; readonly meets: (value: number | null) => boolean }[] = [
      { condition: { column, operator: '=', literal }, meets: (value) => value === literal },
      {
        condition: { column, operator: 'in', literals: [literal, 3] },
        meets: (value) => value === literal || value === 3,
      },
      {
        condition: { column, operator: 'between', low: literal, high: literal + 20 },
        meets: (value) => value !== null && value >= literal && value <= literal + 20,
      },
      { condition: { column, operator: '<', literal }, meets: (value) => value !== null && value < literal },
      { condition: { column, operator: 'is null' }, meets: (value) => value === null },
    ];
    const { condition, meets } = choices[integer(random, choices.length)];
    return { condition, meets: (row: Row) => meets(row[index]) };
  });
  return {
    where: conditions.map(({ condition }) => condition),
    meets: (row) => conditions.every(({ meets }) => meets(row)),
  };
}

describe.each(Object.entries(TABLES))('plans of a table: %s', (kind, spec) => {
  it.each(SEEDS)('have all files that matter, seed %i', async (seed) => {
    const random = seededRandom(seed);
    const store = new MemoryFileStore();
    const options = { ...spec.options, 'manifest.merge-min-count': '5' };
    const schema = schemaOf({ columns: COLUMNS, ...spec, partitionKeys: ['p'], options });
    await new FileSystemCatalog(store).createTable({ database: 'd', table: 't' }, schema, 0);
    const written = new RandomTable(await Table.open(store, { database: 'd', table: 't' }), random);
    await written.fill();
    let [plannedCount, neededCount] = [0, 0];
    for (let query = 0; query < QUERIES; query++) {
      const { where, meets } = randomQuery(random);
      const { splits } = await written.table.plan({ where });
      const planned = new Set(splits.flatMap(({ files }) => files.map((file) => file.fileName)));
      const live = new Set(written.files.map(({ entry }) => entry.file.fileName));
      const needed = written.files.filter(({ rows }) => rows.some(meets)).map(({ entry }) => entry.file.fileName);
      const told = `seed=${seed} where=${JSON.stringify(where)}`;
      expect(
        [...planned].filter((name) => !live.has(name)),
        told,
      ).toEqual([]);
      expect(
        needed.filter((name) => !planned.has(name)),
        told,
      ).toEqual([]);
      plannedCount += planned.size;
      neededCount += needed.length;
    }
    const all = (await written.table.plan()).splits.flatMap(({ files }) => files);
    expect(all).toHaveLength(written.files.length);
    const limit = kind === 'append' ? 1.3 * neededCount : 0.5 * QUERIES * all.length;
    expect(plannedCount).toBeLessThan(limit);
  });
});
