// A directory of the local file system as a store. Files come into being under a hidden name and are linked to their
// own name once they are on disk, so that no reader and no power loss ever shows half a file.
import { type FileHandle, link, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TributaryError } from '../../base/errors.ts';
import { type Random, systemRandom } from '../../base/random.ts';
import type { FileEntry, FileSink, FileStore, StoreSettings } from '../file-store.ts';
import { checkStorePath, directoryOf, joinPath, lastPartOf } from '../store-path.ts';
import { DirectorySync } from './directory-sync.ts';
import { localError, systemCodeOf } from './local-error.ts';
import { Slots } from './slots.ts';

/** Files that short calls hold open at a time; sinks come on top, one handle each. */
const OPEN_FILES_MAX = 64;

/** A `FileStore` below a directory, which is created with the first write. */
export class LocalFileStore implements FileStore {
  readonly #rootPath: string;
  readonly #random: Random;
  readonly #slots = new Slots(OPEN_FILES_MAX);
  readonly #directories: DirectorySync;

  constructor(rootPath: string, random: Random = systemRandom) {
    this.#rootPath = resolve(rootPath);
    this.#random = random;
    this.#directories = new DirectorySync(this.#rootPath);
  }

  async read(path: string): Promise<Uint8Array> {
    return this.#call('read', path, (absolute) => readFile(absolute));
  }

  async readRange(path: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    return this.#call('read', path, async (absolute) => {
      const handle = await open(absolute, 'r');
      try {
        return await readFully(handle, offset, sizeBytes);
      } finally {
        await handle.close();
      }
    });
  }

  async stat(path: string): Promise<FileEntry | null> {
    return this.#call('stat', path, (absolute) => statOrNull(absolute, lastPartOf(path)));
  }

  async list(directory: string): Promise<readonly FileEntry[]> {
    const names = await this.#call('list', directory, namesIn);
    // The machine's order of names is not defined; ours is, by code unit.
    names.sort((a, b) => (a < b ? -1 : 1));
    const entries = await Promise.all(names.map((name) => this.stat(joinPath(directory, name))));
    return entries.filter((entry) => entry !== null);
  }

  async openWrite(path: string): Promise<FileSink> {
    const absolute = this.#absolute(path);
    try {
      if ((await statOrNull(absolute, '')) !== null) throw alreadyExists(path);
      const temporary = this.#temporaryName(path);
      const handle = await this.#openNew(temporary, path);
      return new LocalFileSink({ path, temporary, handle, publish: () => this.#publishNew(temporary, path) });
    } catch (error) {
      throw localError(error, 'write', path);
    }
  }

  async create(path: string, bytes: Uint8Array): Promise<boolean> {
    return this.#call('create', path, async () => {
      const temporary = await this.#writeTemporary(path, bytes);
      return this.#publishTemporary(temporary, path);
    });
  }

  /** As the interface says; after a loss of power the former content may be back. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    await this.#call('replace', path, async (absolute) => {
      const temporary = await this.#writeTemporary(path, bytes);
      try {
        await rename(temporary, absolute);
      } catch (error) {
        await removeQuietly(temporary);
        throw error;
      }
    });
  }

  async delete(path: string): Promise<void> {
    await this.#call('delete', path, async (absolute) => {
      try {
        await unlink(absolute);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    });
  }

  async renameDirectory(from: string, to: string): Promise<boolean> {
    return this.#call('rename', from, async (absolute) => {
      const target = this.#absolute(to);
      // rename(2) would replace an empty directory.
      if ((await statOrNull(target, '')) !== null) return false;
      await this.#directories.make(this.#absolute(directoryOf(to)));
      this.#directories.forget(absolute);
      try {
        await rename(absolute, target);
      } catch (error) {
        if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) return false;
        throw error;
      }
      for (const path of [from, to]) await this.#directories.sync(this.#absolute(directoryOf(path)));
      return true;
    });
  }

  async deleteDirectory(directory: string): Promise<void> {
    await this.#call('delete', directory, async (absolute) => {
      this.#directories.forget(absolute);
      await rm(absolute, { recursive: true, force: true });
    });
  }

  location(path: string): string {
    return this.#absolute(path);
  }

  settings(): StoreSettings {
    return { kind: 'local', rootPath: this.#rootPath };
  }

  #absolute(path: string): string {
    checkStorePath(path);
    return path === '' ? this.#rootPath : `${this.#rootPath}/${path}`;
  }

  async #call<T>(action: string, path: string, body: (absolute: string) => Promise<T>): Promise<T> {
    const absolute = this.#absolute(path);
    try {
      return await this.#slots.run(() => body(absolute));
    } catch (error) {
      throw localError(error, action, path);
    }
  }

  #temporaryName(path: string): string {
    return this.#absolute(joinPath(directoryOf(path), `.${lastPartOf(path)}.${this.#random.uuid()}.tmp`));
  }

  async #openNew(temporary: string, path: string): Promise<FileHandle> {
    try {
      return await open(temporary, 'wx');
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
      await this.#directories.make(this.#absolute(directoryOf(path)));
      return open(temporary, 'wx');
    }
  }

  async #writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
    const temporary = this.#temporaryName(path);
    const handle = await this.#openNew(temporary, path);
    try {
      await writeFully(handle, bytes);
      await handle.sync();
    } catch (error) {
      await handle.close().catch(() => {});
      await removeQuietly(temporary);
      throw error;
    }
    await handle.close();
    return temporary;
  }

  /** Gives a finished file its name: false if the name is taken. Either way the name is durable and the temporary gone. */
  async #publishTemporary(temporary: string, path: string): Promise<boolean> {
    let created = true;
    try {
      // rename(2) would overwrite; link(2) fails if the name is taken.
      await link(temporary, this.#absolute(path));
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') {
        await removeQuietly(temporary);
        throw error;
      }
      created = false;
    }
    await removeQuietly(temporary);
    await this.#directories.sync(this.#absolute(directoryOf(path)));
    return created;
  }

  async #publishNew(temporary: string, path: string): Promise<void> {
    if (!(await this.#publishTemporary(temporary, path))) throw alreadyExists(path);
  }
}

