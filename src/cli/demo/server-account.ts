// The account that the demo's database servers run under: database servers refuse to run as root.
// Opens files itself (an exception to the file rule): it runs before there is any configuration or storage.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { TributaryError } from '../../base/errors.ts';

/** The programs of one installation of a server. */
export interface ServerPrograms {
  /** The folder that holds the server's program. */
  readonly folder: string;
  /** The folder that has to be copied as a whole where the account cannot reach `folder`. */
  readonly root: string;
}

/** The account a server runs under when the caller is root. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account for a server: undefined (the caller's own) unless the caller is root. As root it is the one with the
 * server's name, else `nobody`; throws E9012 when neither exists.
 */
export function serverAccount(server: 'postgres' | 'mysql' = 'postgres'): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const names = [server, 'nobody'];
  for (const name of names) {
    const fields = accounts.find((candidate) => candidate[0] === name);
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new TributaryError('E9012', `no account to run the server under: tried=${names.join(',')}`);
}

/** True when the account may enter the folder (always, for the caller's own account). */
export function mayEnter(account: ServerAccount | undefined, folder: string): boolean {
  if (account === undefined) return true;
  const probe = spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { ...account, cwd: '/' });
  return probe.status === 0;
}

/**
 * Programs that the account can reach: the given ones, or a copy of them under `directory`
 * (a clone in root's home folder is closed to every other account).
 */
export function reachablePrograms(
  programs: ServerPrograms,
  account: ServerAccount | undefined,
  directory: string,
): ServerPrograms {
  if (mayEnter(account, programs.folder)) return programs;
  const root = join(directory, 'programs');
  if (!existsSync(root)) cpSync(programs.root, root, { recursive: true, verbatimSymlinks: true });
  return { folder: join(root, relative(programs.root, programs.folder)), root };
}
