// Reads TypeScript source as tokens, for the tidy test: imports, functions and their sizes, without a compiler.
// Comments, strings, templates and regular expressions are told apart first, so that a word in a text is never code.

/** One piece of source. `text` of a string is its value as written, without quotes; of a template chunk its raw text. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'punctuation';
  readonly text: string;
  /** One-based line of its first character. */
  readonly line: number;
  /** One-based line of its last character. */
  readonly lastLine: number;
}

/** A comment, with its markers. */
export interface Comment {
  readonly text: string;
  readonly line: number;
}

/** A file's tokens in order, its comments apart, and for each opening bracket the index of its partner. */
export interface ScannedSource {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly partner: ReadonlyMap<number, number>;
  readonly lineCount: number;
}

/** One place where a file names another. */
export interface ImportSite {
  readonly specifier: string;
  readonly line: number;
  readonly kind: 'import' | 'export' | 'dynamic';
  /** True where the whole statement is erased (`import type`, `export type`). */
  readonly typeOnly: boolean;
}

/** One function, method or arrow function. */
export interface FunctionSite {
  readonly name: string;
  readonly line: number;
  /** Lines from the head to the end of the body, both included. */
  readonly lineCount: number;
  readonly parameterCount: number;
}

const SPACE = /[\s\uFEFF]+/y;
const LINE_COMMENT = /(?:\/\/|^#!)[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const NUMBER = /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*)n?/y;
const WORD = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const PUNCTUATION = /=>|\?\.(?!\d)|\.\.\.|[\s\S]/y;
const TEMPLATE_CHUNK = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** Words after which a slash starts a regular expression, not a division. */
const REGEX_AFTER = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'else',
  'await',
  'yield',
  'instanceof',
]);
const OPEN: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const CLOSE = new Set([')', ']', '}']);
const CONTROL = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'with',
  'function',
  'return',
  'await',
  'super',
  'import',
  'typeof',
]);
const MODIFIER = new Set([
  'async',
  'static',
  'get',
  'set',
  'private',
  'public',
  'protected',
  'override',
  'accessor',
  '*',
]);
/** What may stand before a method's name, beside modifiers. */
const BEFORE_METHOD = new Set(['{', '}', ';', ',', ')']);

/** Splits a file into tokens. Throws if a bracket, string or comment is left open. */
export function scanSource(source: string): ScannedSource {
  return new Scanner(source).scan();
}

class Scanner {
  private readonly source: string;
  private readonly tokens: Token[] = [];
  private readonly comments: Comment[] = [];
  private readonly partner = new Map<number, number>();
  private at = 0;
  private line = 1;

  constructor(source: string) {
    this.source = source;
  }

  scan(): ScannedSource {
    this.scanUntil(undefined);
    const lineCount = this.source.endsWith('\n') ? this.line - 1 : this.line;
    return { tokens: this.tokens, comments: this.comments, partner: this.partner, lineCount };
  }

  /** Scans to the end of the source, or past the `}` that ends a template's interpolation. */
  private scanUntil(end: '}' | undefined): void {
    const open: number[] = [];
    while (this.at < this.source.length) {
      if (this.skip()) continue;
      if (end !== undefined && open.length === 0 && this.source[this.at] === end) {
        this.at += 1;
        return;
      }
      if (this.source[this.at] === '`') this.template();
      else this.bracket(this.token(), open);
    }
    if (open.length > 0 || end !== undefined) throw new Error(`bracket left open: line=${this.line}`);
  }

  private skip(): boolean {
    const line = this.line;
    if (this.match(SPACE) !== undefined) return true;
    const comment = this.match(LINE_COMMENT) ?? this.match(BLOCK_COMMENT);
    if (comment === undefined) return false;
    this.comments.push({ text: comment, line });
    return true;
  }

  private token(): number {
    const line = this.line;
    const push = (kind: Token['kind'], text: string): number =>
      this.tokens.push({ kind, text, line, lastLine: this.line }) - 1;
    const string = this.match(STRING);
    if (string !== undefined) return push('string', string.slice(1, -1));
    const regex = this.regexMayStart() ? this.match(REGEX) : undefined;
    if (regex !== undefined) return push('regex', regex);
    const number = this.match(NUMBER);
    if (number !== undefined) return push('number', number);
    const word = this.match(WORD);
    if (word !== undefined) return push('word', word);
    return push('punctuation', this.match(PUNCTUATION) ?? '');
  }

