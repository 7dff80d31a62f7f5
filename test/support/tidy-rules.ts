// The rules of docs/CONVENTIONS.md that neither the compiler nor the linter can check, as pure functions from scanned
// files to findings. test/tidy.test.ts runs them on the repository, test/unit/support/ on planted faults.
import { posix } from 'node:path';
import {
  functionsOf,
  importsOf,
  matches,
  scanSource,
  type ImportSite,
  type ScannedSource,
  type Token,
} from './source-scan.ts';

/** A file of the repository. `path` has forward slashes and starts at the repository's root. */
export interface TidyFile {
  readonly path: string;
  readonly source: string;
  readonly scanned: ScannedSource;
}

/** One broken rule. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** For each folder of `src`, the folders it may import, itself left out. */
export type LayerTable = Readonly<Record<string, readonly string[]>>;

/** A call that has one home: a sequence of tokens, or a module, and the paths (prefixes) where it may stand. */
export interface BannedUse {
  readonly name: string;
  readonly tokens?: readonly string[];
  readonly modules?: readonly string[];
  readonly homes: readonly string[];
}

/** Scans one file. Throws, naming the file, if it cannot be read as TypeScript. */
export function tidyFile(path: string, source: string): TidyFile {
  try {
    return { path, source, scanned: scanSource(source) };
  } catch (cause) {
    throw new Error(`cannot scan: path=${path}`, { cause });
  }
}

const SIZES = { fileLinesMax: 500, functionLinesMax: 60, parametersMax: 4 } as const;
const RE_EXPORTERS = new Set(['src/index.ts', 'src/paimon/index.ts']);
const SERVER_TESTS = ['test/interop/', 'test/e2e/'];

/** Files over 500 lines; functions of the product, the benchmarks and the scripts over 60 lines or 4 parameters. */
export function checkSizes(file: TidyFile): readonly Finding[] {
  const found: Finding[] = [];
  const { lineCount } = file.scanned;
  if (lineCount > SIZES.fileLinesMax)
    found.push(finding('file-size', file, lineCount, `file too long: lines=${lineCount}`));
  if (file.path.startsWith('test/')) return found;
  for (const { name, line, lineCount: lines, parameterCount } of functionsOf(file.scanned)) {
    if (lines > SIZES.functionLinesMax)
      found.push(finding('function-size', file, line, `function too long: name=${name} lines=${lines}`));
    if (parameterCount > SIZES.parametersMax) {
      found.push(finding('parameters', file, line, `too many parameters: name=${name} count=${parameterCount}`));
    }
  }
  return found;
}

/** Every file of `src` opens with a comment that says what it is. */
export function checkOpening(file: TidyFile): readonly Finding[] {
  const first = file.scanned.comments.find((comment) => !comment.text.startsWith('#!'));
  const firstToken = file.scanned.tokens[0];
  if (first !== undefined && (firstToken === undefined || first.line < firstToken.line)) return [];
  return [finding('opening', file, 1, 'does not open with a comment that says what it is')];
}

/** How files name each other: extensions, default exports, re-exports. */
export function checkModuleStyle(file: TidyFile): readonly Finding[] {
  const { tokens } = file.scanned;
  const found = importsOf(file.scanned)
    .filter(({ specifier }) => specifier.startsWith('.') && !specifier.endsWith('.ts'))
    .map(({ specifier, line }) =>
      finding('extension', file, line, `relative import does not end in .ts: ${specifier}`),
    );
  for (const [index, token] of tokens.entries()) {
    if (!isStatement(tokens, index, 'export')) continue;
    const isDefault = matches(tokens, index + 1, 'default');
    const isList =
      matches(tokens, index + 1, '{') ||
      matches(tokens, index + 1, '*') ||
      matches(tokens, index + 1, 'type', '{') ||
      matches(tokens, index + 1, 'type', '*');
    if (isDefault && !file.path.endsWith('.config.ts'))
      found.push(finding('default-export', file, token.line, 'default export'));
    if (isList && !RE_EXPORTERS.has(file.path))
      found.push(finding('re-export', file, token.line, 'export list: import the file that defines the thing'));
  }
  return found;
}

