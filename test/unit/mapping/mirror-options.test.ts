// Which table options a mirror refuses, with the reason and the way out.
import { describe, expect, it } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import type { SourceTable } from '../../../src/change/source-table.ts';
import type { BucketWish } from '../../../src/mapping/lake-table.ts';
import { mirrorOptionFault, type OptionTexts } from '../../../src/mapping/mirror-options.ts';

function source(nullable: boolean): SourceTable {
  return {
    key: tableKey('public', 't'),
    schema: 'public',
    name: 't',
    columns: [
      { name: 'id', id: 1, nativeType: 'bigint', type: { kind: 'int64' }, nullable: false },
      { name: 'note', id: 2, nativeType: 'text', type: { kind: 'string' }, nullable },
    ],
    keyColumns: [0],
    rowCountEstimate: 0,
  };
}

const PARTIAL = { 'merge-engine': 'partial-update', 'partial-update.remove-record-on-delete': 'true' };

describe('options that suit a mirror', () => {
  it.each<[string, OptionTexts]>([
    ['nothing', {}],
    ['input', { 'changelog-producer': 'input' }],
    ['lookup', { 'changelog-producer': 'lookup', 'lookup-compact': 'gentle' }],
    ['full-compaction', { 'changelog-producer': 'full-compaction', 'full-compaction.delta-commits': '10' }],
    ['deletion vectors', { 'deletion-vectors.enabled': 'true', 'changelog-producer': 'lookup' }],
    ['dynamic buckets', { bucket: '-1' }],
    ['ignore-update-before without a changelog of it', { 'ignore-update-before': 'true' }],
    ['files', { 'file.format': 'avro', 'target-file-size': '64 mb', 'metadata.stats-mode': 'none' }],
  ])('%s', (_, options) => {
    expect(mirrorOptionFault({ source: source(true), options, buckets: 'auto', compaction: 'inline' })).toBeNull();
  });

  it('partial-update of columns that are never NULL', () => {
    expect(
      mirrorOptionFault({ source: source(false), options: PARTIAL, buckets: 'auto', compaction: 'inline' }),
    ).toBeNull();
  });

  it('write-only where another engine compacts', () => {
    const options = { 'write-only': 'true' };
    expect(mirrorOptionFault({ source: source(true), options, buckets: 'auto', compaction: 'off' })).toBeNull();
  });
});

describe('options that do not', () => {
  it.each<[OptionTexts, string, string]>([
    [{ 'primary-key': 'note' }, 'primary-key=note', 'key in the configuration'],
    [{ partition: 'note' }, 'partition=note', 'remove'],
    [{ 'merge-engine': 'first-row' }, 'merge-engine=first-row', 'deduplicate'],
    [{ 'merge-engine': 'aggregation', 'fields.note.aggregate-function': 'last_value' }, 'merge-engine=', 'deduplicate'],
    [{ 'merge-engine': 'partial-update' }, 'merge-engine=', 'remove-record-on-delete'],
    [{ ...PARTIAL, 'fields.note.sequence-group': 'x' }, 'merge-engine=', 'remove fields.note.sequence-group'],
    [{ ...PARTIAL, 'fields.default-aggregate-function': 'max' }, 'merge-engine=', 'remove fields.default-aggregate'],
    [PARTIAL, 'merge-engine=partial-update', 'NOT NULL'],
    [{ 'sequence.field': 'note' }, 'sequence.field=note', 'remove'],
    [{ 'rowkind.field': 'note' }, 'rowkind.field=note', 'remove'],
    [{ 'ignore-delete': 'true' }, 'ignore-delete=true', 'remove'],
    [{ 'deduplicate.ignore-delete': 'true' }, 'ignore-delete=true', 'remove'],
    [{ 'ignore-update-before': 'true', 'changelog-producer': 'input' }, 'ignore-update-before=true', 'remove'],
    [{ 'record-level.expire-time': '1 d' }, 'record-level.expire-time=1 d', 'delete them in the source'],
    [{ bucket: '-2' }, 'bucket=-2', 'a number'],
    [{ 'write-only': 'true' }, 'write-only=true', 'maintenance.compaction: off'],
    [
      { 'deletion-vectors.enabled': 'true', 'lookup-compact': 'gentle' },
      'deletion-vectors.enabled=true',
      'merge-on-read',
    ],
  ])('%o', (options, option, wayOut) => {
    const fault = mirrorOptionFault({ source: source(true), options, buckets: 'auto', compaction: 'inline' });
    expect(fault?.option).toContain(option);
    expect(fault?.wayOut).toContain(wayOut);
    expect(fault?.reason).not.toBe('');
  });

  it('an input changelog of updates in part', () => {
    const options = { ...PARTIAL, 'changelog-producer': 'input' };
    const fault = mirrorOptionFault({ source: source(false), options, buckets: 'auto', compaction: 'inline' });
    expect(fault).toMatchObject({ option: 'changelog-producer=input', wayOut: 'use lookup' });
  });

  it('deletion vectors where another engine compacts, unless reads merge', () => {
    const options = { 'deletion-vectors.enabled': 'true' };
    const of = { source: source(true), buckets: 'auto', compaction: 'off' } as const;
    expect(mirrorOptionFault({ ...of, options })?.wayOut).toContain('merge-on-read');
    expect(mirrorOptionFault({ ...of, options: { ...options, 'deletion-vectors.merge-on-read': 'true' } })).toBeNull();
  });

  it('a number of buckets beside another one', () => {
    const of = { source: source(true), compaction: 'inline' } as const;
    const fault = (bucket: string, buckets: BucketWish) => mirrorOptionFault({ ...of, options: { bucket }, buckets });
    expect(fault('4', 'dynamic')).toMatchObject({ option: 'bucket=4', wayOut: 'keep one of the two' });
    expect(fault('4', 'dynamic')?.reason).toContain('buckets: dynamic');
    expect(fault('-1', 4)?.reason).toContain('buckets: 4');
    expect([fault('-1', 'dynamic'), fault('4', 4), fault('-1', 'auto')]).toEqual([null, null, null]);
  });

  it('a value that cannot be read', () => {
    const of = { source: source(true), buckets: 'auto', compaction: 'inline' } as const;
    expect(() => mirrorOptionFault({ ...of, options: { 'merge-engine': 'newest' } })).toThrow('merge-engine');
  });
});
