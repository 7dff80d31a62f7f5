// What a scan leaves out and what it must not; points in time; limits; columns; errors; changes.
import { describe, expect, it } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import type { Condition } from '../../../../src/paimon/format/condition.ts';
import type { ReadOptions } from '../../../../src/paimon/scan/scan.ts';
import { RealTable } from '../../../support/real-table.ts';
import { text } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const KEY: DataType = { kind: 'INT', nullable: false };
const TEXT: DataType = { kind: 'VARCHAR', length: 10, nullable: false };
const KEYED = { columns: { id: KEY, v: INT }, primaryKeys: ['id'] };
const PARTITIONED = { columns: { p: TEXT, id: KEY, v: INT }, primaryKeys: ['p', 'id'], partitionKeys: ['p'] };

async function plannedFiles(table: RealTable, options: ReadOptions): Promise<number> {
  const { splits } = await table.table.plan(options);
  return splits.reduce((sum, split) => sum + split.files.length, 0);
}

function where(column: string, operator: '=' | '>' | '<', literal: number | Uint8Array): { where: Condition[] } {
  return { where: [{ column, operator, literal }] };
}

describe('a scan', () => {
  it('reads the files of matching partitions and key ranges only', async () => {
    const table = await RealTable.create(PARTITIONED);
    await table.commit([
      ['+I', text('a'), 1, 1],
      ['+I', text('b'), 1, 2],
    ]);
    await table.commit([['+I', text('b'), 9, 3]]);
    expect(await plannedFiles(table, {})).toBe(3);
    expect(await plannedFiles(table, where('p', '=', text('a')))).toBe(1);
    expect(await plannedFiles(table, where('id', '>', 5))).toBe(1);
    expect(await table.rows(where('id', '>', 5))).toEqual([['b', 9, 3]]);
  });

  it('never leaves out a newer version of a row because the older one would match', async () => {
    const table = await RealTable.create(KEYED);
    await table.commit([['+I', 1, 100]]);
    await table.commit([['+I', 1, 5]]);
    expect(await plannedFiles(table, where('v', '>', 50))).toBe(2);
    expect(await table.rows(where('v', '>', 50))).toEqual([]);
    expect(await plannedFiles(table, where('v', '>', 500))).toBe(0);
    await table.compact({ full: true });
    expect(await plannedFiles(table, where('v', '>', 50))).toBe(0);
  });

  it('merges only sections whose files overlap', async () => {
    const table = await RealTable.create(KEYED);
    await table.commit([['+I', 1, 1]]);
    await table.commit([['+I', 5, 5]]);
    await table.commit([['+I', 5, 6]]);
    const { splits } = await table.table.plan();
    expect(splits.map((split) => [split.rawConvertible, split.files.length])).toEqual([
      [true, 1],
      [false, 2],
    ]);
  });

  it('reads points in time, and refuses those that are not there', async () => {
    const table = await RealTable.create(KEYED);
    await table.commit([['+I', 1, 1]]);
    const first = await table.table.latestSnapshot();
    expect(await table.rows({ at: { kind: 'timestamp', timestampMs: first?.timeMillis ?? 0 } })).toEqual([[1, 1]]);
    await expect(table.rows({ at: { kind: 'timestamp', timestampMs: 0 } })).rejects.toMatchObject({ code: 'E3455' });
    await expect(table.rows({ at: { kind: 'tag', name: 'no' } })).rejects.toMatchObject({ code: 'E3404' });
  });

  it('gives the columns asked for, up to the limit', async () => {
    const table = await RealTable.create(KEYED);
    expect(await table.rows()).toEqual([]);
    await table.commit([1, 2, 3].map((id) => ['+I', id, 10 * id]));
    expect(await table.rows({ columns: ['v'], limit: 2 })).toEqual([[10], [20]]);
    expect(await table.rows({ columns: ['v', 'id'], limit: 0 })).toEqual([]);
    expect(await table.rows({ columns: ['v'], where: [{ column: 'id', operator: 'in', literals: [3, 1] }] })).toEqual([
      [10],
      [30],
    ]);
    expect(await table.rows({ where: [{ column: 'v', operator: 'is null' }] })).toEqual([]);
  });

  it.each<[string, ReadOptions]>([
    ['an unknown column', { columns: ['x'] }],
    ['a condition on an unknown column', where('x', '=', 1)],
    ['a value of another type', where('id', '=', text('1'))],
  ])('refuses %s', async (_name, options) => {
    const table = await RealTable.create(KEYED);
    await expect(table.rows(options)).rejects.toMatchObject({ code: 'E3400' });
  });

  it('ends when its signal says so', async () => {
    const table = await RealTable.create(KEYED);
    await table.commit([['+I', 1, 1]]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(table.rows({ signal })).rejects.toThrow('enough');
  });
});

describe('changes', () => {
  it('are those of the snapshots of the range; expired ones are refused', async () => {
    const table = await RealTable.create(KEYED);
    await table.commit([['+I', 1, 1]]);
    await table.commit([['-D', 1, null]]);
    await table.compact({ full: true });
    await table.commit([['+I', 2, 2]]);
    const seen: string[] = [];
    for await (const batch of table.table.changes({ after: 1n, upTo: 4n, columns: ['id'] })) {
      seen.push(`${batch.snapshotId}:${batch.kinds.join()}:${batch.columns.length}`);
    }
    expect(seen).toEqual(['2:3:1', '4:0:1']);
    const beyond = table.table.changes({ after: 3n, upTo: 5n });
    await beyond.next();
    await expect(beyond.next()).rejects.toMatchObject({ code: 'E3401' });
  });
});