/** Uses that have one home, such as the clock. */
export function checkBannedUses(file: TidyFile, uses: readonly BannedUse[]): readonly Finding[] {
  const imports = importsOf(file.scanned);
  return uses
    .filter(
      ({ homes }) => !homes.some((home) => file.path === home || (home.endsWith('/') && file.path.startsWith(home))),
    )
    .flatMap((use) => [...tokenUses(file, use), ...moduleUses(file, use, imports)]);
}

function tokenUses(file: TidyFile, { name, tokens: texts, homes }: BannedUse): readonly Finding[] {
  if (texts === undefined) return [];
  const { tokens } = file.scanned;
  return tokens.flatMap((token, index) => {
    if (!matches(tokens, index, ...texts) || isMember(tokens, index)) return [];
    return [finding('banned-use', file, token.line, `${name} outside ${homes.join(', ') || 'any place'}`)];
  });
}

/** True for the name of a member: after a dot (`socket.setTimeout`), or declared in a type or object (`setTimeout(…): …` stays a use). */
function isMember(tokens: readonly Token[], index: number): boolean {
  const isGlobal = matches(tokens, index - 2, 'globalThis', '.');
  return !isGlobal && (matches(tokens, index - 1, '.') || matches(tokens, index - 1, '?.'));
}

function moduleUses(file: TidyFile, use: BannedUse, imports: readonly ImportSite[]): readonly Finding[] {
  const modules = new Set((use.modules ?? []).flatMap((name) => [name, `node:${name}`]));
  return imports
    .filter(({ specifier }) => modules.has(specifier))
    .map(({ specifier, line }) =>
      finding('banned-use', file, line, `${specifier} outside ${use.homes.join(', ') || 'any place'}`),
    );
}

/** Escapes from the type system, and errors without a code. */
export function checkEscapes(file: TidyFile): readonly Finding[] {
  const { tokens, comments } = file.scanned;
  const found = comments
    .filter(({ text }) => /@ts-(?:ignore|expect-error|nocheck)/.test(text))
    .map(({ text, line }) => finding('escape', file, line, text.trim()));
  for (const [index, { line }] of tokens.entries()) {
    if (isAnyType(tokens, index)) found.push(finding('escape', file, line, 'any'));
    if (matches(tokens, index, 'as', 'unknown', 'as')) found.push(finding('escape', file, line, 'as unknown as'));
    if (!file.path.startsWith('src/')) continue;
    for (const name of ['Error', 'TypeError', 'RangeError']) {
      if (matches(tokens, index, 'throw', 'new', name))
        found.push(finding('uncoded-error', file, line, `throw new ${name}: use TributaryError`));
    }
  }
  return found;
}

function isAnyType(tokens: readonly Token[], index: number): boolean {
  if (!matches(tokens, index, 'any')) return false;
  const isPropertyName =
    matches(tokens, index + 1, ':') || matches(tokens, index + 1, '?', ':') || matches(tokens, index + 1, '(');
  return !isPropertyName && !isMember(tokens, index);
}

/** Tests that do not run, or that keep the others from running. Only tests that need a server may be conditional. */
export function checkTestModifiers(file: TidyFile): readonly Finding[] {
  const { tokens } = file.scanned;
  const needsServer = SERVER_TESTS.some((folder) => file.path.startsWith(folder));
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'word' || !['test', 'it', 'describe', 'suite'].includes(token.text) || isMember(tokens, index))
      return [];
    const modifiers: string[] = [];
    for (let next = index + 1; matches(tokens, next, '.'); next += 2) modifiers.push(tokens[next + 1].text);
    const banned = modifiers.filter(
      (name) =>
        ['only', 'skip', 'todo', 'fails'].includes(name) || (!needsServer && ['skipIf', 'runIf'].includes(name)),
    );
    return banned.map((name) => finding('test-modifier', file, token.line, `${token.text}.${name}`));
  });
}

/** The files of `src` that a file imports, with the place; specifiers outside the repository's relative paths are left out. */
function relativeImports(file: TidyFile): ReadonlyArray<ImportSite & { readonly target: string }> {
  return importsOf(file.scanned)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map((site) => ({ ...site, target: posix.normalize(posix.join(posix.dirname(file.path), site.specifier)) }));
}

