// Waiting rows get into buckets in their order, once, and a settlement that comes too late leaves nothing behind.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { cellAt } from '../../../../src/paimon/format/cell.ts';
import { settlePostponed } from '../../../../src/paimon/maintenance/settle-postponed.ts';
import { InlineRunner } from '../../../../src/paimon/lsm/task-runner.ts';
import type { Table } from '../../../../src/paimon/table.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import type { FileStore } from '../../../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { plain, type TableSpec, text } from '../../../support/written-table.ts';

const BIGINT: DataType = { kind: 'BIGINT', nullable: false };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: false };
const PARTS = { clock: new EagerClock(), random: seededRandom(3) };

function spec(options: Record<string, string> = {}): TableSpec {
  return {
    columns: { part: STRING, id: BIGINT, name: STRING },
    partitionKeys: ['part'],
    primaryKeys: ['part', 'id'],
    options: { bucket: '-2', ...options },
  };
}

async function settlerOf(table: Table) {
  const committer = await table.committer(PARTS);
  return (commitIdentifier: bigint) =>
    settlePostponed(table, {
      ...PARTS,
      runner: new InlineRunner(table.store),
      committer,
      commitUser: 'settler',
      commitIdentifier,
    });
}

async function rowsOf(table: Table): Promise<readonly unknown[][]> {
  const rows: unknown[][] = [];
  for await (const batch of table.read()) {
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(batch.columns.map((vector, column) => plain(cellAt(batch.fields[column].type, vector, row))));
    }
  }
  return rows.sort((a, b) => String(a).localeCompare(String(b)));
}

async function dataFiles(store: FileStore, directory: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await store.list(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) paths.push(...(await dataFiles(store, path)));
    else if (entry.name.startsWith('data-')) paths.push(path);
  }
  return paths;
}

describe('settling postponed rows', () => {
  test('puts the newest version of each into its bucket', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const writer = await CommittedTable.create(store, 'db.t', spec({ 'postpone.default-bucket-num': '2' }));
    await writer.commit(
      [
        ['+I', text('a'), 1n, text('old')],
        ['+I', text('b'), 2n, text('gone')],
      ],
      [
        ['+U', text('a'), 1n, text('new')],
        ['-D', text('b'), 2n, text('gone')],
        ['+I', text('b'), 3n, text('stays')],
      ],
    );
    expect(await (await settlerOf(writer.table))(1n)).toEqual({ filesBefore: 4, filesAfter: 3, rows: 5 });
    expect(await rowsOf(writer.table)).toEqual([
      ['a', 1n, 'new'],
      ['b', 3n, 'stays'],
    ]);
    const live = (await writer.table.liveFiles()).entries();
    expect(live.every(({ bucket, totalBuckets, file }) => bucket >= 0 && totalBuckets === 2 && file.level === 0)).toBe(
      true,
    );
    expect(await (await settlerOf(writer.table))(2n)).toBeNull();
  });

  test('goes on with the buckets and the sequence numbers of a partition', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const writer = await CommittedTable.create(store, 'db.t', spec());
    await writer.commit([['+I', text('a'), 1n, text('first')]]);
    await (await settlerOf(writer.table))(1n);
    await writer.commit([['+U', text('a'), 1n, text('second')]]);
    await (await settlerOf(writer.table))(2n);
    expect(await rowsOf(writer.table)).toEqual([['a', 1n, 'second']]);
    const numbers = (await writer.table.liveFiles()).entries().map(({ file }) => file.minSequenceNumber);
    expect(new Set(numbers)).toEqual(new Set([0n, 1n]));
    expect((await writer.table.latestSnapshot())?.commitKind).toBe('COMPACT');
  });

  test('that another was faster with leaves no files', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const writer = await CommittedTable.create(store, 'db.t', spec());
    await writer.commit([['+I', text('a'), 1n, text('x')]]);
    const [first, second] = [await settlerOf(writer.table), await settlerOf(writer.table)];
    await first(1n);
    const before = await dataFiles(store, 'db.db/t');
    await expect(second(2n)).rejects.toMatchObject({ code: 'E3450' });
    expect(await dataFiles(store, 'db.db/t')).toEqual(before);
    expect(await rowsOf(writer.table)).toEqual([['a', 1n, 'x']]);
  });

  test('leaves other tables alone', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const writer = await CommittedTable.create(store, 'db.t', spec({ bucket: '1' }));
    await writer.commit([['+I', text('a'), 1n, text('x')]]);
    expect(await (await settlerOf(writer.table))(1n)).toBeNull();
  });
});
