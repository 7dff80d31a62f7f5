// Which tags a table makes by itself, with the reference's defaults. Source: CoreOptions.
import type { OptionReader } from './option-reader.ts';

/** How tags are made by themselves. Times in milliseconds. */
export interface AutomaticTagOptions {
  /** What tells the time of a snapshot. */
  readonly creation: 'process-time' | 'watermark';
  readonly period: 'daily' | 'hourly' | 'two-hours';
  /** `tag.creation-period-duration`: any other period instead. */
  readonly periodMs: number | null;
  readonly formatter: 'with-dashes' | 'without-dashes' | 'without-dashes-and-spaces';
  /** How long after the end of a period its tag is made. */
  readonly delayMs: number;
  /** The most tags that stay. */
  readonly countMax: number | null;
  readonly retainedMs: number | null;
  /** `tag.automatic-completion`: a period without a snapshot gets its tag, too, one a snapshot. */
  readonly completes: boolean;
  /** Null for that of this process. */
  readonly processTimeZone: string | null;
  readonly watermarkTimeZone: string;
}

/** The options of a table that makes tags by itself at commits; null for others. Throws `E3105`. */
export function automaticTagOptions(read: OptionReader): AutomaticTagOptions | null {
  const creation = read.choice('tag.automatic-creation', ['none', 'process-time', 'watermark', 'batch'] as const);
  // Those of batches are the engines' to make.
  if (creation === 'none' || creation === 'batch') return null;
  return {
    creation,
    period: read.choice('tag.creation-period', ['daily', 'hourly', 'two-hours'] as const),
    periodMs: read.optionalDuration('tag.creation-period-duration'),
    formatter: read.choice('tag.period-formatter', [
      'with-dashes',
      'without-dashes',
      'without-dashes-and-spaces',
    ] as const),
    delayMs: read.duration('tag.creation-delay', 0),
    countMax: read.optionalInteger('tag.num-retained-max'),
    retainedMs: read.optionalDuration('tag.default-time-retained'),
    completes: read.flag('tag.automatic-completion', false),
    processTimeZone: read.text('sink.process-time-zone'),
    watermarkTimeZone: read.text('sink.watermark-time-zone') ?? 'UTC',
  };
}
