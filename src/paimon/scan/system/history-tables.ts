// System tables of a table's history and names: snapshots, schemas, options, tags, branches, consumers.
import { isTributaryError, TributaryError } from '../../../base/errors.ts';
import { prettyJson } from '../../../base/json-text.ts';
import { prefixedFiles } from '../../../storage/prefixed-entries.ts';
import { columnsToJson, parseStatistics } from '../../meta/statistics-json.ts';
import { parseTag } from '../../meta/tag-json.ts';
import { tableSchemaToJson } from '../../schema/table-schema-json.ts';
import { dataTypeText } from '../../schema/data-type-text.ts';
import { BIGINT, metadataTable, required, STRING, type SystemTableSource, text, TIMESTAMP } from './system-table.ts';
import { branchDirectories } from '../../meta/branch-directories.ts';

const TAG_PREFIX = 'tag-';
const CONSUMER_PREFIX = 'consumer-';

export const SNAPSHOTS = metadataTable(
  [
    ['snapshot_id', required(BIGINT)],
    ['schema_id', required(BIGINT)],
    ['commit_user', required(STRING)],
    ['commit_identifier', required(BIGINT)],
    ['commit_kind', required(STRING)],
    ['commit_time', required(TIMESTAMP)],
    ['base_manifest_list', required(STRING)],
    ['delta_manifest_list', required(STRING)],
    ['changelog_manifest_list', STRING],
    ['total_record_count', BIGINT],
    ['delta_record_count', BIGINT],
    ['changelog_record_count', BIGINT],
    ['watermark', BIGINT],
    ['next_row_id', BIGINT],
  ],
  async function* ({ snapshots }) {
    for (const id of await snapshots.ids()) {
      // A snapshot that expires meanwhile is left out.
      const stored = await snapshots.readStored(id);
      if (stored === null) continue;
      const { snapshot } = stored;
      yield [
        snapshot.id,
        BigInt(snapshot.schemaId),
        text(snapshot.commitUser),
        snapshot.commitIdentifier,
        text(snapshot.commitKind),
        BigInt(snapshot.timeMillis),
        text(snapshot.baseManifestList),
        text(snapshot.deltaManifestList),
        text(snapshot.changelogManifestList),
        snapshot.totalRecordCount,
        snapshot.deltaRecordCount,
        snapshot.changelogRecordCount,
        snapshot.watermark,
        snapshot.nextRowId,
      ];
    }
  },
);

export const SCHEMAS = metadataTable(
  [
    ['schema_id', required(BIGINT)],
    ['fields', required(STRING)],
    ['partition_keys', required(STRING)],
    ['primary_keys', required(STRING)],
    ['options', required(STRING)],
    ['comment', STRING],
    ['update_time', required(TIMESTAMP)],
  ],
  async function* ({ schemas }) {
    for (const schema of await schemas.all()) {
      const { fields } = JSON.parse(tableSchemaToJson(schema)) as { readonly fields: unknown };
      yield [
        BigInt(schema.id),
        text(JSON.stringify(fields)),
        text(JSON.stringify(schema.partitionKeys)),
        text(JSON.stringify(schema.primaryKeys)),
        text(JSON.stringify(schema.options)),
        text(schema.comment ?? ''),
        BigInt(schema.timeMillis),
      ];
    }
  },
);

export const OPTIONS = metadataTable(
  [
    ['key', required(STRING)],
    ['value', required(STRING)],
  ],
  async function* ({ schema }) {
    for (const [key, value] of Object.entries(schema.options)) yield [text(key), text(value)];
  },
);

export const TAGS = metadataTable(
  [
    ['tag_name', required(STRING)],
    ['snapshot_id', required(BIGINT)],
    ['schema_id', required(BIGINT)],
    ['commit_time', required(TIMESTAMP)],
    ['record_count', BIGINT],
    ['create_time', TIMESTAMP],
    ['time_retained', STRING],
  ],
  async function* ({ store, paths }) {
    for (const { name } of await prefixedFiles(store, paths.tagDirectory, TAG_PREFIX)) {
      const json = await readTextOrNull(store, paths.tag(name));
      if (json === null) continue;
      const { snapshot, createdLocalMs, retainedSeconds } = parseTag(json);
      const { id, schemaId, timeMillis, totalRecordCount } = snapshot;
      const created = createdLocalMs === null ? null : BigInt(createdLocalMs);
      const retained = retainedSeconds === null ? null : text(durationText(retainedSeconds));
      yield [text(name), id, BigInt(schemaId), BigInt(timeMillis), totalRecordCount, created, retained];
    }
  },
);

