// Judges a simulated pipeline at its end: the lake is the source, at every cut that was recorded, and so are the replayed
// changelogs.
import type { TableKey } from '../../src/change/table-key.ts';
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { bigIntAt, bytesAt, NULL, validityAt } from '../../src/column/vector.ts';
import type { ColumnBatch, Vector } from '../../src/column/vector.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import { stampOf } from '../../src/mirror/commit-properties.ts';
import type { SnapshotId } from '../../src/paimon/meta/snapshot.ts';
import type { Table } from '../../src/paimon/table.ts';
import { type ScriptedRow, scriptedEnd } from './scripted-database.ts';
import { lakeTable, PIPELINE, type World } from './simulation-world.ts';

/** Which cuts show what another had written to the table: from then on, until a copy of it that began later is complete. */
export function wrongCuts(
  records: readonly CheckpointRecord[],
  key: TableKey,
  damagedAt: bigint | undefined,
): (record: CheckpointRecord) => boolean {
  if (damagedAt === undefined) return () => false;
  const staleOf = (record: CheckpointRecord | undefined): bigint | null => {
    const paused = (record?.paused ?? []).flatMap(({ copying }) => copying ?? []);
    return [...(record?.copying ?? []), ...paused].find(({ source }) => source === key)?.stale ?? null;
  };
  const before = staleOf(records.find(({ number }) => number === damagedAt));
  const begun = records.find((record) => {
    const stale = staleOf(record);
    return record.number > damagedAt && stale !== null && stale !== before;
  });
  const mended = records.find(
    ({ number, tables }) => begun !== undefined && number > begun.number && tables.some(({ source }) => source === key),
  );
  return ({ number }) => number > damagedAt && (mended === undefined || number < mended.number);
}

/** Compares lake and source at the end and at every cut, and replays the changelogs. */
export async function judge(world: World): Promise<void> {
  const records = await new CheckpointStore(world.store, PIPELINE).records();
  const last = records[records.length - 1];
  if (last === undefined) {
    world.problems.push('no checkpoint record');
    return;
  }
  for (const [index, { number, position }] of records.entries()) {
    const before = records[index - 1];
    if (before !== undefined && scriptedEnd(position) < scriptedEnd(before.position))
      world.problems.push(`record ${number} at ${position} after ${before.number} at ${before.position}`);
  }
  for (const key of world.database.tables) {
    const table = await lakeTable(world.store, key);
    compare(world, `${key} at the end`, await rowsOf(table, null), world.database.state(key));
    const isWrong = wrongCuts(records, key, world.damaged.get(key));
    const read = new Map<bigint | null, Map<number, string>>([[null, new Map()]]);
    for (const record of records) {
      const cut = record.tables.find((entry) => entry.source === key);
      if (cut === undefined || isWrong(record)) continue;
      const expected = world.database.stateAt(scriptedEnd(record.position)).get(key) ?? new Map<number, ScriptedRow>();
      const actual = read.get(cut.snapshotId) ?? (await rowsOf(table, cut.snapshotId as SnapshotId));
      read.set(cut.snapshotId, actual);
      compare(world, `${key} in cut ${record.number}`, actual, expected);
    }
    if (world.expires) continue;
    await judgeIdentifiers(world, table);
    if (world.layouts.get(key)?.['changelog-producer'] !== undefined)
      await judgeChangelog(world, table, { key, records });
  }
}

/** Rule 4: identifiers are strictly increasing per table and user. */
async function judgeIdentifiers(world: World, table: Table): Promise<void> {
  const latest = await table.latestSnapshot();
  let previous = 0n;
  for (let id = 1n; id <= (latest?.id ?? 0n); id++) {
    const snapshot = await table.snapshot(id);
    if (snapshot.commitUser !== PIPELINE) continue;
    if (snapshot.commitIdentifier <= previous)
      world.problems.push(`identifier ${snapshot.commitIdentifier} after ${previous}`);
    previous = snapshot.commitIdentifier;
  }
}

/**
 * Replays the changelog strictly: each change must fit what the ones before have made, and the end is the table, as of
 * the last checkpoint whose changes are due.
 */
