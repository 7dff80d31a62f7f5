// Schema files: JSON as the reference writes it, versions that are published once, and the rules of a schema.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';
import { assignFieldIds } from '../../../../src/paimon/schema/field-ids.ts';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { SchemaStore } from '../../../../src/paimon/schema/schema-store.ts';
import {
  parseTableDefinition,
  parseTableSchema,
  type TableDefinition,
  tableSchemaToJson,
} from '../../../../src/paimon/schema/table-schema-json.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { goldenSchemaFile } from '../../../support/golden.ts';

const INT: DataType = { kind: 'INT', nullable: true };

const ORDERS: TableDefinition = {
  fields: assignFieldIds([
    { id: 0, name: 'id', type: INT },
    { id: 0, name: 'dt', type: parseDataType('STRING') },
    { id: 0, name: 'v', type: INT },
  ]),
  partitionKeys: ['dt'],
  primaryKeys: ['dt', 'id'],
  options: { bucket: '2' },
  comment: null,
};

describe('JSON', () => {
  test('a schema file of the reference is written again byte for byte', () => {
    const text = readFileSync(goldenSchemaFile('schema-0.json'), 'utf8').trimEnd();
    expect(tableSchemaToJson(parseTableSchema(text))).toBe(text);
  });

  test('versions 1 and 2 bring their defaults', () => {
    const old = (version: string): Record<string, string> =>
      parseTableSchema(`{${version}"id":0,"fields":[],"highestFieldId":0,"options":{}}`).options;
    expect(old('')).toEqual({ bucket: '1', 'file.format': 'orc' });
    expect(old('"version":2,')).toEqual({ 'file.format': 'orc' });
    expect(old('"version":3,')).toEqual({});
  });

  test('what a newer version adds is written again', () => {
    const text = `{"version":3,"id":0,"fields":[{"id":0,"name":"a","type":"INT","masked":true}],"highestFieldId":0,"owner":{"name":"x"}}`;
    const written = parseTableSchema(tableSchemaToJson(parseTableSchema(text)));
    expect(written.unknownKeys).toEqual({ owner: { name: 'x' } });
    expect(written.fields[0]?.unknownKeys).toEqual({ masked: true });
  });

  test('a definition without ids gets new ones; some without are refused', () => {
    const row = '{"type":"ROW","fields":[{"name":"x","type":"INT"},{"name":"y","type":"INT NOT NULL"}]}';
    const text = `{"fields":[{"name":"r","type":${row}},{"name":"a","type":"INT","defaultValue":5}]}`;
    const { fields } = parseTableDefinition(text);
    expect(fields.map((field) => [field.name, field.id, field.defaultValue])).toEqual([
      ['r', 0, undefined],
      ['a', 3, '5'],
    ]);
    const mixed = '{"fields":[{"name":"a","type":"INT"},{"id":1,"name":"b","type":"INT"}]}';
    expect(() => parseTableDefinition(mixed)).toThrow(expect.objectContaining({ code: 'E3102' }));
    const schemaFile = '{"id":0,"highestFieldId":0,"fields":[{"name":"a","type":"INT"}]}';
    expect(() => parseTableSchema(schemaFile)).toThrow(expect.objectContaining({ code: 'E3102' }));
  });

  test.each(['', '[]', '{"id":0}', '{"version":4,"id":0,"fields":[],"highestFieldId":0}', '{"id":1.5,"fields":[]}'])(
    'damaged: %s',
    (text) => {
      expect(() => parseTableSchema(text)).toThrow(expect.objectContaining({ code: 'E3102' }));
    },
  );
});

test('ids are given as the reference does: a column, then what is nested in it, a nested field after its own fields', () => {
  const row = parseDataType({
    type: 'ROW',
    fields: [
      {
        id: 9,
        name: 'x',
        type: { type: 'ARRAY', element: { type: 'ROW', fields: [{ id: 9, name: 'z', type: 'INT' }] } },
      },
      { id: 9, name: 'y', type: 'INT' },
    ],
  });
  const fields = assignFieldIds([
    { id: 7, name: 'a', type: INT },
    { id: 7, name: 'r', type: row },
    { id: 7, name: 'b', type: INT },
  ]);
  expect(fields.map((field) => field.id)).toEqual([0, 1, 5]);
  const nested = fields[1]?.type;
  expect(nested?.kind === 'ROW' && nested.fields.map((field) => [field.name, field.id])).toEqual([
    ['x', 3],
    ['y', 4],
  ]);
});

