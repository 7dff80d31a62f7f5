// Temporary files for what does not fit into memory: without a name, so that nothing is left behind however a process
// ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../base/errors.ts';
import { localError } from './local/local-error.ts';
import type { SpillSpace } from './spill-space.ts';

const LABEL = 'temporary file';

/** A file of this process alone. Errors: those of a `FileStore`. */
export class ScratchFile {
  private readonly handle: FileHandle;
  private readonly space: SpillSpace;
  private size = 0;
  private taken = 0;

  private constructor(handle: FileHandle, space: SpillSpace) {
    this.handle = handle;
    this.space = space;
  }

  /** Makes an empty file in the directory of the space, out of which its bytes are taken while it is open. */
  static async create(space: SpillSpace): Promise<ScratchFile> {
    try {
      const directory = mkdtempSync(join(space.directory, 'tributary-scratch-'));
      try {
        return new ScratchFile(await open(join(directory, 'scratch'), 'wx+'), space);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    } catch (error) {
      throw localError(error, 'write', LABEL);
    }
  }

  get sizeBytes(): number {
    return this.size;
  }

  /** Adds the bytes at the end; they may be reused once the promise resolves. Throws `E3006`, too. */
  async append(bytes: Uint8Array): Promise<void> {
    this.space.take(bytes.length);
    this.taken += bytes.length;
    try {
      for (let from = 0; from < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, from, bytes.length - from, this.size);
        from += bytesWritten;
        this.size += bytesWritten;
      }
    } catch (error) {
      throw localError(error, 'write', LABEL);
    }
  }

  /** Fills `target` with the bytes from `offset`, all of which are there. */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    assert(offset + target.length <= this.size, `read behind the end of a ${LABEL}: offset=${offset}`);
    try {
      for (let from = 0; from < target.length; ) {
        const { bytesRead } = await this.handle.read(target, from, target.length - from, offset + from);
        assert(bytesRead > 0, `${LABEL} has become shorter: offset=${offset + from}`);
        from += bytesRead;
      }
    } catch (error) {
      throw localError(error, 'read', LABEL);
    }
  }

  /** Gives its space back. */
  async close(): Promise<void> {
    await this.handle.close();
    this.space.give(this.taken);
    this.taken = 0;
  }
}
