// Which lake table a source table becomes.
import { describe, expect, it } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import type { SourceTable } from '../../../src/change/source-table.ts';
import { type BucketWish, lakeTableOf } from '../../../src/mapping/lake-table.ts';

function source(rowCountEstimate: number): SourceTable {
  return {
    key: tableKey('public', 't'),
    schema: 'public',
    name: 't',
    columns: [{ name: 'id', id: 1, nativeType: 'bigint', type: { kind: 'int64' }, nullable: false }],
    keyColumns: [0],
    rowCountEstimate,
  };
}

describe('the buckets of a table', () => {
  it.each<[BucketWish, number, string, string | undefined]>([
    ['auto', 0, '1', undefined],
    ['auto', 8_000_001, '2', undefined],
    ['auto', 1e12, '32', undefined],
    [7, 1e12, '7', '7'],
    ['dynamic', 1e12, '-1', '-1'],
  ])('%s with %d rows', (buckets, rows, created, configured) => {
    const mapping = { database: '{schema}', table: '{table}', case: 'preserve', buckets, options: {} } as const;
    const lake = lakeTableOf(source(rows), mapping, { source: 'shop', database: 'd' });
    expect(lake.options['bucket']).toBe(created);
    // What is chosen by size is no wish that a later start holds against the table.
    expect(lake.configuredOptions['bucket']).toBe(configured);
  });
});
