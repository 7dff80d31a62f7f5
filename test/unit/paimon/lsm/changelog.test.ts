// Changelogs and deletion vectors that compactions make, through the public way in: what a reader sees at every snapshot
// and what the changes say.
import { describe, expect, it } from 'vitest';
import { rowKindText } from '../../../../src/column/row-kind.ts';
import { cellAt } from '../../../../src/paimon/format/cell.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { RealTable } from '../../../support/real-table.ts';
import { type Change, plain } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const COLUMNS = { id: { kind: 'INT', nullable: false }, v: INT, w: INT } as const;

function create(options: Readonly<Record<string, string>>): Promise<RealTable> {
  return RealTable.create({ columns: COLUMNS, primaryKeys: ['id'], options });
}

/** The changes of all snapshots as texts, `snapshot kind values`. */
async function changes(table: RealTable, after = 0n): Promise<readonly string[]> {
  const found: string[] = [];
  const latest = (await table.table.latestSnapshot())?.id ?? 0n;
  for await (const batch of table.table.changes({ after, upTo: latest })) {
    for (let row = 0; row < batch.rowCount; row++) {
      const cells = batch.columns.map((vector, at) => plain(cellAt(batch.fields[at].type, vector, row)));
      found.push(`${batch.snapshotId} ${rowKindText(batch.kinds[row])} ${cells.join(',')}`);
    }
  }
  return found;
}

async function levels(table: RealTable): Promise<readonly string[]> {
  const files = (await table.table.liveFiles()).entries().map(({ file }) => `L${file.level}:${file.rowCount}`);
  return files.sort();
}

async function commitAndCompact(table: RealTable, rows: readonly Change[], full = false): Promise<void> {
  await table.commit(rows);
  await table.compact({ full });
}

/** A base of rows 1 … 2000 on the highest level, large enough that later files stay below it. */
async function withBase(options: Readonly<Record<string, string>>): Promise<RealTable> {
  const table = await create(options);
  const rows = Array.from({ length: 2000 }, (_, index): Change => ['+I', index + 1, index * 7919, index * 31]);
  await commitAndCompact(table, rows, true);
  return table;
}

describe('a changelog of full compactions', () => {
  it('loses no value where lookups are forced, below the highest level too', async () => {
    const table = await withBase({
      'merge-engine': 'partial-update',
      'changelog-producer': 'full-compaction',
      'force-lookup': 'true',
    });
    await commitAndCompact(table, [['+I', 1, 5, null]]);
    expect(await levels(table)).toEqual(['L4:1', 'L5:2000']);
    expect((await table.rows()).find(([id]) => id === 1)).toEqual([1, 5, 0]);
    await table.compact({ full: true });
    expect(await changes(table, 3n)).toEqual(['5 -U 1,0,0', '5 +U 1,5,0']);
  });
});

