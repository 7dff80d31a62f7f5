// Paths as the reference lays them out; test/golden/metadata.test.ts checks them against its files.
import { expect, test } from 'vitest';
import { EMPTY_ROW, encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import type { SnapshotId } from '../../../../src/paimon/meta/snapshot.ts';
import { bucketPathsOf, TablePaths } from '../../../../src/paimon/meta/table-paths.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';

const STRING = parseDataType('STRING');
const SCHEMA: TableSchema = {
  id: 0,
  fields: [{ id: 0, name: 'dt', type: STRING }],
  highestFieldId: 0,
  partitionKeys: [],
  primaryKeys: [],
  options: {},
  comment: null,
  timeMillis: 0,
};

test('a branch has its own snapshots and schemas, and shares manifests', () => {
  const main = new TablePaths('db.db/t');
  const branch = new TablePaths('db.db/t', 'x');
  const id = 7n as SnapshotId;
  expect([main.snapshot(id), branch.snapshot(id)]).toEqual([
    'db.db/t/snapshot/snapshot-7',
    'db.db/t/branch/branch-x/snapshot/snapshot-7',
  ]);
  expect([main.schema(2), branch.schema(2)]).toEqual([
    'db.db/t/schema/schema-2',
    'db.db/t/branch/branch-x/schema/schema-2',
  ]);
  expect([main.manifest('m'), branch.manifest('m')]).toEqual(['db.db/t/manifest/m', 'db.db/t/manifest/m']);
  expect(branch.branch('y')).toBe('db.db/t/branch/branch-y');
  expect(main.changelog(id)).toBe('db.db/t/changelog/changelog-7');
  expect(main.latestSnapshotHint).toBe('db.db/t/snapshot/LATEST');
});

test('buckets with and without partitions', () => {
  expect(bucketPathsOf('t', SCHEMA).directory(EMPTY_ROW, 3)).toBe('t/bucket-3');
  expect(bucketPathsOf('t', SCHEMA).directory(EMPTY_ROW, -2)).toBe('t/bucket-postpone');
  const partitioned = { ...SCHEMA, partitionKeys: ['dt'], options: { 'data-file.path-directory': 'data' } };
  const paths = bucketPathsOf('t', partitioned);
  const partition = encodeCells([STRING], [Buffer.from('a/b')]);
  expect(paths.file(partition, 0, 'f')).toBe('t/data/dt=a%2Fb/bucket-0/f');
  const file = { fileName: 'f', extraFiles: ['f.index'] };
  expect(paths.filesOf(partition, 0, file)).toEqual(['t/data/dt=a%2Fb/bucket-0/f', 't/data/dt=a%2Fb/bucket-0/f.index']);
});