interface SinkParts {
  readonly path: string;
  readonly temporary: string;
  readonly handle: FileHandle;
  readonly publish: () => Promise<void>;
}

/** A file under a hidden name until it is closed. */
class LocalFileSink implements FileSink {
  readonly #parts: SinkParts;
  #handle: FileHandle | null;
  #ended = false;

  constructor(parts: SinkParts) {
    this.#parts = parts;
    this.#handle = parts.handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await writeFully(this.#openHandle(), bytes);
    } catch (error) {
      throw localError(error, 'write', this.#parts.path);
    }
  }

  async close(): Promise<void> {
    const handle = this.#openHandle();
    try {
      await handle.sync();
      this.#handle = null;
      await handle.close();
      await this.#parts.publish();
      this.#ended = true;
    } catch (error) {
      throw localError(error, 'close', this.#parts.path);
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => {});
    await removeQuietly(this.#parts.temporary);
  }

  #openHandle(): FileHandle {
    if (this.#handle === null) throw new TributaryError('E9001', `file is closed already: path=${this.#parts.path}`);
    return this.#handle;
  }
}

/** The error of a file that was to be new. */
function alreadyExists(path: string): TributaryError {
  return new TributaryError('E9001', `file exists already: path=${path}`);
}

function isAbsent(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function namesIn(absolute: string): Promise<string[]> {
  try {
    return await readdir(absolute);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function statOrNull(absolute: string, name: string): Promise<FileEntry | null> {
  try {
    const found = await stat(absolute);
    const isDirectory = found.isDirectory();
    return { name, isDirectory, sizeBytes: isDirectory ? 0 : found.size, modifiedMs: found.mtimeMs };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function readFully(handle: FileHandle, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, offset + filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}

/** A hidden file that stays is an orphan and harmless; the error that led here is the one that counts. */
async function removeQuietly(absolute: string): Promise<void> {
  await unlink(absolute).catch(() => {});
}
