// `tributary table expect`: everything that a reader of a table could be asked for, each answer in a file of its own, as
// the reference's command line writes them: for comparing what two readers see. Rows are held in memory to be sorted.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { rowKindText } from '../../column/row-kind.ts';
import { type Cell, cellAt, compareCells } from '../../paimon/format/cell.ts';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import { dumpTable } from '../../paimon/maintenance/dump.ts';
import { fsck, type FsckResult } from '../../paimon/maintenance/fsck.ts';
import type { SnapshotId } from '../../paimon/meta/snapshot.ts';
import type { ReadBatch, SnapshotChanges } from '../../paimon/scan/scan.ts';
import type { Table } from '../../paimon/table.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { LocalFileStore } from '../../storage/local/local-file-store.ts';
import { rowLines } from './system.ts';
import { openTable, type TableOptions, tableVerb } from './table-options.ts';

/** One file and the text that goes into it. */
interface Answer {
  readonly file: string;
  readonly text: () => Promise<string>;
}

const SYSTEM_TABLES = [
  'snapshots',
  'schemas',
  'options',
  'tags',
  'branches',
  'partitions',
  'buckets',
  'files',
  'manifests',
  'table_indexes',
  'audit_log',
  'binlog',
  'consumers',
] as const;

/** The counts of `fsck.json`, which leaves out those of nothing. */
const FSCK_COUNTS = [
  'changelogFiles',
  'changelogs',
  'dataFiles',
  'indexFiles',
  'manifests',
  'missingHints',
  'snapshots',
  'unknownBounds',
] as const;

/** `tributary table expect` */
export function expectVerb(): Command {
  return tableVerb('expect', 'write all reads and system tables of a table into files; exit code 1 on damage')
    .requiredOption('--out <directory>', 'where the files go')
    .action(async (options: TableOptions & { readonly out: string }) => {
      const openBranch = (name: string): Promise<Table> => openTable(options, name);
      const subject = { table: await openTable(options), openBranch };
      const isSound = await writeAnswers(subject, new LocalFileStore(resolve(options.out)));
      if (!isSound) process.exitCode = 1;
    });
}

/** The table that is asked, and how its branches are opened. */
export interface Subject {
  readonly table: Table;
  readonly openBranch: (name: string) => Promise<Table>;
}

/** Writes the answers to the root of a store; what is refused becomes `{"error":…}`. False if fsck finds damage. */
export async function writeAnswers(subject: Subject, out: FileStore): Promise<boolean> {
  let isSound = true;
  const checked = async (): Promise<string> => {
    const result = await fsck(subject.table);
    isSound = result.ok;
    return `${fsckJson(result)}\n`;
  };
  for (const { file, text } of [...(await answers(subject)), { file: 'fsck.json', text: checked }]) {
    await out.replace(file, new TextEncoder().encode(await textOrRefusal(text)));
  }
  return isSound;
}

async function textOrRefusal(text: () => Promise<string>): Promise<string> {
  try {
    return await text();
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    return `${JSON.stringify({ error: `${error.code} ${error.message}` })}\n`;
  }
}

async function answers(subject: Subject): Promise<readonly Answer[]> {
  const { table } = subject;
  const system = table.schema.primaryKeys.length === 0 ? SYSTEM_TABLES : [...SYSTEM_TABLES, 'ro'];
  return [
    ...(await stateAnswers(subject)),
    ...(await changeAnswers(table)),
    ...system.map((name) => ({ file: `sys-${name}.ndjson`, text: () => linesOf(table.systemTable(name)) })),
    { file: 'dump.ndjson', text: () => dumpText(table) },
  ];
}

/** The rows of every snapshot, tag and branch. */
async function stateAnswers({ table, openBranch }: Subject): Promise<readonly Answer[]> {
  const snapshots = (await table.snapshots.ids()).map((id) => ({
    file: `read-snapshot-${id}.ndjson`,
    text: () => sortedRows(table, table.read({ at: { kind: 'snapshot', id } })),
  }));
  const tags = (await namesOf(table, 'tags', 'tag_name')).map((name) => ({
    file: `read-tag-${name}.ndjson`,
    text: () => sortedRows(table, table.read({ at: { kind: 'tag', name } })),
  }));
  const branches = (await namesOf(table, 'branches', 'branch_name')).map((name) => ({
    file: `read-branch-${name}.ndjson`,
    text: async () => {
      const branch = await openBranch(name);
      return sortedRows(branch, branch.read());
    },
  }));
  return [...snapshots, ...tags, ...branches];
}

