// The decoder of the log fed with messages: transactions, places, cuts, key changes, failures of one table.
import { describe, expect, test } from 'vitest';
import type { SourcePosition } from '../../../../src/change/position.ts';
import { LogDecoder } from '../../../../src/source/postgres/log-decoder.ts';
import type { PostgresTable } from '../../../../src/source/postgres/postgres-table.ts';
import type { SourceEvent } from '../../../../src/source/source.ts';
import * as message from '../../../support/pgoutput-messages.ts';
import { OID, testTable } from '../../../support/pgoutput-table.ts';
import { rowsOf } from '../../../support/postgres-source.ts';

const COLUMNS = [
  { name: 'id', typeOid: OID.int8, identity: true },
  { name: 'note', typeOid: OID.text },
];
const { UNCHANGED } = message;

/** How the log's description of the table differs from ours. */
interface Change {
  readonly oid?: number;
  readonly columns?: readonly message.RelationColumn[];
  readonly identity?: 'd' | 'i' | 'n';
  readonly reason: string;
}

interface Run {
  readonly decoder: LogDecoder;
  readonly feed: (...messages: readonly Buffer[]) => void;
}

function run(tables: readonly PostgresTable[], options: { place?: string; beforeImages?: boolean } = {}): Run {
  const place = (options.place ?? '0/0') as SourcePosition;
  const decoder = new LogDecoder({
    tables,
    places: new Map(tables.map((table) => [table.source.key, place])),
    beforeImages: new Set(options.beforeImages === true ? tables.map((table) => table.source.key) : []),
  });
  const feed = (...messages: readonly Buffer[]): void => {
    for (const bytes of messages) decoder.message(Buffer.concat([Buffer.alloc(25), bytes]), 25);
  };
  return { decoder, feed };
}

function taken(decoder: LogDecoder): readonly SourceEvent[] {
  decoder.flush();
  return decoder.events.splice(0);
}

const T = testTable('t', COLUMNS);
const FULL = { ...T, identity: 'f' as const };

describe('transactions', () => {
  test('several small ones become one event with the boundary of the last', () => {
    const { decoder, feed } = run([T]);
    feed(
      message.begin(100n),
      message.relation(100, 't', COLUMNS),
      message.insert(100, ['1', 'a']),
      message.commit(100n, 150n, 1e12),
    );
    feed(message.begin(200n), message.insert(100, ['2', null]), message.commit(200n, 250n, 2e12));
    expect(decoder.events).toEqual([]);
    expect(decoder.ready).toBe(true);
    const events = taken(decoder);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ boundary: { position: '0/FA', commitTimeMs: 2e12, transactionCount: 2 } });
    expect(rowsOf(events, T.source)).toEqual([
      ['+I', '1', 'a'],
      ['+I', '2', null],
    ]);
  });

  test('nothing is given with a boundary while a transaction is open', () => {
    const { decoder, feed } = run([T]);
    feed(
      message.begin(100n),
      message.relation(100, 't', COLUMNS),
      message.insert(100, ['1', 'a']),
      message.commit(100n, 150n),
    );
    feed(message.begin(200n), message.insert(100, ['2', 'b']));
    expect(taken(decoder)).toEqual([]);
    feed(message.commit(200n, 250n));
    expect(decoder.events).toHaveLength(1);
    expect(decoder.events[0]).toMatchObject({ boundary: { position: '0/FA', transactionCount: 2 } });
  });

  test('a large one is cut, and only its end has the boundary', () => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(100, 't', COLUMNS));
    const count = 70_000;
    for (let row = 0; row < count; row++) feed(message.insert(100, [String(row), 'x']));
    feed(message.commit(100n, 150n));
    const events = taken(decoder);
    const boundaries = events.map((event) => (event.kind === 'changes' ? event.boundary : 'other'));
    expect(boundaries).toEqual([null, null, { position: '0/96', commitTimeMs: 946_684_800_000, transactionCount: 1 }]);
    expect(rowsOf(events, T.source).map((row) => row[1])).toEqual(
      Array.from({ length: count }, (_, row) => String(row)),
    );
  });

  test('one that ends exactly where a cut was still gets its boundary', () => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(100, 't', COLUMNS));
    for (let row = 0; row < 32_768; row++) feed(message.insert(100, [String(row), 'x']));
    expect(decoder.events).toHaveLength(1);
    feed(message.commit(100n, 150n));
    const events = taken(decoder);
    expect(events[1]).toMatchObject({ kind: 'changes', changes: [], boundary: { position: '0/96' } });
  });

  test('P5 a place includes exactly the transactions whose commit records begin before it', () => {
    const { decoder, feed } = run([T], { place: '0/96' });
    feed(
      message.begin(100n),
      message.relation(100, 't', COLUMNS),
      message.insert(100, ['1', 'a']),
      message.commit(100n, 150n),
    );
    // This one begins where the place is: it is not included, and its table was described before.
    feed(message.begin(150n), message.insert(100, ['2', 'b']), message.commit(150n, 190n));
    const events = taken(decoder);
    expect(rowsOf(events, T.source)).toEqual([['+I', '2', 'b']]);
    expect(events[0]).toMatchObject({ boundary: { position: '0/BE', transactionCount: 1 } });
  });
});

