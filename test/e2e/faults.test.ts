// A real disk that is full or read-only under the real daemon. Mounting needs rights; without them the same faults are
// made inside the process, in faults.light.test.ts.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { seededFaults } from '../support/faulty-file-store.ts';
import { startInProcess } from '../support/in-process-mirror.ts';
import { judgeCuts, judgeIdentifiers } from '../support/judge-lake.ts';
import { lsnOf, type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { printedSeed } from '../support/seeds.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const STATEMENTS = [
  'create table items (id bigint primary key, name text)',
  "insert into items select n, 'item ' || n from generate_series(1, 20) n",
];

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

/** A small file system of its own; null where this account may not mount. */
function smallDisk(): string | null {
  const directory = tempDir();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' });
    return directory;
  } catch {
    process.stderr.write('not run: a real full disk (this account may not mount)\n');
    return null;
  }
}

function fill(disk: string): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), randomBytes(bavail * bsize));
}

async function expectUntouched(site: MirrorSite, snapshots: number): Promise<void> {
  expect(site.snapshotCount()).toBe(snapshots);
  const { position } = await site.latestRecord();
  expect(lsnOf((await site.slot())?.confirmed ?? 'F/0')).toBeLessThanOrEqual(lsnOf(position));
}

async function expectEqual(site: MirrorSite): Promise<void> {
  expect(await compareSourceAndLake(site.database.url, [await site.table('items')])).toEqual([]);
}

const disk = smallDisk();
afterAll(() => {
  if (disk !== null) execFileSync('umount', ['-l', disk]);
});

describe.skipIf(disk === null)('a disk of its own', () => {
  const mounted = disk ?? '';

  test('full at the start: refused with the code, and it goes on once there is space', async () => {
    const site = await mirrorSite(server, {
      settings: { warehouse: join(mounted, 'first'), rest: '' },
      statements: STATEMENTS,
    });
    await site.catchUp();
    const snapshots = site.snapshotCount();
    await site.sql("insert into items values (100, 'late')");
    fill(mounted);
    const file = site.configure({ giveUp: '300ms' });
    const failure = await site.refused({ file });
    expect(failure).toMatchObject({ exit: 5, code: 'E3002' });
    expect(failure.remedy).not.toBe('');
    await expectUntouched(site, snapshots);
    rmSync(join(mounted, 'filler'));
    await site.catchUp();
    await expectEqual(site);
    await site.close();
  });

  test('full under a running daemon: it waits, and goes on by itself', async () => {
    const site = await mirrorSite(server, { settings: { warehouse: join(mounted, 'second') }, statements: STATEMENTS });
    const daemon = site.start();
    await site.caughtUp();
    fill(mounted);
    await site.sql("insert into items select n, repeat('x', 100) from generate_series(1000, 20000) n");
    await daemon.waitFor(/E3002/);
    const { position } = await site.latestRecord();
    expect(lsnOf((await site.slot())?.confirmed ?? 'F/0')).toBeLessThanOrEqual(lsnOf(position));
    rmSync(join(mounted, 'filler'));
    await site.caughtUp();
    await expectEqual(site);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    await site.close();
  });

  test('read-only: refused with the code, and nothing acknowledged', async () => {
    const site = await mirrorSite(server, { settings: { warehouse: join(mounted, 'third') }, statements: STATEMENTS });
    await site.catchUp();
    const snapshots = site.snapshotCount();
    await site.sql("insert into items values (100, 'late')");
    execFileSync('mount', ['-o', 'remount,ro', mounted]);
    try {
      expect(await site.refused()).toMatchObject({ exit: 5, code: 'E3003' });
      await expectUntouched(site, snapshots);
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', mounted]);
    }
    await site.catchUp();
    await expectEqual(site);
    await site.close();
  });
});

test('a store that fails and loses answers all the time: equal in the end, and every cut complete', async () => {
  const { random } = printedSeed('faults');
  const site = await mirrorSite(server, { statements: STATEMENTS });
  const mirror = startInProcess(site, 600_000);
  await site.caughtUp();
  mirror.store.setPlan(seededFaults(random, 0.03));
  for (let round = 0; round < 12; round++) {
    await site.sql(
      `insert into items values (${1000 + round}, 'round')`,
      `update items set name = 'round ${round}' where id % 5 = ${round % 5}`,
    );
    const before = (await site.latestRecord()).number;
    await until(async () => (await site.latestRecord()).number > before, { what: 'the next record' });
  }
  mirror.store.setPlan(() => null);
  await site.caughtUp();
  expect(await mirror.stop()).toBeNull();
  await expectEqual(site);
  const table = await site.table('items');
  expect(await judgeIdentifiers(table)).toEqual([]);
  expect(await judgeCuts(await site.records.records(), [table])).toEqual([]);
  await site.close();
});