export const BRANCHES = metadataTable(
  [
    ['branch_name', required(STRING)],
    ['create_time', required(TIMESTAMP)],
  ],
  async function* ({ store, paths }) {
    for (const { name, modifiedMs } of await branchDirectories(store, paths)) {
      yield [text(name), BigInt(Math.floor(modifiedMs))];
    }
  },
);

export const CONSUMERS = metadataTable(
  [
    ['consumer_id', required(STRING)],
    ['next_snapshot_id', required(BIGINT)],
  ],
  async function* ({ store, paths }) {
    for (const { name: id } of await prefixedFiles(store, paths.consumerDirectory, CONSUMER_PREFIX)) {
      const json = await readTextOrNull(store, paths.consumer(id));
      if (json === null) continue;
      const next = /^\s*\{\s*"nextSnapshot"\s*:\s*(\d+)\s*\}\s*$/.exec(json)?.[1];
      if (next === undefined) throw new TributaryError('E3102', `consumer is damaged: path=${paths.consumer(id)}`);
      yield [text(id), BigInt(next)];
    }
  },
);

/** The columns with the aggregate functions that options `fields.<column>.…` give them. */
export const AGGREGATION_FIELDS = metadataTable(
  [
    ['field_name', required(STRING)],
    ['field_type', required(STRING)],
    ['function', STRING],
    ['function_options', STRING],
    ['comment', STRING],
  ],
  async function* ({ schemas, schema }) {
    const { fields, options } = (await schemas.latest()) ?? schema;
    const settings = Object.entries(options).flatMap(([key, value]) => {
      const [scope, column, ...rest] = key.split('.');
      return scope === 'fields' && rest.length > 0 ? [{ key, value, column }] : [];
    });
    for (const { name, type, description } of fields) {
      const own = settings.filter(({ column }) => column === name);
      const values = own.map(({ value }) => value).join(', ');
      const keys = own.map(({ key }) => key).join(', ');
      const comment = text(description ?? null);
      yield [text(name), text(dataTypeText(type)), text(`[${values}]`), text(`[${keys}]`), comment];
    }
  },
);

/** What ANALYZE found; no row where it was never run, or the schema has changed since. */
export const STATISTICS = metadataTable(
  [
    ['snapshot_id', required(BIGINT)],
    ['schema_id', required(BIGINT)],
    ['mergedRecordCount', BIGINT],
    ['mergedRecordSize', BIGINT],
    ['colstat', STRING],
  ],
  async function* ({ snapshot, store, paths }) {
    const fileName = snapshot?.statistics ?? null;
    if (fileName === null) return;
    const path = paths.statistics(fileName);
    const found = parseStatistics(new TextDecoder().decode(await store.read(path)), path);
    yield [
      found.snapshotId,
      BigInt(found.schemaId),
      found.mergedRecordCount,
      found.mergedRecordSizeBytes,
      text(prettyJson(columnsToJson(found.columns))),
    ];
  },
);

/** The file's text; null where it has gone since it was listed. */
async function readTextOrNull(store: SystemTableSource['store'], path: string): Promise<string | null> {
  try {
    return new TextDecoder().decode(await store.read(path));
  } catch (error) {
    if (isTributaryError(error, 'E3001')) return null;
    throw error;
  }
}

/** What Java's `Duration.toString` gives: `PT25H`, `PT1M0.5S`. */
function durationText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = (seconds % 60).toFixed(9).replace(/\.?0+$/, '');
  const parts = [hours === 0 ? '' : `${hours}H`, minutes === 0 ? '' : `${minutes}M`, rest === '' ? '' : `${rest}S`];
  const text = parts.join('');
  return text === '' ? 'PT0S' : `PT${text}`;
}
