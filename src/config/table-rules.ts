// Which tables of a source are mirrored and how: globs and regular expressions on `schema.table`, where later entries
// override earlier ones.
import { TributaryError } from '../base/errors.ts';
import type { SourceConfig } from './options.ts';

/** Settings of one table after all entries that match it. */
export interface TableRule {
  /** The lake table as `database.table`; null where the templates of `lake` decide. */
  readonly to: { readonly database: string; readonly table: string } | null;
  /** Columns that tell the tables apart that go to `to`, with templates of their values; empty for a table of its own. */
  readonly add: Readonly<Record<string, string>>;
  readonly key: SourceConfig['defaults']['key'];
  readonly noKey: SourceConfig['defaults']['no_key'];
  readonly buckets: SourceConfig['defaults']['buckets'];
  readonly types: SourceConfig['defaults']['types'];
  /** Types of columns, by name. */
  readonly columnTypes: Readonly<Record<string, 'string'>>;
  /** Paimon options, those of the entry over those of `defaults`. */
  readonly options: Readonly<Record<string, string>>;
}

/** The rules of one source. */
export interface TableRules {
  /** Whether the table, as `schema.table`, is mirrored. */
  includes(name: string): boolean;
  /** How it is mirrored. */
  rule(name: string): TableRule;
  /** What is said about the lake table of that name, as `database.table`, that shards are merged into; null for others. */
  mergedRule(name: string): TableRule | null;
}

type Entry = Exclude<SourceConfig['tables'][number], string>;

interface Matcher {
  readonly removes: boolean;
  readonly pattern: RegExp;
  /** Null for an entry that only selects. */
  readonly entry: Entry | null;
  /** Columns that are added to its `to`. */
  readonly add: TableRule['add'];
}

/** Compiles the entries; `option` names the source in messages, as `sources.shop`. Throws E1008. */
export function tableRules(source: Pick<SourceConfig, 'tables' | 'defaults'>, option: string): TableRules {
  const matchers = source.tables.map((entry, index) =>
    matcherOf(entry, { option: `${option}.tables.${index}`, defaults: source.defaults }),
  );
  const base: TableRule = { to: null, ...settingsOf(source.defaults), options: source.defaults.options };
  return {
    includes: (name) => {
      const last = matchers.findLast(({ pattern }) => pattern.test(name));
      return last !== undefined && !last.removes;
    },
    rule: (name) => matchers.filter(({ pattern }) => pattern.test(name)).reduce(overlaid, base),
    mergedRule: (name) => {
      const rule = matchers.filter(({ entry }) => entry?.to === name).reduce(overlaid, base);
      return rule.to === null || Object.keys(rule.add).length === 0 ? null : rule;
    },
  };
}

function settingsOf(defaults: SourceConfig['defaults']): Omit<TableRule, 'to' | 'options'> {
  const { key, no_key: noKey, buckets, types, columns } = defaults;
  return { add: columns.add, key, noKey, buckets, types, columnTypes: columns.types };
}

function overlaid(rule: TableRule, { entry, add }: Matcher): TableRule {
  if (entry === null) return rule;
  return {
    to: entry.to === undefined ? rule.to : splitName(entry.to),
    // Columns that are added belong to the table that they are added to.
    add: entry.to === undefined ? rule.add : add,
    key: entry.key ?? rule.key,
    noKey: entry.no_key ?? rule.noKey,
    buckets: entry.buckets ?? rule.buckets,
    types: {
      numeric_unbounded: entry.types?.numeric_unbounded ?? rule.types.numeric_unbounded,
      numeric_overflow: entry.types?.numeric_overflow ?? rule.types.numeric_overflow,
      infinity: entry.types?.infinity ?? rule.types.infinity,
      time: entry.types?.time ?? rule.types.time,
    },
    columnTypes: { ...rule.columnTypes, ...entry.columns?.types },
    options: { ...rule.options, ...entry.options },
  };
}

function matcherOf(
  item: SourceConfig['tables'][number],
  { option, defaults }: { readonly option: string; readonly defaults: SourceConfig['defaults'] },
): Matcher {
  const text = typeof item === 'string' ? item : item.match;
  const removes = text.startsWith('!');
  if (removes && typeof item !== 'string') {
    throw new TributaryError('E1008', `an entry with settings cannot remove tables: option=${option}.match`);
  }
  if (typeof item !== 'string' && item.to !== undefined && splitName(item.to) === null) {
    throw new TributaryError('E1008', `to is not of the form database.table: option=${option}.to value=${item.to}`);
  }
  if (typeof item !== 'string' && item.to === undefined && Object.keys(item.columns?.add ?? {}).length > 0) {
    throw new TributaryError(
      'E1008',
      `columns are added to tables that are merged, and to is absent: option=${option}.columns.add`,
    );
  }
  return {
    removes,
    pattern: patternOf(removes ? text.slice(1) : text, option),
    entry: typeof item === 'string' ? null : item,
    add: { ...defaults.columns.add, ...(typeof item === 'string' ? {} : item.columns?.add) },
  };
}

function patternOf(text: string, option: string): RegExp {
  if (text.startsWith('/') && text.length > 2 && text.endsWith('/')) {
    try {
      return new RegExp(text.slice(1, -1), 'u');
    } catch (error) {
      throw new TributaryError('E1008', `pattern is no regular expression: option=${option} value=${text}`, {
        cause: error,
      });
    }
  }
  if (!/[.*]/.test(text)) {
    throw new TributaryError(
      'E1008',
      `pattern can match no table, names are of the form schema.table: option=${option} value=${text} (did you mean "public.${text}"?)`,
    );
  }
  const parts = text
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[\\^$.+()[\]{}|/]/g, '\\$&')));
  return new RegExp(`^${parts.join('')}$`, 'su');
}

/** A table's name may have dots; a database's may not. */
function splitName(name: string): TableRule['to'] {
  const dot = name.indexOf('.');
  if (dot < 1 || dot === name.length - 1) return null;
  return { database: name.slice(0, dot), table: name.slice(dot + 1) };
}
