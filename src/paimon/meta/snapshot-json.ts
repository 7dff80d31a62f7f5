// Snapshot files: a Snapshot to and from the JSON of `snapshot/snapshot-<id>` (also of tags and long-lived changelogs).
// Source: format notes 01 section 4.
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson, prettyJson } from '../../base/json-text.ts';
import type { CommitKind, Snapshot, SnapshotId } from './snapshot.ts';
import { isFileName } from './file-name.ts';

const SNAPSHOT_VERSION = 3;
const COMMIT_KINDS: readonly CommitKind[] = ['APPEND', 'COMPACT', 'OVERWRITE', 'ANALYZE'];

/** The text of a snapshot file: keys, order and layout as the Java writer's; keys of null values are left out. */
export function snapshotToJson(snapshot: Snapshot): string {
  return prettyJson({
    version: SNAPSHOT_VERSION,
    id: snapshot.id,
    schemaId: snapshot.schemaId,
    baseManifestList: snapshot.baseManifestList,
    baseManifestListSize: snapshot.baseManifestListSize ?? undefined,
    deltaManifestList: snapshot.deltaManifestList,
    deltaManifestListSize: snapshot.deltaManifestListSize ?? undefined,
    changelogManifestList: snapshot.changelogManifestList ?? undefined,
    changelogManifestListSize: snapshot.changelogManifestListSize ?? undefined,
    indexManifest: snapshot.indexManifest ?? undefined,
    commitUser: snapshot.commitUser,
    commitIdentifier: snapshot.commitIdentifier,
    commitKind: snapshot.commitKind,
    timeMillis: snapshot.timeMillis,
    totalRecordCount: snapshot.totalRecordCount,
    deltaRecordCount: snapshot.deltaRecordCount,
    changelogRecordCount: snapshot.changelogRecordCount ?? undefined,
    watermark: snapshot.watermark ?? undefined,
    statistics: snapshot.statistics ?? undefined,
    properties: snapshot.properties ?? undefined,
    nextRowId: snapshot.nextRowId ?? undefined,
  });
}

/** Reads a snapshot file; unknown keys are ignored, absent ones are null. Throws `E3102`. */
export function parseSnapshot(text: string): Snapshot {
  const json = parseObject(text);
  return {
    id: long(json, 'id') as SnapshotId,
    schemaId: Number(long(json, 'schemaId')),
    baseManifestList: requiredFileName(json, 'baseManifestList'),
    baseManifestListSize: optionalSize(json, 'baseManifestListSize'),
    deltaManifestList: requiredFileName(json, 'deltaManifestList'),
    deltaManifestListSize: optionalSize(json, 'deltaManifestListSize'),
    changelogManifestList: optionalFileName(json, 'changelogManifestList'),
    changelogManifestListSize: optionalSize(json, 'changelogManifestListSize'),
    indexManifest: optionalFileName(json, 'indexManifest'),
    commitUser: requiredText(json, 'commitUser'),
    commitIdentifier: long(json, 'commitIdentifier'),
    commitKind: commitKind(json),
    timeMillis: Number(long(json, 'timeMillis')),
    // Writers before version 3 left the counts out.
    totalRecordCount: optionalLong(json, 'totalRecordCount') ?? 0n,
    deltaRecordCount: optionalLong(json, 'deltaRecordCount') ?? 0n,
    changelogRecordCount: optionalLong(json, 'changelogRecordCount'),
    watermark: optionalLong(json, 'watermark'),
    statistics: optionalFileName(json, 'statistics'),
    properties: optionalTextMap(json, 'properties'),
    nextRowId: optionalLong(json, 'nextRowId'),
  };
}

function parseObject(text: string): JsonObject {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new TributaryError('E3102', 'snapshot is not JSON', { cause: error });
  }
  if (!isJsonObject(json)) throw new TributaryError('E3102', 'snapshot is not a JSON object');
  return json;
}

function commitKind(json: JsonObject): CommitKind {
  const kind = COMMIT_KINDS.find((candidate) => candidate === json['commitKind']);
  return kind ?? damaged('commitKind');
}

function requiredText(json: JsonObject, key: string): string {
  return optionalText(json, key) ?? damaged(key);
}

function optionalText(json: JsonObject, key: string): string | null {
  const value = json[key] ?? null;
  return value === null || typeof value === 'string' ? value : damaged(key);
}

function requiredFileName(json: JsonObject, key: string): string {
  return optionalFileName(json, key) ?? damaged(key);
}

function optionalFileName(json: JsonObject, key: string): string | null {
  const name = optionalText(json, key);
  return name === null || isFileName(name) ? name : damaged(key);
}

function long(json: JsonObject, key: string): bigint {
  return optionalLong(json, key) ?? damaged(key);
}

function optionalLong(json: JsonObject, key: string): bigint | null {
  const value = json[key] ?? null;
  if (value === null) return null;
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value as number | bigint) : damaged(key);
}

function optionalSize(json: JsonObject, key: string): number | null {
  const value = optionalLong(json, key);
  return value === null ? null : Number(value);
}

function optionalTextMap(json: JsonObject, key: string): Readonly<Record<string, string>> | null {
  const value = json[key] ?? null;
  if (value === null) return null;
  if (!isJsonObject(value) || !Object.values(value).every((item) => typeof item === 'string')) damaged(key);
  return value as Readonly<Record<string, string>>;
}

function damaged(key: string): never {
  throw new TributaryError('E3102', `snapshot cannot be read: key=${key}`);
}
