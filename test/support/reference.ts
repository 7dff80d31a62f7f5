// Apache Paimon's Java implementation as an oracle: one long-lived JVM behind typed calls (see test/reference/README.md).
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GoldenRow } from './golden.ts';
import { interopWanted, jsonLines, type LineProcess, lineProcess, outputOf } from './line-process.ts';
import { tempDir } from './temp-dir.ts';

const HERE = fileURLToPath(new URL('../reference/', import.meta.url));
const JAVA_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx2g';
const BUILD_LIMIT_MS = 600_000;

/** A table by the directory of its warehouse and its name, `database.table`. */
export interface TableAt {
  readonly warehouse: string;
  readonly table: string;
}

/** A row with its kind: `+I`, `-U`, `+U` or `-D`. */
export interface KindRow {
  readonly kind: string;
  readonly row: GoldenRow;
}

/** A change of a table's changelog, with the snapshot that holds it. */
export interface SnapshotChange extends KindRow {
  readonly snapshot: number;
}

/** What to read; at most one of `snapshot`, `tag` and `branch`. */
export interface ReferenceRead {
  readonly snapshot?: bigint | number;
  readonly tag?: string;
  readonly branch?: string;
  /** Paimon's dynamic table options. */
  readonly options?: Readonly<Record<string, string>>;
  /** Triples of column, operator and value, such as `['id', '>', '5']`, all of which must hold. */
  readonly filter?: readonly string[];
}

/** How to write. */
export interface ReferenceWrite {
  readonly commitUser?: string;
  readonly commitId?: bigint | number;
  /** No compaction. */
  readonly writeOnly?: boolean;
  /** Nothing, if the user has committed this number or a larger one. */
  readonly filterCommitted?: boolean;
  readonly branch?: string;
  readonly watermark?: bigint | number;
  /** Replaces the partitions given as `p=a`; with none, what the table's options say. */
  readonly overwrite?: readonly string[];
}

/** The findings of the reference's own check of a table. */
export interface FsckReport {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly dataFiles: number;
  readonly snapshots: number;
  readonly orphans: number;
}

/** Of `lives`: the rows of a snapshot, or, without one, the changes. */
export type ReferenceAnswer = { readonly snapshot?: number } & (
  | { readonly lines: readonly unknown[] }
  | { readonly error: string }
);

/** The reference; every call rejects with `Refused` where Paimon throws. */
export interface Reference {
  /** Any command of the command line with its arguments; gives what it prints. */
  run(args: readonly string[]): Promise<string>;
  /** `schema` is Paimon's own JSON form. */
  create(at: TableAt, schema: object): Promise<void>;
  /** `changes` is a list of Paimon's SchemaChange JSON. */
  alter(at: TableAt, changes: readonly object[]): Promise<void>;
  write(at: TableAt, rows: readonly KindRow[], options?: ReferenceWrite): Promise<void>;
  /** The merged rows, by primary key where there is one. */
  read(at: TableAt, options?: ReferenceRead): Promise<readonly GoldenRow[]>;
  changelog(
    at: TableAt,
    options?: { readonly fromSnapshot?: bigint | number; readonly mode?: string },
  ): Promise<readonly SnapshotChange[]>;
  /** What `read` gives of each snapshot and `changelog` of all, or how they are refused. */
  lives(at: TableAt): Promise<readonly ReferenceAnswer[]>;
  incremental(
    at: TableAt,
    between: { readonly from: bigint | number; readonly to: bigint | number },
  ): Promise<readonly KindRow[]>;
  /** The rows of a system table such as `snapshots`. */
  systable(at: TableAt, name: string): Promise<readonly GoldenRow[]>;
  compact(at: TableAt, options?: { readonly full?: boolean }): Promise<void>;
  fsck(at: TableAt): Promise<FsckReport>;
  /** Every manifest entry, decoded and as hex. */
  dump(at: TableAt): Promise<readonly GoldenRow[]>;
}

let shared: Promise<Reference | null> | undefined;

