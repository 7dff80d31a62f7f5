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

const WORD = /`(?:[^`]|``)*`|"(?:[^"\\]|\\.|"")*"|'(?:[^'\\]|\\.|'')*'|[\p{L}\p{N}_$]+|[.,()=;]/gsu;
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
]);

/** Tells what the statement does. */
export function statementEffect(statement: string): StatementEffect {
  const words = wordsOf(statement);
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
function wordsOf(statement: string): readonly Word[] {
  const plain = statement.replace(/\/\*M?!\d*|\*\/|\/\*.*?\*\/|(?:--\s|#)[^\n]*/gs, ' ');
  return (plain.match(WORD) ?? []).map((text) => {
    if (text.startsWith("'")) return { text: ',', keyword: '' };
    const quote = text[0];
    if (quote !== '`' && quote !== '"') return { text, keyword: text.toLowerCase() };
    return { text: text.slice(1, -1).replaceAll(quote + quote, quote), keyword: '' };
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
  if (first === 'alter' && !rest.some((_, index) => isRisky(rest, index))) return { kind: 'none' };
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
