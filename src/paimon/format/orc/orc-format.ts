// The metadata of ORC files. Source: ORC specification v1, "File Tail" and "Stripes".

import type { FilePlace } from '../file-place.ts';

export const MAGIC = 'ORC';

/** Kinds of types, by their numbers in the footer. */
export const ORC_KINDS = [
  'BOOLEAN',
  'BYTE',
  'SHORT',
  'INT',
  'LONG',
  'FLOAT',
  'DOUBLE',
  'STRING',
  'BINARY',
  'TIMESTAMP',
  'LIST',
  'MAP',
  'STRUCT',
  'UNION',
  'DECIMAL',
  'DATE',
  'VARCHAR',
  'CHAR',
  'TIMESTAMP_INSTANT',
] as const;

export type OrcKind = (typeof ORC_KINDS)[number];

/** A type, which is a column: `id` is its number in the tree, the top struct's is 0. */
export interface OrcType {
  readonly id: number;
  readonly kind: OrcKind;
  /** Element; key and value; fields. */
  readonly children: readonly OrcType[];
  /** Names of the fields of a struct. */
  readonly fieldNames: readonly string[];
  readonly scale: number;
}

/** Numbers of codecs. */
export const CODEC = { none: 0, zlib: 1, snappy: 2, lz4: 4, zstd: 5 } as const;

/** How the chunks of streams are compressed. */
export interface OrcCompression {
  /** Number of the codec: see `orc-stream.ts`. */
  readonly codec: number;
  /** Bytes of a decompressed chunk at most. */
  readonly blockSize: number;
}

/** Where a stripe is. */
export interface OrcStripe {
  readonly offset: number;
  readonly indexSize: number;
  readonly dataSize: number;
  readonly footerSize: number;
  readonly rowCount: number;
}

/** How a file is read, beside what its footer says. */
export interface OrcReading {
  readonly compression: OrcCompression;
  /** Whether instants were shifted to the time of day where they were written, as the reference does unless told. */
  readonly isLocalInstant: boolean;
}

/** What stands at the very end of a file. */
export interface OrcPostScript {
  readonly footerSize: number;
  /** Of the statistics of stripes, which stand before the footer. */
  readonly metadataSize: number;
  readonly compression: OrcCompression;
  /** Which faults of older writers it has: a number that only grows. */
  readonly writerVersion: number;
}

export interface OrcFooter {
  readonly compression: OrcCompression;
  readonly writerVersion: number;
  /** Where the statistics of stripes are; of no bytes where there are none. */
  readonly metadata: FilePlace;
  readonly schema: OrcType;
  readonly stripes: readonly OrcStripe[];
  readonly rowCount: number;
}

/** Kinds of streams with values, by their numbers. */
export const STREAM = { present: 0, data: 1, length: 2, dictionaryData: 3, secondary: 5 } as const;
/** The kind of streams that say where row groups begin and what they hold. */
export const ROW_INDEX = 6;

/** A stream of a stripe. */
export interface OrcStreamPlace {
  readonly kind: number;
  readonly column: number;
  readonly offset: number;
  readonly size: number;
}

/** Kinds of encodings, by their numbers. */
export const ENCODING = { direct: 0, dictionary: 1, directV2: 2, dictionaryV2: 3 } as const;

/** How the values of a column are encoded in a stripe. */
export interface OrcEncoding {
  /** See `ENCODING`. */
  readonly kind: number;
  readonly dictionarySize: number;
}

export interface OrcStripeFooter {
  readonly streams: readonly OrcStreamPlace[];
  /** By column. */
  readonly encodings: readonly OrcEncoding[];
  readonly timeZone: string;
}
