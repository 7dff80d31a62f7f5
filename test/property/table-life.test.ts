// Whatever is written, committed, compacted and reopened in any order: every snapshot reads as a map of the last change
// of each key says, partial reads are parts of it, and the check of the whole table finds nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import type { DataType } from '../../src/paimon/schema/data-type.ts';
import { RealTable } from '../support/real-table.ts';
import { type Change, type TableSpec, text } from '../support/written-table.ts';

const PROPERTY_RUNS = Number(process.env['PROPERTY_SECONDS'] ?? 2) * 15;

const INT: DataType = { kind: 'INT', nullable: true };
const KEY: DataType = { kind: 'INT', nullable: false };
const TEXT: DataType = { kind: 'VARCHAR', length: 100, nullable: false };

const SPECS: readonly (TableSpec & { readonly name: string })[] = [
  { name: 'one bucket', columns: { p: TEXT, id: KEY, v: INT }, primaryKeys: ['id'] },
  {
    name: 'row groups that compactions take over',
    columns: { p: TEXT, id: KEY, v: INT },
    primaryKeys: ['id'],
    options: { 'num-sorted-run.compaction-trigger': '2', 'file.block-size': '1 b' },
  },
  {
    name: 'partitions, buckets, small files',
    columns: { p: TEXT, id: KEY, v: INT },
    primaryKeys: ['p', 'id'],
    partitionKeys: ['p'],
    options: { bucket: '2', 'num-sorted-run.compaction-trigger': '2', 'target-file-size': '1 b' },
  },
  {
    name: 'deletion vectors and a lookup changelog',
    columns: { p: TEXT, id: KEY, v: INT },
    primaryKeys: ['id'],
    options: {
      bucket: '2',
      'num-sorted-run.compaction-trigger': '2',
      'target-file-size': '1 b',
      'file.block-size': '1 b',
      'deletion-vectors.enabled': 'true',
      'deletion-vectors.merge-on-read': 'true',
      'changelog-producer': 'lookup',
    },
  },
  {
    name: 'a changelog of full compactions',
    columns: { p: TEXT, id: KEY, v: INT },
    primaryKeys: ['id'],
    options: { bucket: '1', 'num-levels': '3', 'changelog-producer': 'full-compaction', 'file.block-size': '1 b' },
  },
];

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      rows: fc.array(
        fc.record({
          p: fc.constantFrom('a', 'b/c'),
          id: fc.integer({ min: -3, max: 12 }),
          v: fc.option(fc.integer({ min: 0, max: 99 })),
          isDelete: fc.boolean(),
        }),
        { minLength: 1, maxLength: 8 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'compact' as const, full: false }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const, full: true }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

type Model = ReadonlyMap<string, readonly unknown[]>;

function contentOf(model: Model): string[] {
  return [...model.values()].map((row) => JSON.stringify(row)).sort();
}

function sorted(rows: readonly unknown[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

describe('a table', () => {
  it.each(SPECS)('$name: reads as the model at every snapshot', async (spec) => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      let table = await RealTable.create(spec);
      const byKeyOf = (p: string, id: number): string => (spec.primaryKeys.length === 1 ? `${id}` : `${p}/${id}`);
      let model: Model = new Map();
      const states = new Map<bigint, Model>();
      for (const [index, one] of steps.entries()) {
        if (one.kind === 'reopen') table = await RealTable.open(table.store, index + 2);
        else if (one.kind === 'compact') await table.compact({ full: one.full });
        else {
          const next = new Map(model);
          const changes: Change[] = [];
          for (const { p, id, v, isDelete } of one.rows) {
            changes.push(isDelete ? ['-D', text(p), id, null] : ['+I', text(p), id, v]);
            if (isDelete) next.delete(byKeyOf(p, id));
            else next.set(byKeyOf(p, id), [p, id, v]);
          }
          await table.commit(changes);
          model = next;
        }
        const latest = await table.table.latestSnapshot();
        if (latest !== null) states.set(latest.id, model);
      }
      for (const [id, state] of states) {
        const rows = await table.rows({ at: { kind: 'snapshot', id: id as never } });
        expect(sorted(rows), `snapshot ${id}`).toEqual(contentOf(state));
      }
      const where = [
        { column: 'v', operator: '>=', literal: 50 } as const,
        { column: 'id', operator: '<', literal: 6 } as const,
      ];
      const some = [...model.values()].filter(([, id, v]) => v !== null && Number(v) >= 50 && Number(id) < 6);
      const expected = some.map(([, id]) => JSON.stringify([id])).sort();
      expect(sorted(await table.rows({ where, columns: ['id'] }))).toEqual(expected);
      expect((await fsck(table.table)).problems).toEqual([]);
    });
    await fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
});