/** The changes since the oldest snapshot whose changes are left, where a stream begins now, and what came in between. */
async function changeAnswers(table: Table): Promise<readonly Answer[]> {
  const [first, last] = [await table.earliestChanges(), await table.latestSnapshot()];
  const earliest = await table.snapshots.earliestId();
  if (first === null || last === null || earliest === null) return [];
  const range = { after: first - 1n, upTo: last.id };
  const at = { kind: 'snapshot', id: last.id } as const;
  const whole = [
    { file: 'changelog.ndjson', text: () => sortedChanges(table, table.changes(range)) },
    {
      file: 'changelog-latest-full.ndjson',
      text: () => sortedChanges(table, ofSnapshot(table.read({ at, beforeChanges: true }), last.id)),
    },
  ];
  if (last.id === earliest) return whole;
  const between = { kind: 'snapshots', after: earliest, upTo: last.id } as const;
  const parts = (['auto', 'diff'] as const).map((mode) => ({
    file: `incremental-${mode === 'diff' ? 'diff-' : ''}${earliest}-${last.id}.ndjson`,
    text: () => sortedRows(table, table.incremental({ between, mode }), { withKinds: true }),
  }));
  return [...whole, ...parts];
}

async function* ofSnapshot(batches: AsyncIterable<ReadBatch>, snapshotId: SnapshotId): AsyncGenerator<SnapshotChanges> {
  for await (const batch of batches) yield { ...batch, snapshotId };
}

/** The texts of one column of a system table. */
async function namesOf(table: Table, system: string, column: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { columns, rowCount } of table.systemTable(system, { columns: [column] })) {
    for (let row = 0; row < rowCount; row++) {
      const cell = cellAt({ kind: 'VARCHAR', length: 1, nullable: true }, columns[0], row);
      names.push(new TextDecoder().decode(cell as Uint8Array));
    }
  }
  return names;
}

interface SortedRow {
  readonly key: readonly Cell[];
  readonly text: string;
}

/** Rows by primary key, or by their own text where there is none. */
async function sortedRows(
  table: Table,
  batches: AsyncIterable<ReadBatch>,
  { withKinds = false }: { readonly withKinds?: boolean } = {},
): Promise<string> {
  const rows: SortedRow[] = [];
  for await (const batch of batches) {
    const print = createRowPrinter(batch.fields);
    const keyOf = keyReader(table, batch);
    for (let row = 0; row < batch.rowCount; row++) {
      const json = print(batch.columns, row);
      const text = withKinds ? `{"kind":"${rowKindText(batch.kinds[row])}","row":${json}}` : json;
      rows.push({ key: keyOf(row), text });
    }
  }
  const isKeyed = table.schema.primaryKeys.length > 0;
  rows.sort((a, b) => (isKeyed ? compareCells(a.key, b.key) : Number(a.text > b.text) - Number(a.text < b.text)));
  return rows.map(({ text }) => `${text}\n`).join('');
}

/** Changes by snapshot and primary key; those of one key, and all of a table without one, stay as they came. */
async function sortedChanges(table: Table, changes: AsyncIterable<SnapshotChanges>): Promise<string> {
  const bySnapshot = new Map<bigint, SortedRow[]>();
  for await (const batch of changes) {
    const print = createRowPrinter(batch.fields);
    const keyOf = keyReader(table, batch);
    const rows = bySnapshot.get(batch.snapshotId) ?? [];
    bySnapshot.set(batch.snapshotId, rows);
    for (let row = 0; row < batch.rowCount; row++) {
      const kind = rowKindText(batch.kinds[row]);
      const json = print(batch.columns, row);
      rows.push({ key: keyOf(row), text: `{"snapshot":${batch.snapshotId},"kind":"${kind}","row":${json}}` });
    }
  }
  const sorted = [...bySnapshot.values()].flatMap((rows) => rows.sort((a, b) => compareCells(a.key, b.key)));
  return sorted.map(({ text }) => `${text}\n`).join('');
}

/** Reads the primary key of a row; bytes are copies. */
function keyReader({ schema }: Table, { fields, columns }: ReadBatch): (row: number) => readonly Cell[] {
  const keys = schema.primaryKeys.map((name) => fields.findIndex((field) => field.name === name));
  return (row) =>
    keys.map((index) => {
      const cell = cellAt(fields[index].type, columns[index], row);
      return cell instanceof Uint8Array ? cell.slice() : cell;
    });
}

async function linesOf(batches: AsyncIterable<ReadBatch>): Promise<string> {
  let text = '';
  for await (const batch of batches) text += rowLines(batch, false);
  return text;
}

async function dumpText(table: Table): Promise<string> {
  let text = '';
  for await (const line of dumpTable(table)) text += `${line}\n`;
  return text;
}

function fsckJson(result: FsckResult): string {
  const counts = FSCK_COUNTS.filter((name) => result[name] > 0).map((name) => [name, result[name]]);
  const { ok, orphans, problems } = result;
  return JSON.stringify({ ok, ...(Object.fromEntries(counts) as object), orphans, problems });
}
