// What must hold of a lake after any life of a pipeline, judged from its files: identifiers, cuts, and a changelog that
// has each change once. Each function gives what is wrong, empty if nothing is.
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import { stampOf } from '../../src/mirror/commit-properties.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { Snapshot } from '../../src/paimon/meta/snapshot.ts';
import type { Table } from '../../src/paimon/table.ts';
import { differences, lakeRows, readerRows } from './compare-source-lake.ts';
import { type GoldenRow, plainText } from './golden.ts';
import { lsnOf, type MirrorSite, PIPELINE } from './mirror-site.ts';
import { withClient } from './servers.ts';

/** A change as the changelog has it. */
export interface ReadChange {
  readonly kind: string;
  readonly row: GoldenRow;
  readonly snapshot: number;
}

/** All snapshots of a table that are there, oldest first. */
export async function snapshotsOf(table: Table): Promise<readonly Snapshot[]> {
  const latest = await table.latestSnapshot();
  const earliest = await table.snapshots.earliestId();
  const snapshots: Snapshot[] = [];
  if (latest === null || earliest === null) return snapshots;
  for (let id: bigint = earliest; id <= latest.id; id++) snapshots.push(await table.snapshot(id));
  return snapshots;
}

/** Identifiers of the mirror's own commits are strictly increasing, and their positions never go back (rule 4). */
export async function judgeIdentifiers(table: Table): Promise<readonly string[]> {
  const problems: string[] = [];
  let identifier = 0n;
  let position = 0n;
  for (const snapshot of await snapshotsOf(table)) {
    const stamp = stampOf(snapshot);
    if (snapshot.commitUser !== PIPELINE) continue;
    const here = lsnOf(stamp?.position ?? '0/0');
    if (snapshot.commitIdentifier <= identifier || here < position) {
      problems.push(
        `${table.path} snapshot ${snapshot.id}: identifier ${snapshot.commitIdentifier} after ${identifier}, position ${here} after ${position}`,
      );
    }
    identifier = snapshot.commitIdentifier;
    position = here;
  }
  return problems;
}

/**
 * Every recorded cut is complete: it names every table that is not being copied, with a snapshot that exists and holds the table at the record's
 * position, neither before it nor past it.
 */
export async function judgeCuts(
  records: readonly CheckpointRecord[],
  tables: readonly Table[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  let before: CheckpointRecord | null = null;
  for (const record of records) {
    if (before !== null && (record.number <= before.number || lsnOf(record.position) < lsnOf(before.position))) {
      problems.push(`record ${record.number} at ${record.position} after ${before.number} at ${before.position}`);
    }
    before = record;
  }
  for (const table of tables) {
    const snapshots = await snapshotsOf(table);
    const name = table.path.replace('.db/', '.');
    for (const record of records) {
      if (record.copying.some((entry) => entry.table === name)) continue;
      const named = record.tables.find((entry) => entry.table === name);
      const problem = named === undefined ? 'does not name it' : misplaced(snapshots, named.snapshotId, record);
      if (problem !== null) problems.push(`cut ${record.number}, table ${name}: ${problem}`);
    }
  }
  return problems;
}

function misplaced(snapshots: readonly Snapshot[], id: bigint | null, record: CheckpointRecord): string | null {
  if (id === null) return null;
  const at = snapshots.findIndex((snapshot) => snapshot.id === id);
  if (at < 0) return `its snapshot ${id} is not there`;
  const positionOf = (snapshot: Snapshot): bigint => lsnOf(stampOf(snapshot)?.position ?? '0/0');
  const end = lsnOf(record.position);
  const past = snapshots.slice(0, at + 1).find((snapshot) => positionOf(snapshot) > end);
  if (past !== undefined) return `its snapshot ${id} holds what is after the cut`;
  const next = snapshots.slice(at + 1).find((snapshot) => stampOf(snapshot) !== null);
  return next !== undefined && positionOf(next) <= end ? `snapshot ${next.id} belongs to it and is left out` : null;
}

/** The table's whole changelog, in order. */
export async function changesOf(table: Table): Promise<readonly ReadChange[]> {
  const latest = await table.latestSnapshot();
  const changes: ReadChange[] = [];
  if (latest === null) return changes;
  for await (const batch of table.changes({ after: 0n, upTo: latest.id })) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) {
      const kind = rowKindText(batch.kinds[row]);
      changes.push({
        kind,
        row: JSON.parse(print(batch.columns, row)) as GoldenRow,
        snapshot: Number(batch.snapshotId),
      });
    }
  }
  return changes;
}

/**
 * Replays the changelog of a table with a producer: each change fits what those before have made (a before-image is the
 * row as it was, whole), and the end is the table.
 */
export async function judgeReplay(table: Table, changes: readonly ReadChange[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const state = new Map<string, string>();
  for (const { kind, row, snapshot } of changes) {
    const [[key, text]] = readerRows(table, [row]);
    const adds = kind === '+I' || kind === '+U';
    const fits = adds ? !state.has(key) : state.get(key) === text;
    if (!fits)
      problems.push(
        `${table.path} snapshot ${snapshot}: ${kind} ${text.slice(0, 200)} on ${state.get(key)?.slice(0, 200) ?? 'no row'}`,
      );
    if (adds) state.set(key, text);
    else state.delete(key);
  }
  return [...problems.slice(0, 10), ...differences(await lakeRows(table), state)];
}

/**
 * Every version that the source noted as committed is in the changelog once as a new row; none that was not committed is
 * there, and of those made after the copy none twice, and none is missing.
 */
export async function judgeVersions(
  site: MirrorSite,
  table: Table,
  changes: readonly ReadChange[],
): Promise<readonly string[]> {
  const name = table.path.split('/').at(-1) ?? '';
  const counts = new Map<string, number>();
  for (const { kind, row } of changes) {
    if (kind !== '+I' && kind !== '+U') continue;
    const version = plainText(row['version']);
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  const { rows } = await withClient(site.database.url, (client) =>
    client.query<{ version: string; lsn: string }>('select version::text, lsn::text from noted where table_name = $1', [
      name,
    ]),
  );
  const copied = await copiedAt(site, table);
  const noted = new Map(rows.map(({ version, lsn }) => [version, lsnOf(lsn)]));
  const problems = [...counts].flatMap(([version, count]) => {
    const lsn = noted.get(version);
    if (lsn === undefined) return [`${name}: version ${version} was never committed`];
    return count === 1 || lsn < copied ? [] : [`${name}: version ${version} is ${count} times in the changelog`];
  });
  for (const { version, lsn } of rows) {
    if (!counts.has(version) && lsnOf(lsn) >= copied)
      problems.push(`${name}: version ${version} is missing, noted at ${lsn}`);
  }
  return problems.slice(0, 10);
}

/** Where the log stood when the table was copied: of one that is copied in chunks, that of the first cut with the table. */
async function copiedAt(site: MirrorSite, table: Table): Promise<bigint> {
  const first = stampOf(await table.snapshot(1n));
  if (first?.isCopying !== true) return lsnOf(first?.position ?? '0/0');
  const name = table.path.replace('.db/', '.');
  const cut = (await site.records.records()).find(({ tables }) => tables.some((entry) => entry.table === name));
  return lsnOf(cut?.position ?? '0/0');
}
