// Where the heavy work of a table runs: sorting, encoding and compaction as tasks of plain data, in worker threads or
// inline. Tasks never touch a table's state: they write files and return their metadata.
import type { FileStore } from '../../storage/file-store.ts';
import type { FlushRequest, FlushResult } from './flush.ts';
import { runFlush } from './flush.ts';

/** Every kind of task: what it is given and what it gives back. Both are plain data that structured clone can carry. */
export interface Tasks {
  readonly flush: { readonly request: FlushRequest; readonly result: FlushResult };
}

export type TaskKind = keyof Tasks;

/** Runs tasks against one store. Errors of a task reject its promise as the `TributaryError` that the task threw. */
export interface TaskRunner {
  /**
   * Runs one task; tasks of one runner run in any order and at the same time. The buffers in `transfer` are moved: the
   * caller loses them at once. A thread that dies fails its task with `E3302`.
   */
  run<K extends TaskKind>(
    kind: K,
    request: Tasks[K]['request'],
    transfer: ReadonlySet<ArrayBuffer>,
  ): Promise<Tasks[K]['result']>;
  /** Ends the threads once the tasks under way are done; `run` must not be called again. */
  close(): Promise<void>;
}

type Handlers = {
  readonly [K in TaskKind]: (request: Tasks[K]['request'], store: FileStore) => Promise<Tasks[K]['result']>;
};

const HANDLERS: Handlers = { flush: runFlush };

/** Carries out one task in this thread. */
export function runTask<K extends TaskKind>(
  kind: K,
  request: Tasks[K]['request'],
  store: FileStore,
): Promise<Tasks[K]['result']> {
  return HANDLERS[kind](request, store);
}

/** Runs tasks in the calling thread: for stores that only this process has. */
export class InlineRunner implements TaskRunner {
  private readonly store: FileStore;

  constructor(store: FileStore) {
    this.store = store;
  }

  run<K extends TaskKind>(kind: K, request: Tasks[K]['request']): Promise<Tasks[K]['result']> {
    return runTask(kind, request, this.store);
  }

  async close(): Promise<void> {}
}