/** Imports between the folders of `src` that the table does not name; folders that it does not know. */
export function checkLayers(file: TidyFile, layers: LayerTable): readonly Finding[] {
  const from = folderOf(file.path);
  if (!(from in layers)) return [finding('layer', file, 1, `folder is not in the table: ${from}`)];
  return relativeImports(file).flatMap(({ target, line, typeOnly }) => {
    const to = folderOf(target);
    const allowed = layers[from];
    if (to === from || allowed.includes(to) || (typeOnly && allowed.includes(`${to} (types)`))) return [];
    return [finding('layer', file, line, `${from} may not import ${to}: ${target}`)];
  });
}

/** `base` for `src/base/clock.ts`, `index.ts` for `src/index.ts`, `outside src` for anything else. */
function folderOf(path: string): string {
  const [root, folder] = path.split('/');
  return root === 'src' && folder !== undefined ? folder : 'outside src';
}

/** Inside one folder, each part may import itself and the parts before it. A part is a subfolder or a file. */
export function checkOrder(
  file: TidyFile,
  { folder, order }: { readonly folder: string; readonly order: readonly string[] },
): readonly Finding[] {
  if (!file.path.startsWith(`${folder}/`)) return [];
  const rankOf = (path: string): number => order.indexOf(path.slice(folder.length + 1).split('/')[0]);
  const rank = rankOf(file.path);
  if (rank < 0) return [finding('order', file, 1, `not in the order of ${folder}`)];
  return relativeImports(file)
    .filter(({ target }) => target.startsWith(`${folder}/`) && rankOf(target) > rank)
    .map(({ target, line }) => finding('order', file, line, `${order[rank]} may not import ${target}`));
}

/** Folders that never import each other, such as the two sources. */
export function checkApart(file: TidyFile, folders: readonly string[]): readonly Finding[] {
  const own = folders.find((folder) => file.path.startsWith(folder));
  if (own === undefined) return [];
  return relativeImports(file)
    .filter(({ target }) => folders.some((folder) => folder !== own && target.startsWith(folder)))
    .map(({ target, line }) => finding('apart', file, line, `${own} may not import ${target}`));
}

/** Import cycles, each reported once at its first file in path order; imports of types count. */
export function checkCycles(files: readonly TidyFile[]): readonly Finding[] {
  const edges = new Map(files.map((file) => [file.path, relativeImports(file).map(({ target }) => target)]));
  const state = new Map<string, 'open' | 'done'>();
  const found: Finding[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'open') {
      const cycle = trail.slice(trail.indexOf(path));
      found.push({ rule: 'cycle', path, line: 1, message: [...cycle, path].join(' -> ') });
    }
    if (state.has(path)) return;
    state.set(path, 'open');
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of [...edges.keys()].sort()) visit(path, []);
  return found;
}

/** Codes that `src` uses and the table lacks, and codes of the table that nothing uses. */
export function checkErrorCodes(
  files: readonly TidyFile[],
  table: { readonly path: string; readonly codes: readonly string[] },
): readonly Finding[] {
  const used = new Map<string, Finding>();
  for (const file of files.filter(({ path }) => path !== table.path)) {
    for (const { kind, text, line } of file.scanned.tokens) {
      if (kind !== 'string' || !/^E\d{4}$/.test(text)) continue;
      used.set(text, finding('error-code', file, line, `code is not in the table: ${text}`));
    }
  }
  const unknown = [...used].filter(([code]) => !table.codes.includes(code)).map(([, use]) => use);
  const unused = table.codes
    .filter((code) => !used.has(code))
    .map((code) => ({ rule: 'error-code', path: table.path, line: 1, message: `code is never used: ${code}` }));
  return [...unknown, ...unused];
}

function isStatement(tokens: readonly Token[], index: number, word: string): boolean {
  return matches(tokens, index, word) && !isMember(tokens, index) && !matches(tokens, index + 1, ':');
}

function finding(rule: string, file: TidyFile, line: number, message: string): Finding {
  return { rule, path: file.path, line, message };
}
