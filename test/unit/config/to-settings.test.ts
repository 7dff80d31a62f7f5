// The settings that a configuration becomes.
import { expect, test } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import { type LoadedConfig, parseConfig } from '../../../src/config/load-config.ts';
import { mirrorSettings, postgresSettings, retrySettings, sourceNames } from '../../../src/config/to-settings.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const environment: Record<string, string> = {};

function load(text: string): LoadedConfig {
  return parseConfig(`version: 1\n${text}`, 'test.yaml', {
    environment,
    readFile: (path) => `${path}-${environment['N'] ?? ''}\n`,
  });
}

test('a source with nothing but a url has the documented defaults', async () => {
  const loaded = load('sources: { shop: { url: "postgres://joe:pw@db/shop", tables: ["public.*"] } }');
  const settings = postgresSettings(loaded, 'shop');
  expect(settings).toMatchObject({
    host: 'db',
    port: 5432,
    user: 'joe',
    database: 'shop',
    connectTimeoutMs: 10_000,
    tls: { mode: 'prefer', ca: null },
    slot: { name: 'tributary_shop', create: 'auto', failover: 'auto' },
    publication: { name: 'tributary_shop', create: 'auto', viaPartitionRoot: true },
    heartbeat: { intervalMs: 30_000, emit: 'auto' },
    onSlotLost: 'stop',
  });
  expect(await settings.password()).toBe('pw');
  expect(settings.includes('public', 'x')).toBe(true);
  expect(settings.includes('sales', 'x')).toBe(false);
  expect(settings.tablePolicy('public', 'x')).toEqual({
    key: 'auto',
    noKey: 'skip',
    types: {
      numericUnbounded: 'string',
      numericOverflow: 'stop',
      infinity: 'stop',
      multidimensional: 'stop',
      time: 'auto',
      asString: [],
    },
  });
  expect(mirrorSettings(loaded, 'shop')).toMatchObject({
    pipeline: 'shop',
    database: 'shop',
    commit: { intervalMs: 5000, bytesMax: 128 * 1024 ** 2, rowsMax: 1_000_000 },
    memoryBytesMax: 256 * 1024 ** 2,
    heartbeatMs: 30_000,
    snapshots: { retainMs: 3_600_000, countMin: 10 },
    compaction: 'inline',
    onTableError: 'isolate',
    untilCaughtUp: false,
    acceptGap: null,
  });
  expect(retrySettings(loaded)).toEqual({ initialMs: 1000, maxMs: 60_000, giveUpMs: 300_000 });
});

test('P46: the password is read anew at every connect, from `password` before the url', async () => {
  environment['N'] = '1';
  environment['URL_PASSWORD'] = 'a';
  const loaded = load(`sources:
    file: { url: "postgres://joe:pw@db/shop", password: "\${file:/secret}" }
    url: { url: "postgres://joe:\${env:URL_PASSWORD}@db/shop" }
    none: { url: "postgres://joe@db/shop" }`);
  const file = postgresSettings(loaded, 'file').password;
  const url = postgresSettings(loaded, 'url').password;
  expect([await file(), await url()]).toEqual(['/secret-1', 'a']);
  environment['N'] = '2';
  environment['URL_PASSWORD'] = 'b';
  expect([await file(), await url()]).toEqual(['/secret-2', 'b']);
  expect(await postgresSettings(loaded, 'none').password()).toBeNull();
  delete environment['URL_PASSWORD'];
  await expect(url()).rejects.toMatchObject({ code: 'E1003' });
});

test('tables go where templates, entries and options say; pipelines share the memory', () => {
  const loaded = load(`lake: { database: "{source}_{schema}", case: lower, options: { file.format: parquet } }
sources:
  one: { url: "postgres://u@h/d", tables: [{ match: public.a, to: ods.b, buckets: 4, options: { changelog-producer: input } }] }
  two: { url: "postgres://u@h/e", tables: ["*", { match: "*.b", buckets: dynamic }] }
limits: { memory: 100MiB }`);
  const one = mirrorSettings(loaded, 'one');
  expect(one.mapping(tableKey('public', 'a'))).toEqual({
    database: 'ods',
    table: 'b',
    case: 'lower',
    buckets: 4,
    options: { 'file.format': 'parquet', 'changelog-producer': 'input' },
  });
  expect(mirrorSettings(loaded, 'two').mapping(tableKey('public', 'a'))).toMatchObject({
    database: '{source}_{schema}',
    table: '{table}',
    buckets: 'auto',
  });
  expect(mirrorSettings(loaded, 'two').mapping(tableKey('public', 'b')).buckets).toBe('dynamic');
  expect(one.memoryBytesMax).toBe(50 * 1024 ** 2);
  expect(sourceNames(loaded)).toEqual(['one', 'two']);
});

test('a run adds its options', () => {
  const loaded = load('sources: { s: { url: "postgres://u@h/d" } }');
  const acceptGap = { from: '0/1', to: '0/2' };
  expect(mirrorSettings(loaded, 's', { untilCaughtUp: true, acceptGap })).toMatchObject({
    untilCaughtUp: true,
    acceptGap,
  });
});

test('no source, and none of that name', () => {
  expect(thrownBy(() => sourceNames(load('')))).toMatchObject({ code: 'E1009' });
  const loaded = load('sources: { shop: { url: "postgres://u@h/d" } }');
  expect(thrownBy(() => postgresSettings(loaded, 'shp'))).toMatchObject({
    code: 'E1009',
    message: expect.stringContaining('did you mean "shop"') as string,
  });
  expect(thrownBy(() => mirrorSettings(loaded, 'toString'))).toMatchObject({ code: 'E1009' });
});
