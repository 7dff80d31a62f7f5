// Temporary directories that go away by themselves: at the end of the process, or at the next run when it was killed.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'tributary-test-';
const made = new Set<string>();

/** A new empty directory directly under the system's temporary one. Removed when this process ends. */
export function tempDir(): string {
  if (made.size === 0) {
    sweep();
    process.once('exit', () => made.forEach(removeDir));
  }
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  made.add(directory);
  return directory;
}

/** Removes a directory and all in it; it need not exist. */
export function removeDir(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  made.delete(directory);
}

/** Removes what killed runs have left: directories whose process is gone. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    try {
      removeDir(join(tmpdir(), name));
    } catch {
      // Another account's: its own next run removes it.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
