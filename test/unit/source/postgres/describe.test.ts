// Which tables are mirrored, by which key and with which types; and what is said of the others.
import { describe, expect, test } from 'vitest';
import type { CatalogColumn, CatalogTable } from '../../../../src/source/postgres/catalog.ts';
import { describeTables } from '../../../../src/source/postgres/describe.ts';
import type { TablePolicy } from '../../../../src/source/postgres/settings.ts';
import { type CatalogType, planValue } from '../../../../src/source/postgres/value-plan.ts';
import { DEFAULT_VALUE_POLICIES } from '../../../../src/source/postgres/value-policies.ts';
import { builtInTypes, numericModifier, OID } from '../../../support/pgoutput-table.ts';

function column(number: number, name: string, changes: Partial<CatalogColumn> = {}): CatalogColumn {
  return {
    number,
    name,
    typeOid: OID.int4,
    modifier: -1,
    nativeType: 'integer',
    notNull: true,
    generated: false,
    ...changes,
  };
}

function table(changes: Partial<CatalogTable> = {}): CatalogTable {
  return {
    oid: 1,
    schema: 'public',
    name: 't',
    partitioned: false,
    ancestors: [],
    unlogged: false,
    identity: 'd',
    rowSecurity: false,
    selectable: true,
    owned: true,
    rowCountEstimate: 0,
    columns: [column(1, 'id'), column(3, 'code'), column(4, 'note')],
    primaryKey: [1],
    identityIndex: [],
    ...changes,
  };
}

function decide(tables: readonly CatalogTable[], policy: Partial<TablePolicy> = {}, viaPartitionRoot = true) {
  const full: TablePolicy = { key: 'auto', noKey: 'skip', types: DEFAULT_VALUE_POLICIES, ...policy };
  const publication = { name: 'p', create: 'auto', viaPartitionRoot } as const;
  const settings = { tablePolicy: () => full, publication, user: 'o"neill' };
  return describeTables({ tables, types: builtInTypes, validateUtf8: false, settings });
}

/** Names of the key columns of the only table, or the message of why it is left out. */
function keyOf(changes: Partial<CatalogTable>, policy: Partial<TablePolicy> = {}): readonly string[] | string {
  const { tables, results } = decide([table(changes)], policy);
  const [found] = tables;
  return found === undefined
    ? (results[0]?.message ?? '')
    : found.source.keyColumns.map((index) => found.source.columns[index].name);
}

describe('the key', () => {
  test('is the primary key in its own order', () => {
    expect(keyOf({ primaryKey: [4, 1] })).toEqual(['note', 'id']);
  });

  test('is the replica identity index without a primary key, or where that is not in it', () => {
    expect(keyOf({ identity: 'i', primaryKey: [], identityIndex: [3] })).toEqual(['code']);
    expect(keyOf({ identity: 'i', primaryKey: [1], identityIndex: [3] })).toEqual(['code']);
    expect(keyOf({ identity: 'i', primaryKey: [1], identityIndex: [3, 1] })).toEqual(['id']);
  });

  test('is there with a full replica identity only if there is an index', () => {
    expect(keyOf({ identity: 'f' })).toEqual(['id']);
    expect(keyOf({ identity: 'f', primaryKey: [] })).toContain('no primary key');
  });

  test('as named, if the log has it of old rows', () => {
    expect(keyOf({ identity: 'f', primaryKey: [] }, { key: ['note', 'code'] })).toEqual(['note', 'code']);
    expect(keyOf({}, { key: ['code'] })).toContain('key column code is not in the replica identity');
    expect(keyOf({}, { key: ['none'] })).toContain('no column "none"');
  });

  test('of generated columns is none', () => {
    expect(keyOf({ columns: [column(1, 'id', { generated: true }), column(3, 'code')] })).toContain('generated');
  });

  test('none: left out with a warning, or a refusal', () => {
    const statuses = (noKey: 'skip' | 'stop') =>
      decide([table({ primaryKey: [] }), table({ oid: 2, name: 'u' })], { noKey }).results.map((result) => [
        result.status,
        result.code,
      ]);
    expect(statuses('skip')[0]).toEqual(['warn', 'E2026']);
    expect(statuses('stop')[0]).toEqual(['fail', 'E2026']);
  });
});