describe('a lookup changelog', () => {
  it('says what each compaction of level 0 changes', async () => {
    const table = await create({ 'changelog-producer': 'lookup' });
    await commitAndCompact(table, [
      ['+I', 1, 10, 0],
      ['+I', 2, 20, 0],
    ]);
    await commitAndCompact(table, [
      ['+U', 1, 11, 0],
      ['-D', 2, 20, 0],
      ['-D', 9, 0, 0],
      ['+I', 3, 30, 0],
    ]);
    expect(await changes(table)).toEqual([
      '2 +I 1,10,0',
      '2 +I 2,20,0',
      '4 -U 1,10,0',
      '4 +U 1,11,0',
      '4 -D 2,20,0',
      '4 +I 3,30,0',
    ]);
  });

  it('looks rows up that stand above the output level, and keeps deletes below it', async () => {
    const table = await withBase({ 'changelog-producer': 'lookup' });
    await commitAndCompact(table, [
      ['+U', 5, 1, 1],
      ['-D', 7, null, null],
      ['+I', 5000, 2, 2],
    ]);
    expect(await levels(table)).toEqual(['L4:3', 'L5:2000']);
    expect(await changes(table, 2n)).toEqual([
      `4 -U 5,${4 * 7919},124`,
      '4 +U 5,1,1',
      `4 -D 7,${6 * 7919},186`,
      '4 +I 5000,2,2',
    ]);
    await commitAndCompact(table, [
      ['+I', 7, 3, 3],
      ['-D', 5, null, null],
    ]);
    expect(await changes(table, 4n)).toEqual(['6 -D 5,1,1', '6 +I 7,3,3']);
  });

  it('leaves out updates that change nothing when told so, but for some columns', async () => {
    const table = await create({
      'changelog-producer': 'lookup',
      'changelog-producer.row-deduplicate': 'true',
      'changelog-producer.row-deduplicate-ignore-fields': 'w',
    });
    await commitAndCompact(table, [
      ['+I', 1, 10, 0],
      ['+I', 2, null, 0],
    ]);
    await commitAndCompact(table, [
      ['+U', 1, 10, 99],
      ['+U', 2, 20, 0],
    ]);
    expect(await changes(table, 2n)).toEqual(['4 -U 2,,0', '4 +U 2,20,0']);
  });

  it('orders what is found by the sequence field', async () => {
    const table = await withBase({ 'changelog-producer': 'lookup', 'sequence.field': 'w' });
    await commitAndCompact(table, [['+U', 5, 1, 100]]);
    expect(await changes(table, 2n)).toEqual([`4 -U 5,${4 * 7919},124`, `4 +U 5,${4 * 7919},124`]);
    expect((await table.rows()).find(([id]) => id === 5)).toEqual([5, 4 * 7919, 124]);
  });
});

describe('a truncation', () => {
  it('is a delete of every row in a lookup changelog', async () => {
    const table = await create({ 'changelog-producer': 'lookup' });
    await commitAndCompact(table, [
      ['+I', 1, 10, 0],
      ['+I', 2, 20, 0],
    ]);
    await table.writer.truncate();
    await commitAndCompact(table, [['+I', 2, 21, 0]]);
    expect(await changes(table, 2n)).toEqual(['4 -D 1,10,0', '4 -U 2,20,0', '4 +U 2,21,0']);
    expect(await table.rows()).toEqual([[2, 21, 0]]);
  });
});

describe('a full-compaction changelog', () => {
  it('says what changed since the last full compaction', async () => {
    const table = await create({ 'changelog-producer': 'full-compaction' });
    await commitAndCompact(
      table,
      [
        ['+I', 1, 10, 0],
        ['+I', 2, 20, 0],
      ],
      true,
    );
    await commitAndCompact(table, [['+U', 1, 11, 0]]);
    await commitAndCompact(
      table,
      [
        ['+U', 1, 12, 0],
        ['-D', 2, null, null],
        ['-D', 3, null, null],
      ],
      true,
    );
    expect(await changes(table)).toEqual(['2 +I 1,10,0', '2 +I 2,20,0', '5 -U 1,10,0', '5 +U 1,12,0', '5 -D 2,20,0']);
  });
});

