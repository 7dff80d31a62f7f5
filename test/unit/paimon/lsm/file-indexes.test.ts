// File indexes of tables that we write: which files have them, where they are, what is refused, and what becomes of them.
import { describe, expect, it } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { expireSnapshots } from '../../../../src/paimon/maintenance/expire-snapshots.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { RealTable } from '../../../support/real-table.ts';
import { batchOf, type TableSpec } from '../../../support/written-table.ts';
import type { CommitMessage } from '../../../../src/paimon/lsm/write-batch.ts';

const TEXT: DataType = { kind: 'VARCHAR', nullable: true, length: 2147483647 };
const COLUMNS = {
  id: { kind: 'INT', nullable: false },
  v: { kind: 'BIGINT', nullable: true },
  s: TEXT,
  o: { kind: 'BOOLEAN', nullable: true },
  c: { kind: 'DECIMAL', nullable: true, precision: 20, scale: 2 },
  n: { kind: 'TIMESTAMP', nullable: true, precision: 9 },
  m: { kind: 'MAP', nullable: true, key: { ...TEXT, nullable: false }, value: TEXT },
} as const satisfies TableSpec['columns'];
const LONG_MIN = -(2n ** 63n);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Options = Readonly<Record<string, string>>;

function tableWith(options: Options, primaryKeys: readonly string[] = ['id']): Promise<RealTable> {
  return RealTable.create({ columns: COLUMNS, primaryKeys, options });
}

const row = (id: number, v: bigint | null, s: string) => ['+I', id, v, bytes(s), true, 1n, 1n, null] as const;

async function liveFiles(table: RealTable) {
  return (await table.table.liveFiles()).entries().map(({ file }) => file);
}

async function names(table: RealTable): Promise<readonly string[]> {
  const listed = await table.store.list('db.db/t/bucket-0');
  return listed.map(({ name }) => name.replace(/^[^.]*/, '')).sort();
}

const IN_FILES = { 'file-index.bitmap.columns': 's', 'file-index.in-manifest-threshold': '1 b' };

describe('file indexes', () => {
  it('are in the manifest while they are small', async () => {
    const table = await tableWith({ 'file-index.bitmap.columns': 's' });
    await table.commit([row(1, 1n, 'a')]);
    const [file] = await liveFiles(table);
    expect(file).toMatchObject({ extraFiles: [], embeddedFileIndex: expect.any(Uint8Array) as Uint8Array });
    expect(await names(table)).toEqual(['.parquet']);
  });

  it('have a file of their own that goes with its data file', async () => {
    const table = await tableWith(IN_FILES);
    await table.commit([row(1, 1n, 'a')]);
    const [file] = await liveFiles(table);
    expect(file).toMatchObject({ extraFiles: [`${file?.fileName}.index`], embeddedFileIndex: null });
    await table.commit([row(1, 1n, 'b')]);
    await table.compact({ full: true });
    expect(await names(table)).toEqual([
      ...Array<string>(3).fill('.parquet'),
      ...Array<string>(3).fill('.parquet.index'),
    ]);
    expect((await fsck(table.table)).problems).toEqual([]);
    const maintained = {
      store: table.store,
      tablePath: table.table.path,
      schema: table.table.schema,
      random: seededRandom(1),
    };
    const retention = { countMin: 1, countMax: 1, timeMs: 0 };
    await expireSnapshots(maintained, { retention, countMax: 10, nowMs: 1 });
    expect(await names(table)).toEqual(['.parquet', '.parquet.index']);
    expect((await liveFiles(table)).map(({ level, extraFiles }) => [level, extraFiles.length])).toEqual([[5, 1]]);
  });

  it('go with files that are never committed', async () => {
    const table = await tableWith(IN_FILES);
    table.writer.write(batchOf(table.table.schema, [row(1, 1n, 'a')]));
    const message = await table.writer.prepareCommit();
    expect(await names(table)).toEqual(['.parquet', '.parquet.index']);
    await table.writer.discard(message as CommitMessage);
    expect(await names(table)).toEqual([]);
  });

  it('are missed by fsck, and seen to be damaged', async () => {
    const table = await tableWith(IN_FILES);
    await table.commit([row(1, 1n, 'a'), row(2, 2n, 'a')]);
    const [file] = await liveFiles(table);
    const path = `db.db/t/bucket-0/${file?.extraFiles[0]}`;
    const stored = await table.store.read(path);
    await table.store.delete(path);
    expect((await fsck(table.table)).problems).toEqual([expect.stringContaining('the file is not there')]);
    await table.store.create(path, stored.subarray(0, stored.length - 30));
    expect((await fsck(table.table)).problems).toEqual([expect.stringContaining('E3230')]);
  });

  it('are left out where their form cannot hold the values', async () => {
    const table = await tableWith({ 'file-index.bsi.columns': 'v,n', 'file-index.bitmap.columns': 'n' });
    await table.commit([row(1, LONG_MIN, 'a')]);
    await table.commit([row(2, 5n, 'a')]);
    expect((await liveFiles(table)).map(({ embeddedFileIndex }) => embeddedFileIndex === null)).toEqual([true, false]);
  });

  it.each<[Options]>([
    [{ 'file-index.bitmap.columns': 'x' }],
    [{ 'file-index.bitmap.columns': 's,,v' }],
    [{ 'file-index.other.columns': 's' }],
    [{ 'file-index.bitmap.columns': 'c' }],
    [{ 'file-index.bsi.columns': 's' }],
    [{ 'file-index.bsi.columns': 'c' }],
    [{ 'file-index.bloom-filter.columns': 'o' }],
    [{ 'file-index.range-bitmap.columns': 'n' }],
    [{ 'file-index.bitmap.columns': 's[k]' }],
    [{ 'file-index.bitmap.columns': 's', 'file-index.bitmap.s.version': '3' }],
    [{ 'file-index.bitmap.columns': 's', 'file-index.bitmap.v.version': '1' }],
    [{ 'file-index.bloom-filter.columns': 's', 'file-index.bloom-filter.s.items': '0' }],
    [{ 'file-index.bloom-filter.columns': 's', 'file-index.bloom-filter.s.fpp': '1.5' }],
    [{ 'file-index.bloom-filter.columns': 's', 'file-index.bloom-filter.s.items': 'many' }],
  ])('are refused: %o', async (options) => {
    const table = await tableWith(options);
    await expect(async () => table.commit([row(1, 1n, 'a')])).rejects.toMatchObject({ code: 'E3231' });
  });
});
