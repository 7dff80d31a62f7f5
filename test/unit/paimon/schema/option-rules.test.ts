// Options that do not go together: each rule is broken once (test/interop/alter.test.ts asks the reference the same).
import { describe, expect, it } from 'vitest';
import { brokenOptionRule } from '../../../../src/paimon/schema/option-rules.ts';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { tableOptions } from '../../../../src/paimon/schema/table-options.ts';
import { parseTableDefinition } from '../../../../src/paimon/schema/table-schema-json.ts';

type Options = Readonly<Record<string, string>>;

function broken(options: Options, isKeyed = true, type = 'INT'): string | null {
  const definition = {
    fields: [
      { name: 'id', type: 'INT' },
      { name: 'v', type: { type: 'ARRAY', element: type } },
    ],
    primaryKeys: isKeyed ? ['id'] : [],
  };
  const schema = { ...newTableSchema(parseTableDefinition(JSON.stringify(definition)), 0), options };
  return brokenOptionRule(schema, tableOptions(schema));
}

describe('brokenOptionRule', () => {
  it.each<[RegExp, Options, boolean?, string?]>([
    [/changelog-producer needs/, { 'changelog-producer': 'lookup' }, false],
    [/streaming-read-overwrite needs/, { 'streaming-read-overwrite': 'true' }, false],
    [/sequence-number/, { 'table-read.sequence-number.enabled': 'true' }, false],
    [/delta-commits/, { 'full-compaction.delta-commits': '1' }, false],
    [/upsert-key/, { 'upsert-key': 'id' }],
    [/partition.expiration-time/, { 'partition.expiration-time': '1 d' }],
    [/first-row takes no sequence/, { 'merge-engine': 'first-row', 'sequence.field': 'v' }],
    [/first-row takes changelog/, { 'merge-engine': 'first-row', 'changelog-producer': 'input' }],
    [/first-row takes no deletion/, { 'merge-engine': 'first-row', 'deletion-vectors.enabled': 'true' }],
    [/deletion vectors take/, { 'deletion-vectors.enabled': 'true', 'changelog-producer': 'full-compaction' }],
    [/twice/, { 'streaming-read-overwrite': 'true', 'changelog-producer': 'lookup' }],
    [/compaction-trigger/, { 'num-sorted-run.compaction-trigger': '0' }],
    [/num-levels/, { 'num-levels': '1' }],
    [/snapshot.num-retained.min is less/, { 'snapshot.num-retained.min': '0' }],
    [/changelog.num-retained.min is more/, { 'changelog.num-retained.min': '5', 'changelog.num-retained.max': '4' }],
    [/row-tracking.enabled takes bucket/, { 'row-tracking.enabled': 'true', bucket: '2', 'bucket-key': 'id' }, false],
    [/row-tracking.enabled takes no primary/, { 'row-tracking.enabled': 'true' }],
    [/needs row-tracking/, { 'data-evolution.enabled': 'true' }, false],
    [/clustering.incremental takes no/, { 'clustering.incremental': 'true' }],
    [/Avro/, { 'file.format': 'avro' }, true, 'TIMESTAMP(9)'],
    [/Avro/, { 'file.format': 'avro' }, true, 'TIME(6)'],
    [/takes one of scan.timestamp/, { 'scan.mode': 'from-timestamp' }],
    [/takes one of/, { 'scan.snapshot-id': '1', 'scan.tag-name': 'x' }],
    [/latest takes no scan.snapshot-id/, { 'scan.mode': 'latest', 'scan.snapshot-id': '1' }],
  ])('%s', (message, options, isKeyed = true, type = 'INT') => {
    expect(broken(options, isKeyed, type)).toMatch(message);
  });

  it.each<[Options, boolean]>([
    [{}, true],
    [{ 'deletion-vectors.enabled': 'true', 'changelog-producer': 'input' }, true],
    [{ 'merge-engine': 'first-row', 'changelog-producer': 'lookup' }, true],
    [{ 'scan.mode': 'from-snapshot', 'scan.snapshot-id': '1' }, true],
    [{ 'scan.tag-name': 'x' }, true],
    [{ 'row-tracking.enabled': 'true', 'data-evolution.enabled': 'true' }, false],
    [{ 'deletion-vectors.enabled': 'true', 'merge-engine': 'partial-update' }, false],
  ])('%j is kept', (options, isKeyed) => {
    expect(broken(options, isKeyed)).toBeNull();
  });
});
