// Stores that fail under a running mirror: a full disk, a warehouse that becomes read-only. What is
// refused publishes nothing and acknowledges nothing; what passes is waited for.
import { expect } from 'vitest';
import type { ErrorCode } from '../../src/base/error-codes.ts';
import type { StoreOperation } from '../support/faulty-file-store.ts';
import { startInProcess } from '../support/in-process-mirror.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { lsnOf } from '../support/mirror-site.ts';
import { until } from '../support/until.ts';

const WRITES: readonly StoreOperation[] = ['openWrite', 'write', 'close', 'create', 'replace'];

itemsTest(
  'a full disk under a running mirror: nothing published or acknowledged meanwhile, then it goes on',
  async ({ site }) => {
    const mirror = startInProcess(site, 600_000);
    await site.caughtUp();
    const [snapshots, record] = [site.snapshotCount(), await site.latestRecord()];
    mirror.store.setPlan(({ operation }) => (WRITES.includes(operation) ? { kind: 'before', code: 'E3002' } : null));
    await site.sql("insert into items values (100, 'full')", "update items set name = 'full' where id < 5");
    await until(() => (mirror.telemetry.errors.get('E3002') ?? 0) >= 2, { what: 'two attempts on a full disk' });
    expect(site.snapshotCount()).toBe(snapshots);
    const { number, position } = await site.latestRecord();
    expect(lsnOf((await site.slot())?.confirmed ?? 'F/0')).toBeLessThanOrEqual(lsnOf(position));
    expect(number - record.number).toBeLessThanOrEqual(1n);
    mirror.store.setPlan(() => null);
    await site.caughtUp();
    await expectItemsEqual(site);
    expect(await mirror.stop()).toBeNull();
  },
);

itemsTest.for<[string, ErrorCode]>([
  ['stays full', 'E3002'],
  ['becomes read-only', 'E3003'],
])('a disk that %s ends the mirror with its code', async ([, code], { site }) => {
  const mirror = startInProcess(site, 0);
  await site.caughtUp();
  const snapshots = site.snapshotCount();
  mirror.store.setPlan(({ operation }) => (WRITES.includes(operation) ? { kind: 'before', code } : null));
  await site.sql("insert into items values (100, 'late')");
  expect(await mirror.ended).toMatchObject({ code });
  expect(site.snapshotCount()).toBe(snapshots);
  const { position } = await site.latestRecord();
  expect(lsnOf((await site.slot())?.confirmed ?? 'F/0')).toBeLessThanOrEqual(lsnOf(position));
  await site.catchUp();
  await expectItemsEqual(site);
});
