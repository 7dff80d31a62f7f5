// Which advice figures lead to: one table of cases, each at the edge of a rule.
import { describe, expect, it } from 'vitest';
import { type Advice, adviseOn } from '../../../src/cli/advise.ts';
import { tableOptions } from '../../../src/paimon/schema/table-options.ts';
import type { BucketFacts, TableFacts } from '../../../src/query/table-facts.ts';

const MEBIBYTE = 1024 ** 2;
const BUCKET: BucketFacts = {
  fileCount: 3,
  smallFileCount: 2,
  sizeBytes: 300 * MEBIBYTE,
  runCount: 3,
  rowCount: 100_000,
  deletedRowCount: 0,
};

interface Shape {
  readonly keyed?: boolean;
  readonly options?: Readonly<Record<string, string>>;
  readonly buckets?: readonly Partial<BucketFacts>[];
  readonly facts?: Partial<TableFacts>;
}

function facts({ keyed = true, options = {}, buckets = [{}], facts: others = {} }: Shape): TableFacts {
  return {
    table: 'ods.t',
    isKeyed: keyed,
    options: tableOptions({ options, primaryKeys: keyed ? ['id'] : [] }),
    optionTexts: options,
    columnCount: 10,
    buckets: buckets.map((bucket) => ({ ...BUCKET, ...bucket })),
    metadataBytes: 10_000,
    snapshotCount: 30,
    expiredSnapshotCount: 0,
    ...others,
  };
}

const APPEND = { keyed: false, buckets: [{ runCount: 0 }] };
const FULL = { 'changelog-producer': 'full-compaction' };

describe('advice', () => {
  it.each<[string, Shape]>([
    ['a table in order', {}],
    ['an empty one', { buckets: [], facts: { metadataBytes: 0, snapshotCount: 0 } }],
    ['as many runs as writing waits for', { buckets: [{ runCount: 8 }] }],
    ['few deleted', { buckets: [{ rowCount: 10_000, deletedRowCount: 9_999 }] }],
    ['a quarter deleted', { buckets: [{ deletedRowCount: 25_000 }] }],
    ['buckets of 2 GiB', { options: { bucket: '1' }, buckets: [{ sizeBytes: 2048 * MEBIBYTE }] }],
    ['one small bucket', { options: { bucket: '1' }, buckets: [{ sizeBytes: 10 }] }],
    ['dynamic buckets', { options: { bucket: '-1' }, buckets: [{ sizeBytes: 9000 * MEBIBYTE }] }],
    ['few snapshots too old', { facts: { expiredSnapshotCount: 19 } }],
    ['few small files of an append table', APPEND],
    ['small files of a keyed one', { buckets: [{ smallFileCount: 50 }] }],
    [
      'wide without statistics',
      { options: { 'metadata.stats-mode': 'none' }, facts: { columnCount: 500, metadataBytes: 1e9 } },
    ],
    [
      'wide with few',
      { options: { 'metadata.stats-keep-first-n-columns': '8' }, facts: { columnCount: 500, metadataBytes: 1e9 } },
    ],
    ['changes by full compaction of a small table', { options: FULL }],
    [
      'those of a large one now and then',
      { options: { ...FULL, 'full-compaction.delta-commits': '20' }, buckets: [{ sizeBytes: 1025 * MEBIBYTE }] },
    ],
    [
      'a large append table in order',
      { keyed: false, options: { 'clustering.columns': 'a' }, buckets: [{ runCount: 0, sizeBytes: 5000 * MEBIBYTE }] },
    ],
  ])('none for %s', (_, shape) => {
    expect(adviseOn(facts(shape))).toEqual([]);
  });

  it.each<[Advice['subject'], Advice['remedy'], Shape, string, string]>([
    [
      'sorted-runs',
      'compact',
      { buckets: [{ runCount: 9 }, {}] },
      '1 of 2 buckets have more than 8 sorted runs, up to 9',
      'table compact --table ods.t',
    ],
    [
      'deletes',
      'compact-full',
      { buckets: [{ deletedRowCount: 25_001 }] },
      '25001 of 100000 rows in the files (25 %)',
      '--full',
    ],
    [
      'small-files',
      'compact',
      { keyed: false, buckets: [{ runCount: 0, smallFileCount: 5, fileCount: 5 }] },
      '5 small files, 60.0 MiB',
      'table compact',
    ],
    [
      'buckets',
      null,
      { options: { bucket: '2' }, buckets: [{ sizeBytes: 3072 * MEBIBYTE }, { sizeBytes: 3072 * MEBIBYTE }] },
      'bucket=2, 3.0 GiB',
      'tributary table rescale --table ods.t --bucket-num 12, while',
    ],
    [
      'buckets',
      null,
      { options: { bucket: '16', 'tributary.pipeline': 'shop' }, buckets: [{ sizeBytes: 31 * MEBIBYTE }] },
      'bucket=16, 31.0 MiB',
      'stop the daemon, then tributary table rescale --table ods.t --bucket-num 1, then buckets: 1',
    ],
    [
      'snapshots',
      'expire',
      { facts: { expiredSnapshotCount: 20 } },
      '20 of 30 snapshots',
      'tributary maintenance ods.t',
    ],
    [
      'statistics',
      null,
      { facts: { columnCount: 50, metadataBytes: 99_000 } },
      '32.2 KiB of metadata a data file for 50 columns',
      'metadata.stats-keep-first-n-columns',
    ],
    [
      'statistics',
      null,
      { options: { 'tributary.pipeline': 'shop' }, facts: { columnCount: 50, metadataBytes: 99_000 } },
      '32.2 KiB',
      'options: { metadata.stats-keep-first-n-columns: 32 }',
    ],
    [
      'changelog',
      null,
      { options: FULL, buckets: [{ sizeBytes: 1025 * MEBIBYTE }] },
      'writes 1.0 GiB again with every commit',
      'changelog-producer=lookup',
    ],
    [
      'clustering',
      null,
      { keyed: false, buckets: [{ runCount: 0, sizeBytes: 1024 * MEBIBYTE }] },
      '1.0 GiB of rows',
      '--order-strategy zorder',
    ],
  ])('%s: %s', (...[subject, remedy, shape, reason, change]) => {
    const advice = adviseOn(facts(shape));
    expect(advice).toHaveLength(1);
    expect(advice[0]).toMatchObject({ table: 'ods.t', subject, remedy });
    expect(advice[0].reason).toContain(reason);
    expect(advice[0].change).toContain(change);
  });

  it('the most pressing first', () => {
    const of = facts({ buckets: [{ runCount: 20, deletedRowCount: 90_000 }], facts: { expiredSnapshotCount: 500 } });
    expect(adviseOn(of).map(({ subject }) => subject)).toEqual(['sorted-runs', 'deletes', 'snapshots']);
  });
});