  private regexMayStart(): boolean {
    if (this.source[this.at] !== '/') return false;
    const last = this.tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'word') return REGEX_AFTER.has(last.text);
    return last.kind === 'punctuation' && !CLOSE.has(last.text);
  }

  private bracket(index: number, open: number[]): void {
    const { kind, text, line } = this.tokens[index];
    if (kind !== 'punctuation') return;
    if (text in OPEN) open.push(index);
    if (!CLOSE.has(text)) return;
    const start = open.pop();
    if (start === undefined || OPEN[this.tokens[start].text] !== text)
      throw new Error(`bracket has no partner: line=${line}`);
    this.partner.set(start, index);
  }

  private template(): void {
    this.at += 1;
    for (;;) {
      const line = this.line;
      const text = this.match(TEMPLATE_CHUNK) ?? '';
      this.tokens.push({ kind: 'template', text, line, lastLine: this.line });
      const rest = this.source[this.at];
      if (rest === undefined) throw new Error(`template left open: line=${line}`);
      this.at += rest === '`' ? 1 : 2;
      if (rest === '`') return;
      this.scanUntil('}');
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source)?.[0];
    if (text === undefined || text === '') return undefined;
    this.at += text.length;
    for (const character of text) if (character === '\n') this.line += 1;
    return text;
  }
}

/** True if the tokens from `index` on are exactly these texts (strings and templates never match). */
export function matches(tokens: readonly Token[], index: number, ...texts: readonly string[]): boolean {
  return texts.every((text, offset) => {
    const token = tokens[index + offset];
    return token !== undefined && token.text === text && (token.kind === 'word' || token.kind === 'punctuation');
  });
}

/** Every static import, re-export and `import('…')` with a literal specifier, in order. */
export function importsOf(source: ScannedSource): readonly ImportSite[] {
  const { tokens } = source;
  return tokens.flatMap((token, index): ImportSite[] => {
    if (token.kind !== 'word' || matches(tokens, index - 1, '.')) return [];
    if (token.text === 'import' && matches(tokens, index + 1, '(')) {
      const specifier = tokens[index + 2];
      return specifier?.kind === 'string' ? [site(specifier, 'dynamic', false)] : [];
    }
    if (token.text !== 'import' && token.text !== 'export') return [];
    const specifier = specifierOf(source, index);
    const typeOnly = matches(tokens, index + 1, 'type') && !matches(tokens, index + 2, 'from');
    return specifier === undefined ? [] : [site(specifier, token.text, typeOnly)];
  });
}

function site(specifier: Token, kind: ImportSite['kind'], typeOnly: boolean): ImportSite {
  return { specifier: specifier.text, line: specifier.line, kind, typeOnly };
}

/** The specifier of the import or export statement at `index`: only names, commas, stars and braces stand before it. */
function specifierOf({ tokens, partner }: ScannedSource, index: number): Token | undefined {
  const isImport = tokens[index].text === 'import';
  for (let next = index + 1; next < tokens.length; next += 1) {
    const token = tokens[next];
    if (token.kind === 'string') return isImport || matches(tokens, next - 1, 'from') ? token : undefined;
    if (token.text === '{') next = partner.get(next) ?? next;
    else if (token.kind !== 'word' && token.text !== '*' && token.text !== ',') return undefined;
    else if (!isImport && !['type', 'from', 'as', '*'].includes(token.text) && !matches(tokens, next - 1, 'as'))
      return undefined;
  }
  return undefined;
}

/** Every function with a body or an arrow, in the order of their parameter lists. */
export function functionsOf(source: ScannedSource): readonly FunctionSite[] {
  const { tokens, partner } = source;
  const found: FunctionSite[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'punctuation' && token.text === '(') {
      const close = partner.get(index) ?? index;
      const body = bodyAfter(source, index, close);
      if (body !== undefined)
        found.push(siteOf(source, { index, parameterCount: countParameters(source, index, close), body }));
    } else if (token.kind === 'word' && matches(tokens, index + 1, '=>') && !isReturnType(tokens, index)) {
      found.push(siteOf(source, { index, parameterCount: 1, body: index + 2 }));
    }
  }
  return found;
}

/** True for the `void` of `(…): void =>`. */
function isReturnType(tokens: readonly Token[], index: number): boolean {
  return matches(tokens, index - 2, ')', ':');
}

function siteOf(
  source: ScannedSource,
  head: { readonly index: number; readonly parameterCount: number; readonly body: number },
): FunctionSite {
  const { tokens } = source;
  const named = nameBefore(source, head.index);
  const line = tokens[head.index].line;
  const end = endOfBody(source, head.body);
  return { name: named, line, lineCount: tokens[end].lastLine - line + 1, parameterCount: head.parameterCount };
}

/** The name a reader would look for: `function NAME(`, `NAME(`, `const NAME = (`, `NAME: (`. */
function nameBefore({ tokens }: ScannedSource, index: number): string {
  let before = index - 1;
  if (matches(tokens, before, '>')) {
    while (before > 0 && !matches(tokens, before, '<')) before -= 1;
    before -= 1;
  }
  if (matches(tokens, before, 'async')) before -= 1;
  if (matches(tokens, before, '=') || matches(tokens, before, ':')) before -= 1;
  const token = tokens[before];
  return token?.kind === 'word' && token.text !== 'function' ? token.text : 'anonymous';
}

