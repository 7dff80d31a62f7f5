// What the lake holds of a mirrored table before the pipeline starts: read only, nothing is created here.
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { SourceTable } from '../change/source-table.ts';
import { type Evolution, type EvolutionPolicy, formerNames, planEvolution } from '../mapping/evolve.ts';
import {
  lakeDefinition,
  type LakeTable,
  lakeTableOf,
  PIPELINE_OPTION,
  SOURCE_TABLE_OPTION,
} from '../mapping/lake-table.ts';
import { requireMirrorOptions } from '../mapping/mirror-options.ts';
import { FileSystemCatalog, tablePathOf } from '../paimon/catalog/file-system-catalog.ts';
import { SnapshotStore } from '../paimon/commit/snapshot-store.ts';
import type { Snapshot } from '../paimon/meta/snapshot.ts';
import { checkDefaultValue } from '../paimon/format/default-value.ts';
import { requireWritable } from '../paimon/lsm/write-mode.ts';
import { applySchemaChanges } from '../paimon/schema/apply-schema-changes.ts';
import { newTableSchema } from '../paimon/schema/new-schema.ts';
import type { SchemaChange } from '../paimon/schema/schema-change.ts';
import { SchemaStore } from '../paimon/schema/schema-store.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import { validateSchema } from '../paimon/schema/validate-schema.ts';
import type { FileStore } from '../storage/file-store.ts';
import { stampOf, type TableStamp } from './commit-properties.ts';
import type { MirrorSettings } from './settings.ts';

/** Versions of a schema by whose columns the log may still be. */
const SCHEMAS_MAX = 16;

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
  /** Options of the configuration that the table does not have yet: set when it is opened. */
  readonly optionChanges: readonly SchemaChange[];
  /** See `formerNames`: of the newest versions of its schema. */
  readonly former: ReadonlyMap<string, string | null>;
  /** What the table needs to have the source's columns; null for nothing. */
  readonly evolution: Evolution | null;
  /**
   * `E2107` where the table's columns are not those of the source and cannot become them, `E1301` where its options cannot become those of the
   * configuration, else why the source cannot give it: the table cannot be followed.
   */
  readonly mismatch: TributaryError | null;
}

/**
 * The state of the table that a source table is mirrored into. Throws what `readLakeState` throws, `E1300` where the
 * options of the table, as it is and as it is to be, cannot be right for a mirror, and for a new table what
 * `newTableSchema` and `requireWritable` throw.
 */
export async function lakeStateOf(store: FileStore, settings: MirrorSettings, source: SourceTable): Promise<LakeState> {
  const names = { source: settings.pipeline, database: settings.database };
  const mapping = settings.mapping(source.key);
  const lake = lakeTableOf(source, mapping, names);
  const read = await readLakeState(store, { source, lake, policy: settings.evolution });
  const state = source.refusal === undefined ? read : { ...read, evolution: null, mismatch: source.refusal };
  const options = { ...(state.schema?.options ?? lake.options), ...lake.configuredOptions };
  requireMirrorOptions({ source, options, buckets: mapping.buckets, compaction: settings.compaction });
  if (state.schema === null) requireWritable(newTableSchema(lakeDefinition(lake), 0));
  return state;
}

/** Throws `E1304` where two source tables go to one lake table: each would take the other's rows for its own. */
export function refuseSharedTables(states: readonly LakeState[]): void {
  const sources = new Map<string, SourceTable>();
  for (const { tablePath, source, lake } of states) {
    const other = sources.get(tablePath);
    if (other !== undefined) {
      const message = `two tables go to one lake table: table=${lake.database}.${lake.table} sources=${other.key},${source.key}`;
      throw new TributaryError('E1304', message);
    }
    sources.set(tablePath, source);
  }
}

/**
 * Reads the state of a table. Throws `E5010` where the table is written by another pipeline or was not made by one,
 * `E5011` where something that is no table stands in its place.
 */
