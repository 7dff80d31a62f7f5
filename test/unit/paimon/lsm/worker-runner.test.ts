// Flushes in worker threads: the same files as inline, errors with their codes, and no task that waits for ever.
import { afterEach, describe, expect, test } from 'vitest';
import { LocalFileStore } from '../../../../src/storage/local/local-file-store.ts';
import { createTaskRunner, InlineRunner, type TaskRunner } from '../../../../src/paimon/lsm/task-runner.ts';
import { WorkerRunner } from '../../../../src/paimon/lsm/worker-runner.ts';
import type { StoreSettings } from '../../../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { batchOf, LEFT_OUT, type TableSpec, text, WrittenTable } from '../../../support/written-table.ts';

const SPEC: TableSpec = {
  columns: {
    id: { kind: 'BIGINT', nullable: false },
    note: { kind: 'VARCHAR', length: 2147483647, nullable: true },
  },
  primaryKeys: ['id'],
  options: { bucket: '2', 'changelog-producer': 'input' },
};

const runners: TaskRunner[] = [];

function started(runner: TaskRunner): TaskRunner {
  runners.push(runner);
  return runner;
}

afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
});

describe('WorkerRunner', () => {
  test('writes what the inline runner writes', async () => {
    const store = new LocalFileStore(tempDir());
    const runner = started(createTaskRunner(store, 2));
    expect(runner).toBeInstanceOf(WorkerRunner);
    const inline = new WrittenTable(SPEC);
    const threaded = new WrittenTable(SPEC, { store, runner });
    for (const table of [inline, threaded]) {
      table.write([1n, 2n, 3n].map((id) => ['+I', id, text(`note ${id}`)] as const));
      await table.commit();
      table.write([['+U', 2n, LEFT_OUT]]);
      table.write([['-D', 3n, null]]);
      await table.commit();
    }
    expect(threaded.liveFiles.entries()).toEqual(inline.liveFiles.entries());
    expect(await threaded.rows()).toEqual(await inline.rows());
    expect(await threaded.changelog()).toEqual(await inline.changelog());
  });

  test('moves the buffers of a batch', async () => {
    const store = new LocalFileStore(tempDir());
    const table = new WrittenTable(SPEC, { store, runner: started(createTaskRunner(store, 1)) });
    const batch = batchOf(table.schema, [['+I', 1n, text('a')]]);
    table.writer.write(batch);
    await table.writer.flush();
    expect(batch.kinds.buffer.byteLength).toBe(0);
  });

  test('gives the errors of tasks with code and message', async () => {
    const store = new LocalFileStore(tempDir());
    const table = new WrittenTable(SPEC, { store, runner: started(createTaskRunner(store, 1)) });
    table.write([['+U', 1n, LEFT_OUT]]);
    await expect(table.writer.flush()).rejects.toMatchObject({
      name: 'TributaryError',
      code: 'E3300',
      message: 'missing value of a row that has no earlier version: column=note',
    });
  });

  test('fails the task of a thread that ends, and goes on with the next', async () => {
    const broken = started(new WorkerRunner({ kind: 'local' } as StoreSettings, 1));
    const failed = await Promise.allSettled([flushWith(broken), flushWith(broken)]);
    expect(
      failed.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : '')),
    ).toEqual(['E3302', 'E3302']);
  });

  test('runs more tasks than there are threads', async () => {
    const store = new LocalFileStore(tempDir());
    const runner = started(createTaskRunner(store, 2));
    const tables = [1, 2, 3, 4, 5].map((seed) => new WrittenTable(SPEC, { store, runner, seed }));
    for (const [index, table] of tables.entries()) table.write([['+I', BigInt(index), text(`table ${index}`)]]);
    await Promise.all(tables.map((table) => table.commit()));
    expect(await Promise.all(tables.map((table) => table.rows()))).toEqual(
      tables.map((_, index) => [[BigInt(index), `table ${index}`]]),
    );
  });
});

async function flushWith(runner: TaskRunner): Promise<void> {
  const table = new WrittenTable(SPEC, { runner });
  table.write([['+I', 1n, text('a')]]);
  await table.writer.flush();
}

describe('createTaskRunner', () => {
  test('runs inline for a store of this process alone, or without threads', () => {
    expect(createTaskRunner(new MemoryFileStore(new EagerClock()), 2)).toBeInstanceOf(InlineRunner);
    expect(createTaskRunner(new LocalFileStore(tempDir()), 0)).toBeInstanceOf(InlineRunner);
  });
});
