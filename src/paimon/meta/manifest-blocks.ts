// What the blocks of a manifest span, noted in its header, so that a scan unpacks those alone that may hold what it wants.
// The note is ours: other writers make none, and other readers pass over it. Source: docs/design/0002.
import { crc32 } from 'node:zlib';
import { TributaryError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json-text.ts';
import type { BinaryRowBytes } from './data-file-meta.ts';
import type { ManifestEntry } from './manifest-entry.ts';

/** The name of the note in the header. */
const NOTE = 'tributary.blocks';
/** A block of more partitions is not described by them. */
const PARTITIONS_MAX = 16;

/** What all entries of a block have in common. */
export interface BlockSpan {
  /** The partitions, each once; null where there are many. */
  readonly partitions: readonly BinaryRowBytes[] | null;
  readonly minBucket: number;
  readonly maxBucket: number;
  /** Null where they differ. */
  readonly totalBuckets: number | null;
}

/** The entries of a manifest's header for blocks of so many rows each; none for a single block. */
export function blockNotes(
  entries: readonly ManifestEntry[],
  rowCounts: readonly number[],
): Readonly<Record<string, string>> {
  if (rowCounts.length < 2) return {};
  let end = 0;
  const spans = rowCounts.map((rowCount) => {
    end += rowCount;
    return [rowCount, ...spanTexts(entries.slice(end - rowCount, end))];
  });
  const text = JSON.stringify(spans);
  return { [NOTE]: `${crc32(text)} ${text}` };
}

/** What the header of a manifest with such blocks notes of them; null where it notes nothing of these. Throws `E3110`. */
export function blockSpans(
  metadata: ReadonlyMap<string, string>,
  rowCounts: readonly number[],
): readonly BlockSpan[] | null {
  const note = metadata.get(NOTE);
  if (note === undefined) return null;
  const text = note.slice(note.indexOf(' ') + 1);
  if (note !== `${crc32(text)} ${text}`) throw damaged();
  const spans = listOf(JSON.parse(text) as JsonValue);
  // Who copies a header to other blocks copies a note that says nothing of them.
  if (spans.length !== rowCounts.length || spans.some((span, block) => rowsOf(span) !== rowCounts[block])) return null;
  return spans.map(spanOf);
}

function spanTexts(entries: readonly ManifestEntry[]): readonly JsonValue[] {
  const partitions = new Set<string>();
  let [minBucket, maxBucket] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const totals = new Set<number>();
  for (const { partition, bucket, totalBuckets } of entries) {
    if (partitions.size <= PARTITIONS_MAX) partitions.add(Buffer.from(partition).toString('base64'));
    minBucket = Math.min(minBucket, bucket);
    maxBucket = Math.max(maxBucket, bucket);
    totals.add(totalBuckets);
  }
  const [total = null, ...otherTotals] = totals;
  return [
    minBucket,
    maxBucket,
    otherTotals.length === 0 ? total : null,
    partitions.size > PARTITIONS_MAX ? null : [...partitions],
  ];
}

function listOf(value: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(value)) throw damaged();
  return value as readonly JsonValue[];
}

function rowsOf(span: JsonValue): JsonValue | undefined {
  return Array.isArray(span) ? (span[0] as JsonValue | undefined) : undefined;
}

function spanOf(span: JsonValue): BlockSpan {
  const [, minBucket, maxBucket, totalBuckets, partitions] = span as readonly JsonValue[];
  if (!isWhole(minBucket) || !isWhole(maxBucket) || (totalBuckets !== null && !isWhole(totalBuckets))) throw damaged();
  if (partitions !== null && !isTexts(partitions)) throw damaged();
  return {
    minBucket,
    maxBucket,
    totalBuckets,
    partitions: partitions?.map((text) => new Uint8Array(Buffer.from(text, 'base64'))) ?? null,
  };
}

function isWhole(value: JsonValue | undefined): value is number {
  return Number.isInteger(value);
}

function isTexts(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function damaged(): TributaryError {
  return new TributaryError('E3110', `avro file cannot be read, its header is damaged: entry=${NOTE}`);
}
