// Which changes of a lake table a difference of columns asks for. P33, P34, P36.
import { describe, expect, test } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import type { SourceTable } from '../../../src/change/source-table.ts';
import type { ValueType } from '../../../src/change/value-type.ts';
import { type EvolutionPolicy, placementOf, planEvolution } from '../../../src/mapping/evolve.ts';
import { lakeDefinition, lakeTableOf } from '../../../src/mapping/lake-table.ts';
import { checkDefaultValue } from '../../../src/paimon/format/default-value.ts';
import { applySchemaChanges } from '../../../src/paimon/schema/apply-schema-changes.ts';
import { newTableSchema } from '../../../src/paimon/schema/new-schema.ts';
import type { TableSchema } from '../../../src/paimon/schema/table-schema.ts';
import { EVOLVES } from '../../support/evolves.ts';

type Column = readonly [id: number | null, name: string, type?: ValueType];

const INT: ValueType = { kind: 'int32' };
const TEXT: ValueType = { kind: 'string' };
const MAPPING = { database: '{schema}', table: '{table}', case: 'preserve', buckets: 1, options: {} } as const;

function source(columns: readonly Column[], keyColumns: readonly number[] = [0]): SourceTable {
  return {
    key: tableKey('public', 't'),
    schema: 'public',
    name: 't',
    columns: columns.map(([id, name, type = TEXT]) => ({ id, name, type, nativeType: 'x', nullable: true })),
    keyColumns,
    rowCountEstimate: 0,
  };
}

const lakeOf = (table: SourceTable) => lakeTableOf(table, MAPPING, { source: 'shop', database: 'db' });
const created = (columns: readonly Column[]): TableSchema => newTableSchema(lakeDefinition(lakeOf(source(columns))), 0);

/** Names of the lake's columns after the changes, whether rows are copied, and where the values come from. */
function evolved(before: TableSchema, columns: readonly Column[], policy: Partial<EvolutionPolicy> = {}) {
  const table = source(columns);
  const plan = planEvolution(before, { source: table, lake: lakeOf(table) }, { ...EVOLVES, ...policy });
  if (plan === null) return null;
  const context = { hasSnapshots: true, timeMillis: 1, checkDefaultValue };
  const schema = applySchemaChanges(before, plan.changes, context);
  expect(planEvolution(schema, { source: table, lake: lakeOf(table) }, { ...EVOLVES, ...policy })).toBeNull();
  const ids = (names: readonly string[]) => names.map((name) => schema.fields.find((field) => field.name === name)?.id);
  const names = schema.fields.map((field) => field.name);
  return { names, ids: ids(names), copies: plan.copies, placement: placementOf(schema, lakeOf(table)) };
}

const BEFORE: readonly Column[] = [
  [1, 'id', INT],
  [2, 'a'],
  [3, 'b', INT],
];

