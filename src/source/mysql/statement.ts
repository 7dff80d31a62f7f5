// What a statement in the log means for us, told from its words. No statement decides how rows are read: only what may
// have changed rows or tables without a row event is looked for, and where that is not certain the answer is yes.

/** What a statement of the log does. */
export type StatementEffect =
  | { readonly kind: 'begin' | 'commit' | 'rollback' | 'rollback-to' | 'none' }
  /** Changes rows in a way that the log does not show. */
  | { readonly kind: 'rows' }
  | { readonly kind: 'truncate'; readonly table: TableName }
  /** Changes definitions; `mentions` are all names that the statement has. */
  | { readonly kind: 'definition'; readonly mentions: readonly TableName[] };

/** A name as the statement spells it; the database is null where it names none. */
export interface TableName {
  readonly database: string | null;
  readonly table: string;
}

interface Word {
  readonly text: string;
  /** In lower case, empty for a quoted name. */
  readonly keyword: string;
}

/** Quoted names and texts, where a backslash escapes in texts and where it does not (NO_BACKSLASH_ESCAPES). */
const QUOTED = /`(?:[^`]|``)*`|"(?:[^"\\]|\\.|"")*"|'(?:[^'\\]|\\.|'')*'/;
const QUOTED_PLAINLY = /`(?:[^`]|``)*`|"(?:[^"]|"")*"|'(?:[^']|'')*'/;
/** The ends of a version comment, whose statement counts; then what is a comment for good. */
const COMMENT = /\/\*M?!\d*|\*\/|\/\*.*?\*\/|(?:--(?=\s|$)|#)[^\n]*/;
const PLAIN_WORD = /[\p{L}\p{N}_$]+|[.,()=;]/u;
/** One part of a statement: a quoted word, a comment or a plain word, whichever begins first. */
const PARTS = [QUOTED, QUOTED_PLAINLY].map(
  (quoted) => new RegExp(`(${quoted.source})|${COMMENT.source}|(${PLAIN_WORD.source})`, 'gsu'),
);
/** Statements that change neither rows nor tables. What is in none of these lists counts as changing rows. */
const HARMLESS = new Set(
  `grant revoke set flush reset analyze optimize repair check savepoint release install uninstall lock unlock purge
   change stop kill help use show explain describe cache comment binlog shutdown restart`.split(/\s+/),
);
const TABLE_STATEMENTS = new Set(['create', 'alter', 'drop', 'rename']);
/** What is created, altered or dropped and is no table. */
const OTHER_OBJECTS = new Set([
  'index',
  'unique',
  'fulltext',
  'spatial',
  'view',
  'algorithm',
  'definer',
  'trigger',
  'procedure',
  'function',
  'aggregate',
  'event',
  'user',
  'role',
  'server',
  'temporary',
  'sequence',
  'package',
  'instance',
  'logfile',
  'undo',
  'resource',
  'sql',
]);
/** Between the verb and what it is about. */
const MODIFIERS = new Set(['or', 'replace', 'online', 'offline', 'ignore', 'wait', 'nowait']);
/** What may be dropped or renamed without a change of rows. */
const KEPT_ROWS = new Set(['index', 'key', 'constraint', 'foreign', 'check']);
/** Stands for all tables of a database. */
export const EVERY_TABLE = '*';
/** Words of ALTER TABLE after which rows may be others although the columns are the same. */
const RISKY = new Set([
  'cascade',
  'drop',
  'rename',
  'partition',
  'exchange',
  'discard',
  'import',
  'truncate',
  'change',
  'modify',
  'convert',
  // Rows whose keys are there already go.
  'ignore',
]);

/** Tells what the statement does; where a backslash leaves two readings, what either says. */
export function statementEffect(statement: string): StatementEffect {
  const readings = statement.includes('\\') ? PARTS : PARTS.slice(0, 1);
  return readings.map((parts) => effectOf(wordsOf(statement, parts))).reduce(eitherEffect);
}

function eitherEffect(one: StatementEffect, other: StatementEffect): StatementEffect {
  if (one.kind === 'definition' && other.kind === 'definition') {
    return { kind: 'definition', mentions: [...one.mentions, ...other.mentions] };
  }
  return one.kind === 'none' || other.kind === 'rows' ? other : one;
}

function effectOf(words: readonly Word[]): StatementEffect {
  const [first, second, third] = words.map((word) => word.keyword);
  switch (first) {
    case 'begin':
    case 'commit':
      return { kind: first };
    case 'start':
      return { kind: second === 'transaction' ? 'begin' : 'none' };
    case 'rollback':
      return { kind: second === 'to' || third === 'to' ? 'rollback-to' : 'rollback' };
    case 'xa':
      return { kind: second === 'start' || second === 'begin' ? 'begin' : 'none' };
    case 'truncate':
      return truncateEffect(words);
    case undefined:
      return { kind: 'none' };
    default:
      if (TABLE_STATEMENTS.has(first)) return definitionEffect(words);
      return { kind: HARMLESS.has(first) ? 'none' : 'rows' };
  }
}

/** The words of a statement, without comments; what a version comment holds is part of the statement. */
function wordsOf(statement: string, parts: RegExp): readonly Word[] {
  return [...statement.matchAll(parts)].flatMap(([, quoted, plain]) => {
    if (plain !== undefined) return [{ text: plain, keyword: plain.toLowerCase() }];
    if (quoted === undefined) return [];
    const quote = quoted[0];
    if (quote === "'") return [{ text: ',', keyword: '' }];
    return [{ text: quoted.slice(1, -1).replaceAll(quote + quote, quote), keyword: '' }];
  });
}

function truncateEffect(words: readonly Word[]): StatementEffect {
  const name = words.slice(words[1]?.keyword === 'table' ? 2 : 1).filter((word) => word.keyword !== ';');
  const [table] = namesOf(name);
  return table === undefined ? { kind: 'rows' } : { kind: 'truncate', table };
}

function definitionEffect(words: readonly Word[]): StatementEffect {
  const first = words[0]?.keyword;
  const at = words.findIndex(({ keyword }, index) => index > 0 && !MODIFIERS.has(keyword));
  const object = words[at]?.keyword ?? '';
  const rest = words.slice(at + 1);
  if (object === 'database' || object === 'schema') {
    if (first !== 'drop') return { kind: 'none' };
    const [name] = namesOf(rest.filter(({ keyword }) => keyword !== 'if' && keyword !== 'exists'));
    return { kind: 'definition', mentions: [{ database: name?.table ?? null, table: EVERY_TABLE }] };
  }
  if (OTHER_OBJECTS.has(object)) return { kind: 'none' };
  // A table that is there stays as it is, unless it is replaced.
  if (first === 'create' && words[1]?.keyword !== 'or') return { kind: 'none' };
  // The columns of an altered table are compared when its next row comes.
  if (first === 'alter' && !words.some((_, index) => isRisky(words, index))) return { kind: 'none' };
  return { kind: 'definition', mentions: namesOf(rest) };
}

function isRisky(words: readonly Word[], index: number): boolean {
  const { keyword } = words[index];
  const next = words[index + 1]?.keyword ?? '';
  if ((keyword === 'drop' || keyword === 'rename') && KEPT_ROWS.has(next)) return false;
  // A foreign key by which the engine will change rows itself.
  if (keyword === 'set' && next === 'null') return true;
  return RISKY.has(keyword);
}

/** Every word that could be a name, with the word before its point. */
function namesOf(words: readonly Word[]): readonly TableName[] {
  return words.flatMap((word, index): TableName[] => {
    if (/^[.,()=;]$/.test(word.text)) return [];
    const isQualified = words[index - 1]?.text === '.';
    const isQualifier = words[index + 1]?.text === '.';
    return isQualifier ? [] : [{ database: isQualified ? (words[index - 2]?.text ?? null) : null, table: word.text }];
  });
}
