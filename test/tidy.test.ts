// The rules of docs/CONVENTIONS.md that a machine can check and the compiler and the linter cannot: layers, sizes,
// calls with one home, error codes, documentation made from tables. Exceptions stand in one table, each with a reason.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configFiles } from '../scripts/config-reference.ts';
import { errorsDocument } from '../scripts/errors-doc.ts';
import { ERROR_CODES } from '../src/base/error-codes.ts';
import { parseConfig } from '../src/config/load-config.ts';
import { configSchema } from '../src/config/options.ts';
import {
  checkApart,
  checkBannedUses,
  checkCycles,
  checkErrorCodes,
  checkEscapes,
  checkLayers,
  checkModuleStyle,
  checkOpening,
  checkOrder,
  checkSizes,
  checkTestModifiers,
  tidyFile,
  type BannedUse,
  type Finding,
  type LayerTable,
  type TidyFile,
} from './support/tidy-rules.ts';

/** Who may import whom, as in docs/CONVENTIONS.md. `x (types)`: only with `import type`. */
const LAYERS: LayerTable = {
  base: [],
  column: ['base'],
  change: ['column', 'base'],
  storage: ['base'],
  paimon: ['storage', 'column', 'base'],
  checkpoint: ['storage', 'change', 'base'],
  source: ['change', 'column', 'base'],
  mapping: ['change', 'paimon', 'base'],
  query: ['paimon', 'checkpoint', 'storage', 'column', 'base'],
  mirror: ['source', 'mapping', 'paimon', 'checkpoint', 'storage', 'change', 'column', 'base'],
  server: ['mirror', 'query', 'base'],
  config: [
    'base',
    ...['column', 'change', 'storage', 'paimon', 'checkpoint', 'source', 'mapping', 'query', 'mirror', 'server'].map(
      (name) => `${name} (types)`,
    ),
  ],
  cli: [
    'base',
    'column',
    'change',
    'storage',
    'paimon',
    'checkpoint',
    'source',
    'mapping',
    'query',
    'mirror',
    'server',
    'config',
  ],
  'index.ts': [
    'base',
    'column',
    'change',
    'storage',
    'paimon',
    'checkpoint',
    'source',
    'mapping',
    'query',
    'mirror',
    'server',
    'config',
  ],
};

/** Inside src/paimon each part imports only the parts before it. */
const PAIMON_ORDER = [
  'schema',
  'format',
  'meta',
  'lsm',
  'commit',
  'scan',
  'maintenance',
  'catalog',
  'table.ts',
  'table-session.ts',
  'lake.ts',
  'index.ts',
];

const SOURCES_APART = ['src/source/postgres/', 'src/source/mysql/'];

const CLOCK = ['src/base/clock.ts'];
const RANDOM = ['src/base/random.ts'];

/** Calls and modules with one home (of `src`; tests may use them). */
const BANNED: readonly BannedUse[] = [
  { name: 'Date.now', tokens: ['Date', '.', 'now'], homes: CLOCK },
  { name: 'new Date()', tokens: ['new', 'Date', '(', ')'], homes: CLOCK },
  { name: 'performance.now', tokens: ['performance', '.', 'now'], homes: CLOCK },
  { name: 'process.hrtime', tokens: ['process', '.', 'hrtime'], homes: CLOCK },
  { name: 'setTimeout', tokens: ['setTimeout'], homes: CLOCK },
  { name: 'setInterval', tokens: ['setInterval'], homes: CLOCK },
  { name: 'setImmediate', tokens: ['setImmediate'], homes: CLOCK },
  { name: 'AbortSignal.timeout', tokens: ['AbortSignal', '.', 'timeout'], homes: CLOCK },
  { name: 'timers', modules: ['timers', 'timers/promises', 'perf_hooks'], homes: CLOCK },
  { name: 'Math.random', tokens: ['Math', '.', 'random'], homes: RANDOM },
  ...['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync', 'getRandomValues'].flatMap((name) => [
    { name, tokens: [name], homes: RANDOM },
    { name: `crypto.${name}`, tokens: ['crypto', '.', name], homes: RANDOM },
  ]),
  { name: 'process.env', tokens: ['process', '.', 'env'], homes: ['src/config/'] },
  { name: 'process', modules: ['process'], homes: [] },
  {
    name: 'files',
    modules: ['fs', 'fs/promises'],
    homes: ['src/storage/', 'src/config/', 'src/query/temp-dir.ts', 'src/cli/demo/'],
  },
  { name: 'console', tokens: ['console', '.'], homes: ['src/cli/'] },
];

/** Places where a rule makes the code worse. A row that no finding needs any more fails the test. */
const EXCEPTIONS: ReadonlyArray<{
  readonly rule: string;
  readonly path: string;
  readonly match: string;
  readonly reason: string;
}> = [
  {
    rule: 'file-size',
    path: 'src/base/error-codes.ts',
    match: '',
    reason: 'one table of all codes, without logic: a reader looks codes up in it, and docs/ERRORS.md is made from it',
  },
];

const ROOT = join(import.meta.dirname, '..');
const files = ['src', 'test', 'bench', 'scripts'].flatMap(readFolder);
const product = files.filter(({ path }) => path.startsWith('src/'));