async function judgeChangelog(
  world: World,
  table: Table,
  { key, records }: { readonly key: TableKey; readonly records: readonly CheckpointRecord[] },
): Promise<void> {
  const every = BigInt(world.layouts.get(key)?.['full-compaction.delta-commits'] ?? 1);
  const due = records.findLast((record) => record.number % every === 0n);
  const upTo = due?.tables.find((entry) => entry.source === key)?.snapshotId ?? null;
  if (due === undefined || upTo === null || wrongCuts(records, key, world.damaged.get(key))(due)) return;
  const state = new Map<number, string>();
  const versions = new Map<number, number>();
  for await (const batch of table.changes({ after: 0n, upTo })) {
    for (let row = 0; row < batch.rowCount; row++) {
      const id = Number(rowValue(batch.columns[0], row));
      const text = rowText(batch, row);
      const kind = rowKindText(batch.kinds[row]);
      const fits = kind === '+I' || kind === '+U' ? !state.has(id) : state.get(id) === text;
      // The log does not know what others have written: its changes fit the source.
      if (!fits && !world.damaged.has(key))
        world.problems.push(`${key}: ${kind} ${text} in snapshot ${batch.snapshotId} on ${state.get(id) ?? 'nothing'}`);
      if (kind === '+I' || kind === '+U') {
        state.set(id, text);
        const version = Number(rowValue(batch.columns[3], row));
        versions.set(version, (versions.get(version) ?? 0) + 1);
      } else state.delete(id);
    }
  }
  // Changes that compactions write down are those between commits.
  if (world.layouts.get(key)?.['changelog-producer'] === 'input' && !world.copiedAnew.has(key))
    await judgeOnce(world, table, { key, records, versions });
  const expected = world.database.stateAt(scriptedEnd(due.position)).get(key) ?? new Map<number, ScriptedRow>();
  compare(world, `${key} replayed from its changelog`, state, expected);
}

/**
 * Every version of a row that the log made after the copy is in the changelog once: none twice, none missing. What the log
 * made while chunks were read may be there again, and be left out where a later version of the row was read.
 */
async function judgeOnce(
  world: World,
  table: Table,
  of: {
    readonly key: TableKey;
    readonly records: readonly CheckpointRecord[];
    readonly versions: ReadonlyMap<number, number>;
  },
): Promise<void> {
  const { key, records, versions } = of;
  const first = stampOf(await table.snapshot(1n));
  const inChunks = records.find((record) => record.tables.some(({ source }) => source === key))?.position;
  const copied = first?.isCopying === true ? inChunks : first?.position;
  if (copied === undefined) return;
  for (const transaction of world.database.log) {
    if (transaction.end <= scriptedEnd(copied)) continue;
    for (const change of transaction.changes) {
      if (change.table !== key || change.kind === 'delete' || change.kind === 'truncate') continue;
      const count = versions.get(change.row.amount) ?? 0;
      if (count !== 1) world.problems.push(`${key}: version ${change.row.amount} is ${count} times in the changelog`);
    }
  }
}

async function rowsOf(table: Table, snapshotId: SnapshotId | null): Promise<Map<number, string>> {
  const rows = new Map<number, string>();
  for await (const batch of table.read(snapshotId === null ? {} : { at: { kind: 'snapshot', id: snapshotId } })) {
    for (let row = 0; row < batch.rowCount; row++)
      rows.set(Number(rowValue(batch.columns[0], row)), rowText(batch, row));
  }
  return rows;
}

function compare(
  world: World,
  what: string,
  actual: ReadonlyMap<number, string>,
  expected: ReadonlyMap<number, ScriptedRow>,
): void {
  const texts = new Map(
    [...expected].map(([id, row]) => [id, JSON.stringify([String(row.id), row.name, row.big, row.amount])]),
  );
  for (const id of new Set([...actual.keys(), ...texts.keys()])) {
    if (actual.get(id) !== texts.get(id)) {
      world.problems.push(`${what}: key ${id} is ${actual.get(id) ?? 'absent'}, expected ${texts.get(id) ?? 'absent'}`);
    }
  }
}

function rowText(batch: ColumnBatch, row: number): string {
  return JSON.stringify(batch.columns.map((column) => rowValue(column, row)));
}

function rowValue(column: Vector, row: number): string | number | null {
  if (validityAt(column, row) === NULL) return null;
  if (column.kind === 'i64') return bigIntAt(column, row).toString();
  if (column.kind === 'bytes') return Buffer.from(bytesAt(column, row)).toString('utf8');
  return column.kind === 'i32' ? column.values[row] : null;
}
