// A store in memory for tests and simulations. It is deterministic: files and listings depend on the calls alone, and
// each call takes effect before its promise is returned.
import { type Clock, systemClock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { FileEntry, FileSink, FileStore } from '../file-store.ts';
import { checkStorePath, lastPartOf } from '../store-path.ts';

interface StoredFile {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** A `FileStore` in memory. `crash` does what a loss of power does. */
export class MemoryFileStore implements FileStore {
  readonly #clock: Clock;
  readonly #files = new Map<string, StoredFile>();
  /** What a path held when it was last durable (null: nothing), for paths whose change is visible but not durable. */
  readonly #before = new Map<string, StoredFile | null>();
  #life = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async read(path: string): Promise<Uint8Array> {
    return this.#find(path).bytes.slice();
  }

  async readRange(path: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    return this.#find(path).bytes.slice(offset, offset + sizeBytes);
  }

  async stat(path: string): Promise<FileEntry | null> {
    checkStorePath(path);
    const file = this.#files.get(path);
    if (file !== undefined) return entryOf(lastPartOf(path), file);
    for (const known of this.#files.keys()) {
      if (path === '' || known.startsWith(`${path}/`)) return directoryEntry(lastPartOf(path));
    }
    return null;
  }

  async list(directory: string): Promise<readonly FileEntry[]> {
    checkStorePath(directory);
    const prefix = directory === '' ? '' : `${directory}/`;
    const entries = new Map<string, FileEntry>();
    for (const [path, file] of this.#files) {
      if (!path.startsWith(prefix)) continue;
      const rest = path.slice(prefix.length);
      const end = rest.indexOf('/');
      const name = end < 0 ? rest : rest.slice(0, end);
      entries.set(name, end < 0 ? entryOf(name, file) : directoryEntry(name));
    }
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async openWrite(path: string): Promise<FileSink> {
    checkStorePath(path);
    if (this.#files.has(path)) throw alreadyExists(path);
    const parts: Uint8Array[] = [];
    const life = this.#life;
    let open = true;
    const check = (): void => {
      if (!open) throw new TributaryError('E9001', `file is closed already: path=${path}`);
      if (life !== this.#life) throw new TributaryError('E3004', `storage failed: path=${path} reason=crash`);
    };
    return {
      write: async (bytes) => {
        check();
        parts.push(bytes.slice());
      },
      close: async () => {
        check();
        if (this.#files.has(path)) throw alreadyExists(path);
        open = false;
        await this.#put(path, Buffer.concat(parts));
      },
      abort: async () => {
        open = false;
      },
    };
  }

  async create(path: string, bytes: Uint8Array): Promise<boolean> {
    checkStorePath(path);
    if (this.#files.has(path)) {
      this.#before.delete(path);
      return false;
    }
    await this.#put(path, bytes);
    return true;
  }

  /** As the interface says; a crash brings the former content back unless the promise had resolved. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    checkStorePath(path);
    await this.#put(path, bytes);
  }

  async delete(path: string): Promise<void> {
    checkStorePath(path);
    this.#files.delete(path);
    this.#before.delete(path);
  }

  async renameDirectory(from: string, to: string): Promise<boolean> {
    checkStorePath(from);
    if ((await this.stat(to)) !== null) return false;
    const paths = this.paths().filter((path) => path.startsWith(`${from}/`));
    if (paths.length === 0) throw new TributaryError('E3001', `directory not found: path=${from}`);
    for (const path of paths) {
      this.#files.set(`${to}${path.slice(from.length)}`, this.#find(path));
      await this.delete(path);
    }
    return true;
  }

  async deleteDirectory(directory: string): Promise<void> {
    checkStorePath(directory);
    for (const path of this.paths()) {
      if (directory === '' || path.startsWith(`${directory}/`)) await this.delete(path);
    }
  }

  location(path: string): string {
    return `memory:/${path}`;
  }

  settings(): null {
    return null;
  }

  /** Drops what no resolved promise said is durable: open sinks, and calls that are under way. */
  crash(): void {
    this.#life += 1;
    for (const [path, before] of this.#before) {
      if (before === null) this.#files.delete(path);
      else this.#files.set(path, before);
    }
    this.#before.clear();
  }

  /** The paths of all files, in order. */
  paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  /** A copy with the same files, for trying several continuations of one state. */
  clone(): MemoryFileStore {
    const copy = new MemoryFileStore(this.#clock);
    for (const [path, file] of this.#files) copy.#files.set(path, file);
    for (const [path, before] of this.#before) copy.#before.set(path, before);
    return copy;
  }

  #find(path: string): StoredFile {
    checkStorePath(path);
    const file = this.#files.get(path);
    if (file === undefined) throw new TributaryError('E3001', `file not found: path=${path}`);
    return file;
  }

  /** Shows the file at once; it is durable when the promise resolves. */
  async #put(path: string, bytes: Uint8Array): Promise<void> {
    const life = this.#life;
    if (!this.#before.has(path)) this.#before.set(path, this.#files.get(path) ?? null);
    this.#files.set(path, { bytes: bytes.slice(), modifiedMs: this.#clock.nowMs() });
    await Promise.resolve();
    if (life !== this.#life) throw new TributaryError('E3004', `storage failed: path=${path} reason=crash`);
    this.#before.delete(path);
  }
}

function entryOf(name: string, file: StoredFile): FileEntry {
  return { name, isDirectory: false, sizeBytes: file.bytes.length, modifiedMs: file.modifiedMs };
}

function directoryEntry(name: string): FileEntry {
  return { name, isDirectory: true, sizeBytes: 0, modifiedMs: 0 };
}

/** The error of a file that was to be new. */
function alreadyExists(path: string): TributaryError {
  return new TributaryError('E9001', `file exists already: path=${path}`);
}