function readFolder(folder: string): readonly TidyFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.split(sep).includes('fixtures'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .sort()
    .map((path) => tidyFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

const isExcepted = (row: (typeof EXCEPTIONS)[number], found: Finding): boolean =>
  row.rule === found.rule && row.path === found.path && found.message.includes(row.match);

/** Findings that no exception covers, one line each. */
function lines(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter((found) => !EXCEPTIONS.some((row) => isExcepted(row, found)))
    .map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`);
}

const errorCodes = { path: 'src/base/error-codes.ts', codes: Object.keys(ERROR_CODES) };
const checks: Readonly<Record<string, () => readonly Finding[]>> = {
  'folders import only what the table names': () => product.flatMap((file) => checkLayers(file, LAYERS)),
  'the parts of paimon import only parts before them': () =>
    product.flatMap((file) => checkOrder(file, { folder: 'src/paimon', order: PAIMON_ORDER })),
  'sources do not know each other': () => product.flatMap((file) => checkApart(file, SOURCES_APART)),
  'imports have no cycles': () => checkCycles(files),
  'relative imports end in .ts; no default exports, no barrel files': () => files.flatMap(checkModuleStyle),
  'files and functions are small': () => files.flatMap(checkSizes),
  'files of src open with what they are': () => product.flatMap(checkOpening),
  'time, randomness, environment, files and console have one home': () =>
    product.flatMap((file) => checkBannedUses(file, BANNED)),
  'no escapes from types, no errors without a code': () => files.flatMap(checkEscapes),
  'every test runs': () => files.filter(({ path }) => path.startsWith('test/')).flatMap(checkTestModifiers),
  'error codes are known and used': () => checkErrorCodes(product, errorCodes),
};

describe('tidy', () => {
  test('the files were found', () => {
    expect(product.length).toBeGreaterThan(10);
    expect(files.map(({ path }) => path)).toContain('test/tidy.test.ts');
  });

  test.each(Object.entries(checks))('%s', (_name, check) => {
    expect(lines(check())).toEqual([]);
  });

  test('every exception has a reason and is needed', () => {
    const findings = Object.values(checks).flatMap((check) => check());
    const idle = EXCEPTIONS.filter(
      (row) => row.reason.length < 10 || !findings.some((found) => isExcepted(row, found)),
    );
    expect(idle).toEqual([]);
  });

  test('docs/ERRORS.md is what scripts/errors-doc.ts makes', () => {
    expect(readFileSync(join(ROOT, 'docs/ERRORS.md'), 'utf8'), 'stale: run npm run docs:errors').toBe(errorsDocument());
  });

  test('every option has a sentence and stands in config/reference.yaml', () => {
    const options = optionsOf(z.toJSONSchema(configSchema, { io: 'input' }) as OptionSchema);
    const reference = readFileSync(join(ROOT, 'config/reference.yaml'), 'utf8');
    expect(options.filter(({ described }) => !described).map(({ path }) => path)).toEqual([]);
    expect(undocumented(options, reference)).toEqual([]);
  });

  test.each([...configFiles()])('%s is what scripts/config-reference.ts makes', (path, text) => {
    expect(readFileSync(join(ROOT, path), 'utf8'), 'stale: run npm run docs:config').toBe(text);
  });

  test('config/example.yaml is valid', () => {
    const text = readFileSync(join(ROOT, 'config/example.yaml'), 'utf8');
    const values = { environment: {}, readFile: () => '' };
    expect(Object.keys(parseConfig(text, 'config/example.yaml', values).config.sources)).toEqual(['shop']);
  });

  test('npm test runs every kind of test that needs no server', () => {
    const manifest = parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const projects = ['unit', 'property', 'simulation', 'golden', 'tidy', 'e2e-light'];
    expect(manifest.scripts['test']).toBe(`vitest run ${projects.map((name) => `--project ${name}`).join(' ')}`);
  });
});

/** What is used of the JSON Schema of the options. */
interface OptionSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly additionalProperties?: OptionSchema | boolean;
  readonly items?: OptionSchema;
  readonly anyOf?: readonly OptionSchema[];
}

/** Every key a user can write, `*` for a name of the user's; a key with keys of its own needs no sentence. */
function optionsOf(
  schema: OptionSchema,
  path = '',
): ReadonlyArray<{ readonly path: string; readonly described: boolean }> {
  const { properties = {}, additionalProperties, items, anyOf = [] } = schema;
  const named = Object.entries(properties).flatMap(([name, option]) => {
    const below = optionsOf(option, `${path}${name}.`);
    return [{ path: `${path}${name}`, described: option.description !== undefined || below.length > 0 }, ...below];
  });
  const free = typeof additionalProperties === 'object' ? optionsOf(additionalProperties, `${path}*.`) : [];
  return [
    ...named,
    ...free,
    ...(items === undefined ? [] : optionsOf(items, path)),
    ...anyOf.flatMap((one) => optionsOf(one, path)),
  ];
}

/** Options whose last part is no key of the reference, commented ones included. */
function undocumented(options: ReturnType<typeof optionsOf>, reference: string): readonly string[] {
  const keys = new Set([...reference.matchAll(/([\w<>]+):(?=\s|$)/gm)].map(([, key]) => key));
  return options.map(({ path }) => path).filter((path) => !keys.has(path.split('.').at(-1) ?? path));
}
