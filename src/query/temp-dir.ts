// The directory of temporary files of one query: spooled tables and what DuckDB moves out of memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own that is removed with all it holds. */
export interface TempDir {
  readonly path: string;
  /** Removes the directory; further calls do nothing. */
  remove(): void;
}

/** Creates a directory below `parent`, the system's directory for temporary files unless given. */
export function createTempDir(parent: string = tmpdir()): TempDir {
  const path = mkdtempSync(join(parent, 'tributary-query-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
