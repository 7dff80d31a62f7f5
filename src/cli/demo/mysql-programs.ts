// Finds the programs of a MySQL or MariaDB server on this machine: no npm package has them.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TributaryError } from '../../base/errors.ts';
import type { ServerPrograms } from './server-account.ts';

/** Which server. */
export type MysqlKind = 'mariadb' | 'mysql';

/** The programs of one installation. */
export interface MysqlPrograms extends ServerPrograms {
  readonly kind: MysqlKind;
  /** The server's program within `folder`. */
  readonly server: string;
  /** The program that makes MariaDB's data directory; null for MySQL, whose server does it. */
  readonly installer: string | null;
  /** Options that name its files, where it does not stand in the place that it was built for. */
  readonly places: (root: string) => readonly string[];
}

const SERVER_NAMES: Readonly<Record<MysqlKind, string>> = { mariadb: 'mariadbd', mysql: 'mysqld' };
/** Where servers stand that are not in everybody's search path. */
const FOLDERS = '/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/bin:/usr/local/mysql/bin:/opt/homebrew/bin';

/**
 * The server's programs: those in the named folder, or the first in the search path. Throws E9010 where there are none, or
 * where they are those of the other kind (systems have MariaDB as `mysqld`, too).
 */
export function mysqlPrograms(kind: MysqlKind, named: string | undefined): MysqlPrograms {
  const name = SERVER_NAMES[kind];
  const places = named === undefined ? `$PATH:${FOLDERS}` : searchPath(resolve(named));
  const server = found(name, places);
  if (server === null) throw absent(kind, `no ${name} in ${named ?? 'the search path'}`);
  const version = spawnSync(server, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  if (/mariadb/i.test(version) !== (kind === 'mariadb')) throw absent(kind, `${server} is another server`);
  const installer = kind === 'mariadb' ? found('mariadb-install-db', places) : null;
  if (kind === 'mariadb' && installer === null) throw absent(kind, 'no mariadb-install-db');
  const folder = dirname(realpathSync(server));
  return { kind, server: name, folder, root: dirname(folder), installer, places: placeOptions };
}

/** Messages stand under the folder of an installation that was unpacked; elsewhere the server knows its places. */
function placeOptions(root: string): readonly string[] {
  const isUnpacked = existsSync(join(root, 'share', 'english', 'errmsg.sys'));
  return isUnpacked ? [`--basedir=${root}`, `--lc-messages-dir=${join(root, 'share')}`] : [];
}

function searchPath(folder: string): string {
  return [folder, join(folder, '../bin'), join(folder, '../scripts')].join(':');
}

/** The path of a program; `places` may name variables of the shell. */
function found(name: string, places: string): string | null {
  const run = spawnSync('/bin/sh', ['-c', `PATH="${places}"; command -v "$1"`, 'sh', name], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : null;
}

function absent(kind: MysqlKind, reason: string): TributaryError {
  const product = kind === 'mariadb' ? 'MariaDB' : 'MySQL';
  return new TributaryError('E9010', `no ${product} server on this machine: ${reason}`);
}
