// Tests of a mirrored table `items` of twenty rows: each has a mirror of its own, on the server of its file.
import { expect, test } from 'vitest';
import { compareSourceAndLake } from './compare-source-lake.ts';
import { type MirrorSite, mirrorSite, type SiteFailure } from './mirror-site.ts';
import { postgres } from './servers.ts';

const ITEMS_STATEMENTS: readonly string[] = [
  'create table items (id bigint primary key, name text)',
  "insert into items select n, 'item ' || n from generate_series(1, 20) n",
];

/** A test that gets the server and a mirror of `items` that nothing was copied into yet. */
export const itemsTest = test
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which other fixtures are wanted
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await postgres();
    onCleanup(() => server.stop());
    return server;
  })
  .extend('site', async ({ server }, { onCleanup }) => {
    const site = await mirrorSite(server, { statements: ITEMS_STATEMENTS });
    onCleanup(() => site.close());
    return site;
  });

/** The mirrored table holds what the source's does. */
export async function expectItemsEqual(site: MirrorSite): Promise<void> {
  expect(await compareSourceAndLake(site.database.url, [await site.table('items')])).toEqual([]);
}

/** The failure of a command that is to leave lake and slot as they were. */
export async function refusedWithoutEffect(site: MirrorSite, run: () => Promise<SiteFailure>): Promise<SiteFailure> {
  const [snapshots, slot, record] = [site.snapshotCount(), await site.slot(), await site.records.latest()];
  const failure = await run();
  expect(site.snapshotCount()).toBe(snapshots);
  expect((await site.slot())?.confirmed).toBe(slot?.confirmed);
  expect(await site.records.latest()).toEqual(record);
  expect(failure.remedy).not.toBe('');
  return failure;
}