async function readLakeState(
  store: FileStore,
  { source, lake, policy }: { source: SourceTable; lake: LakeTable; policy: EvolutionPolicy },
): Promise<LakeState> {
  const catalog = new FileSystemCatalog(store);
  const tablePath = tablePathOf(lake.database, lake.table);
  if (!(await catalog.tableExists(lake.database, lake.table))) {
    await refuseStrangeDirectory(store, tablePath);
    const nothing = { schema: null, latest: null, stamp: null, optionChanges: [], evolution: null, mismatch: null };
    return { source, lake, tablePath, former: new Map(), ...nothing };
  }
  const schema = await catalog.loadSchema(lake.database, lake.table);
  refuseForeignTable(schema, lake);
  const snapshots = new SnapshotStore(store, tablePath);
  const own = await snapshots.newestBy(lake.options[PIPELINE_OPTION]);
  const latest = await snapshots.latest();
  const optionChanges = optionChangesOf(schema, lake);
  const evolution = evolutionOf(schema, { source, lake }, policy);
  return {
    source,
    lake,
    tablePath,
    schema,
    latest,
    stamp: own === null ? null : stampOf(own),
    optionChanges,
    former: formerNames(await newestSchemas(store, tablePath, schema), source),
    evolution: evolution instanceof TributaryError ? null : evolution,
    mismatch: evolution instanceof TributaryError ? evolution : optionRefusal(schema, lake, { optionChanges, latest }),
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

/** The newest versions up to this one, oldest first. */
async function newestSchemas(
  store: FileStore,
  tablePath: string,
  { id }: TableSchema,
): Promise<readonly TableSchema[]> {
  const ids = Array.from({ length: Math.min(id + 1, SCHEMAS_MAX) }, (_, back) => id - back).reverse();
  return [...(await new SchemaStore(store, tablePath).readAll(ids, [])).values()];
}

/** `E2107` in place of an evolution that cannot be. */
function evolutionOf(
  schema: TableSchema,
  of: { readonly source: SourceTable; readonly lake: LakeTable },
  policy: EvolutionPolicy,
): Evolution | TributaryError | null {
  try {
    return planEvolution(schema, of, policy);
  } catch (error) {
    if (!isTributaryError(error, 'E2107')) throw error;
    return error;
  }
}

/** Options that the configuration does not name stay as they are: whoever has set them had a reason. */
function optionChangesOf(schema: TableSchema, lake: LakeTable): readonly SchemaChange[] {
  return Object.entries(lake.configuredOptions)
    .filter(([key, value]) => schema.options[key] !== value)
    .map(([key, value]) => ({ kind: 'setOption', key, value }));
}

/** Why the options cannot become those of the configuration; null where they can. */
function optionRefusal(
  schema: TableSchema,
  lake: LakeTable,
  of: Pick<LakeState, 'optionChanges' | 'latest'>,
): TributaryError | null {
  const bucket = of.optionChanges.find((change) => change.kind === 'setOption' && change.key === 'bucket');
  // Paimon lets the number change at once, and the files follow with the next overwrite: a mirror makes none.
  const fault = bucket !== undefined && of.latest !== null ? bucketFault(schema, lake) : alterFault(schema, of);
  if (fault === null) return null;
  const asked = of.optionChanges.flatMap((change) =>
    change.kind === 'setOption'
      ? [`${change.key}=${change.value} (the table has ${schema.options[change.key] ?? 'none'})`]
      : [],
  );
  return new TributaryError(
    'E1301',
    `table cannot get the options of the configuration: table=${lake.database}.${lake.table} options=${asked.join(', ')}: ${fault}`,
  );
}

function bucketFault({ options }: TableSchema, { database, table, configuredOptions }: LakeTable): string {
  const [now, wanted] = [Number(options['bucket']), Number(configuredOptions['bucket'])];
  const fault = 'its rows stand in other buckets';
  if (now <= 0 || wanted <= 0) return `${fault}, and dynamic buckets do not become fixed ones or the other way round`;
  return `${fault}; tributary table rescale --table ${database}.${table} --bucket-num ${wanted} moves them`;
}

function alterFault(
  schema: TableSchema,
  { optionChanges, latest }: Pick<LakeState, 'optionChanges' | 'latest'>,
): string | null {
  try {
    const context = { hasSnapshots: latest !== null, timeMillis: schema.timeMillis, checkDefaultValue };
    validateSchema(applySchemaChanges(schema, optionChanges, context));
    return null;
  } catch (error) {
    if (isTributaryError(error, 'E3103', 'E3105', 'E3132')) return error.message;
    throw error;
  }
}
