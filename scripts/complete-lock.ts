// Puts into package-lock.json the optional packages of other platforms that npm has left out, so that `npm ci` works
// on every platform. npm leaves out what the registry at hand does not serve, and then refuses its own lock file.
// Run it after each `npm install` that changes the lock file; test/unit/support/package-lock.test.ts says when.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One package of a lock file; other fields pass through. */
export interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The packages of a lock file, by their path in the project. */
export type LockPackages = Readonly<Record<string, LockEntry>>;

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];
const PREFIX = 'node_modules/';

/** Entries for the optional packages that some package names and the lock file lacks. */
export function missingEntries(packages: LockPackages): LockPackages {
  const missing: Record<string, LockEntry> = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const nested = `${path}/${PREFIX}${name}`;
      const top = `${PREFIX}${name}`;
      if (nested in packages || top in packages || top in missing) continue;
      const { os, cpu, libc } = platformOf(name);
      // In npm's order of fields, so that its next run leaves them as they are.
      missing[top] = { version, cpu, ...(entry.dev === true ? { dev: true } : {}), ...libc, optional: true, os };
    }
  }
  return missing;
}

/** What such a package's name ends with, as in `@duckdb/node-bindings-linux-arm64-musl`. */
interface Platform {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: Pick<LockEntry, 'libc'>;
}

function platformOf(name: string): Platform {
  const words = name.replace('windows', 'win32').split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`no platform in the name of an optional package: ${name}`);
  const library = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return { os, cpu, libc: os[0] === 'linux' ? { libc: [library] } : {} };
}

function completeLock(file: string): void {
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: LockPackages };
  const added = missingEntries(lock.packages);
  const all = Object.entries({ ...lock.packages, ...added });
  // npm's own order again.
  all.sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(all) }, null, 2)}\n`);
  process.stdout.write(`${Object.keys(added).length} packages added\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  completeLock(fileURLToPath(new URL('../package-lock.json', import.meta.url)));
}