/** Index of the first token of the body that belongs to the parameter list `open … close`; none if it is not a function's. */
function bodyAfter(source: ScannedSource, open: number, close: number): number | undefined {
  const { tokens } = source;
  const afterType = matches(tokens, close + 1, ':') ? skipType(source, close + 2) : close + 1;
  if (matches(tokens, afterType, '=>')) return afterType + 1;
  if (!matches(tokens, afterType, '{')) return undefined;
  return isDeclarationHead(source, open) ? afterType : undefined;
}

/** True if the parenthesis opens the parameters of `function …(` or of a method or accessor. */
function isDeclarationHead({ tokens }: ScannedSource, open: number): boolean {
  let name = open - 1;
  if (matches(tokens, name, '>')) {
    for (let depth = 0; name >= 0; name -= 1) {
      if (matches(tokens, name, '>')) depth += 1;
      if (matches(tokens, name, '<')) depth -= 1;
      if (depth === 0) break;
    }
    name -= 1;
  }
  if (
    matches(tokens, name, 'function') ||
    matches(tokens, name - 1, 'function') ||
    matches(tokens, name - 2, 'function', '*')
  )
    return true;
  const isName = tokens[name]?.kind === 'word' || tokens[name]?.kind === 'string' || tokens[name]?.text === ']';
  if (!isName || CONTROL.has(tokens[name].text)) return false;
  if (tokens[name].text === ']') while (name > 0 && !matches(tokens, name, '[')) name -= 1;
  const before = tokens[name - 1];
  return (
    before === undefined ||
    MODIFIER.has(before.text) ||
    BEFORE_METHOD.has(before.text) ||
    before.line < tokens[name].line
  );
}

/** Index after a return type: where `=>`, a body's brace or the end of a declaration stands. */
function skipType({ tokens, partner }: ScannedSource, start: number): number {
  let angle = 0;
  for (let index = start; index < tokens.length; index += 1) {
    const token = tokens[index];
    const text = token.kind === 'punctuation' ? token.text : '';
    if (text === '<') angle += 1;
    if (text === '>') angle -= 1;
    if (text === '{' && angle === 0 && endsType(tokens, index - 1, start)) return index;
    if ((text === '=>' && !opensFunctionType(tokens, index, start)) || text === ';' || text === '=') return index;
    if (CLOSE.has(text) || (text === ',' && angle === 0)) return index;
    if (text in OPEN) index = partner.get(index) ?? index;
  }
  return tokens.length;
}

function endsType(tokens: readonly Token[], index: number, start: number): boolean {
  if (index < start) return false;
  const { kind, text } = tokens[index];
  return (
    kind === 'string' ||
    (kind === 'word' && !['is', 'extends', 'keyof', 'typeof'].includes(text)) ||
    ['}', ']', '>', ')'].includes(text)
  );
}

/** `(a): (b) => c => …` is a function type only if a parenthesis stands right before the first arrow of the type. */
function opensFunctionType(tokens: readonly Token[], arrow: number, start: number): boolean {
  return (
    matches(tokens, start, '(') &&
    matches(tokens, arrow - 1, ')') &&
    !tokens.slice(start, arrow).some((token) => token.text === '=>')
  );
}

/** Index of the last token of a body: the closing brace of a block, or the end of an arrow's expression. */
function endOfBody({ tokens, partner }: ScannedSource, body: number): number {
  if (matches(tokens, body, '{')) return partner.get(body) ?? body;
  for (let index = body; index < tokens.length; index += 1) {
    const { kind, text } = tokens[index];
    if (kind !== 'punctuation') continue;
    if (CLOSE.has(text) || text === ',' || text === ';') return Math.max(body, index - 1);
    if (text in OPEN) index = partner.get(index) ?? index;
  }
  return tokens.length - 1;
}

/** Parameters between two parentheses; commas inside brackets and type arguments do not count. */
function countParameters({ tokens, partner }: ScannedSource, open: number, close: number): number {
  if (close === open + 1) return 0;
  let count = matches(tokens, close - 1, ',') ? 0 : 1;
  let angle = 0;
  for (let index = open + 1; index < close; index += 1) {
    const text = tokens[index].kind === 'punctuation' ? tokens[index].text : '';
    if (text in OPEN) index = partner.get(index) ?? index;
    else if (text === '<') angle += 1;
    else if (text === '>') angle = Math.max(0, angle - 1);
    else if (text === ',' && angle === 0) count += 1;
  }
  return count;
}
