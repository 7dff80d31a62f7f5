// A directory as a catalog: what is there, what is not, and names that must not become paths.
import { describe, expect, test } from 'vitest';
import { FileSystemCatalog, parseTableName } from '../../../../src/paimon/catalog/file-system-catalog.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';
import type { TableDefinition } from '../../../../src/paimon/schema/table-schema-json.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';

const DEFINITION: TableDefinition = {
  fields: [{ id: 0, name: 'id', type: parseDataType('INT') }],
  partitionKeys: [],
  primaryKeys: ['id'],
  options: { bucket: '1' },
  comment: null,
};

async function catalogWith(...names: readonly string[]) {
  const store = new MemoryFileStore();
  const catalog = new FileSystemCatalog(store);
  for (const name of names) await catalog.createTable(parseTableName(name), DEFINITION, 1);
  return { store, catalog };
}

test('tables are created, listed, loaded and dropped', async () => {
  const { store, catalog } = await catalogWith('shop.orders', 'shop.items', 'crm.people', 'shop.Orders.old');
  await store.create('shop.db/no-table/readme', new Uint8Array());
  await store.create('other/schema/schema-0', new Uint8Array());
  expect(await catalog.listDatabases()).toEqual(['crm', 'shop']);
  expect(await catalog.listTables('shop')).toEqual(['Orders.old', 'items', 'orders']);
  expect(await catalog.loadSchema('shop', 'orders')).toMatchObject({ id: 0, primaryKeys: ['id'], timeMillis: 1 });
  expect(await catalog.tableExists('shop', 'orders')).toBe(true);
  await catalog.dropTable('shop', 'orders');
  expect(await catalog.tableExists('shop', 'orders')).toBe(false);
  expect(await catalog.listTables('shop')).toEqual(['Orders.old', 'items']);
  expect(await store.list('shop.db/orders')).toEqual([]);
});

test('an empty warehouse has no databases', async () => {
  const { catalog } = await catalogWith();
  expect(await catalog.listDatabases()).toEqual([]);
});

test('a table is created once', async () => {
  const { catalog } = await catalogWith('shop.orders');
  await expect(catalog.createTable({ database: 'shop', table: 'orders' }, DEFINITION, 2)).rejects.toMatchObject({
    code: 'E3121',
  });
  expect((await catalog.loadSchema('shop', 'orders')).timeMillis).toBe(1);
});

describe('what is not there', () => {
  test.each([
    ['shop.ordres', /did you mean "shop\.orders"/],
    ['shpo.orders', /did you mean "shop\.orders"/],
    ['shop.customers', /table not found: table=shop\.customers/],
  ])('%s', async (name, message) => {
    const { catalog } = await catalogWith('shop.orders', 'shop.items');
    const { database, table } = parseTableName(name);
    await expect(catalog.loadSchema(database, table)).rejects.toMatchObject({ code: 'E3120' });
    await expect(catalog.loadSchema(database, table)).rejects.toThrow(message);
    await expect(catalog.dropTable(database, table)).rejects.toMatchObject({ code: 'E3120' });
  });

  test('a database', async () => {
    const { catalog } = await catalogWith('shop.orders');
    await expect(catalog.listTables('shopp')).rejects.toThrow(/did you mean "shop"/);
  });
});

test.each([
  'orders',
  'a..',
  '../x.y',
  'a./b',
  'sys.t',
  'a.b$files',
  'a. b',
  'a.b\n',
  '.t',
  'a.',
  'a.\ud800',
  `a.${'x'.repeat(300)}`,
])('the name %j is refused', async (name) => {
  const { store } = await catalogWith();
  expect(() => parseTableName(name)).toThrow(expect.objectContaining({ code: 'E3122' }));
  expect(await store.list('')).toEqual([]);
});

test('a table takes another name, and none that is taken', async () => {
  const { catalog } = await catalogWith('shop.orders', 'shop.items');
  const [orders, items] = [parseTableName('shop.orders'), parseTableName('shop.items')];
  await expect(catalog.renameTable(orders, items)).rejects.toMatchObject({ code: 'E3121' });
  await catalog.renameTable(orders, parseTableName('old.orders'));
  expect(await catalog.listTables('shop')).toEqual(['items']);
  expect((await catalog.loadSchema('old', 'orders')).timeMillis).toBe(1);
  await expect(catalog.renameTable(orders, items)).rejects.toMatchObject({ code: 'E3120' });
});

test('a database with tables is dropped with cascade only', async () => {
  const { catalog } = await catalogWith('shop.orders', 'other.items');
  await expect(catalog.dropDatabase('shop')).rejects.toMatchObject({ code: 'E3136' });
  await catalog.dropDatabase('shop', { cascade: true });
  expect(await catalog.listDatabases()).toEqual(['other']);
  await expect(catalog.dropDatabase('shop')).rejects.toMatchObject({ code: 'E3120' });
});

test('a default that is no value of its column is refused', async () => {
  const { catalog } = await catalogWith();
  const fields = DEFINITION.fields.map((field) => ({ ...field, defaultValue: 'what' }));
  const creating = catalog.createTable({ database: 'shop', table: 't' }, { ...DEFINITION, fields }, 1);
  await expect(creating).rejects.toMatchObject({ code: 'E3133' });
});
