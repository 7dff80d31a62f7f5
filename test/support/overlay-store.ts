// A store that shows one file with other bytes, and remembers which files were read.
import type { FileEntry, FileSink, FileStore } from '../../src/storage/file-store.ts';

/** Reads of another store with one file replaced. Writing goes through. */
export class OverlayStore implements FileStore {
  /** Paths of what was read, in the order of the first reads. */
  readonly readPaths = new Set<string>();
  /** Bytes that were given out. */
  readBytes = 0;
  readonly #inner: FileStore;
  readonly #overlay: { readonly path: string; readonly bytes: Uint8Array } | null;

  constructor(inner: FileStore, overlay: { readonly path: string; readonly bytes: Uint8Array } | null) {
    this.#inner = inner;
    this.#overlay = overlay;
  }

  async read(path: string): Promise<Uint8Array> {
    const { replaced } = this.#replacing(path);
    return this.#given(path, replaced === null ? await this.#inner.read(path) : replaced.slice());
  }

  async readRange(path: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    const { replaced } = this.#replacing(path);
    const bytes =
      replaced === null
        ? await this.#inner.readRange(path, offset, sizeBytes)
        : replaced.slice(offset, offset + sizeBytes);
    return this.#given(path, bytes);
  }

  async stat(path: string): Promise<FileEntry | null> {
    return this.#entry(path, await this.#inner.stat(path));
  }

  async list(directory: string): Promise<readonly FileEntry[]> {
    const entries = await this.#inner.list(directory);
    return entries.map((entry) => this.#entry(`${directory}/${entry.name}`, entry) ?? entry);
  }

  openWrite(path: string): Promise<FileSink> {
    return this.#inner.openWrite(path);
  }

  create(path: string, bytes: Uint8Array): Promise<boolean> {
    return this.#inner.create(path, bytes);
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.#inner.replace(path, bytes);
  }

  delete(path: string): Promise<void> {
    return this.#inner.delete(path);
  }

  deleteDirectory(directory: string): Promise<void> {
    return this.#inner.deleteDirectory(directory);
  }

  renameDirectory(from: string, to: string): ReturnType<FileStore['renameDirectory']> {
    return this.#inner.renameDirectory(from, to);
  }

  location(path: string): string {
    return this.#inner.location(path);
  }

  settings(): null {
    return null;
  }

  #replacing(path: string): { readonly replaced: Uint8Array | null } {
    return { replaced: this.#overlay?.path === path ? this.#overlay.bytes : null };
  }

  #entry(path: string, entry: FileEntry | null): FileEntry | null {
    const { replaced } = this.#replacing(path);
    return entry === null || replaced === null ? entry : { ...entry, sizeBytes: replaced.length };
  }

  #given(path: string, bytes: Uint8Array): Uint8Array {
    this.readPaths.add(path);
    this.readBytes += bytes.length;
    return bytes;
  }
}