describe('tables', () => {
  const root = table({ oid: 10, name: 'root', partitioned: true });
  const leaf = table({ oid: 11, name: 'leaf', ancestors: [10] });
  const names = (tables: readonly CatalogTable[], viaRoot: boolean): readonly string[] =>
    decide(tables, {}, viaRoot).tables.map((found) => found.source.name);

  test('partitions come as their root, or the other way, or alone', () => {
    expect(names([root, leaf], true)).toEqual(['root']);
    expect(names([root, leaf], false)).toEqual(['leaf']);
    expect(names([leaf], true)).toEqual(['leaf']);
  });

  test('none at all is a failure', () => {
    expect(decide([]).results).toMatchObject([{ status: 'fail', code: 'E2027' }]);
  });

  test.each([
    [{ unlogged: true }, 'warn', null, 'ALTER TABLE "public"."t" SET LOGGED;'],
    [{ identity: 'n' }, 'fail', 'E2026', 'ALTER TABLE "public"."t" REPLICA IDENTITY DEFAULT;'],
    [{ selectable: false }, 'fail', 'E2022', 'GRANT SELECT ON "public"."t" TO "o""neill";'],
    [{ rowSecurity: true }, 'fail', 'E2025', 'ALTER ROLE "o""neill" BYPASSRLS;'],
  ] as const)('%j is not mirrored', (changes, status, code, fix) => {
    const { tables, results } = decide([table(changes)]);
    expect(tables).toEqual([]);
    expect(results[0]).toMatchObject({ status, code, fix });
  });

  test('generated columns are left out and named; ids are those of the catalog', () => {
    const columns = [column(1, 'id'), column(2, 'gen', { generated: true }), column(5, 'note')];
    const { tables, results } = decide([table({ columns })]);
    expect(tables[0]?.source.columns.map((kept) => [kept.name, kept.id])).toEqual([
      ['id', 1],
      ['note', 5],
    ]);
    expect(tables[0]?.leftOut).toEqual(['gen']);
    expect(results[0]?.message).toContain('gen');
  });

  test('a modifier counts only where it decides the type', () => {
    const columns = [
      column(1, 'id'),
      column(2, 'v', { typeOid: OID.text, modifier: 14 }),
      column(3, 'n', { typeOid: OID.numeric, modifier: numericModifier(10, 2) }),
      column(4, 's', { typeOid: OID.numeric, modifier: numericModifier(10, 2) }),
    ];
    const types = { ...DEFAULT_VALUE_POLICIES, asString: ['s'] };
    const layout = decide([table({ columns })], { types }).tables[0]?.layout ?? [];
    expect(layout.map((entry) => [entry.plan.type.kind, entry.modifier])).toEqual([
      ['int32', -1],
      ['string', -1],
      ['decimal', numericModifier(10, 2)],
      ['string', -1],
    ]);
  });
});

describe('types', () => {
  const plan = (oid: number, modifier = -1, changes = {}) =>
    planValue(types, oid, modifier, { ...DEFAULT_VALUE_POLICIES, ...changes }).type;
  const own: readonly CatalogType[] = [
    { oid: 5000, baseOid: OID.numeric, baseModifier: numericModifier(8, 3), elementOid: 0, delimiter: 44 },
    { oid: 5001, baseOid: 5000, baseModifier: -1, elementOid: 0, delimiter: 44 },
    { oid: 5002, baseOid: 0, baseModifier: -1, elementOid: 5001, delimiter: 44 },
    { oid: 5003, baseOid: OID.int4Array, baseModifier: -1, elementOid: 0, delimiter: 44 },
    { oid: 5004, baseOid: 0, baseModifier: -1, elementOid: 5003, delimiter: 44 },
    { oid: 5005, baseOid: 0, baseModifier: -1, elementOid: 0, delimiter: 44 },
  ];
  const types = new Map([...builtInTypes, ...own.map((type) => [type.oid, type] as const)]);
  const decimal = (precision: number, scale: number) => ({ kind: 'decimal', precision, scale });

  test('numeric by its modifier', () => {
    expect(plan(OID.numeric)).toEqual({ kind: 'string' });
    expect(plan(OID.numeric, numericModifier(38, 38))).toEqual(decimal(38, 38));
    expect(plan(OID.numeric, numericModifier(39, 0))).toEqual({ kind: 'string' });
    expect(plan(OID.numeric, numericModifier(3, -2))).toEqual(decimal(5, 0));
    expect(plan(OID.numeric, numericModifier(3, 5))).toEqual(decimal(5, 5));
    expect(plan(OID.numeric, numericModifier(37, -2))).toEqual({ kind: 'string' });
    expect(plan(OID.numeric, -1, { numericUnbounded: { precision: 38, scale: 9 } })).toEqual(decimal(38, 9));
  });

  test('time by its modifier and the policy', () => {
    expect(plan(OID.time)).toEqual({ kind: 'string' });
    expect(plan(OID.time, 3)).toEqual({ kind: 'time' });
    expect(plan(OID.time, 4)).toEqual({ kind: 'string' });
    expect(plan(OID.time, 3, { time: 'string' })).toEqual({ kind: 'string' });
  });

  test('domains, arrays, arrays of domains, domains of arrays, unknown ones', () => {
    expect(plan(5000)).toEqual(decimal(8, 3));
    expect(plan(5001)).toEqual(decimal(8, 3));
    expect(plan(5002)).toEqual({ kind: 'array', element: decimal(8, 3) });
    expect(plan(5003)).toEqual({ kind: 'array', element: { kind: 'int32' } });
    expect(plan(5004)).toEqual({ kind: 'array', element: { kind: 'array', element: { kind: 'int32' } } });
    expect(plan(OID.numericArray, numericModifier(6, 1))).toEqual({ kind: 'array', element: decimal(6, 1) });
    expect(plan(OID.int4Array, -1, { multidimensional: 'string' })).toEqual({ kind: 'string' });
    expect(plan(5005)).toEqual({ kind: 'string' });
    expect(plan(999_999)).toEqual({ kind: 'string' });
  });

  test('infinity: string types every date, time and decimal as string', () => {
    for (const oid of [OID.date, OID.timestamp, OID.timestamptz])
      expect(plan(oid, -1, { infinity: 'string' })).toEqual({ kind: 'string' });
    expect(plan(OID.numeric, numericModifier(5, 1), { infinity: 'string' })).toEqual({ kind: 'string' });
    expect(plan(OID.int4, -1, { infinity: 'string' })).toEqual({ kind: 'int32' });
  });
});
