// The golden tables: written by Apache Paimon's Java implementation, one archive a case (see test/golden/INDEX.md).
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { tempDir } from './temp-dir.ts';

const FIXTURES = fileURLToPath(new URL('../golden/fixtures', import.meta.url));
const ARCHIVE = '.tar.zst';
const unpacked = new Map<string, GoldenCase>();

/** A value of the reference's JSON: 64-bit integers and decimals are strings, bytes hex, maps arrays of pairs. */
export type GoldenValue = string | number | boolean | null | GoldenValue[] | { readonly [name: string]: GoldenValue };

/** One row, by column name. */
export type GoldenRow = Readonly<Record<string, GoldenValue>>;

/** A value as text; what has parts is an error, so that nothing is compared as `[object Object]`. */
export function plainText(value: GoldenValue | undefined): string {
  if (typeof value === 'object' && value !== null) throw new Error(`not a plain value: ${JSON.stringify(value)}`);
  return String(value);
}

/** What the reference answered to a read: rows in its order, or its refusal. */
export type GoldenAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly GoldenRow[] }
  | { readonly kind: 'error'; readonly error: string };

/** One command that was run to make the case; paths in it are relative to the case's directory. */
export interface GoldenStep {
  readonly args: readonly string[];
  /** The file that holds what the command printed. */
  readonly out?: string;
  /** True for a command that the reference refused. */
  readonly fails?: boolean;
}

/** A case unpacked into a directory of this process's own; tests may change the files in it. */
export interface GoldenCase {
  readonly name: string;
  readonly directory: string;
  /** The warehouse that holds the one table, `db.t`. */
  readonly warehouse: string;
  /** The table's directory. */
  readonly tableDirectory: string;
  readonly steps: readonly GoldenStep[];
  /** Paimon's JSON form of the schema that the table was created with. */
  readonly schema: GoldenRow;
  /** The files of `expected/`, sorted. */
  readonly expectedNames: readonly string[];
  /** An expected read by its file's name, such as `read-snapshot-3.ndjson`. */
  expected(name: string): GoldenAnswer;
  /** The expected read of the newest snapshot; no rows where the table has no snapshot. */
  latest(): GoldenAnswer;
}

/** The names of all cases, sorted. */
export function goldenNames(): readonly string[] {
  return readdirSync(FIXTURES)
    .filter((name) => name.endsWith(ARCHIVE))
    .map((name) => name.slice(0, -ARCHIVE.length))
    .sort();
}

/** All of them in CI, else each third: for what takes a second a case and has other tests beside it. */
export function sampleOf<Item>(items: readonly Item[]): readonly Item[] {
  return process.env['CI'] === 'true' ? items : items.filter((_, index) => index % 3 === 0);
}

/** A case, unpacked once a process. Tests that change files ask for a `fresh` one. */
export function golden(name: string, options: { readonly fresh?: boolean } = {}): GoldenCase {
  const known = options.fresh === true ? undefined : unpacked.get(name);
  if (known !== undefined) return known;
  const parent = tempDir();
  const tar = zstdDecompressSync(readFileSync(join(FIXTURES, `${name}${ARCHIVE}`)));
  execFileSync('tar', ['-xf', '-', '-C', parent], { input: tar });
  const opened = describeCase(name, join(parent, name));
  if (options.fresh !== true) unpacked.set(name, opened);
  return opened;
}

/** Rows as text in an order of their own content, for comparing answers whose order of rows and columns means nothing. */
export function canonicalRows(rows: readonly GoldenRow[]): readonly string[] {
  const inOrder = (row: GoldenRow): readonly [string, GoldenValue | undefined][] =>
    Object.keys(row)
      .sort()
      .map((name) => [name, row[name]]);
  return rows.map((row) => JSON.stringify(inOrder(row))).sort();
}

/** The lines of a file of vectors (`binaryrow`, `bucket`, `partition`): values, their bytes and hashes. */
export function goldenVectors<T = GoldenRow>(name: 'binaryrow' | 'bucket' | 'partition'): readonly T[] {
  return parseLines(join(FIXTURES, '_vectors', `${name}-vectors.ndjson`)) as readonly unknown[] as readonly T[];
}

/** The path of a sample of the reference's written forms, such as `manifest.avsc`. */
export function goldenSchemaFile(name: string): string {
  return join(FIXTURES, '_schemas', name);
}

function describeCase(name: string, directory: string): GoldenCase {
  const expectedDirectory = join(directory, 'expected');
  const expectedNames = existsSync(expectedDirectory) ? readdirSync(expectedDirectory).sort() : [];
  const expected = (file: string): GoldenAnswer => answer(parseLines(join(expectedDirectory, file)));
  return {
    name,
    directory,
    warehouse: join(directory, 'warehouse'),
    tableDirectory: join(directory, 'warehouse', 'db.db', 't'),
    steps: parseFile<readonly GoldenStep[]>(join(directory, 'steps.json')),
    schema: parseFile<GoldenRow>(join(directory, 'schema.json')),
    expectedNames,
    expected,
    latest: () => {
      const id = newestSnapshot(expectedNames);
      return id === null ? { kind: 'rows', rows: [] } : expected(`read-snapshot-${id}.ndjson`);
    },
  };
}

function newestSnapshot(names: readonly string[]): number | null {
  const ids = names.flatMap((name) => /^read-snapshot-(\d+)\.ndjson$/.exec(name)?.slice(1).map(Number) ?? []);
  return ids.length === 0 ? null : Math.max(...ids);
}

/** A refusal is one line with nothing but the error. */
function answer(rows: readonly GoldenRow[]): GoldenAnswer {
  const first = rows[0];
  const refused = rows.length === 1 && first !== undefined && Object.keys(first).join() === 'error';
  return refused ? { kind: 'error', error: first['error'] as string } : { kind: 'rows', rows };
}

function parseFile<Content>(path: string): Content {
  return JSON.parse(readFileSync(path, 'utf8')) as Content;
}

function parseLines(path: string): readonly GoldenRow[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as GoldenRow);
}
