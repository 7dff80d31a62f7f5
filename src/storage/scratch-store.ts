// Temporary files by name, for writers and readers of data files: nothing of them is left however the process ends.
import { assert } from '../base/errors.ts';
import type { FileSink, FileStore } from './file-store.ts';
import { ScratchFile } from './scratch-file.ts';
import type { SpillSpace } from './spill-space.ts';

/** The part of a store that temporary files need. */
export type RunStore = Pick<FileStore, 'openWrite' | 'create' | 'delete' | 'readRange'>;

/** Names that only this object knows, for files that have none. `close` gives back what is left. */
export class ScratchStore implements RunStore {
  private readonly space: SpillSpace;
  private readonly files = new Map<string, ScratchFile>();

  constructor(space: SpillSpace) {
    this.space = space;
  }

  async openWrite(path: string): Promise<FileSink> {
    assert(!this.files.has(path), `temporary file exists already: ${path}`);
    const file = await ScratchFile.create(this.space);
    return {
      write: (bytes) => file.append(bytes),
      close: async () => {
        this.files.set(path, file);
      },
      abort: () => file.close(),
    };
  }

  async create(path: string, bytes: Uint8Array): Promise<boolean> {
    if (this.files.has(path)) return false;
    const sink = await this.openWrite(path);
    await sink.write(bytes);
    await sink.close();
    return true;
  }

  async readRange(path: string, offset: number, sizeBytes: number): Promise<Uint8Array> {
    const file = this.files.get(path);
    assert(file !== undefined, `temporary file is not there: ${path}`);
    const bytes = new Uint8Array(Math.max(0, Math.min(sizeBytes, file.sizeBytes - offset)));
    await file.readInto(bytes, offset);
    return bytes;
  }

  async delete(path: string): Promise<void> {
    const file = this.files.get(path);
    this.files.delete(path);
    await file?.close();
  }

  /** Gives all files back. */
  async close(): Promise<void> {
    for (const path of this.files.keys()) await this.delete(path);
  }
}
