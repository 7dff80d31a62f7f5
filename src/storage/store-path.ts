// The rules for paths inside a store, shared by all stores.
import { assert } from '../base/errors.ts';

/** Throws E9001 unless the path is relative, without empty parts, `.` and `..`. The empty path is the root. */
export function checkStorePath(path: string): void {
  if (path === '') return;
  for (const part of path.split('/')) {
    assert(part !== '' && part !== '.' && part !== '..', `path is not allowed in a store: path=${path}`);
  }
  assert(!path.includes('\0'), `path holds a zero byte: path=${JSON.stringify(path)}`);
}

/** The last part of a path. */
export function lastPartOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The directory that holds the path; empty for the root. */
export function directoryOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '' : path.slice(0, end);
}

/** Joins two paths, either of which may be empty. */
export function joinPath(directory: string, name: string): string {
  if (directory === '') return name;
  return name === '' ? directory : `${directory}/${name}`;
}