describe('rules', () => {
  const make = (changes: Partial<TableDefinition>): unknown => newTableSchema({ ...ORDERS, ...changes }, 0);

  test('primary-key columns become NOT NULL, others stay', () => {
    const schema = newTableSchema(ORDERS, 5);
    expect(schema.fields.map((field) => field.type.nullable)).toEqual([false, false, true]);
    expect(schema).toMatchObject({ id: 0, highestFieldId: 2, timeMillis: 5 });
  });

  test('keys may come from options', () => {
    const schema = newTableSchema(
      { ...ORDERS, partitionKeys: [], primaryKeys: [], options: { 'primary-key': 'dt, id', partition: 'dt' } },
      0,
    );
    expect(schema).toMatchObject({ primaryKeys: ['dt', 'id'], partitionKeys: ['dt'], options: {} });
  });

  test.each<[string, Partial<TableDefinition>, RegExp]>([
    ['no columns', { fields: [] }, /no columns/],
    [
      'reserved name',
      { fields: [{ id: 0, name: '_KEY_a', type: INT }], primaryKeys: [], partitionKeys: [] },
      /reserved/,
    ],
    ['unknown key', { primaryKeys: ['dt', 'idd'] }, /did you mean "id"/],
    ['only partition columns', { primaryKeys: ['dt'] }, /only partition/],
    ['key twice', { primaryKeys: ['dt', 'id', 'id'] }, /twice/],
    ['bucket 0', { options: { bucket: '0' } }, /bucket/],
    ['bucket key outside the key', { options: { bucket: '2', 'bucket-key': 'v' } }, /not in the primary key/],
    ['bucket key of the partition', { options: { bucket: '2', 'bucket-key': 'dt' } }, /partition column/],
    [
      'cross-partition with a sequence',
      { primaryKeys: ['id'], options: { bucket: '-1', 'sequence.field': 'v' } },
      /partition/,
    ],
    ['bucketed append without key', { primaryKeys: [] }, /bucket-key/],
    ['sequence field', { options: { 'sequence.field': 'ts' } }, /sequence.field/],
    ['first-row and input', { options: { 'merge-engine': 'first-row', 'changelog-producer': 'input' } }, /first-row/],
    ['append with changelog', { primaryKeys: [], options: { 'changelog-producer': 'input' } }, /primary key/],
    ['row kind column', { options: { 'rowkind.field': 'id' } }, /text column/],
    ['equal ids', { fields: ORDERS.fields.map((field) => ({ ...field, id: 3 })) }, /unique/],
  ])('%s is refused', (_name, changes, message) => {
    expect(() => make(changes)).toThrow(expect.objectContaining({ code: 'E3103' }));
    expect(() => make(changes)).toThrow(message);
  });

  test('an array as a key is refused', () => {
    const array = parseDataType({ type: 'ARRAY', element: 'INT' });
    expect(() => make({ fields: ORDERS.fields.map((field) => ({ ...field, type: array })) })).toThrow(/ARRAY<INT>/);
  });
});

describe('store', () => {
  test('versions are published once and read back', async () => {
    const files = new MemoryFileStore();
    const schemas = new SchemaStore(files, 'db.db/orders');
    expect(await schemas.latest()).toBeNull();
    const first = await schemas.create(ORDERS, 1);
    expect(first).not.toBeNull();
    expect(await schemas.create(ORDERS, 2)).toBeNull();
    const second = await schemas.update((latest) => ({ ...latest, comment: 'new', timeMillis: 3 }));
    expect(second.id).toBe(1);
    const reader = new SchemaStore(files, 'db.db/orders');
    expect(await reader.latest()).toEqual(second);
    expect(await reader.all()).toEqual([first, second]);
    await expect(reader.read(2)).rejects.toThrow(expect.objectContaining({ code: 'E3104' }));
  });

  test('of writers at the same time each builds on the one before, and no change is lost', async () => {
    const files = new MemoryFileStore();
    await new SchemaStore(files, 't').create(ORDERS, 1);
    let asked = 0;
    const add = (writer: string): Promise<TableSchema> =>
      new SchemaStore(files, 't').update((latest) => {
        asked++;
        return { ...latest, options: { ...latest.options, [`writer-${writer}`]: 'true' } };
      });
    const results = await Promise.all([add('a'), add('b'), add('c')]);
    expect(results.map((schema) => schema.id).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    expect((await new SchemaStore(files, 't').read(3)).options).toEqual({
      bucket: '2',
      'writer-a': 'true',
      'writer-b': 'true',
      'writer-c': 'true',
    });
    expect(asked).toBeGreaterThan(3);
  });

  test('an option that names a branch needs the branch', async () => {
    const files = new MemoryFileStore();
    const options = { bucket: '2', 'scan.fallback-branch': 'old' };
    await expect(new SchemaStore(files, 't').create({ ...ORDERS, options }, 1)).rejects.toMatchObject({
      code: 'E3103',
    });
    await new SchemaStore(files, 't/branch/branch-old').create(ORDERS, 1);
    expect(await new SchemaStore(files, 't').create({ ...ORDERS, options }, 1)).not.toBeNull();
  });

  test('a change of nothing writes nothing, a refused one neither', async () => {
    const files = new MemoryFileStore();
    const schemas = new SchemaStore(files, 't');
    await schemas.create(ORDERS, 1);
    expect((await schemas.update(() => null)).id).toBe(0);
    await expect(schemas.update((latest) => ({ ...latest, options: { bucket: '0' } }))).rejects.toThrow(/bucket/);
    expect(await files.list('t/schema')).toHaveLength(1);
  });
});
