// ALTER and CREATE beside the reference: the same schemas, the same refusals; and what we altered, the reference reads.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { isTributaryError } from '../../src/base/errors.ts';
import { FileSystemCatalog } from '../../src/paimon/catalog/file-system-catalog.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { parseSchemaChanges } from '../../src/paimon/schema/schema-change.ts';
import { parseTableDefinition, parseTableSchema } from '../../src/paimon/schema/table-schema-json.ts';
import type { SnapshotId } from '../../src/paimon/meta/snapshot.ts';
import type { ReadPoint } from '../../src/paimon/scan/scan.ts';
import { Table } from '../../src/paimon/table.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { canonicalRows, type GoldenRow } from '../support/golden.ts';
import { Refused } from '../support/line-process.ts';
import { type Reference, reference } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

const add = (...fieldNames: string[]): object => ({ action: 'addColumn', fieldNames, dataType: 'INT' });
const drop = (...fieldNames: string[]): object => ({ action: 'dropColumn', fieldNames });
const rename = (newName: string, ...fieldNames: string[]): object => ({ action: 'renameColumn', fieldNames, newName });
const retype = (newDataType: unknown, ...fieldNames: string[]): object => ({
  action: 'updateColumnType',
  fieldNames,
  newDataType,
  keepNullability: true,
});
const nullable = (newNullability: boolean, ...fieldNames: string[]): object => ({
  action: 'updateColumnNullability',
  fieldNames,
  newNullability,
});
const move = (fieldName: string, type: string, referenceFieldName?: string): object => ({
  action: 'updateColumnPosition',
  move: { fieldName, type, referenceFieldName },
});
const byDefault = (newDefaultValue: string | null, ...fieldNames: string[]): object => ({
  action: 'updateColumnDefaultValue',
  fieldNames,
  newDefaultValue,
});
const set = (key: string, value: string): object => ({ action: 'setOption', key, value });
const reset = (key: string): object => ({ action: 'removeOption', key });

const FIELDS = [
  { id: 0, name: 'dt', type: 'STRING NOT NULL' },
  { id: 1, name: 'id', type: 'BIGINT NOT NULL' },
  { id: 2, name: 'a', type: 'INT', description: 'first' },
  { id: 3, name: 'b', type: 'STRING' },
  { id: 4, name: 'must', type: 'INT NOT NULL' },
  {
    id: 5,
    name: 'r',
    type: {
      type: 'ROW',
      fields: [
        { id: 6, name: 'x', type: 'INT' },
        { id: 7, name: 'y', type: 'STRING' },
      ],
    },
  },
  {
    id: 8,
    name: 'list',
    type: { type: 'ARRAY', element: { type: 'ROW', fields: [{ id: 9, name: 'z', type: 'INT' }] } },
  },
  { id: 10, name: 'map', type: { type: 'MAP', key: 'STRING', value: { type: 'ARRAY', element: 'INT' } } },
];
const ORDERS = {
  fields: FIELDS,
  partitionKeys: ['dt'],
  primaryKeys: ['dt', 'id'],
  options: { bucket: '1', 'sequence.field': 'a', 'bucket-key': 'id', 'ignore-delete': 'true' },
  comment: 'orders',
};

