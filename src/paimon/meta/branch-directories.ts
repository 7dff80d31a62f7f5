// The directories of a table's branches.
import type { FileStore } from '../../storage/file-store.ts';
import { prefixedDirectories } from '../../storage/prefixed-entries.ts';
import type { TablePaths } from './table-paths.ts';

const PREFIX = 'branch-';

/** A branch by its directory, which may be there before the branch is: see `maintenance/branches.ts`. */
export interface BranchDirectory {
  readonly name: string;
  readonly modifiedMs: number;
}

/** The directories of all branches but the main one, by name. */
export function branchDirectories(store: FileStore, paths: TablePaths): Promise<readonly BranchDirectory[]> {
  return prefixedDirectories(store, paths.branchDirectory, PREFIX);
}
