// pypaimon, Apache Paimon's Python implementation, as a second reader and writer: one long-lived process behind typed calls.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GoldenRow } from './golden.ts';
import { interopWanted, jsonLines, lineProcess, outputOf } from './line-process.ts';
import type { KindRow, TableAt } from './reference.ts';
import { tempDir } from './temp-dir.ts';

const HERE = fileURLToPath(new URL('../interop/py/', import.meta.url));
const INSTALL_LIMIT_MS = 600_000;

/** pypaimon; every call rejects with `Refused` where it raises. */
export interface Pypaimon {
  /** The merged rows in no particular order, in the reference's JSON. */
  read(at: TableAt, options?: PypaimonRead): Promise<readonly GoldenRow[]>;
  /** The rows of a query of pypaimon-rust's SQL (DataFusion); the warehouse is the catalog `paimon`. */
  sql(warehouse: string, query: string): Promise<readonly GoldenRow[]>;
  /** Writes rows as one commit, all of them as +I; `options` are Paimon's dynamic table options. */
  insert(at: TableAt, rows: readonly KindRow[], options?: Readonly<Record<string, string>>): Promise<void>;
  /** Appends rows, then updates others by `_ROW_ID`, each as one commit; both as columns of values. */
  write(at: TableAt, rows: { readonly append?: ColumnValues; readonly update?: ColumnValues }): Promise<void>;
}

/** What to read. */
export interface PypaimonRead {
  /** Paimon's dynamic table options. */
  readonly options?: Readonly<Record<string, string>>;
  /** All columns unless given. */
  readonly columns?: readonly string[];
  /** Triples of column, operator and value, all of which must hold. */
  readonly filter?: readonly string[];
}

/** Values by column, a value a row. */
export type ColumnValues = Readonly<Record<string, readonly unknown[]>>;

let shared: Promise<Pypaimon | null> | undefined;

/**
 * pypaimon, one for this process. Null, with one line that says why, unless TRIBUTARY_INTEROP=1;
 * then it is installed if need be, and it rejects where that fails: what is asked for is never skipped.
 */
export function pypaimon(): Promise<Pypaimon | null> {
  shared ??= start();
  return shared;
}

async function start(): Promise<Pypaimon | null> {
  if (!interopWanted()) {
    process.stderr.write('skipped: pypaimon (TRIBUTARY_INTEROP=1 runs it; needs Python 3 and PyPI)\n');
    return null;
  }
  await promisify(execFile)(join(HERE, 'setup.sh'), { timeout: INSTALL_LIMIT_MS });
  const python = lineProcess([join(HERE, '.venv', 'bin', 'python'), join(HERE, 'table.py'), '--serve']);
  const rowsFile = join(tempDir(), 'rows.ndjson');
  const where = (at: TableAt): readonly string[] => ['--warehouse', at.warehouse, '--table', at.table];
  return {
    read: async (at, { options = {}, columns = [], filter = [] } = {}) => {
      const wanted = [...list('--columns', columns), ...list('--filter', filter)];
      const answer = await python.ask(['read', ...where(at), ...dynamic(options), ...wanted]);
      return jsonLines<GoldenRow>(outputOf(answer));
    },
    write: async (at, rows) => {
      const given = Object.entries(rows).flatMap(([name, columns]) => [`--${name}`, JSON.stringify(columns)]);
      const script = [join(HERE, 'update_rows.py'), '--warehouse', at.warehouse, '--table', at.table, ...given];
      await promisify(execFile)(join(HERE, '.venv', 'bin', 'python'), script);
    },
    sql: async (warehouse, query) => {
      const answer = await python.ask(['sql', '--warehouse', warehouse, '--query', query]);
      return jsonLines<GoldenRow>(outputOf(answer));
    },
    insert: async (at, rows, options = {}) => {
      writeFileSync(rowsFile, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      outputOf(await python.ask(['write', ...where(at), '--rows', rowsFile, ...dynamic(options)]));
    },
  };
}

function dynamic(options: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => ['--option', `${name}=${value}`]);
}

function list(name: string, words: readonly string[]): readonly string[] {
  return words.length === 0 ? [] : [`${name}=${JSON.stringify(words)}`];
}