/** Lists of changes, each on the table with a row; those after `refused` are to be refused. */
const CHANGES: readonly (readonly [string, readonly object[]])[] = [
  ['columns in all places', [add('x1'), { ...add('x2'), move: { fieldName: 'x2', type: 'FIRST' } }]],
  [
    'after and before',
    [
      { ...add('x1'), move: { fieldName: 'x1', type: 'AFTER', referenceFieldName: 'id' }, comment: 'c' },
      { ...add('x2'), move: { fieldName: 'x2', type: 'BEFORE', referenceFieldName: 'id' } },
      { ...add('x3'), move: { fieldName: 'x3', type: 'LAST' } },
    ],
  ],
  ['nested columns', [add('r', 'new'), add('list', 'element', 'new'), drop('r', 'x'), rename('yy', 'r', 'y')]],
  [
    'a nested column with rows in it',
    [
      {
        ...add('n'),
        dataType: { type: 'ROW', fields: [{ name: 'p', type: { type: 'ROW', fields: [{ name: 'q', type: 'INT' }] } }] },
      },
      add('n', 'p', 's'),
    ],
  ],
  [
    'nested types',
    [retype('BIGINT', 'r', 'x'), retype('BIGINT', 'list', 'element', 'z'), retype('BIGINT', 'map', 'value', 'element')],
  ],
  ['nested nullability', [nullable(true, 'must'), nullable(true, 'r', 'x')]],
  ['renames that options follow', [rename('seq', 'a'), rename('key', 'id')]],
  ['a swap of names', [rename('t', 'b'), rename('b', 'r'), rename('r', 't')]],
  [
    'comments',
    [
      { action: 'updateComment', comment: 'new' },
      { action: 'updateColumnComment', fieldNames: ['a'], newComment: 'second' },
      { action: 'updateColumnComment', fieldNames: ['r', 'x'], newComment: 'inside' },
    ],
  ],
  [
    'no comment',
    [
      { action: 'updateComment', comment: null },
      { action: 'updateColumnComment', fieldNames: ['a'] },
    ],
  ],
  ['defaults', [byDefault('7', 'a'), byDefault("'x'", 'b'), byDefault('[{1}]', 'list'), byDefault(null, 'b')]],
  ['moves', [move('a', 'LAST'), move('b', 'FIRST'), move('id', 'AFTER', 'must'), move('r', 'BEFORE', 'dt')]],
  ['options', [set('snapshot.num-retained.max', '20'), set('bucket', '2'), reset('ignore-delete')]],
  ['dropped and added', [drop('b'), add('b')]],
  ['not null where it is allowed', [set('alter-column-null-to-not-null.disabled', 'false')]],
  ['a sequence column of another type', [retype('BIGINT', 'a')]],
  ['refused: a duplicate', [add('a')]],
  ['refused: NOT NULL', [{ ...add('n'), dataType: 'INT NOT NULL' }]],
  ['refused: beside nothing', [{ ...add('n'), move: { fieldName: 'n', type: 'AFTER', referenceFieldName: 'none' } }]],
  ['refused: unknown', [drop('none')]],
  ['refused: unknown inside', [drop('r', 'none')]],
  ['refused: all of a row', [drop('list', 'element', 'z')]],
  ['refused: dropping a key', [drop('id')]],
  ['refused: dropping a partition', [drop('dt')]],
  ['refused: dropping the sequence', [drop('a')]],
  ['refused: renaming a partition', [rename('day', 'dt')]],
  ['refused: renaming to a name that is there', [rename('b', 'a')]],
  ['refused: retyping a key', [retype('STRING', 'id')]],
  ['refused: retyping a row', [retype('INT', 'r')]],
  ['refused: a nullable key', [nullable(true, 'id')]],
  ['refused: not null', [nullable(false, 'a')]],
  ['refused: a default', [byDefault('x', 'a')]],
  ['refused: moving to itself', [move('a', 'AFTER', 'a')]],
  ['refused: moving where it is', [move('dt', 'FIRST')]],
  ['refused: immutable', [set('merge-engine', 'partial-update')]],
  ['refused: another bucket key', [set('bucket-key', 'id')]],
  ['refused: dynamic buckets', [set('bucket', '-1')]],
  ['refused: no bucket', [reset('bucket')]],
  ['refused: deletion vectors', [set('deletion-vectors.enabled', 'true')]],
  ['refused: ignore-delete', [set('ignore-delete', 'false')]],
  [
    'refused: a changelog that does not go',
    [set('changelog-producer', 'lookup'), set('streaming-read-overwrite', 'true')],
  ],
  ['refused: a reserved name', [add('_KEY_a')]],
  ['refused: a sequence that is not there', [set('sequence.field', 'none')]],
  ['refused: no key any more', [{ action: 'dropPrimaryKey' }]],
  ['refused: a fields option of no column', [set('fields.none.aggregate-function', 'sum')]],
];

const TABLE = join('db.db', 't');