describe('progress', () => {
  test('keepalives and empty transactions count when nothing is open or waiting', () => {
    const { decoder, feed } = run([T]);
    decoder.reached(90n);
    expect(decoder.takeProgress(0n)).toBe(90n);
    expect(decoder.takeProgress(90n)).toBe(null);
    feed(message.begin(100n));
    decoder.reached(120n);
    expect(decoder.takeProgress(90n)).toBe(null);
    feed(message.commit(100n, 150n));
    expect(decoder.takeProgress(90n)).toBe(150n);
    feed(
      message.begin(200n),
      message.relation(100, 't', COLUMNS),
      message.insert(100, ['1', 'a']),
      message.commit(200n, 250n),
    );
    decoder.reached(300n);
    expect(decoder.takeProgress(150n)).toBe(null);
    taken(decoder);
    expect(decoder.takeProgress(250n)).toBe(300n);
  });
});

describe('changes', () => {
  function rows(table: PostgresTable, messages: readonly Buffer[], beforeImages = false): (string | null)[][] {
    const { decoder, feed } = run([table], { beforeImages });
    const columns = COLUMNS.map((column) => ({ ...column, identity: table.identity === 'f' || column.name === 'id' }));
    feed(
      message.begin(100n),
      message.relation(100, 't', columns, table.identity),
      ...messages,
      message.commit(100n, 150n),
    );
    const events = taken(decoder);
    const failed = events.find((event) => event.kind === 'table-failed');
    if (failed?.kind === 'table-failed') throw failed.error;
    return rowsOf(events, table.source);
  }

  test('P17 an unchanged value is missing; of an unchanged key it is taken from the old key', () => {
    expect(rows(T, [message.update(100, ['1', UNCHANGED])])).toEqual([['+U', '1', '<missing>']]);
    const toastedKey = message.update(100, [UNCHANGED, 'b'], { form: 'K', values: ['1', null] });
    expect(rows(T, [toastedKey])).toEqual([['+U', '1', 'b']]);
  });

  test('P11 a key that changes is a delete and an insert; one that only was logged is an update', () => {
    const moved = message.update(100, ['2', UNCHANGED], { form: 'K', values: ['1', null] });
    const kept = message.update(100, ['1', 'b'], { form: 'K', values: ['1', null] });
    expect(rows(T, [moved, kept])).toEqual([
      ['-D', '1', null],
      ['+I', '2', '<missing>'],
      ['+U', '1', 'b'],
    ]);
  });

  test('the old row of replica identity full', () => {
    const changed = message.update(100, ['1', UNCHANGED], { form: 'O', values: ['1', 'old'] });
    const moved = message.update(100, ['2', 'new'], { form: 'O', values: ['1', 'old'] });
    const removed = message.remove(100, 'O', ['2', 'new']);
    expect(rows(FULL, [changed, moved, removed], true)).toEqual([
      ['-U', '1', 'old'],
      ['+U', '1', 'old'],
      ['-D', '1', 'old'],
      ['+I', '2', 'new'],
      ['-D', '2', 'new'],
    ]);
    expect(rows(FULL, [changed, moved, removed])).toEqual([
      ['+U', '1', 'old'],
      ['-D', '1', null],
      ['+I', '2', 'new'],
      ['-D', '2', null],
    ]);
  });

  test('hasMissing and beforeImages are said of each batch', () => {
    const { decoder, feed } = run([T]);
    feed(
      message.begin(100n),
      message.relation(100, 't', COLUMNS),
      message.update(100, ['1', UNCHANGED]),
      message.commit(100n, 150n),
    );
    feed(message.begin(200n));
    feed(message.commit(200n, 250n));
    const first = taken(decoder);
    feed(message.begin(300n), message.update(100, ['1', 'x']), message.commit(300n, 350n));
    const second = taken(decoder);
    const flags = [...first, ...second].flatMap((event) =>
      event.kind === 'changes' ? event.changes.map((batch) => [batch.hasMissing, batch.beforeImages]) : [],
    );
    expect(flags).toEqual([
      [true, false],
      [false, false],
    ]);
  });

  test('P12 truncate stands between what was before and what is after', () => {
    const other = testTable('u', COLUMNS, { oid: 101 });
    const { decoder, feed } = run([T, other]);
    feed(message.begin(100n), message.relation(100, 't', COLUMNS), message.relation(101, 'u', COLUMNS));
    feed(message.insert(100, ['1', 'a']), message.truncate([100, 101, 999]), message.insert(100, ['2', 'b']));
    feed(message.commit(100n, 150n));
    const events = taken(decoder);
    expect(events.map((event) => event.kind)).toEqual(['changes', 'truncate', 'changes']);
    expect(events[1]).toEqual({ kind: 'truncate', tables: ['public.t', 'public.u'] });
    expect(events.map((event) => (event.kind === 'changes' ? event.boundary?.position : null))).toEqual([
      undefined,
      null,
      '0/96',
    ]);
  });

  test('a transaction that only truncates has a boundary', () => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(100, 't', COLUMNS), message.truncate([100]), message.commit(100n, 150n));
    expect(decoder.takeProgress(0n)).toBe(null);
    expect(taken(decoder)).toEqual([
      { kind: 'truncate', tables: ['public.t'] },
      {
        kind: 'changes',
        changes: [],
        boundary: { position: '0/96', commitTimeMs: 946_684_800_000, transactionCount: 1 },
      },
    ]);
  });
});

