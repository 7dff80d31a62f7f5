// Names of tables, branches and system tables.
import { expect, test } from 'vitest';
import { parseObjectName } from '../../../../src/paimon/catalog/object-name.ts';

test.each([
  ['shop.orders', { branch: null, system: null }],
  ['shop.orders$snapshots', { branch: null, system: 'snapshots' }],
  ['shop.orders$branch_dev', { branch: 'dev', system: null }],
  ['shop.orders$branch_dev$files', { branch: 'dev', system: 'files' }],
  ['shop.orders$branch_a.b$files', { branch: 'a.b', system: 'files' }],
])('%s', (name, parts) => {
  expect(parseObjectName(name)).toEqual({ kind: 'table', database: 'shop', table: 'orders', ...parts });
});

test('tables of the catalog itself', () => {
  expect(parseObjectName('sys.tables')).toEqual({ kind: 'global', system: 'tables' });
});

test.each(['orders', 'shop.', 'shop.$files', 'shop.o$', 'shop.o$a$b', 'shop.o$branch_', 'shop.o$branch_b$c$d'])(
  '%s is refused',
  (name) => {
    expect(() => parseObjectName(name)).toThrow(expect.objectContaining({ code: 'E3122' }));
  },
);
