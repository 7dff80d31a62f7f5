// What the lake holds of a mirrored table before the pipeline starts: read only, nothing is created here.
import { TributaryError } from '../base/errors.ts';
import type { SourceTable } from '../change/source-table.ts';
import { type LakeTable, PIPELINE_OPTION, SOURCE_TABLE_OPTION } from '../mapping/lake-table.ts';
import type { FileSystemCatalog } from '../paimon/catalog/file-system-catalog.ts';
import type { Snapshot, SnapshotId } from '../paimon/meta/snapshot.ts';
import { printDataType } from '../paimon/schema/data-type-text.ts';
import type { Table } from '../paimon/table.ts';
import { type CommitStamp, stampOf } from './commit-properties.ts';

/** A mirrored table as the lake has it. */
export interface LakeState {
  readonly source: SourceTable;
  readonly lake: LakeTable;
  /** Null where the lake has no such table yet. */
  readonly table: Table | null;
  readonly latest: Snapshot | null;
  /** What the newest snapshot of this pipeline says; null if there is none (any more). */
  readonly stamp: CommitStamp | null;
}

/**
 * Reads the state of a table. Throws `E5010` where the table is written by another pipeline or was not made by one,
 * and `E2107` where its columns are not those of the source.
 */
export async function readLakeState(catalog: FileSystemCatalog, source: SourceTable, lake: LakeTable): Promise<LakeState> {
  const table = await catalog.findTable(lake.database, lake.table);
  if (table === null) return { source, lake, table: null, latest: null, stamp: null };
  refuseForeignTable(table, lake);
  refuseOtherColumns(table, source, lake);
  const latest = await table.latestSnapshot();
  return { source, lake, table, latest, stamp: await newestStamp(table, latest, lake) };
}

/** Two pipelines never write one table (architecture, rule 9), and a table of others is never taken over unasked. */
function refuseForeignTable(table: Table, lake: LakeTable): void {
  for (const option of [PIPELINE_OPTION, SOURCE_TABLE_OPTION]) {
    const owner = table.schema.options[option];
    if (owner === lake.options[option]) continue;
    throw new TributaryError(
      'E5010',
      `lake table belongs to another writer: table=${lake.database}.${lake.table} ${option}=${owner ?? '(none)'} expected=${lake.options[option]}`,
    );
  }
}

function refuseOtherColumns(table: Table, source: SourceTable, lake: LakeTable): void {
  const describe = (fields: LakeTable['fields']): string => fields.map((field) => `${field.name} ${printDataType(field.type)}`).join(', ');
  const known = describe(table.schema.fields);
  const now = describe(lake.fields);
  const sameKey = table.schema.primaryKeys.join('\0') === lake.primaryKeys.join('\0');
  if (known === now && sameKey) return;
  throw new TributaryError(
    'E2107',
    `columns of the source table are not those of the lake table: table=${source.key} lake=(${known}; key ${table.schema.primaryKeys.join(', ')}) source=(${now}; key ${lake.primaryKeys.join(', ')})`,
  );
}

/** Compactions and other writers may have committed since; our own newest snapshot is searched behind them. */
async function newestStamp(table: Table, latest: Snapshot | null, lake: LakeTable): Promise<CommitStamp | null> {
  let snapshot = latest;
  while (snapshot !== null) {
    if (snapshot.commitUser === lake.options[PIPELINE_OPTION]) return stampOf(snapshot);
    if (snapshot.id === 1n) return null;
    snapshot = await table.findSnapshot((snapshot.id - 1n) as SnapshotId);
  }
  return null;
}
