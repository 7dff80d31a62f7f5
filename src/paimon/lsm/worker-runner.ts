// A pool of worker threads that carry out tasks, one at a time each. Threads are started when there is work for them and
// do not keep the process alive while idle.
import { isMarkedAsUntransferable, Worker } from 'node:worker_threads';
import { TributaryError } from '../../base/errors.ts';
import type { StoreSettings } from '../../storage/file-store.ts';
import type { TaskKind, Tasks } from './task.ts';
import type { TaskFailure, TaskMessage, TaskReply } from './task-message.ts';

interface Job {
  readonly message: TaskMessage;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (result: Tasks[TaskKind]['result']) => void;
  readonly reject: (error: TributaryError) => void;
}

/** A thread and what it is doing. */
interface Thread {
  readonly worker: Worker;
  job: Job | null;
}

// The same file runs as TypeScript from the sources (type stripping) and as JavaScript from a build.
const THREAD_URL = import.meta.url.endsWith('.ts')
  ? new URL('./task-thread.ts', import.meta.url)
  : new URL('./task-thread.js', import.meta.url);

/** Implements `TaskRunner`. */
export class WorkerRunner {
  private readonly settings: StoreSettings;
  private readonly threadCount: number;
  private readonly threads = new Set<Thread>();
  private readonly queue: Job[] = [];
  private whenIdle: (() => void) | null = null;

  constructor(settings: StoreSettings, threadCount: number) {
    this.settings = settings;
    this.threadCount = threadCount;
  }

  run<K extends TaskKind>(
    kind: K,
    request: Tasks[K]['request'],
    transfer: ReadonlySet<ArrayBuffer>,
  ): Promise<Tasks[K]['result']> {
    return new Promise((resolve, reject) => {
      this.queue.push({ message: { kind, request }, transfer: movable(transfer), resolve, reject });
      this.dispatch();
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.whenIdle = resolve;
      this.dispatch();
    });
    await Promise.all([...this.threads].map((thread) => thread.worker.terminate()));
  }

  /** Gives queued jobs to idle threads, starting threads as long as there are fewer than allowed. */
  private dispatch(): void {
    while (this.queue.length > 0) {
      const thread = this.idleThread();
      if (thread === null) return;
      this.begin(thread, this.queue.shift() as Job);
    }
    if (this.whenIdle !== null && ![...this.threads].some((thread) => thread.job !== null)) this.whenIdle();
  }

  private idleThread(): Thread | null {
    for (const thread of this.threads) if (thread.job === null) return thread;
    return this.threads.size < this.threadCount ? this.startThread() : null;
  }

  private begin(thread: Thread, job: Job): void {
    try {
      thread.worker.postMessage(job.message, job.transfer);
    } catch (error) {
      job.reject(new TributaryError('E9001', 'task cannot be sent to a thread', { cause: error }));
      return;
    }
    thread.job = job;
    thread.worker.ref();
  }

  private startThread(): Thread {
    const worker = new Worker(THREAD_URL, { workerData: this.settings });
    const thread: Thread = { worker, job: null };
    this.threads.add(thread);
    let cause: unknown;
    worker.on('message', (reply: TaskReply) => this.finish(thread, reply));
    worker.on('error', (error) => {
      cause = error;
    });
    // An answer that cannot be read would leave its task waiting for ever.
    worker.on('messageerror', (error) => {
      cause = error;
      worker.terminate().catch(() => {});
    });
    worker.on('exit', (exitCode) => this.bury(thread, exitCode, cause));
    worker.unref();
    return thread;
  }

  private finish(thread: Thread, reply: TaskReply): void {
    const job = thread.job as Job;
    thread.job = null;
    thread.worker.unref();
    if (reply.kind === 'done') job.resolve(reply.result);
    else job.reject(errorOf(reply.failure));
    this.dispatch();
  }

  private bury(thread: Thread, exitCode: number, cause: unknown): void {
    this.threads.delete(thread);
    const job = thread.job;
    thread.job = null;
    job?.reject(
      new TributaryError('E3302', `worker thread ended during a task: kind=${job.message.kind} exit=${exitCode}`, {
        cause,
      }),
    );
    this.dispatch();
  }
}

/** Buffers of Node's shared pool cannot be moved; what views them is copied instead. */
function movable(buffers: ReadonlySet<ArrayBuffer>): ArrayBuffer[] {
  return [...buffers].filter((buffer) => !isMarkedAsUntransferable(buffer));
}

function errorOf(failure: TaskFailure): TributaryError {
  const cause = Object.assign(new Error(failure.message), { stack: failure.stack });
  if (failure.code === null) return new TributaryError('E3303', 'task failed without a code', { cause });
  return new TributaryError(failure.code, failure.message, { cause, context: failure.context });
}
