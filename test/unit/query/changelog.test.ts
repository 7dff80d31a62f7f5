import { describe, expect, it } from 'vitest';
import { rowKindText } from '../../../src/column/row-kind.ts';
import { cellAt } from '../../../src/paimon/format/cell.ts';
import {
  type ChangelogOptions,
  parseChangelogEnd,
  parseChangelogStart,
  readChangelog,
} from '../../../src/query/changelog.ts';
import { readConsumer } from '../../../src/query/consumer.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../support/committed-table.ts';
import { EagerClock } from '../../support/eager-clock.ts';
import { plain, type TableSpec, text } from '../../support/written-table.ts';

const SPEC: TableSpec = {
  columns: { id: { kind: 'INT', nullable: false }, s: { kind: 'VARCHAR', length: 100, nullable: true } },
  primaryKeys: ['id'],
};

function createTable(options: Readonly<Record<string, string>> = {}): Promise<CommittedTable> {
  return CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', { ...SPEC, options });
}

/** `snapshot kind id s` of each change. */
async function changes(lake: CommittedTable, options: ChangelogOptions = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { snapshotId, fields, columns, kinds, rowCount } of readChangelog(
    lake.table,
    options,
    new EagerClock(),
  )) {
    for (let row = 0; row < rowCount; row++) {
      const values = fields.map(({ type }, index) => String(plain(cellAt(type, columns[index], row))));
      lines.push([snapshotId, rowKindText(kinds[row]), ...values].join(' '));
    }
  }
  return lines;
}

describe('changelog of a table without a producer', () => {
  it('gives the net change of each key, whatever the files of the commit', async () => {
    const lake = await createTable();
    await lake.commit(
      [
        ['+I', 1, text('a')],
        ['+I', 2, text('b')],
      ],
      [
        ['+U', 1, text('c')],
        ['-D', 2, text('b')],
      ],
    );
    await lake.commit(
      [['-U', 1, text('c')]],
      [
        ['+U', 1, text('d')],
        ['+I', 3, text('e')],
      ],
    );
    expect(await changes(lake)).toEqual(['1 +U 1 c', '1 -D 2 b', '2 +U 1 d', '2 +I 3 e']);
  });

  it('gives a truncation as the deletes of what was there', async () => {
    const lake = await createTable();
    await lake.commit([
      ['+I', 1, text('a')],
      ['+I', 2, text('b')],
    ]);
    await lake.commit([['+U', 2, text('c')]]);
    await lake.truncate();
    await lake.commit([['+I', 7, text('z')]]);
    expect((await changes(lake)).slice(3)).toEqual(['3 -D 1 a', '3 -D 2 c', '3 +I 7 z']);
  });

  it('starts and ends where it is told', async () => {
    const lake = await createTable();
    for (const id of [1, 2, 3]) await lake.commit([['+I', id, null]]);
    expect(await changes(lake, { from: { snapshot: 2n } })).toEqual(['2 +I 2 null', '3 +I 3 null']);
    expect(await changes(lake, { to: { snapshot: 2n } })).toEqual(['1 +I 1 null', '2 +I 2 null']);
    expect(await changes(lake, { from: 'latest' })).toEqual([]);
    expect(await changes(lake, { from: { snapshot: 3n }, columns: ['s'] })).toEqual(['3 +I null']);
    // All commits of this clock are of one time.
    const { timeMillis } = await lake.table.snapshot(2n);
    expect((await changes(lake, { from: { timestamp: timeMillis } })).at(0)).toBe('1 +I 1 null');
    expect(await changes(lake, { from: { timestamp: new Date(timeMillis + 1) } })).toEqual([]);
  });
});

describe('changelog of a table with input changelog', () => {
  it('gives every change with its before-image', async () => {
    const lake = await createTable({ 'changelog-producer': 'input' });
    await lake.commit([['+I', 1, text('a')]]);
    await lake.commit([
      ['+U', 1, text('b')],
      ['+U', 1, text('c')],
    ]);
    expect((await changes(lake)).slice(1)).toEqual(['2 -U 1 a', '2 +U 1 b', '2 -U 1 b', '2 +U 1 c']);
  });
});

describe('follow', () => {
  it('gives new snapshots until its end', async () => {
    const lake = await createTable();
    await lake.commit([['+I', 1, null]]);
    const following = changes(lake, { follow: true, to: { snapshot: 3n } });
    await lake.commit([['+I', 2, null]]);
    await lake.commit([['+I', 3, null]]);
    expect(await following).toEqual(['1 +I 1 null', '2 +I 2 null', '3 +I 3 null']);
  });

  it('ends quietly with its signal', async () => {
    const lake = await createTable();
    await lake.commit([['+I', 1, null]]);
    const stop = new AbortController();
    const iterator = readChangelog(lake.table, { follow: true, signal: stop.signal }, new EagerClock());
    expect((await iterator.next()).done).toBe(false);
    stop.abort();
    expect((await iterator.next()).done).toBe(true);
  });
});

describe('consumers', () => {
  it('move on only when a snapshot was taken in full, and go on there', async () => {
    const lake = await createTable();
    await lake.commit([['+I', 1, null]]);
    await lake.commit([['+I', 2, null]]);
    const iterator = readChangelog(lake.table, { consumer: 'c1' }, new EagerClock());
    await iterator.next();
    expect(await readConsumer(lake.table, 'c1')).toBeNull();
    await iterator.next();
    expect(await readConsumer(lake.table, 'c1')).toBe(2n);
    await iterator.return(undefined);
    expect(await readConsumer(lake.table, 'c1')).toBe(2n);
    expect(await changes(lake, { consumer: 'c1', from: 'earliest' })).toEqual(['2 +I 2 null']);
    expect(await changes(lake, { consumer: 'c1' })).toEqual([]);
    const stored = await lake.table.store.read('db.db/t/consumer/consumer-c1');
    expect(JSON.parse(new TextDecoder().decode(stored))).toEqual({ nextSnapshot: 3 });
  });

  it.each(['', '../x', 'a/b', '.hidden'])('refuse the name %j', async (consumer) => {
    const lake = await createTable();
    await expect(changes(lake, { consumer })).rejects.toMatchObject({ code: 'E6020' });
  });

  it('refuse a damaged file', async () => {
    const lake = await createTable();
    await lake.table.store.replace('db.db/t/consumer/consumer-c1', new TextEncoder().encode('{"nextSnapshot":'));
    await expect(changes(lake, { consumer: 'c1' })).rejects.toMatchObject({ code: 'E6019' });
  });
});

describe('places as text', () => {
  it('are read', () => {
    expect(parseChangelogStart('earliest')).toBe('earliest');
    expect(parseChangelogStart('snapshot:12')).toEqual({ snapshot: 12n });
    expect(parseChangelogEnd('timestamp:2026-01-31T12:00:00Z')).toEqual({ timestamp: '2026-01-31T12:00:00Z' });
    expect(parseChangelogEnd('timestamp:1700000000000')).toEqual({ timestamp: 1700000000000 });
  });

  it.each(['snapshot:x', 'snapshot:', 'now', 'cut:1'])('refuse %s', (place) => {
    expect(() => parseChangelogStart(place)).toThrow(expect.objectContaining({ code: 'E6018' }));
  });

  it('end nowhere but at a snapshot', () => {
    expect(() => parseChangelogEnd('earliest')).toThrow(expect.objectContaining({ code: 'E6018' }));
  });
});
