// Writes a configuration file for the user; never over one that is there.
import { writeFileSync } from 'node:fs';
import { TributaryError } from '../base/errors.ts';

/** Writes a file that does not exist yet, readable by its owner only. Throws E6005, E1010. */
export function writeNewFile(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new TributaryError('E6005', `file exists already: file=${path}`);
    }
    throw new TributaryError('E1010', `file cannot be written: file=${path}`, { cause: error });
  }
}
