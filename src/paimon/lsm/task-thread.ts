// The entry of a worker thread: carries out tasks against a store of its own, opened from the settings it is given.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { assert, isTributaryError } from '../../base/errors.ts';
import { openStore } from '../../storage/open-store.ts';
import type { StoreSettings } from '../../storage/file-store.ts';
import { runTask } from './task.ts';
import type { TaskFailure, TaskMessage, TaskReply } from './task-message.ts';

assert(!isMainThread && parentPort !== null, 'the task thread was started as a program');
const port = parentPort;
const store = openStore(workerData as StoreSettings);

function failureOf(error: unknown): TaskFailure {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  if (isTributaryError(error)) return { code: error.code, message: error.message, context: error.context, stack };
  return { code: null, message: error instanceof Error ? error.message : String(error), context: {}, stack };
}

async function reply(message: TaskMessage): Promise<TaskReply> {
  try {
    return { kind: 'done', result: await runTask(message.kind, message.request, store, true) };
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error) };
  }
}

async function serve(message: TaskMessage): Promise<void> {
  const answer = await reply(message);
  try {
    port.postMessage(answer);
  } catch (error) {
    port.postMessage({ kind: 'failed', failure: failureOf(error) } satisfies TaskReply);
  }
}

port.on('message', (message: TaskMessage) => {
  // A thread that cannot even say why it failed ends, and with it the task (E3302).
  serve(message).catch(() => port.close());
});
