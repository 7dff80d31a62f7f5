// How the ORC files of a table are written, by its options. Source: org.apache.paimon.format.OrcOptions, org.apache.orc.OrcConf.
import type { OptionReader } from './option-reader.ts';

/** The options of ORC files; null where other options of the table, or the format, decide. */
export interface OrcOptions {
  /** `orc.compress`: goes before `file.compression`. */
  readonly compression: string | null;
  /** `orc.compression.zstd.level`: goes before `file.compression.zstd-level`. */
  readonly zstdLevel: number | null;
  /** `file.block-size`, else `orc.stripe.size`. */
  readonly stripeSizeBytes: number | null;
  /** `orc.row.index.stride`: rows of a row group; 0 for files without an index. */
  readonly rowIndexStride: number | null;
  /** `orc.dictionary.key.threshold`: the greatest share of distinct texts that are written by dictionary. */
  readonly dictionaryThreshold: number;
  /** `orc.timestamp-ltz.legacy.type`: instants are taken for what clocks show where they are written. */
  readonly isLocalInstant: boolean;
}

/** Reads them. Throws `E3105` for a value that cannot be read. */
export function orcOptions(read: OptionReader): OrcOptions {
  return {
    compression: read.text('orc.compress'),
    zstdLevel: read.optionalInteger('orc.compression.zstd.level'),
    stripeSizeBytes: read.optionalSize('file.block-size') ?? read.optionalSize('orc.stripe.size'),
    rowIndexStride: read.optionalInteger('orc.row.index.stride'),
    dictionaryThreshold: read.ratio('orc.dictionary.key.threshold', 0.8),
    isLocalInstant: read.flag('orc.timestamp-ltz.legacy.type', true),
  };
}