/**
 * The reference, one for this process. Null, with one line that says why, unless TRIBUTARY_INTEROP=1;
 * then it is built if need be, and it rejects where that fails: what is asked for is never skipped.
 */
export function reference(): Promise<Reference | null> {
  shared ??= start();
  return shared;
}

async function start(): Promise<Reference | null> {
  if (!interopWanted()) {
    process.stderr.write('skipped: the Java reference (TRIBUTARY_INTEROP=1 runs it; needs JDK 17 and Maven)\n');
    return null;
  }
  await promisify(execFile)(join(HERE, 'build.sh'), { timeout: BUILD_LIMIT_MS });
  const scratch = tempDir();
  const java = lineProcess([join(HERE, 'paimon-ref'), 'serve'], {
    JAVA_OPTS: `${JAVA_OPTIONS} -Djava.io.tmpdir=${scratch}`,
  });
  return client(java, scratch);
}

function client(java: LineProcess, scratch: string): Reference {
  let files = 0;
  const file = (content: string): string => {
    files += 1;
    const path = join(scratch, `input-${files}`);
    writeFileSync(path, content);
    return path;
  };
  const run = async (args: readonly string[]): Promise<string> => outputOf(await java.ask(args));
  const done = async (args: readonly string[]): Promise<void> => {
    await run(args);
  };
  const lines = async <Row>(args: readonly string[]): Promise<readonly Row[]> => jsonLines<Row>(await run(args));
  return {
    run,
    create: (at, schema) => done(['create', ...where(at), '--schema', file(JSON.stringify(schema))]),
    alter: (at, changes) => done(['alter', ...where(at), '--changes', file(JSON.stringify(changes))]),
    write: (at, rows, options = {}) => {
      const content = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      return done(['write', ...where(at), '--rows', file(content), ...writeArguments(options)]);
    },
    read: (at, options = {}) => lines(['read', ...where(at), ...readArguments(options)]),
    changelog: (at, { fromSnapshot, mode } = {}) =>
      lines(['changelog', ...where(at), ...option('from-snapshot', fromSnapshot), ...option('mode', mode)]),
    lives: (at) => lines(['lives', ...where(at)]),
    incremental: (at, { from, to }) => lines(['incremental', ...where(at), '--between', `${from},${to}`]),
    systable: (at, name) => lines(['systable', ...where({ ...at, table: `${at.table}$${name}` })]),
    compact: (at, { full = false } = {}) => done(['compact', ...where(at), ...flag('full', full)]),
    fsck: async (at) => JSON.parse(await run(['fsck', ...where(at)])) as FsckReport,
    dump: (at) => lines(['dump', ...where(at)]),
  };
}

function where(at: TableAt): readonly string[] {
  return ['--warehouse', at.warehouse, '--table', at.table];
}

function readArguments({ snapshot, tag, branch, options = {}, filter }: ReferenceRead): readonly string[] {
  const dynamic = Object.entries(options).flatMap(([name, value]) => ['--option', `${name}=${value}`]);
  const filters = filter === undefined ? [] : ['--filter', ...filter];
  return [...option('snapshot', snapshot), ...option('tag', tag), ...option('branch', branch), ...dynamic, ...filters];
}

function writeArguments({
  commitUser,
  commitId,
  writeOnly = false,
  filterCommitted = false,
  branch,
  watermark,
  overwrite,
}: ReferenceWrite): readonly string[] {
  return [
    ...option('commit-user', commitUser),
    ...option('commit-id', commitId),
    ...flag('write-only', writeOnly),
    ...flag('filter-committed', filterCommitted),
    ...option('branch', branch),
    ...option('watermark', watermark),
    ...(overwrite === undefined ? [] : ['--overwrite', ...overwrite]),
  ];
}

function option(name: string, value: string | bigint | number | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}`, String(value)];
}

function flag(name: string, isSet: boolean): readonly string[] {
  return isSet ? [`--${name}`] : [];
}
