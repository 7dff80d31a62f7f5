// Names of files that metadata gives: each becomes the last part of a path, and nothing else.

/** Whether the name can be that of a file in a directory of the table: no path, no way out of the directory. */
export function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}
