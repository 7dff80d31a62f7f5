// What the lake holds of a mirrored table before the pipeline starts: read only, nothing is created here.
import { TributaryError } from '../base/errors.ts';
import type { SourceTable } from '../change/source-table.ts';
import { type LakeTable, PIPELINE_OPTION, SOURCE_TABLE_OPTION } from '../mapping/lake-table.ts';
import { FileSystemCatalog, tablePathOf } from '../paimon/catalog/file-system-catalog.ts';
import { SnapshotStore } from '../paimon/commit/snapshot-store.ts';
import type { Snapshot } from '../paimon/meta/snapshot.ts';
import { dataTypeText } from '../paimon/schema/data-type-text.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import type { FileStore } from '../storage/file-store.ts';
import { stampOf, type TableStamp } from './commit-properties.ts';

/** A mirrored table as the lake has it. */
export interface LakeState {
  readonly source: SourceTable;
  readonly lake: LakeTable;
  /** The table's directory in the store. */
  readonly tablePath: string;
  /** Null where the lake has no such table yet. */
  readonly schema: TableSchema | null;
  readonly latest: Snapshot | null;
  /** What the newest snapshot of this pipeline says; null if there is none (any more). */
  readonly stamp: TableStamp | null;
  /** `E2107` where the table's columns are not those of the source: the table cannot be followed. */
  readonly mismatch: TributaryError | null;
}

/**
 * Reads the state of a table. Throws `E5010` where the table is written by another pipeline or was not made by one,
 * `E5011` where something that is no table stands in its place.
 */
export async function readLakeState(store: FileStore, source: SourceTable, lake: LakeTable): Promise<LakeState> {
  const catalog = new FileSystemCatalog(store);
  const tablePath = tablePathOf(lake.database, lake.table);
  if (!(await catalog.tableExists(lake.database, lake.table))) {
    await refuseStrangeDirectory(store, tablePath);
    return { source, lake, tablePath, schema: null, latest: null, stamp: null, mismatch: null };
  }
  const schema = await catalog.loadSchema(lake.database, lake.table);
  refuseForeignTable(schema, lake);
  const snapshots = new SnapshotStore(store, tablePath);
  const own = await snapshots.newestBy(lake.options[PIPELINE_OPTION]);
  return {
    source,
    lake,
    tablePath,
    schema,
    latest: await snapshots.latest(),
    stamp: own === null ? null : stampOf(own),
    mismatch: mismatchOf(schema, source, lake),
  };
}

/** Two pipelines never write one table (architecture, rule 9), and a table of others is never taken over unasked. */
function refuseForeignTable(schema: TableSchema, lake: LakeTable): void {
  for (const option of [PIPELINE_OPTION, SOURCE_TABLE_OPTION]) {
    const owner = schema.options[option];
    if (owner === lake.options[option]) continue;
    throw new TributaryError(
      'E5010',
      `lake table belongs to another writer: table=${lake.database}.${lake.table} ${option}=${owner ?? '(none)'} expected=${lake.options[option]}`,
    );
  }
}

/** A directory without a schema is no table of ours: whatever stands in it is not to be mixed with one. */
async function refuseStrangeDirectory(store: FileStore, tablePath: string): Promise<void> {
  const entries = await store.list(tablePath);
  // A creation that was killed leaves an empty schema directory at most.
  const strange = entries.find((entry) => !(entry.isDirectory && entry.name === 'schema'));
  if (strange === undefined) return;
  throw new TributaryError(
    'E5011',
    `lake directory holds files that are no table: directory=${tablePath} file=${strange.name}`,
  );
}

function mismatchOf(schema: TableSchema, source: SourceTable, lake: LakeTable): TributaryError | null {
  const known = describe(schema.fields, schema.primaryKeys);
  const now = describe(lake.fields, lake.primaryKeys);
  if (known === now) return null;
  return new TributaryError(
    'E2107',
    `columns of the source table are not those of the lake table: table=${source.key} lake=(${known}) source=(${now})`,
  );
}

function describe(fields: LakeTable['fields'], keys: readonly string[]): string {
  return `${fields.map((field) => `${field.name} ${dataTypeText(field.type)}`).join(', ')}; key ${keys.join(', ')}`;
}
