// ALTER on schemas: what the golden tables do not show, and every refusal.
import { describe, expect, it } from 'vitest';
import { checkDefaultValue } from '../../../../src/paimon/format/default-value.ts';
import { applySchemaChanges } from '../../../../src/paimon/schema/apply-schema-changes.ts';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { parseSchemaChanges, type SchemaChange } from '../../../../src/paimon/schema/schema-change.ts';
import { dataTypeText, parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';
import { parseTableDefinition } from '../../../../src/paimon/schema/table-schema-json.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';

const LINES = {
  type: 'ARRAY',
  element: {
    type: 'ROW',
    fields: [
      { name: 'sku', type: 'STRING' },
      { name: 'price', type: 'DECIMAL(10, 2)' },
    ],
  },
};

/** A table with options that name columns. */
function orders(options: Readonly<Record<string, string>> = {}): TableSchema {
  const definition = {
    fields: [
      { name: 'dt', type: 'STRING' },
      { name: 'id', type: 'BIGINT' },
      { name: 'a', type: 'INT' },
      { name: 'b', type: 'STRING' },
      { name: 'lines', type: LINES },
      { name: 'tags', type: { type: 'MAP', key: 'STRING', value: 'INT' } },
    ],
    partitionKeys: ['dt'],
    primaryKeys: ['dt', 'id'],
    options: { bucket: '2', ...options },
  };
  return newTableSchema(parseTableDefinition(JSON.stringify(definition)), 1);
}

function altered(schema: TableSchema, changes: readonly SchemaChange[], hasSnapshots = true): TableSchema {
  return applySchemaChanges(schema, changes, { hasSnapshots, timeMillis: 2, checkDefaultValue });
}

const names = (schema: TableSchema): readonly string[] => schema.fields.map((field) => field.name);
const typeOf = (schema: TableSchema, name: string): string => {
  const field = schema.fields.find((candidate) => candidate.name === name);
  return field === undefined ? '' : dataTypeText(field.type);
};
const INT = parseDataType('INT');

describe('columns', () => {
  it('are added first, last, beside another, and inside rows of a list', () => {
    const next = altered(orders(), [
      { kind: 'addColumn', path: ['x'], type: INT, place: { kind: 'first' } },
      { kind: 'addColumn', path: ['y'], type: INT, place: { kind: 'before', reference: 'b' } },
      { kind: 'addColumn', path: ['z'], type: INT, place: { kind: 'after', reference: 'b' }, comment: 'why' },
      { kind: 'addColumn', path: ['lines', 'element', 'amount'], type: INT, place: { kind: 'first' } },
    ]);
    expect(names(next)).toEqual(['x', 'dt', 'id', 'a', 'y', 'b', 'z', 'lines', 'tags']);
    expect(typeOf(next, 'lines')).toBe('ARRAY<ROW<`amount` INT, `sku` STRING, `price` DECIMAL(10, 2)>>');
    expect(next.fields.map((field) => field.id)).toEqual([8, 0, 1, 2, 9, 3, 10, 4, 7]);
    expect(next.fields[6]?.description).toBe('why');
    expect(next.highestFieldId).toBe(11);
  });

  it('stand before the partition columns where an option says so', () => {
    const next = altered(orders({ 'add-column-before-partition': 'true' }), [
      { kind: 'addColumn', path: ['x'], type: INT },
    ]);
    expect(names(next)[0]).toBe('x');
  });

  it('of a dropped name get a new id', () => {
    const next = altered(orders(), [
      { kind: 'dropColumn', path: ['b'] },
      { kind: 'addColumn', path: ['b'], type: INT },
    ]);
    expect(next.fields.at(-1)).toMatchObject({ name: 'b', id: 8 });
  });

  it('change their type at any depth', () => {
    const next = altered(orders(), [
      { kind: 'updateColumnType', path: ['lines', 'element', 'price'], type: parseDataType('DECIMAL(20, 4)') },
      { kind: 'updateColumnType', path: ['tags', 'value'], type: parseDataType('BIGINT') },
      { kind: 'updateColumnType', path: ['a'], type: parseDataType('STRING') },
    ]);
    expect(typeOf(next, 'lines')).toBe('ARRAY<ROW<`sku` STRING, `price` DECIMAL(20, 4)>>');
    expect(typeOf(next, 'tags')).toBe('MAP<STRING, BIGINT>');
    expect(typeOf(next, 'a')).toBe('STRING');
  });

  it('take and lose comments and defaults', () => {
    const next = altered(orders(), [
      { kind: 'updateColumnComment', path: ['a'], comment: 'one' },
      { kind: 'updateColumnDefaultValue', path: ['a'], defaultValue: '7' },
      { kind: 'updateColumnDefaultValue', path: ['b'], defaultValue: "'x'" },
      { kind: 'updateColumnDefaultValue', path: ['b'], defaultValue: null },
    ]);
    expect(next.fields[2]).toMatchObject({ description: 'one', defaultValue: '7' });
    expect(next.fields[3]).not.toHaveProperty('defaultValue');
  });
});

it('a renamed column keeps its id, and keys and options follow', () => {
  const schema = orders({
    'bucket-key': 'id',
    'sequence.field': 'a',
    'fields.b.aggregate-function': 'max',
    'fields.a,b.sequence-group': 'lines,a',
    'snapshot.num-retained.max': '20',
  });
  const next = altered(schema, [
    { kind: 'renameColumn', path: ['id'], newName: 'key' },
    { kind: 'renameColumn', path: ['a'], newName: 'at' },
    { kind: 'renameColumn', path: ['b'], newName: 'text' },
  ]);
  expect(next.primaryKeys).toEqual(['dt', 'key']);
  expect(next.fields[1]).toMatchObject({ id: 1, name: 'key' });
  expect(next.options).toEqual({
    bucket: '2',
    'bucket-key': 'key',
    'sequence.field': 'at',
    'fields.text.aggregate-function': 'max',
    'fields.at,text.sequence-group': 'lines,at',
    'snapshot.num-retained.max': '20',
  });
});

describe('refused', () => {
  const refuse = (
    changes: readonly SchemaChange[],
    options: Readonly<Record<string, string>> = {},
  ): (() => unknown) => {
    return () => altered(orders(options), changes);
  };

  it.each<[string, SchemaChange, RegExp]>([
    ['a NOT NULL column', { kind: 'addColumn', path: ['x'], type: { ...INT, nullable: false } }, /nullable/],
    ['a column that is there', { kind: 'addColumn', path: ['a'], type: INT }, /already/],
    ['a new name that is there', { kind: 'renameColumn', path: ['a'], newName: 'b' }, /already/],
    ['an unknown column', { kind: 'dropColumn', path: ['bb'] }, /did you mean "b"/],
    ['an unknown nested column', { kind: 'dropColumn', path: ['lines', 'element', 'x'] }, /column=lines.element.x/],
    ['a path into no row', { kind: 'dropColumn', path: ['a', 'x'] }, /no row/],
    ['the element of a list as a column', { kind: 'dropColumn', path: ['lines', 'element'] }, /no field of a row/],
    ['dropping a key', { kind: 'dropColumn', path: ['id'] }, /primary key/],
    ['dropping a partition column', { kind: 'dropColumn', path: ['dt'] }, /key/],
    ['renaming a partition column', { kind: 'renameColumn', path: ['dt'], newName: 'day' }, /key/],
    ['another type of a key', { kind: 'updateColumnType', path: ['id'], type: parseDataType('STRING') }, /key/],
    ['a nullable key', { kind: 'updateColumnNullability', path: ['id'], nullable: true }, /key/],
    ['a NOT NULL from null', { kind: 'updateColumnNullability', path: ['a'], nullable: false }, /NOT NULL/],
    ['a type without a cast', { kind: 'updateColumnType', path: ['a'], type: parseDataType('DATE') }, /DATE/],
    [
      'the keys of a map',
      { kind: 'updateColumnType', path: ['tags', 'key'], type: parseDataType('STRING') },
      /keys of a map/,
    ],
    [
      'a place beside nothing',
      { kind: 'updateColumnPosition', column: 'a', place: { kind: 'after', reference: 'x' } },
      /x/,
    ],
    [
      'a place beside itself',
      { kind: 'updateColumnPosition', column: 'a', place: { kind: 'after', reference: 'a' } },
      /where/,
    ],
    ['the place it has', { kind: 'updateColumnPosition', column: 'dt', place: { kind: 'first' } }, /where it is/],
    ['an immutable option', { kind: 'setOption', key: 'merge-engine', value: 'aggregation' }, /merge-engine/],
    ['removing the bucket', { kind: 'removeOption', key: 'bucket' }, /bucket/],
    ['dynamic buckets', { kind: 'setOption', key: 'bucket', value: '-1' }, /dynamic/],
    ['deletion vectors', { kind: 'setOption', key: 'deletion-vectors.enabled', value: 'true' }, /modifiable/],
    ['dropping the key', { kind: 'dropPrimaryKey' }, /primary key/],
  ])('%s', (_name, change, message) => {
    expect(refuse([change])).toThrow(expect.objectContaining({ code: 'E3132' }));
    expect(refuse([change])).toThrow(message);
  });

  it('a default that is no value of the type', () => {
    expect(refuse([{ kind: 'updateColumnDefaultValue', path: ['a'], defaultValue: 'x' }])).toThrow(
      expect.objectContaining({ code: 'E3133' }),
    );
  });

  it('narrowing where explicit casts are disabled, and ignore-delete going back', () => {
    const narrow: SchemaChange = { kind: 'updateColumnType', path: ['a'], type: parseDataType('SMALLINT') };
    expect(refuse([narrow])).not.toThrow();
    expect(refuse([narrow], { 'disable-explicit-type-casting': 'true' })).toThrow(/disable-explicit-type-casting/);
    const off: SchemaChange = { kind: 'setOption', key: 'ignore-delete', value: 'false' };
    expect(refuse([off], { 'ignore-delete': 'true' })).toThrow(/true to false/);
  });

  it('the last column', () => {
    const schema = { ...orders(), fields: orders().fields.slice(2, 3) };
    expect(() => altered(schema, [{ kind: 'dropColumn', path: ['a'] }])).toThrow(/last column/);
  });
});

it('a table without data changes more: its bucket, and its primary key', () => {
  const next = altered(
    orders(),
    [{ kind: 'setOption', key: 'bucket', value: '-1' }, { kind: 'dropPrimaryKey' }],
    false,
  );
  expect(next).toMatchObject({ primaryKeys: [], options: { bucket: '-1' } });
});

describe('the JSON of changes', () => {
  it('has every action', () => {
    const changes = parseSchemaChanges(
      JSON.stringify([
        { action: 'setOption', key: 'k', value: 'v' },
        { action: 'removeOption', key: 'k' },
        { action: 'updateComment', comment: null },
        {
          action: 'addColumn',
          fieldNames: ['r', 'x'],
          dataType: 'INT',
          comment: 'c',
          move: { fieldName: 'x', type: 'FIRST' },
        },
        { action: 'renameColumn', fieldNames: ['a'], newName: 'b' },
        { action: 'dropColumn', fieldNames: ['a'] },
        { action: 'updateColumnType', fieldNames: ['a'], newDataType: 'BIGINT', keepNullability: true },
        { action: 'updateColumnNullability', fieldNames: ['a'], newNullability: true },
        { action: 'updateColumnComment', fieldNames: ['a'], newComment: 'c' },
        { action: 'updateColumnDefaultValue', fieldNames: ['a'], newDefaultValue: '1' },
        { action: 'updateColumnPosition', move: { fieldName: 'a', referenceFieldName: 'b', type: 'AFTER' } },
        { action: 'dropPrimaryKey' },
      ]),
    );
    expect(changes.map((change) => change.kind)).toHaveLength(12);
    expect(changes[3]).toEqual({
      kind: 'addColumn',
      path: ['r', 'x'],
      type: INT,
      comment: 'c',
      place: { kind: 'first' },
    });
    expect(changes[6]).toMatchObject({ keepNullability: true, type: parseDataType('BIGINT') });
    expect(changes[10]).toEqual({
      kind: 'updateColumnPosition',
      column: 'a',
      place: { kind: 'after', reference: 'b' },
    });
  });

  it.each([
    ['no JSON', '['],
    ['no list', '{}'],
    ['no object', '[1]'],
    ['no action', '[{}]'],
    ['unknown', '[{"action":"explode"}]'],
    ['no path', '[{"action":"dropColumn","fieldNames":[]}]'],
    ['no value', '[{"action":"setOption","key":"k"}]'],
    ['wrong move', '[{"action":"updateColumnPosition","move":{"fieldName":"a","type":"UP"}}]'],
  ])('%s is refused', (_name, text) => {
    expect(() => parseSchemaChanges(text)).toThrow(expect.objectContaining({ code: 'E3131' }));
  });
});