function schemaFile(warehouse: string, id: number): unknown {
  const path = join(warehouse, TABLE, 'schema', `schema-${id}`);
  if (!existsSync(path)) return 'refused';
  const { timeMillis: _, ...schema } = parseTableSchema(readFileSync(path, 'utf8'));
  return schema;
}

async function rowsOf(table: Table, at: ReadPoint = { kind: 'latest' }): Promise<readonly GoldenRow[]> {
  const rows: GoldenRow[] = [];
  for await (const batch of table.read({ at })) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return rows;
}

/** Whether it is done; false for a refusal. */
async function isDone(doing: Promise<unknown>): Promise<boolean> {
  try {
    await doing;
    return true;
  } catch (error) {
    if (error instanceof Refused || isTributaryError(error)) return false;
    throw error;
  }
}

describe.skipIf(java === null)('beside the reference', () => {
  const client = java as Reference;
  let original = '';

  beforeAll(async () => {
    if (java === null) return;
    original = tempDir();
    await client.create({ warehouse: original, table: 'db.t' }, ORDERS);
    const row = { dt: 'd', id: '1', a: 1, b: 'b', must: 2, r: { x: 3, y: 'y' }, list: [{ z: 4 }], map: [['k', [5]]] };
    await client.write({ warehouse: original, table: 'db.t' }, [{ kind: '+I', row }]);
  });

  test.each(CHANGES)('ALTER %s', async (name, changes) => {
    const [theirs, ours] = [tempDir(), tempDir()];
    for (const warehouse of [theirs, ours]) cpSync(original, warehouse, { recursive: true });
    const at = { warehouse: ours, table: 'db.t' };
    const isTheirs = await isDone(client.alter({ ...at, warehouse: theirs }, changes));
    const table = await Table.open(new LocalFileStore(ours), { database: 'db', table: 't' });
    await isDone(Promise.resolve().then(() => table.alter(parseSchemaChanges(JSON.stringify(changes)))));
    expect(schemaFile(ours, 1)).toEqual(schemaFile(theirs, 1));
    expect(isTheirs).toBe(!name.startsWith('refused'));
    if (!isTheirs) return;
    const rows = await client.read(at);
    expect(rows).toEqual(await client.read({ ...at, warehouse: theirs }));
    expect(await rowsOf(table)).toEqual(rows);
    expect(await client.fsck(at)).toEqual(await client.fsck({ ...at, warehouse: theirs }));
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['deduplicate', { 'sequence.field': 'v' }, true],
    ['partial-update', { 'merge-engine': 'partial-update' }, true],
    ['aggregation', { 'merge-engine': 'aggregation', 'fields.v.aggregate-function': 'sum' }, true],
    ['thin', { 'data-file.thin-mode': 'true' }, true],
    ['plain', {}, true],
    ['append', {}, false],
  ])('files of several schemas are merged and compacted: %s', async (_name, options, isKeyed) => {
    const at = { warehouse: tempDir(), table: 'db.t' };
    const fields = [
      { id: 0, name: 'id', type: 'INT NOT NULL' },
      { id: 1, name: 'p', type: 'STRING NOT NULL' },
      { id: 2, name: 'v', type: 'INT' },
      { id: 3, name: 'r', type: { type: 'ROW', fields: [{ id: 4, name: 'x', type: 'INT' }] } },
    ];
    const keys = { partitionKeys: ['p'], primaryKeys: isKeyed ? ['p', 'id'] : [] };
    const bucket = isKeyed ? '1' : '-1';
    await client.create(at, { fields, ...keys, options: { bucket, ...options }, comment: '' });
    const write = (rows: readonly GoldenRow[]): Promise<void> =>
      client.write(
        at,
        rows.map((row) => ({ kind: '+I', row })),
        { writeOnly: true },
      );
    await write([1, 2, 3].map((key) => ({ id: key, p: 'a', v: key * 10, r: { x: key } })));
    await client.alter(at, [rename('key', 'id'), retype('BIGINT', 'v'), add('r', 'y'), add('n')]);
    await write([2, 3, 4].map((key) => ({ key, p: 'a', v: String(key), r: { x: key, y: 1 }, n: key })));
    await client.alter(at, [drop('n'), rename('w', 'v'), retype('STRING', 'r', 'x'), move('r', 'FIRST')]);
    await write([3, 5].map((key) => ({ key, p: 'b', w: String(key), r: { x: 'text', y: null } })));
    await write([3, 1].map((key) => ({ key, p: 'a', w: '7', r: null })));
    const expected = await client.read(at);
    const table = await Table.open(new LocalFileStore(at.warehouse), { database: 'db', table: 't' });
    expect(canonicalRows(await rowsOf(table))).toEqual(canonicalRows(expected));
    // Neither travels to where an option names a column that has another name there.
    const refused = (error: unknown): string[] => {
      if (error instanceof Refused || isTributaryError(error, 'E3103')) return ['refused'];
      throw error;
    };
    for (const snapshot of [1, 2, 3]) {
      const then = await client.read(at, { snapshot }).then(canonicalRows, refused);
      const point = { kind: 'snapshot', id: BigInt(snapshot) as SnapshotId } as const;
      expect(await rowsOf(table, point).then(canonicalRows, refused)).toEqual(then);
    }
    const session = await TableSession.open(table, { user: 'us' });
    const report = await session.compact({ full: true });
    // Few small files of an append table are not worth it.
    expect(report?.outcome).toBe(isKeyed ? 'committed' : undefined);
    await session.close();
    expect(await client.read(at)).toEqual(expected);
    const { problems } = await client.fsck(at);
    expect(problems.filter((problem) => !problem.includes('can not be found in table schema'))).toEqual([]);
  });

  test('default values are written where a row has NULL, and NULL is refused where it must not be', async () => {
    const columns = [
      { id: 0, name: 'p', type: 'STRING', defaultValue: "'none'" },
      { id: 1, name: 'id', type: 'INT NOT NULL' },
      { id: 2, name: 'l', type: { type: 'ARRAY', element: 'INT' }, defaultValue: '[1, null]' },
      { id: 3, name: 'd', type: 'DECIMAL(5, 2)', defaultValue: '1.5' },
      { id: 4, name: 't', type: 'TIMESTAMP(3)', defaultValue: '2024-01-01 00:00:00' },
      { id: 5, name: 'm', type: { type: 'MAP', key: 'STRING', value: 'INT' }, defaultValue: '{a -> 1}' },
      { id: 6, name: 'r', type: { type: 'ROW', fields: [{ id: 7, name: 'x', type: 'INT' }] }, defaultValue: '{5}' },
    ];
    const schema = { fields: columns, partitionKeys: ['p'], primaryKeys: [], options: { bucket: '-1' }, comment: '' };
    const [theirs, ours] = [tempDir(), tempDir()].map((warehouse) => ({ warehouse, table: 'db.t' }));
    for (const at of [theirs, ours]) await client.create(at, schema);
    await client.write(theirs, [{ kind: '+I', row: { id: 1 } }]);
    await expect(client.write(theirs, [{ kind: '+I', row: { p: 'x' } }])).rejects.toThrow(Refused);
    const table = await Table.open(new LocalFileStore(ours.warehouse), { database: 'db', table: 't' });
    const session = await TableSession.open(table, { user: 'us' });
    await session.write([{ id: 1 }]);
    await session.commit();
    await session.write([{ p: 'x' }]);
    await expect(session.commit()).rejects.toMatchObject({ code: 'E3135' });
    await session.close();
    expect(await client.read(ours)).toEqual(await client.read(theirs));
  });

  const [id, v, s] = [
    { id: 0, name: 'id', type: 'INT NOT NULL' },
    { id: 1, name: 'v', type: 'INT' },
    { id: 2, name: 's', type: 'STRING' },
  ];
  const base = { fields: [id, v, s], partitionKeys: [], primaryKeys: ['id'], options: { bucket: '1' }, comment: '' };
  const withOptions = (options: object): object => ({ ...base, options: { ...base.options, ...options } });
  const append = (options: object): object => ({ ...base, primaryKeys: [], options });
  const nested = { id: 3, name: 'n', type: { type: 'ARRAY', element: 'INT' } };

  test.each<[string, object]>([
    ['plain', base],
    ['a format table', withOptions({ type: 'format-table' })],
    ['an object table', withOptions({ type: 'object-table' })],
    ['a materialized table', withOptions({ type: 'materialized-table' })],
    ['auto-create', withOptions({ 'auto-create': 'true' })],
    ['keys by options', { ...base, primaryKeys: [], options: { bucket: '1', 'primary-key': 'id' } }],
    ['keys twice', withOptions({ 'primary-key': 'id' })],
    ['an unknown key', { ...base, primaryKeys: ['none'] }],
    ['a key twice', { ...base, primaryKeys: ['id', 'id'] }],
    ['a nested key', { ...base, fields: [...base.fields, nested], primaryKeys: ['n'] }],
    [
      'a nested partition',
      { ...base, fields: [...base.fields, nested], partitionKeys: ['n'], primaryKeys: ['n', 'id'] },
    ],
    ['partitions alone as key', { ...base, partitionKeys: ['id'] }],
    ['cross-partition, fixed buckets', { ...base, partitionKeys: ['v'] }],
    ['cross-partition, dynamic buckets', { ...base, partitionKeys: ['v'], options: { bucket: '-1' } }],
    [
      'cross-partition with a sequence',
      { ...base, partitionKeys: ['v'], options: { bucket: '-1', 'sequence.field': 's' } },
    ],
    ['names twice', { ...base, fields: [id, v, { ...s, name: 'v' }] }],
    ['ids twice', { ...base, fields: [id, v, { ...s, id: 1 }] }],
    ['a reserved prefix', { ...base, fields: [id, v, { ...s, name: '_KEY_s' }] }],
    ['a system name', { ...base, fields: [id, v, { ...s, name: '_LEVEL' }] }],
    ['rowkind as a name', { ...base, fields: [id, v, { ...s, name: 'rowkind' }] }],
    ['bucket 0', withOptions({ bucket: '0' })],
    ['bucket -3', withOptions({ bucket: '-3' })],
    ['bucket key outside', withOptions({ 'bucket-key': 'v' })],
    ['bucket key unknown', withOptions({ 'bucket-key': 'none' })],
    ['bucket key of dynamic buckets', withOptions({ bucket: '-1', 'bucket-key': 'id' })],
    ['append, no bucket key', append({ bucket: '2' })],
    ['append, bucket key', append({ bucket: '2', 'bucket-key': 'v' })],
    ['append, nested bucket key', { ...append({ bucket: '2', 'bucket-key': 'n' }), fields: [...base.fields, nested] }],
    ['append, postponed', append({ bucket: '-2' })],
    ['append with a changelog', append({ 'changelog-producer': 'input' })],
    ['append, full compaction by commits', append({ 'full-compaction.delta-commits': '1' })],
    ['append with a merge engine', append({ 'merge-engine': 'partial-update' })],
    ['append with a sequence', append({ 'sequence.field': 'v' })],
    ['append with row tracking', append({ 'row-tracking.enabled': 'true' })],
    ['row tracking of keys', withOptions({ 'row-tracking.enabled': 'true' })],
    ['data evolution without row tracking', append({ 'data-evolution.enabled': 'true' })],
    ['append with deletion vectors', append({ 'deletion-vectors.enabled': 'true' })],
    [
      'deletion vectors and lookup',
      withOptions({ 'deletion-vectors.enabled': 'true', 'changelog-producer': 'lookup' }),
    ],
    ['deletion vectors and input', withOptions({ 'deletion-vectors.enabled': 'true', 'changelog-producer': 'input' })],
    [
      'deletion vectors and full-compaction',
      withOptions({ 'deletion-vectors.enabled': 'true', 'changelog-producer': 'full-compaction' }),
    ],
    [
      'deletion vectors and first-row',
      withOptions({ 'deletion-vectors.enabled': 'true', 'merge-engine': 'first-row' }),
    ],
    ['first-row and input', withOptions({ 'merge-engine': 'first-row', 'changelog-producer': 'input' })],
    ['first-row and lookup', withOptions({ 'merge-engine': 'first-row', 'changelog-producer': 'lookup' })],
    ['first-row and a sequence', withOptions({ 'merge-engine': 'first-row', 'sequence.field': 'v' })],
    ['a sequence', withOptions({ 'sequence.field': 'v' })],
    ['a sequence twice', withOptions({ 'sequence.field': 'v,v' })],
    ['an unknown sequence', withOptions({ 'sequence.field': 'none' })],
    [
      'an aggregated sequence',
      withOptions({ 'sequence.field': 'v', 'merge-engine': 'aggregation', 'fields.v.aggregate-function': 'max' }),
    ],
    ['a row kind column', withOptions({ 'rowkind.field': 's' })],
    ['an unknown row kind column', withOptions({ 'rowkind.field': 'none' })],
    ['fields of no column', withOptions({ 'fields.none.ignore-retract': 'true' })],
    ['snapshots 0', withOptions({ 'snapshot.num-retained.min': '0' })],
    [
      'snapshots the wrong way round',
      withOptions({ 'snapshot.num-retained.min': '5', 'snapshot.num-retained.max': '4' }),
    ],
    [
      'changelogs the wrong way round',
      withOptions({ 'changelog.num-retained.min': '5', 'changelog.num-retained.max': '4' }),
    ],
    [
      'overwrites read by streams, lookup',
      withOptions({ 'streaming-read-overwrite': 'true', 'changelog-producer': 'lookup' }),
    ],
    ['overwrites read by streams', withOptions({ 'streaming-read-overwrite': 'true' })],
    ['overwrites read by streams, append', append({ 'streaming-read-overwrite': 'true' })],
    ['expiring partitions that are not', withOptions({ 'partition.expiration-time': '1 d' })],
    ['expiring rows by a number', withOptions({ 'record-level.expire-time': '1 d', 'record-level.time-field': 'v' })],
    ['expiring rows by a text', withOptions({ 'record-level.expire-time': '1 d', 'record-level.time-field': 's' })],
    ['expiring rows by nothing', withOptions({ 'record-level.expire-time': '1 d', 'record-level.time-field': 'none' })],
    [
      'a fine timestamp in Avro',
      { ...withOptions({ 'file.format': 'avro' }), fields: [id, { ...v, type: 'TIMESTAMP(9)' }] },
    ],
    ['a fine time in Avro', { ...withOptions({ 'file.format': 'avro' }), fields: [id, { ...v, type: 'TIME(6)' }] }],
    ['a fine timestamp in Parquet', { ...base, fields: [id, { ...v, type: 'TIMESTAMP(9)' }] }],
    ['a default', { ...base, fields: [id, { ...v, defaultValue: '5' }] }],
    ['a wrong default', { ...base, fields: [id, { ...v, defaultValue: 'five' }] }],
    ['an upsert key', append({ 'upsert-key': 'id' })],
    ['an upsert key beside a primary key', withOptions({ 'upsert-key': 'id' })],
    ['sequence numbers of no keys', append({ 'table-read.sequence-number.enabled': 'true' })],
    ['clustering keys', withOptions({ 'clustering.incremental': 'true' })],
    ['a fallback branch that is not there', withOptions({ 'scan.fallback-branch': 'none' })],
    ['a time without its mode', withOptions({ 'scan.mode': 'from-timestamp' })],
    ['a snapshot in another mode', withOptions({ 'scan.mode': 'latest', 'scan.snapshot-id': '1' })],
  ])('CREATE %s', async (_name, schema) => {
    const [theirs, ours] = [tempDir(), tempDir()];
    await isDone(client.create({ warehouse: theirs, table: 'db.t' }, schema));
    const catalog = new FileSystemCatalog(new LocalFileStore(ours));
    const place = { database: 'db', table: 't' };
    await isDone(
      Promise.resolve().then(() =>
        catalog.createTable(place, parseTableDefinition(JSON.stringify(schema)), systemClock.nowMs()),
      ),
    );
    expect(schemaFile(ours, 0)).toEqual(schemaFile(theirs, 0));
  });
});