describe('planEvolution', () => {
  const before = created(BEFORE);

  test('nothing for the same columns, whatever their order', () => {
    expect(evolved(before, BEFORE)).toBeNull();
    expect(evolved(before, [BEFORE[0], BEFORE[2], BEFORE[1]])).toBeNull();
  });

  test('an added column comes last and is copied', () => {
    expect(evolved(before, [BEFORE[0], [4, 'c'], BEFORE[1], BEFORE[2]])).toEqual({
      names: ['id', 'a', 'b', 'c'],
      ids: [0, 1, 2, 3],
      copies: true,
      placement: [0, 2, 3, 1],
    });
  });

  test('a merged table that gets a shard is copied; one that has lost a shard stops', () => {
    const merged = (...names: readonly string[]): SourceTable => {
      return { ...source(BEFORE), shards: names.map((name) => [name, 'value']) };
    };
    const lake = newTableSchema(lakeDefinition(lakeOf(merged('a', 'b'))), 0);
    const plan = (table: SourceTable) => planEvolution(lake, { source: table, lake: lakeOf(table) }, EVOLVES);
    expect(plan(merged('a', 'b'))).toBeNull();
    const more = merged('a', 'b', 'c');
    expect(plan(more)).toMatchObject({ copies: true });
    const context = { hasSnapshots: true, timeMillis: 1, checkDefaultValue };
    const after = applySchemaChanges(lake, plan(more)?.changes ?? [], context);
    expect(planEvolution(after, { source: more, lake: lakeOf(more) }, EVOLVES)).toBeNull();
    expect(() => plan(merged('a', 'c'))).toThrow(expect.objectContaining({ code: 'E2107' }));
  });

  test('a dropped column stays without values, or goes; nothing is copied', () => {
    const columns = [BEFORE[0], BEFORE[2]];
    expect(evolved(before, columns)).toMatchObject({ names: ['id', 'a', 'b'], copies: false, placement: [0, -1, 1] });
    expect(evolved(before, columns, { dropColumn: 'drop' })).toMatchObject({ names: ['id', 'b'], copies: false });
  });

  test('names are exchanged, and columns keep their identity', () => {
    expect(evolved(before, [BEFORE[0], [2, 'b'], [3, 'a', INT]])).toEqual({
      names: ['id', 'b', 'a'],
      ids: [0, 1, 2],
      copies: false,
      placement: [0, 1, 2],
    });
  });

  test('a column dropped and made anew is another one', () => {
    expect(evolved(before, [BEFORE[0], BEFORE[2], [4, 'a']])).toEqual({
      names: ['id', 'a_old', 'b', 'a'],
      ids: [0, 1, 2, 3],
      copies: true,
      placement: [0, -1, 1, 2],
    });
  });

  test('a wider type is taken over, another one becomes a new column', () => {
    const wide = evolved(before, [BEFORE[0], BEFORE[1], [3, 'b', { kind: 'int64' }]]);
    expect(wide).toMatchObject({ names: ['id', 'a', 'b'], ids: [0, 1, 2], copies: true });
    const narrow = evolved(before, [BEFORE[0], BEFORE[1], [3, 'b', { kind: 'int16' }]]);
    expect(narrow).toMatchObject({ names: ['id', 'a', 'b_old', 'b'], ids: [0, 1, 2, 3], copies: true });
  });

  test('without identities of the source, names are what counts', () => {
    const named = created([
      [null, 'id', INT],
      [null, 'a'],
    ]);
    const renamed = evolved(
      named,
      [
        [null, 'id', INT],
        [null, 'z'],
      ],
      { dropColumn: 'drop' },
    );
    expect(renamed).toMatchObject({ names: ['id', 'z'], ids: [0, 2], copies: true });
  });

  test('columns that others have added stay', () => {
    const foreign = applySchemaChanges(
      before,
      [{ kind: 'addColumn', path: ['c'], type: { kind: 'INT', nullable: true } }],
      { hasSnapshots: true, timeMillis: 1, checkDefaultValue },
    );
    expect(evolved(foreign, BEFORE)).toBeNull();
    expect(evolved(foreign, [...BEFORE, [4, 'c']])).toMatchObject({ names: ['id', 'a', 'b', 'c_old', 'c'] });
  });

  test('a key column may be renamed', () => {
    expect(evolved(before, [[1, 'number', INT], BEFORE[1], BEFORE[2]])).toMatchObject({ names: ['number', 'a', 'b'] });
  });

  const refusals: readonly (readonly [string, readonly Column[], readonly number[], Partial<EvolutionPolicy>])[] = [
    ['another key', BEFORE, [0, 1], {}],
    ['another type of the key', [[1, 'id', TEXT], BEFORE[1], BEFORE[2]], [0], {}],
    ['on_change=stop', [BEFORE[0], BEFORE[1]], [0], { onChange: 'stop' }],
    ['add_column=stop', [...BEFORE, [4, 'c']], [0], { addColumn: 'stop' }],
    ['drop_column=stop', [BEFORE[0], BEFORE[1]], [0], { dropColumn: 'stop' }],
    ['rename_column=stop', [BEFORE[0], [2, 'z'], BEFORE[2]], [0], { renameColumn: 'stop' }],
    ['widen_type=stop', [BEFORE[0], BEFORE[1], [3, 'b', { kind: 'int64' }]], [0], { widenType: 'stop' }],
    ['narrow_type=stop', [BEFORE[0], BEFORE[1], [3, 'b', { kind: 'int16' }]], [0], { narrowType: 'stop' }],
  ];
  test.each(refusals)('%s is refused with E2107', (_, columns, keys, policy) => {
    const table = source(columns, keys);
    const plan = (): unknown =>
      planEvolution(before, { source: table, lake: lakeOf(table) }, { ...EVOLVES, ...policy });
    expect(plan).toThrow(expect.objectContaining({ code: 'E2107' }));
  });
});
