// The golden tables are sound, as the reference's own check says, and damage is found.
import { appendFileSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fsck, type FsckResult } from '../../src/paimon/maintenance/fsck.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type GoldenCase, golden, goldenNames } from '../support/golden.ts';

async function check(found: GoldenCase, branch = 'main'): Promise<FsckResult> {
  return fsck(await Table.open(new LocalFileStore(found.warehouse), { database: 'db', table: 't', branch }));
}

describe('fsck', () => {
  it.each(goldenNames())('%s is sound', async (name) => {
    const found = golden(name);
    const result = await check(found);
    expect(result.problems).toEqual([]);
    const expected = JSON.parse(readFileSync(join(found.directory, 'expected/fsck.json'), 'utf8')) as FsckResult;
    // The reference counts the branches in.
    const branch = name === 'branches' ? await check(found, 'dev') : null;
    expect(branch?.problems ?? []).toEqual([]);
    expect(result.snapshots + (branch?.snapshots ?? 0)).toBe(expected.snapshots);
  });

  /** A fresh copy of a small table, its bucket directory and the names of its data files. */
  function damaged(): { found: GoldenCase; bucket: string; files: string[] } {
    const found = golden('dedup-basic', { fresh: true });
    const bucket = join(found.tableDirectory, 'bucket-0');
    return { found, bucket, files: readdirSync(bucket).sort() };
  }

  it('finds a lost data file', async () => {
    const { found, bucket, files } = damaged();
    rmSync(join(bucket, String(files[0])));
    expect((await check(found)).problems).toEqual([expect.stringContaining('the file is not there')]);
  });

  it('finds a file that is one byte longer', async () => {
    const { found, bucket, files } = damaged();
    appendFileSync(join(bucket, String(files[0])), 'x');
    expect((await check(found)).problems).toEqual([expect.stringContaining('size recorded')]);
  });

  it('finds a file with the rows of another', async () => {
    const { found, bucket, files } = damaged();
    for (const file of files.slice(1)) copyFileSync(join(bucket, String(files[0])), join(bucket, file));
    expect((await check(found)).problems.length).toBeGreaterThan(0);
  });

  it('finds a wrong count of rows', async () => {
    const { found } = damaged();
    const path = join(found.tableDirectory, 'snapshot', 'snapshot-3');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"totalRecordCount" : \d+/, '"totalRecordCount" : 1'));
    expect((await check(found)).problems).toEqual([expect.stringContaining('snapshot 3: totalRecordCount recorded 1')]);
  });

  it('finds a lost manifest list', async () => {
    const { found } = damaged();
    const directory = join(found.tableDirectory, 'manifest');
    const list = readdirSync(directory).find((name) => name.startsWith('manifest-list-'));
    rmSync(join(directory, String(list)));
    expect((await check(found)).ok).toBe(false);
  });
});
