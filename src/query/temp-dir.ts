// The directory of temporary files of one query: spooled tables and what DuckDB moves out of memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localError } from '../storage/local/local-error.ts';

/** A directory of its own that is removed with all it holds. */
export interface TempDir {
  readonly path: string;
  /** Removes the directory; further calls do nothing. */
  remove(): void;
}

/** Creates a directory below `parent`. Throws as a `FileStore` where that is not there or may not be written to. */
export function createTempDir(parent: string): TempDir {
  const path = made(join(parent, 'tributary-query-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function made(prefix: string): string {
  try {
    return mkdtempSync(prefix);
  } catch (error) {
    throw localError(error, 'write', prefix);
  }
}
