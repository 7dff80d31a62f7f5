// Options are read as the reference reads them.
import { expect, test } from 'vitest';
import { parseDurationMs, parseSizeBytes } from '../../../../src/paimon/schema/option-text.ts';
import { tableOptions } from '../../../../src/paimon/schema/table-options.ts';

test.each([
  ['128 mb', 134217728],
  ['8KB', 8192],
  ['1 b', 1],
  ['7', 7],
  ['2 GibiBytes', 2147483648],
  ['1t', 1099511627776],
])('size %s', (text, bytes) => {
  expect(parseSizeBytes(text, 'o')).toBe(bytes);
});

test.each([
  ['1 h', 3600000],
  ['10min', 600000],
  ['3 days', 259200000],
  ['500', 500],
  ['20 ms', 20],
  ['2 sec', 2000],
])('duration %s', (text, ms) => {
  expect(parseDurationMs(text, 'o')).toBe(ms);
});

test.each(['', 'mb', '1.5 mb', '-1', '1 mile', '99999999999999999 gb'])('size %s is refused', (text) => {
  expect(() => parseSizeBytes(text, 'target-file-size')).toThrow(
    expect.objectContaining({ code: 'E3105', message: expect.stringContaining('target-file-size') as string }),
  );
});

test('defaults are the reference`s', () => {
  const keyed = tableOptions({ options: {}, primaryKeys: ['id'] });
  expect(keyed).toMatchObject({
    bucket: -1,
    bucketKey: null,
    mergeEngine: 'deduplicate',
    changelogProducer: 'none',
    fileFormat: 'parquet',
    fileCompression: 'zstd',
    zstdLevel: 1,
    targetFileSizeBytes: 134217728,
    compactionTrigger: 5,
    stopTrigger: 8,
    levelCount: 6,
    statsMode: 'truncate(16)',
    statsKeepFirstColumns: -1,
    partitionLegacyName: true,
    snapshotRetention: { countMin: 10, countMax: 2147483647, timeMs: 3600000 },
    changelogRetention: null,
    sequenceFields: [],
  });
  expect(tableOptions({ options: {}, primaryKeys: [] }).targetFileSizeBytes).toBe(268435456);
});

test('options that follow from others', () => {
  const options = tableOptions({
    primaryKeys: ['id'],
    options: {
      'num-sorted-run.compaction-trigger': '3',
      'num-sorted-run.stop-trigger': '2',
      'changelog.time-retained': '1 d',
      'sequence.field': 'ts, n',
      'merge-engine': 'PARTIAL_UPDATE',
      'changelog-file.format': 'avro',
      'file.compression': 'snappy',
      'partial-update.ignore-delete': 'true',
      'file.format.per.level': ' 0 : AVRO,5:orc',
      'file.block-size': '8 mb',
      'parquet.block.size': '1024',
    },
  });
  expect(options).toMatchObject({
    compactionTrigger: 3,
    stopTrigger: 3,
    levelCount: 4,
    changelogRetention: { countMin: 10, countMax: 2147483647, timeMs: 86400000 },
    sequenceFields: ['ts', 'n'],
    mergeEngine: 'partial-update',
    changelogFileFormat: 'avro',
    changelogFileCompression: null,
    rowGroupSizeBytes: 8388608,
    ignoreDelete: true,
  });
  expect([...options.fileFormatPerLevel]).toEqual([
    [0, 'avro'],
    [5, 'orc'],
  ]);
});

test.each([
  ['bucket', 'two'],
  ['merge-engine', 'merge'],
  ['write-only', 'yes'],
])('%s=%s is refused', (option, text) => {
  expect(() => tableOptions({ options: { [option]: text }, primaryKeys: [] })).toThrow(
    expect.objectContaining({ code: 'E3105' }),
  );
});