describe('deletion vectors', () => {
  it.each(['false', 'true'])('hide the rows that newer ones replace, bitmap64=%s', async (bitmap64) => {
    const table = await withBase({ 'deletion-vectors.enabled': 'true', 'deletion-vectors.bitmap64': bitmap64 });
    await table.commit([
      ['+U', 5, 1, 1],
      ['-D', 7, null, null],
    ]);
    expect(await table.rows()).toHaveLength(2000);
    await table.compact();
    expect(await levels(table)).toEqual(['L4:1', 'L5:2000']);
    const rows = await table.rows();
    expect(rows).toHaveLength(1999);
    expect(rows.filter(([id]) => id === 5 || id === 7)).toEqual([[5, 1, 1]]);
    await commitAndCompact(table, [['-D', 8, null, null]]);
    expect(await table.rows()).toHaveLength(1998);
    const [entry] = await table.committer.indexEntries();
    expect(entry.deletionVectorRanges?.map(({ cardinality }) => cardinality)).toEqual([3n]);
    await table.compact({ full: true });
    expect(await levels(table)).toEqual(['L5:1998']);
    expect(await table.rows()).toHaveLength(1998);
    expect((await table.committer.indexEntries()).map(({ rowCount, fileSize }) => [rowCount, fileSize])).toEqual([
      [0, 1],
    ]);
  });

  it('are applied before level 0 is merged in where reads are to see it at once', async () => {
    const options = { 'deletion-vectors.enabled': 'true', 'deletion-vectors.merge-on-read': 'true' };
    const table = await withBase(options);
    await commitAndCompact(table, [['-D', 7, null, null]]);
    await table.commit([
      ['+U', 5, 1, 1],
      ['-D', 8, null, null],
    ]);
    expect(await levels(table)).toEqual(['L0:2', 'L5:2000']);
    const rows = await table.rows();
    expect(rows).toHaveLength(1998);
    expect(rows.filter(([id]) => [5, 7, 8].includes(Number(id)))).toEqual([[5, 1, 1]]);
  });

  it('come with a lookup changelog', async () => {
    const table = await withBase({ 'deletion-vectors.enabled': 'true', 'changelog-producer': 'lookup' });
    await commitAndCompact(table, [
      ['+U', 5, 1, 1],
      ['-D', 7, null, null],
    ]);
    await commitAndCompact(table, [
      ['+I', 7, 3, 3],
      ['+U', 5, 2, 2],
    ]);
    expect(await changes(table, 2n)).toEqual([
      `4 -U 5,${4 * 7919},124`,
      '4 +U 5,1,1',
      `4 -D 7,${6 * 7919},186`,
      '6 -U 5,1,1',
      '6 +U 5,2,2',
      '6 +I 7,3,3',
    ]);
    expect(await table.rows()).toHaveLength(2000);
  });

  it('are not published where another compaction has changed them meanwhile', async () => {
    const table = await withBase({ 'deletion-vectors.enabled': 'true' });
    await table.commit([['+U', 5, 1, 1]]);
    const other = await RealTable.open(table.store, 2);
    await other.compact();
    expect(await table.compact()).toMatchObject({ outcome: 'conflict' });
    await commitAndCompact(table, [['+U', 6, 1, 1]]);
    expect((await table.rows()).filter(([, v]) => v === 1)).toEqual([
      [5, 1, 1],
      [6, 1, 1],
    ]);
    expect(await table.rows()).toHaveLength(2000);
  });
});

describe('expiry of rows', () => {
  it('happens in compactions, and takes rows with an older time', async () => {
    const table = await create({ 'record-level.expire-time': '1 d', 'record-level.time-field': 'w' });
    const nowSeconds = Math.floor(new EagerClock().nowMs() / 1000);
    const daySeconds = 86_400;
    await table.commit([
      ['+I', 1, 1, nowSeconds],
      ['+I', 2, 2, nowSeconds - daySeconds - 100],
      ['+I', 3, 3, null],
    ]);
    expect(await table.rows()).toHaveLength(3);
    await table.compact({ full: true });
    expect((await table.rows()).map(([id]) => id)).toEqual([1, 3]);
  });
});

describe('lookup-compact=gentle', () => {
  it('lets level 0 stay for some decisions', async () => {
    const table = await create({
      'changelog-producer': 'lookup',
      'lookup-compact': 'gentle',
      'num-sorted-run.compaction-trigger': '3',
      'lookup-compact.max-interval': '3',
    });
    await table.commit([['+I', 1, 1, 1]]);
    expect(await table.compact()).toBeNull();
    expect(await table.compact()).toBeNull();
    expect(await table.compact()).toMatchObject({ filesAfter: 1 });
    expect(await changes(table)).toEqual(['2 +I 1,1,1']);
  });
});
