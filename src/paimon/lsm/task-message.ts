// What the main thread and a task thread send each other.
import type { ErrorCode } from '../../base/error-codes.ts';
import type { ErrorContext } from '../../base/errors.ts';
import type { TaskKind, Tasks } from './task.ts';

/** One task, to a thread. */
export interface TaskMessage {
  readonly kind: TaskKind;
  readonly request: Tasks[TaskKind]['request'];
}

/** An error on its way out of a thread; `code` is null for one that is not a `TributaryError`. */
export interface TaskFailure {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly context: ErrorContext;
  readonly stack: string;
}

/** The answer to a task. */
export type TaskReply =
  | { readonly kind: 'done'; readonly result: Tasks[TaskKind]['result'] }
  | { readonly kind: 'failed'; readonly failure: TaskFailure };
