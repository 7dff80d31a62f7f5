// Tags that end are read back with the moment at which they were made, whatever the zone of the process.
import { expect, test } from 'vitest';
import type { Snapshot, SnapshotId } from '../../../../src/paimon/meta/snapshot.ts';
import { parseTag, tagToJson } from '../../../../src/paimon/meta/tag-json.ts';

const SNAPSHOT: Snapshot = {
  id: 7n as SnapshotId,
  schemaId: 2,
  baseManifestList: 'manifest-list-a-0',
  baseManifestListSize: 1006,
  deltaManifestList: 'manifest-list-a-1',
  deltaManifestListSize: 1108,
  changelogManifestList: null,
  changelogManifestListSize: null,
  indexManifest: null,
  commitUser: 'me',
  commitIdentifier: 1n,
  commitKind: 'APPEND',
  timeMillis: 1795360735878,
  totalRecordCount: 1n,
  deltaRecordCount: 1n,
  changelogRecordCount: null,
  watermark: null,
  statistics: null,
  properties: null,
  nextRowId: null,
};

test.each([
  '2024-02-29T12:34:56.789Z',
  '1970-01-01T00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '1969-12-31T12:00:00.000Z',
  '1904-02-29T00:00:00.001Z',
  '0050-06-01T06:00:00.000Z',
])('made at %s', (text) => {
  const life = { createdMs: Date.parse(text), retainedMs: 86_400_001 };
  expect(parseTag(tagToJson({ snapshot: SNAPSHOT, life })).life).toEqual(life);
});
