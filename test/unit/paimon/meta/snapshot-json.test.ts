// Snapshot files with numbers that a JavaScript number cannot hold, and files of other versions.
import { expect, test } from 'vitest';
import type { Snapshot, SnapshotId } from '../../../../src/paimon/meta/snapshot.ts';
import { parseSnapshot, snapshotToJson } from '../../../../src/paimon/meta/snapshot-json.ts';

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
  commitUser: 'pipeline "shop"',
  commitIdentifier: 9223372036854775807n,
  commitKind: 'OVERWRITE',
  timeMillis: 1795360735878,
  totalRecordCount: 9007199254740993n,
  deltaRecordCount: -21n,
  changelogRecordCount: null,
  watermark: -9223372036854775808n,
  statistics: null,
  properties: { 'tributary.position': '0/16B3748', ü: '"\n' },
  nextRowId: 0n,
};

test('64-bit numbers survive', () => {
  const text = snapshotToJson(SNAPSHOT);
  expect(text).toContain('"commitIdentifier" : 9223372036854775807,');
  expect(text).toContain('"totalRecordCount" : 9007199254740993,');
  expect(parseSnapshot(text)).toEqual(SNAPSHOT);
});

test('null keys are absent, in the order of the reference', () => {
  const keys = [...snapshotToJson(SNAPSHOT).matchAll(/^ {2}"(\w+)"/gm)].map((match) => match[1]);
  expect(keys.join()).toBe(
    'version,id,schemaId,baseManifestList,baseManifestListSize,deltaManifestList,deltaManifestListSize,commitUser,' +
      'commitIdentifier,commitKind,timeMillis,totalRecordCount,deltaRecordCount,watermark,properties,nextRowId',
  );
});

test('nulls, unknown keys and absent sizes of other versions are read', () => {
  const text = snapshotToJson({ ...SNAPSHOT, baseManifestListSize: null, properties: null })
    .replace('"version" : 3', '"version" : 3, "uuid" : "u", "logOffsets" : { }, "changelogManifestList" : null')
    .replace(/"nextRowId" : 0/, '"operation" : "WRITE"');
  expect(parseSnapshot(text)).toEqual({ ...SNAPSHOT, baseManifestListSize: null, properties: null, nextRowId: null });
});

test.each([
  ['not JSON', '{'],
  ['a list', '[]'],
  ['no id', snapshotToJson(SNAPSHOT).replace('"id" : 7,', '')],
  ['a fraction', snapshotToJson(SNAPSHOT).replace('"id" : 7,', '"id" : 7.5,')],
  ['unknown kind', snapshotToJson(SNAPSHOT).replace('OVERWRITE', 'REPLACE')],
  ['text for a number', snapshotToJson(SNAPSHOT).replace('"schemaId" : 2', '"schemaId" : "2"')],
])('damaged: %s', (_name, text) => {
  expect(() => parseSnapshot(text)).toThrow(expect.objectContaining({ code: 'E3102' }));
});
