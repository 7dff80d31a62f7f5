// Statistics files as the reference writes them.
import { expect, test } from 'vitest';
import { parseStatistics, statisticsToJson } from '../../../../src/paimon/meta/statistics-json.ts';

const TEXT = `{
  "snapshotId" : 4,
  "schemaId" : 0,
  "mergedRecordCount" : 28,
  "mergedRecordSize" : 9223372036854775807,
  "colStats" : {
    "b" : {
      "colId" : 1,
      "distinctCount" : 2,
      "min" : "false",
      "max" : "true",
      "nullCount" : 3,
      "avgLen" : 1,
      "maxLen" : 1
    },
    "s" : {
      "colId" : 2,
      "nullCount" : 0
    }
  }
}`;

test('a file is written as it was read', () => {
  expect(statisticsToJson(parseStatistics(TEXT, 'stat-1'))).toBe(TEXT);
});

test('keys that are not known are passed over, and counts may be absent', () => {
  const found = parseStatistics(
    '{"snapshotId":1,"schemaId":2,"later":[1],"colStats":{"a":{"colId":0,"x":1}}}',
    'stat-1',
  );
  expect(found).toMatchObject({ snapshotId: 1n, schemaId: 2, mergedRecordCount: null, mergedRecordSizeBytes: null });
  expect(found.columns.get('a')).toMatchObject({ columnId: 0, min: null, distinctCount: null });
});

test.each([
  '',
  '[]',
  '{"schemaId":1}',
  '{"snapshotId":1,"schemaId":"x"}',
  '{"snapshotId":1,"schemaId":1,"colStats":[]}',
  '{"snapshotId":1,"schemaId":1,"colStats":{"a":{"colId":1,"min":2}}}',
])('damage is refused with the path: %s', (text) => {
  expect(() => parseStatistics(text, 'statistics/stat-1')).toThrow(expect.objectContaining({ code: 'E3430' }));
  expect(() => parseStatistics(text, 'statistics/stat-1')).toThrow('statistics/stat-1');
});
