// Makes directory entries durable with few fsyncs: callers that wait for the same directory share one.
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Slots } from './slots.ts';

/** Directories that are remembered as durable; forgetting one costs a further fsync. */
const DURABLE_DIRECTORIES_MAX = 10_000;

/** Directories that are open at a time. */
const OPEN_DIRECTORIES_MAX = 16;

interface Running {
  readonly done: Promise<void>;
  /** The sync that begins after `done`; it covers whoever asks while the first one runs. */
  next: Promise<void> | null;
}

/** Makes entries of directories durable. Paths are absolute. Throws the system's errors. */
export class DirectorySync {
  readonly #rootPath: string;
  /** Slots of our own: callers may hold one of theirs while they wait for us. */
  readonly #slots = new Slots(OPEN_DIRECTORIES_MAX);
  readonly #running = new Map<string, Running>();
  readonly #durable = new Set<string>();

  constructor(rootPath: string) {
    this.#rootPath = rootPath;
  }

  /** Makes all present entries of the directory durable, and the directory itself up to the root. */
  async sync(directory: string): Promise<void> {
    await Promise.all([this.#syncOne(directory), this.#syncAncestors(directory)]);
  }

  /** Creates the directory with its parents; durable with the next `sync`. */
  async make(directory: string): Promise<void> {
    const first = await mkdir(directory, { recursive: true });
    if (first === undefined) return;
    for (let made = directory; made.length >= first.length; made = dirname(made)) this.#durable.delete(made);
    // Above the root nobody else looks after the entries.
    for (let made = this.#rootPath; made.length >= first.length; made = dirname(made))
      await this.#syncOne(dirname(made));
  }

  /** Forgets what is known of a removed directory. */
  forget(directory: string): void {
    for (const known of this.#durable) {
      if (known === directory || known.startsWith(`${directory}/`)) this.#durable.delete(known);
    }
  }

  async #syncAncestors(directory: string): Promise<void> {
    const pending: string[] = [];
    for (let child = directory; child.length > this.#rootPath.length; child = dirname(child)) {
      if (this.#durable.has(child)) break;
      pending.push(child);
    }
    await Promise.all(pending.map((child) => this.#syncOne(dirname(child))));
    if (this.#durable.size > DURABLE_DIRECTORIES_MAX) this.#durable.clear();
    for (const child of pending) this.#durable.add(child);
  }

  #syncOne(directory: string): Promise<void> {
    const running = this.#running.get(directory);
    if (running === undefined) return this.#start(directory);
    // An fsync that runs already may have missed our entry.
    running.next ??= running.done.then(
      () => this.#start(directory),
      () => this.#start(directory),
    );
    return running.next;
  }

  #start(directory: string): Promise<void> {
    const done = this.#slots.run(() => fsyncDirectory(directory));
    const running: Running = { done, next: null };
    this.#running.set(directory, running);
    const ended = (): void => {
      if (running.next === null) this.#running.delete(directory);
    };
    done.then(ended, ended);
    return done;
  }
}

async function fsyncDirectory(directory: string): Promise<void> {
  // Windows has no fsync of directories; NTFS journals the entries.
  if (process.platform === 'win32') return;
  let handle: FileHandle | null = null;
  try {
    handle = await open(directory, 'r');
    await handle.sync();
  } finally {
    await handle?.close();
  }
}
