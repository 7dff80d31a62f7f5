// Append tables that are sorted a few files at a time: no row is lost, and deleted rows go or stay with their files.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { systemRandom } from '../../../../src/base/random.ts';
import { filePaths } from '../../../../src/paimon/lsm/file-paths.ts';
import { writeDeletionVectors } from '../../../../src/paimon/lsm/deletion-vector.ts';
import { Lake } from '../../../../src/paimon/lake.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import { DELETION_VECTORS, FILE_ADD, type ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import type { Table } from '../../../../src/paimon/table.ts';
import { TableSession } from '../../../../src/paimon/table-session.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const CLUSTERED = { 'clustering.incremental': 'true', 'clustering.columns': 'n', 'file.compression': 'none' };

function newTable(options: Readonly<Record<string, string>>): Promise<Table> {
  return Lake.open(tempDir()).createTable('db.t', { columns: { n: 'INT', text: 'STRING' }, options });
}

async function append(table: Table, from: number, count: number): Promise<void> {
  const session = await TableSession.open(table, { user: 'writer' });
  // Backwards, so that what is in order was sorted.
  await session.write(Array.from({ length: count }, (_, row) => ({ n: from + count - 1 - row, text: 'x'.repeat(20) })));
  await session.commit();
  await session.close();
}

async function compact(table: Table, full = false): Promise<number> {
  const session = await TableSession.open(table, { user: 'sorter' });
  const report = await session.compact({ full });
  await session.close();
  expect((await fsck(table)).problems).toEqual([]);
  return report?.filesBefore ?? 0;
}

async function numbers(table: Table): Promise<readonly number[]> {
  const all: number[] = [];
  for await (const row of table.rows()) all.push(Number(row['n']));
  return all;
}

async function levels(table: Table): Promise<readonly number[]> {
  return (await table.liveFiles())
    .entries()
    .map(({ file }) => file.level)
    .toSorted((a, b) => a - b);
}

/** Takes rows out of files, as engines do that delete from append tables. */
async function deleteRows(table: Table, rows: ReadonlyMap<ManifestEntry, number>): Promise<void> {
  const vectors = new Map([...rows].map(([{ file }, row]) => [file.fileName, Float64Array.of(row)]));
  const { bytes, ranges } = writeDeletionVectors(vectors, { bitmap64: false });
  const [[{ partition, bucket }]] = rows;
  const entry = {
    kind: FILE_ADD,
    partition,
    bucket,
    indexType: DELETION_VECTORS,
    fileName: `index-${systemRandom.uuid()}-0`,
    fileSize: bytes.length,
    rowCount: ranges.length,
    deletionVectorRanges: ranges,
    externalPath: null,
  };
  await table.store.create(filePaths(table.path, table.schema).index(entry), bytes);
  const committer = await table.committer({ clock: systemClock, random: systemRandom });
  const by = { commitUser: 'deleter', commitIdentifier: 1n };
  await committer.commit({ kind: 'APPEND', added: [], deleted: [], changelog: [], index: [entry], ...by });
}

const sequence = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('clustering by steps', () => {
  test('sorts what is due, level by level, and everything where that is asked for', async () => {
    const table = await newTable(CLUSTERED);
    await append(table, 0, 2000);
    expect(await compact(table)).toBe(0);
    expect(await compact(table, true)).toBe(1);
    expect(await levels(table)).toEqual([5]);
    expect(await numbers(table)).toEqual(sequence(0, 2000));
    expect(await compact(table, true)).toBe(0);
    for (let commit = 0; commit < 4; commit++) await append(table, 3000 + 10 * commit, 10);
    expect(await compact(table)).toBe(4);
    expect(await levels(table)).toEqual([4, 5]);
    await append(table, 5000, 3);
    expect(await compact(table, true)).toBe(3);
    expect(await numbers(table)).toEqual([...sequence(0, 2000), ...sequence(3000, 3040), ...sequence(5000, 5003)]);
    // Sorted by other columns, all is to be sorted again.
    await table.alter([{ kind: 'setOption', key: 'clustering.columns', value: 'text' }]);
    expect(await compact(table, true)).toBe(1);
  });

  test('leaves out deleted rows, and keeps the vectors of files that stay', async () => {
    const table = await newTable({ ...CLUSTERED, 'deletion-vectors.enabled': 'true' });
    await append(table, 0, 2000);
    await compact(table, true);
    for (let commit = 0; commit < 4; commit++) await append(table, 3000 + 10 * commit, 10);
    const live = (await table.liveFiles()).entries();
    const large = live.filter(({ file }) => file.level === 5);
    const small = live.filter(({ file }) => file.level === 0);
    await deleteRows(table, new Map([...large, small[0]].map((entry) => [entry, 7])));
    const rest = [...sequence(0, 2000), ...sequence(3000, 3040)].filter((n) => n !== 7 && n !== 3002);
    expect((await numbers(table)).toSorted((a, b) => a - b)).toEqual(rest);
    expect(await compact(table)).toBe(4);
    expect(await levels(table)).toEqual([4, 5]);
    expect((await numbers(table)).toSorted((a, b) => a - b)).toEqual(rest);
    expect(await compact(table, true)).toBe(2);
    expect(await numbers(table)).toEqual(rest);
  });

  test('is refused without columns to sort by, and for rows with ids', async () => {
    for (const options of [
      { 'clustering.incremental': 'true' },
      { ...CLUSTERED, 'clustering.columns': 'none' },
      { ...CLUSTERED, 'row-tracking.enabled': 'true' },
    ]) {
      const table = await newTable(options);
      await append(table, 0, 5);
      await expect(compact(table, true)).rejects.toMatchObject({ code: 'E3392' });
      expect(await numbers(table)).toHaveLength(5);
    }
  });
});
