// Tag files: the JSON of a snapshot, with the time and the life of the tag if it is to end. Source: Tag, TagManager
// (format notes 01 section 7).
import { momentOfLocalTime } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson, prettyJson } from '../../base/json-text.ts';
import type { Snapshot } from './snapshot.ts';
import { parseSnapshot, snapshotToJson } from './snapshot-json.ts';

/** When a tag ends. */
export interface TagLife {
  /** Milliseconds since the epoch; stored as local wall-clock time. */
  readonly createdMs: number;
  readonly retainedMs: number;
}

/** A tag file. */
export interface StoredTag {
  readonly snapshot: Snapshot;
  /** Null for a tag that stays until it is deleted. */
  readonly life: TagLife | null;
}

/** The text of a tag file. Without an end it is that of the snapshot, as readers before Paimon 0.8 know no more. */
export function tagToJson({ snapshot, life }: StoredTag): string {
  const text = snapshotToJson(snapshot);
  if (life === null) return text;
  const json = parseJson(text) as JsonObject;
  const seconds = `${Math.floor(life.retainedMs / 1000)}.${String(life.retainedMs % 1000).padStart(3, '0')}000000`;
  const placeholder = 'tagTimeRetained is a decimal';
  const tag = { ...json, tagCreateTime: localTime(life.createdMs), tagTimeRetained: placeholder };
  return prettyJson(tag).replace(`"${placeholder}"`, seconds);
}

/** What a tag file says of times; null where it says nothing. */
export interface TagTimes {
  /** Wall-clock time where the tag was made, as if it were UTC. */
  readonly createdLocalMs: number | null;
  readonly retainedSeconds: number | null;
}

/** Reads a tag file. Throws `E3102`. */
export function parseTag(text: string): StoredTag & TagTimes {
  const snapshot = parseSnapshot(text);
  const json = parseJson(text);
  const { tagCreateTime = null, tagTimeRetained = null } = isJsonObject(json) ? json : {};
  const createdLocalMs = tagCreateTime === null ? null : millisOf(tagCreateTime);
  const retainedSeconds = tagTimeRetained === null ? null : secondsOf(tagTimeRetained);
  const hasEnd = createdLocalMs !== null && retainedSeconds !== null;
  const life = hasEnd
    ? { createdMs: momentOfLocalTime(createdLocalMs), retainedMs: Math.round(retainedSeconds * 1000) }
    : null;
  return { snapshot, life, createdLocalMs, retainedSeconds };
}

/** Year, month, day, hour, minute, second and nanoseconds; the last two are left out where they are zero. */
function localTime(ms: number): readonly number[] {
  const time = new Date(ms);
  const parts = [time.getFullYear(), time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes()];
  const [second, nanos] = [time.getSeconds(), time.getMilliseconds() * 1_000_000];
  if (nanos > 0) return [...parts, second, nanos];
  return second > 0 ? [...parts, second] : parts;
}

function millisOf(time: JsonValue): number {
  const parts = Array.isArray(time) ? time.map(Number) : [];
  const [year, month, day, hour = 0, minute = 0, second = 0, nanos = 0] = parts;
  if (year === undefined || month === undefined || day === undefined || !parts.every(Number.isInteger)) {
    throw damaged('tagCreateTime');
  }
  // `Date.UTC` takes 50 for 1950.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second, Math.floor(nanos / 1_000_000));
}

function secondsOf(seconds: JsonValue): number {
  const number = typeof seconds === 'number' || typeof seconds === 'bigint' ? Number(seconds) : Number.NaN;
  if (!Number.isFinite(number)) throw damaged('tagTimeRetained');
  return number;
}

function damaged(key: string): TributaryError {
  return new TributaryError('E3102', `tag cannot be read: key=${key}`);
}
