import { describe, expect, it } from 'vitest';
import type { TributaryError } from '../../../src/base/errors.ts';
import { Lease, type LeaseParts, readLease, thisProcess } from '../../../src/checkpoint/lease.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FaultyFileStore, faultOn } from '../../support/faulty-file-store.ts';

function world() {
  const clock = new FakeClock({ startMs: 1_000_000 });
  const store = new MemoryFileStore(clock);
  const lost: TributaryError[] = [];
  const failed: unknown[] = [];
  const parts = (token: string, given: Partial<LeaseParts> = {}): LeaseParts => ({
    store,
    pipeline: 'shop',
    token,
    process: { host: `host-${token}`, pid: 100, isAlive: () => true },
    clock,
    durationMs: 30_000,
    onLost: (error) => lost.push(error),
    onRenewFailed: (error) => failed.push(error),
    ...given,
  });
  return { clock, store, lost, failed, parts };
}

describe('Lease', () => {
  it('keeps a second instance out, and names the first', async () => {
    const { parts, clock, lost } = world();
    const lease = await Lease.acquire(parts('a'));
    const second = Lease.acquire(parts('b'));
    await expect(second).rejects.toMatchObject({ code: 'E5002', kind: 'fenced' });
    await expect(second).rejects.toThrow(/host=host-a pid=100/);
    // Renewals keep it fresh for longer than its duration.
    await clock.advance(100_000);
    await expect(Lease.acquire(parts('b'))).rejects.toMatchObject({ code: 'E5002' });
    await lease.release();
    expect(clock.timerCount).toBe(0);
    await (await Lease.acquire(parts('b'))).release();
    expect(lost).toEqual([]);
  });

  it('is free when it has run out, and its former holder notices', async () => {
    const { parts, clock, store, lost } = world();
    const first = await Lease.acquire(parts('a'));
    // The holder was stopped for a while: no renewal took place.
    clock.setNow(clock.nowMs() + 30_000);
    const second = await Lease.acquire(parts('b'));
    await clock.advance(30_000);
    expect(lost.map((error) => error.code)).toEqual(['E5003']);
    expect(lost[0]?.message).toContain('host=host-b pid=100');
    expect([first.held, second.held]).toEqual([false, true]);
    await first.release();
    expect((await readLease(store, 'shop'))?.token).toBe('b');
  });

  it('is taken over at once from a process of this machine that has ended', async () => {
    const { parts } = world();
    await Lease.acquire(parts('a'));
    const sameHost = (isAlive: boolean, pid: number) => ({ process: { host: 'host-a', pid, isAlive: () => isAlive } });
    await expect(Lease.acquire(parts('b', sameHost(true, 200)))).rejects.toMatchObject({ code: 'E5002' });
    await Lease.acquire(parts('b', sameHost(false, 200)));
  });

  it('is taken over from an earlier run of this very process', async () => {
    const { parts, store } = world();
    const process = { host: 'host', pid: 1, isAlive: () => true };
    await Lease.acquire(parts('a', { process }));
    await Lease.acquire(parts('b', { process }));
    expect((await readLease(store, 'shop'))?.token).toBe('b');
  });

  it('does not last for ever where the clock was set back', async () => {
    const { parts, clock, store } = world();
    await Lease.acquire(parts('a'));
    clock.setNow(500_000);
    await Lease.acquire(parts('b'));
    expect((await readLease(store, 'shop'))?.token).toBe('b');
  });

  it('goes on after renewals that failed', async () => {
    const { parts, clock, store, failed } = world();
    const faulty = new FaultyFileStore(
      store,
      faultOn({ operation: 'replace', path: /lease$/, countMax: 2 }, { kind: 'before' }),
    );
    const lease = await Lease.acquire(parts('a', { store: faulty }));
    await clock.advance(30_000);
    expect(failed).toHaveLength(2);
    expect(lease.held).toBe(true);
    expect((await readLease(store, 'shop'))?.renewedMs).toBe(1_030_000);
  });

  it('refuses a lease that cannot be read', async () => {
    const { parts, store } = world();
    await store.create('_tributary/shop/lease', new TextEncoder().encode('{"token":"a"}'));
    await expect(Lease.acquire(parts('a'))).rejects.toMatchObject({ code: 'E3500' });
  });

  it('knows which processes live', () => {
    const own = thisProcess();
    expect(own.isAlive(process.pid)).toBe(true);
    // Above the largest process id of any system we run on.
    expect(own.isAlive(2 ** 30)).toBe(false);
  });
});
