// Which tables match, and which settings win.
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load-config.ts';
import { type TableRules, tableRules } from '../../../src/config/table-rules.ts';

function rules(source: string): TableRules {
  const text = `version: 1\nsources: { s: { url: "postgres://u@h/d", ${source} } }`;
  const { config } = parseConfig(text, 'test.yaml', { environment: {}, readFile: () => '' });
  return tableRules(config.sources['s'], 'sources.s');
}

function included(source: string, names: readonly string[]): readonly string[] {
  const selection = rules(source);
  return names.filter((name) => selection.includes(name));
}

const NAMES = [
  'public.orders',
  'public.audit_log',
  'public.audit_keep',
  'sales.orders',
  'public.my.table',
  'publicxorders',
];

describe('selection', () => {
  test.each([
    ['tables: []', []],
    ['tables: ["public.*"]', ['public.orders', 'public.audit_log', 'public.audit_keep', 'public.my.table']],
    ['tables: ["public.*", "!public.audit_*"]', ['public.orders', 'public.my.table']],
    [
      'tables: ["public.*", "!public.audit_*", "public.audit_keep"]',
      ['public.orders', 'public.audit_keep', 'public.my.table'],
    ],
    [
      'tables: ["!public.audit_*", "public.*"]',
      ['public.orders', 'public.audit_log', 'public.audit_keep', 'public.my.table'],
    ],
    ['tables: ["*.orders"]', ['public.orders', 'sales.orders']],
    ['tables: ["sale?.orders"]', ['sales.orders']],
    ['tables: ["/^(public|sales)\\\\.orders$/"]', ['public.orders', 'sales.orders']],
    ['tables: ["*", "!/audit/"]', ['public.orders', 'sales.orders', 'public.my.table', 'publicxorders']],
    ['tables: [{ match: "sales.orders" }]', ['sales.orders']],
  ])('%s', (source, expected) => {
    expect(included(source, NAMES)).toEqual(expected);
  });

  test('a name is matched as a whole and letter by letter', () => {
    expect(
      included('tables: ["public.orders"]', [
        'public.orders',
        'public.orders2',
        'xpublic.orders',
        'Public.orders',
        'public-orders',
      ]),
    ).toEqual(['public.orders']);
  });
});

describe('settings', () => {
  test('columns are added to tables that go to one, and what stands with it is that one has', () => {
    const all = rules(`tables: [
      { match: "t_*.orders", to: ods.orders, buckets: 3, columns: { add: { shard: "{schema}" } } },
      { match: "t_1.*", buckets: 7 }, { match: "t_2.orders", to: ods.second } ]`);
    expect(all.rule('t_1.orders').add).toEqual({ shard: '{schema}' });
    expect(all.rule('t_2.orders')).toMatchObject({ to: { table: 'second' }, add: {} });
    expect(all.mergedRule('ods.orders')).toMatchObject({ buckets: 3, add: { shard: '{schema}' } });
    expect(all.mergedRule('ods.second')).toBeNull();
    const given = rules('defaults: { columns: { add: { a: x } } }, tables: [ "t.*", { match: "t.u", to: o.u } ]');
    expect(given.rule('t.u')).toMatchObject({ add: { a: 'x' } });
    expect(given.mergedRule('o.u')).toMatchObject({ add: { a: 'x' } });
    expect(given.rule('t.v').to).toBeNull();
    expect(() => rules('tables: [ { match: "t.*", columns: { add: { shard: "{schema}" } } } ]')).toThrow(
      expect.objectContaining({ code: 'E1008' }),
    );
  });

  test('entries override defaults, later ones override earlier ones, each only what it mentions', () => {
    const all = rules(`defaults: { key: [id], types: { time: string }, options: { a: 1, b: 1 } }, tables: [
      { match: "public.*", buckets: 4, types: { infinity: as_null }, options: { b: 2, c: 2 }, columns: { types: { x: string } } },
      { match: "public.orders", to: "ods.o.x", no_key: stop, buckets: auto, options: { c: 3 }, columns: { types: { y: string } } }]`);
    expect(all.rule('public.orders')).toEqual({
      to: { database: 'ods', table: 'o.x' },
      add: {},
      key: ['id'],
      noKey: 'stop',
      buckets: 'auto',
      types: { numeric_unbounded: 'string', numeric_overflow: 'stop', infinity: 'as_null', time: 'string' },
      columnTypes: { x: 'string', y: 'string' },
      options: { a: '1', b: '2', c: '3' },
    });
    expect(all.rule('public.other')).toMatchObject({
      to: null,
      buckets: 4,
      noKey: 'skip',
      options: { a: '1', b: '2', c: '2' },
    });
    expect(all.rule('sales.orders')).toMatchObject({
      to: null,
      buckets: 'auto',
      options: { a: '1', b: '1' },
      columnTypes: {},
    });
  });
});

describe('entries that cannot be right are E1008', () => {
  test.each([
    ['tables: ["orders"]', 'did you mean "public.orders"?'],
    ['tables: ["/(/"]', 'no regular expression'],
    ['tables: [{ match: "!public.x" }]', 'cannot remove'],
    ['tables: [{ match: "public.x", to: "x" }]', 'database.table'],
    ['tables: [{ match: "public.x", to: "x." }]', 'database.table'],
  ])('%s', (source, message) => {
    expect(() => rules(source)).toThrow(
      expect.objectContaining({ code: 'E1008', message: expect.stringContaining(message) as string }),
    );
  });
});
