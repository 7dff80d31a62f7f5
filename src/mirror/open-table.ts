// Opens a mirrored table for writing, and creates it where the lake does not have it.
import type { SourcePosition } from '../change/position.ts';
import { lakeDefinition } from '../mapping/lake-table.ts';
import { FileSystemCatalog } from '../paimon/catalog/file-system-catalog.ts';
import { TableCommitter } from '../paimon/commit/table-commit.ts';
import { LiveFiles } from '../paimon/lsm/live-files.ts';
import { TableWriter } from '../paimon/lsm/table-writer.ts';
import { checkDefaultValue } from '../paimon/format/default-value.ts';
import { applySchemaChanges } from '../paimon/schema/apply-schema-changes.ts';
import { unfollowedOptions } from '../paimon/schema/foreign-options.ts';
import { SchemaStore } from '../paimon/schema/schema-store.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import type { FileStore } from '../storage/file-store.ts';
import { TOKEN_PROPERTY } from './commit-properties.ts';
import type { LakeState } from './lake-state.ts';
import type { MirrorParts } from './parts.ts';
import type { TableCopy } from './table-copy.ts';
import { MirroredTable } from './mirrored-table.ts';
import { tableTelemetry } from './telemetry.ts';

/** How a table is opened. */
export interface OpenOptions {
  readonly parts: MirrorParts;
  /** The run of the pipeline. */
  readonly token: string;
  /** Where the lake stands; null if the table was never copied. */
  readonly place: SourcePosition | null;
  /** The table's incarnation in the source, see `Incarnations`. */
  readonly incarnation: string;
  /** Its copy in chunks, where one goes on. */
  readonly copy: TableCopy | null;
}

/** Opens the table; the caller holds the pipeline's lease. */
export async function openMirroredTable(state: LakeState, options: OpenOptions): Promise<MirroredTable> {
  const { parts, place, incarnation, copy } = options;
  const { store, runner, random, clock } = parts;
  const { lake, source, tablePath } = state;
  if (state.latest === null) await removeUnnamedFiles(store, tablePath);
  const schema = await tableSchema(state, parts);
  for (const { option, value, consequence } of unfollowedOptions(schema.options)) {
    parts.log.warn('table option is kept and not followed', { table: source.key, option, value, consequence });
  }
  const committer = await TableCommitter.open({
    store,
    tablePath,
    schema,
    clock,
    random,
    token: { property: TOKEN_PROPERTY, value: options.token },
    knownSnapshotId: state.latest?.id ?? null,
  });
  const liveFiles = new LiveFiles(committer.liveEntries());
  const latestIndex = () => committer.indexEntries();
  const afterSequence = copy?.stale ?? -1n;
  const components = { store, tablePath, schema, liveFiles, latestIndex, runner, random, clock };
  const writer = TableWriter.open({ ...components, afterSequence });
  const telemetry = tableTelemetry(parts.telemetry, source.key, `${lake.database}.${lake.table}`);
  return new MirroredTable({
    source,
    lake,
    schema,
    tablePath,
    writer,
    liveFiles,
    committer,
    telemetry,
    place,
    incarnation,
    copy,
  });
}

/** The table as it is, with the options of the configuration; a new one where there is none. */
async function tableSchema(state: LakeState, parts: MirrorParts): Promise<TableSchema> {
  const { schema, optionChanges, mismatch, tablePath, latest } = state;
  if (schema === null) return createTable(state, parts);
  if (optionChanges.length === 0 || mismatch !== null) return schema;
  const context = { hasSnapshots: latest !== null, timeMillis: parts.clock.nowMs(), checkDefaultValue };
  const options = optionChanges.flatMap((change) =>
    change.kind === 'setOption' ? [`${change.key}=${change.value}`] : [],
  );
  parts.log.info('table gets options of the configuration', { table: state.source.key, options: options.join(', ') });
  return new SchemaStore(parts.store, tablePath).update((now) => applySchemaChanges(now, optionChanges, context));
}

async function createTable({ lake }: LakeState, parts: MirrorParts): Promise<TableSchema> {
  return new FileSystemCatalog(parts.store).createTable(lake, lakeDefinition(lake), parts.clock.nowMs());
}

/** A copy that was killed leaves files that no snapshot names; a table without a snapshot has no others. */
async function removeUnnamedFiles(store: FileStore, tablePath: string): Promise<void> {
  for (const entry of await store.list(tablePath)) {
    if (entry.isDirectory && entry.name !== 'schema') await store.deleteDirectory(`${tablePath}/${entry.name}`);
  }
}