describe('a table that fails', () => {
  test('is told once, gives nothing more, and leaves the others alone', () => {
    const dated = testTable(
      'd',
      [
        { name: 'id', typeOid: OID.int8 },
        { name: 'day', typeOid: OID.date },
      ],
      { oid: 101 },
    );
    const { decoder, feed } = run([T, dated]);
    const columns = [
      { name: 'id', typeOid: OID.int8, identity: true },
      { name: 'day', typeOid: OID.date },
    ];
    feed(message.begin(100n), message.relation(100, 't', COLUMNS), message.relation(101, 'd', columns));
    feed(
      message.insert(101, ['1', '2024-01-01']),
      message.insert(100, ['1', 'a']),
      message.insert(101, ['2', 'infinity']),
    );
    feed(message.insert(101, ['3', '2024-01-01']), message.insert(100, ['2', 'b']), message.commit(100n, 150n));
    const events = taken(decoder);
    const failed = events.flatMap((event) => (event.kind === 'table-failed' ? [event] : []));
    expect(failed.map((event) => [event.table, event.error.code])).toEqual([['public.d', 'E4003']]);
    expect(failed[0]?.error.message).not.toContain('infinity');
    expect(rowsOf(events, dated.source)).toEqual([]);
    expect(rowsOf(events, T.source).map((row) => row[1])).toEqual(['1', '2']);
  });

  test.each<readonly [string, Change]>([
    ['another oid', { oid: 200, reason: 'created-anew' }],
    [
      'a column more',
      { columns: [...COLUMNS, { name: 'more', typeOid: OID.text }], reason: 'column-added column=more' },
    ],
    ['a column less', { columns: COLUMNS.slice(0, 1), reason: 'columns column=note' }],
    [
      'another type',
      { columns: [...COLUMNS.slice(0, 1), { name: 'note', typeOid: OID.int4 }], reason: 'type column=note' },
    ],
    ['no replica identity', { identity: 'n', reason: 'replica-identity-nothing' }],
    [
      'a key outside of the identity',
      {
        columns: COLUMNS.map((column) => ({ ...column, identity: false })),
        identity: 'i',
        reason: 'key-not-in-replica-identity column=id',
      },
    ],
  ])('does so for %s, when its first row comes', (_, { oid = 100, columns = COLUMNS, identity = 'd', reason }) => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(oid, 't', columns, identity));
    expect(decoder.events).toEqual([]);
    feed(
      message.insert(
        oid,
        columns.map(() => '1'),
      ),
    );
    const event = decoder.events[0];
    expect(event?.kind === 'table-failed' && [event.error.code, event.error.message]).toEqual([
      'E2032',
      `table changed in the source: table=public.t reason=${reason}`,
    ]);
  });

  test('precision decides for numeric and for nothing else', () => {
    const table = testTable('t', [
      COLUMNS[0] ?? { name: '', typeOid: 0 },
      { name: 'n', typeOid: OID.numeric, modifier: 655_366 },
    ]);
    const { decoder, feed } = run([table]);
    const columns = [
      { name: 'id', typeOid: OID.int8, identity: true },
      { name: 'n', typeOid: OID.numeric, modifier: 655_367 },
    ];
    feed(message.begin(100n), message.relation(100, 't', columns), message.insert(100, ['1', '1.000']));
    expect(decoder.events[0]).toMatchObject({
      kind: 'table-failed',
      error: { message: expect.stringContaining('precision column=n') as string },
    });
  });

  test('a column that is not mirrored is skipped', () => {
    const table = { ...T, leftOut: ['gen'] };
    const { decoder, feed } = run([table]);
    const columns = [
      COLUMNS[0] ?? { name: '', typeOid: 0 },
      { name: 'gen', typeOid: OID.int4 },
      { name: 'note', typeOid: OID.text },
    ];
    feed(
      message.begin(100n),
      message.relation(100, 't', columns),
      message.insert(100, ['1', '2', 'x']),
      message.update(100, ['1', null, UNCHANGED]),
    );
    feed(message.commit(100n, 150n));
    expect(rowsOf(taken(decoder), table.source)).toEqual([
      ['+I', '1', 'x'],
      ['+U', '1', '<missing>'],
    ]);
  });
});

