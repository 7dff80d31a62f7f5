// Where the heavy work of a table runs: sorting, encoding and compaction as tasks of plain data, inline or in worker
// threads. Tasks never touch a table's state: they write files and return their metadata.
import type { FileStore } from '../../storage/file-store.ts';
import { runTask, type TaskKind, type Tasks } from './task.ts';
import { WorkerRunner } from './worker-runner.ts';

/** Runs tasks against one store. Errors of a task reject its promise as the `TributaryError` that the task threw. */
export interface TaskRunner {
  /**
   * Runs one task; tasks of one runner may run in any order and at the same time. The buffers in `transfer` may be moved:
   * the caller must not use them afterwards. A thread that ends fails its task with `E3302`; an error without a code is
   * `E3303`.
   */
  run<K extends TaskKind>(
    kind: K,
    request: Tasks[K]['request'],
    transfer: ReadonlySet<ArrayBuffer>,
  ): Promise<Tasks[K]['result']>;
  /** Ends the threads once the tasks given so far are done; `run` must not be called again. */
  close(): Promise<void>;
}

/** Runs tasks in the calling thread: for stores that only this process has. */
export class InlineRunner implements TaskRunner {
  private readonly store: FileStore;

  constructor(store: FileStore) {
    this.store = store;
  }

  run<K extends TaskKind>(kind: K, request: Tasks[K]['request']): Promise<Tasks[K]['result']> {
    return runTask(kind, request, this.store, false);
  }

  async close(): Promise<void> {}
}

/** A runner with up to `threadCount` threads; inline if that is 0 or the store can only be used by this process. */
export function createTaskRunner(store: FileStore, threadCount: number): TaskRunner {
  const settings = store.settings();
  if (settings === null || threadCount === 0) return new InlineRunner(store);
  return new WorkerRunner(settings, threadCount);
}
