// The kinds of tasks that can run in a worker thread: functions of plain data and a store. A new kind is added here.
import type { FileStore } from '../../storage/file-store.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type RewriteRequest, runRewrite } from './append-rewrite.ts';
import type { CompactRequest } from './compact-task.ts';
import { runCompact } from './compact-task.ts';
import type { CompactResult } from './compaction-result.ts';
import type { FlushRequest, FlushResult } from './flush.ts';
import { runFlush } from './flush.ts';

/** Every kind of task: what it is given and what it gives back. Both are plain data that structured clone can carry. */
export interface Tasks {
  readonly flush: { readonly request: FlushRequest; readonly result: FlushResult };
  readonly compact: { readonly request: CompactRequest; readonly result: CompactResult };
  readonly rewrite: { readonly request: RewriteRequest; readonly result: readonly DataFileMeta[] };
}

export type TaskKind = keyof Tasks;

type Handlers = {
  readonly [K in TaskKind]: (
    request: Tasks[K]['request'],
    store: FileStore,
    ownsBuffers: boolean,
  ) => Promise<Tasks[K]['result']>;
};

const HANDLERS: Handlers = { flush: runFlush, compact: runCompact, rewrite: runRewrite };

/** Carries out one task in this thread. `ownsBuffers`: nobody else sees the request, so that the task may empty it. */
export function runTask<K extends TaskKind>(
  kind: K,
  request: Tasks[K]['request'],
  store: FileStore,
  ownsBuffers: boolean,
): Promise<Tasks[K]['result']> {
  return HANDLERS[kind](request, store, ownsBuffers);
}