describe('what is not of the protocol', () => {
  test('an unknown message is refused', () => {
    const { feed } = run([T]);
    expect(() => feed(Buffer.from('?'))).toThrow(expect.objectContaining({ code: 'E2033' }) as Error);
  });

  test.each([
    ['a tuple cut short', message.insert(100, ['1', 'abcdef']).subarray(0, -3)],
    ['a tuple of another width', message.insert(100, ['1'])],
    ['a key without a value', message.insert(100, [null, 'a'])],
    ['a key left out without an old one', message.update(100, [UNCHANGED, 'a'])],
    ['a number that is none', message.insert(100, ['1x', 'a'])],
    ['a negative length in an old tuple', message.remove(100, 'K', ['1', 'a']).fill(0xff, 9, 13)],
    ['an old tuple cut short', message.remove(100, 'K', ['1', 'a']).subarray(0, -2)],
  ])('%s fails the table', (_, bytes) => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(100, 't', COLUMNS), bytes);
    const event = decoder.events[0];
    expect(event?.kind === 'table-failed' && event.error.code).toMatch(/^E400[67]$/);
  });
});

describe('a table under another name or another table under its name', () => {
  test('a renamed table fails with its next row instead of being passed over', () => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(100, 't_old', COLUMNS), message.insert(100, ['1', 'a']));
    const [event] = decoder.events;
    expect(event).toMatchObject({ kind: 'table-failed', table: T.source.key, error: { code: 'E2032' } });
  });

  test('the truncation of a table created anew fails instead of emptying ours', () => {
    const { decoder, feed } = run([T]);
    feed(message.begin(100n), message.relation(101, 't', COLUMNS), message.truncate([101]));
    expect(decoder.events).toMatchObject([{ kind: 'table-failed', table: T.source.key, error: { code: 'E2032' } }]);
  });
});
