// The golden tables are sound, as the reference's own check says, and damage is found.
import { appendFileSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fsck, type FsckResult } from '../../src/paimon/maintenance/fsck.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type GoldenCase, golden, goldenNames } from '../support/golden.ts';

async function check(found: GoldenCase): Promise<FsckResult> {
  return fsck(await Table.open(new LocalFileStore(found.warehouse), { database: 'db', table: 't' }));
}

/** The file with dates before 1582, which the reference's ORC writer shifts: they lie below their bounds. */
const OLD_DATES = 'data-968f0845-2681-45ae-bd13-9bbe318b673e-0.orc';
/** Cases that the reference finds fault with: one whose rows cannot be read, and dates of its own ORC writer. */
const FAULTY: Readonly<Record<string, readonly string[]>> = {
  'pu-delete-poison': ['latest state: E'],
  'types-primitive-orc': ['ts0', 'ts3', 'ts6'].map((column) => `snapshot 1: ${OLD_DATES} column ${column} `),
};

/** The counts that the reference prints; those of nothing are left out there. */
const COUNTS = [
  'changelogFiles',
  'changelogs',
  'dataFiles',
  'indexFiles',
  'manifests',
  'missingHints',
  'orphans',
  'snapshots',
  'unknownBounds',
] as const;

describe('fsck', () => {
  it.each(goldenNames())('%s is as sound as the reference says', async (name) => {
    const found = golden(name);
    const result = await check(found);
    const problems = FAULTY[name] ?? [];
    expect(result.problems.map((problem, index) => problem.slice(0, problems[index]?.length))).toEqual(problems);
    const expected = JSON.parse(readFileSync(join(found.directory, 'expected/fsck.json'), 'utf8')) as FsckResult;
    const counts = (of: FsckResult): unknown => Object.fromEntries(COUNTS.map((count) => [count, of[count] ?? 0]));
    expect(counts(result)).toEqual(counts(expected));
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

  it('finds a damaged deletion vector', async () => {
    const found = golden('dv-basic', { fresh: true });
    const directory = join(found.tableDirectory, 'index');
    const paths = readdirSync(directory).map((name) => join(directory, name));
    const path = paths.find((candidate) => readFileSync(candidate).length > 1) as string;
    const bytes = readFileSync(path);
    bytes[bytes.length - 6] ^= 1;
    writeFileSync(path, bytes);
    expect((await check(found)).problems).toEqual([expect.stringContaining('checksum differs')]);
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

  it('finds a hint that names another snapshot', async () => {
    const { found } = damaged();
    writeFileSync(join(found.tableDirectory, 'snapshot', 'LATEST'), '2');
    const problems = ['db.db/t/snapshot/LATEST does not name snapshot 7'];
    expect(await check(found)).toMatchObject({ ok: false, missingHints: 0, problems });
  });

  it('counts a hint that is not there', async () => {
    const { found } = damaged();
    rmSync(join(found.tableDirectory, 'snapshot', 'EARLIEST'));
    expect(await check(found)).toMatchObject({ ok: true, missingHints: 1 });
  });

  it('finds a gap between snapshots, and what only the lost one named', async () => {
    const { found } = damaged();
    rmSync(join(found.tableDirectory, 'snapshot', 'snapshot-3'));
    const result = await check(found);
    expect(result.problems).toEqual(['snapshot 4: the one before it is not there']);
    expect(result.orphans).toBeGreaterThan(0);
  });

  it('finds damage of a branch', async () => {
    const found = golden('branches', { fresh: true });
    const path = join(found.tableDirectory, 'branch/branch-dev/snapshot/snapshot-2');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"deltaRecordCount" : \d+/, '"deltaRecordCount" : 77'));
    expect((await check(found)).problems).toEqual([
      expect.stringContaining('branch dev: snapshot 2: deltaRecordCount recorded 77'),
    ]);
  });
});
