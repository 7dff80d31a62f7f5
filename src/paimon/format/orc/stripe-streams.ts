// The streams of a stripe's columns: fetched together, found by column and kind.
import type { RangeSource } from '../data-file.ts';
import { fetchPlaces } from '../fetch-places.ts';
import { corrupt, unsupported } from '../file-fault.ts';
import { BooleanRuns, ByteRuns } from './byte-runs.ts';
import { type IntegerRuns, integerRuns } from './integer-runs.ts';
import {
  type OrcCompression,
  type OrcEncoding,
  type OrcReading,
  type OrcStripeFooter,
  type OrcType,
  STREAM,
} from './orc-format.ts';
import { OrcStream } from './orc-stream.ts';

const KINDS: readonly number[] = Object.values(STREAM);
const NOTHING = new Uint8Array(0);

/** The streams that are read of a stripe. */
export class StripeStreams {
  /** Where timestamps were written; empty where the stripe does not say. */
  readonly timeZone: string;
  /** As in `OrcReading`. */
  readonly isLocalInstant: boolean;
  private readonly stored: ReadonlyMap<string, Uint8Array>;
  private readonly encodings: readonly OrcEncoding[];
  private readonly compression: OrcCompression;

  constructor(footer: OrcStripeFooter, stored: ReadonlyMap<string, Uint8Array>, reading: OrcReading) {
    this.timeZone = footer.timeZone;
    this.encodings = footer.encodings;
    this.stored = stored;
    this.compression = reading.compression;
    this.isLocalInstant = reading.isLocalInstant;
  }

  encoding({ id }: OrcType): OrcEncoding {
    const encoding = this.encodings[id];
    if (encoding === undefined) throw corrupt('a column has no encoding');
    if (encoding.kind > 3) throw unsupported(`an encoding of an ORC file: kind=${encoding.kind}`);
    return encoding;
  }

  /** A stream; without bytes where the stripe does not have it: columns of NULL only have no values. */
  stream(column: OrcType, kind: number): OrcStream {
    return new OrcStream(this.stored.get(keyOf(column.id, kind)) ?? NOTHING, this.compression);
  }

  bytes(column: OrcType): ByteRuns {
    return new ByteRuns(this.stream(column, STREAM.data));
  }

  booleans(column: OrcType): BooleanRuns {
    return new BooleanRuns(this.stream(column, STREAM.data));
  }

  /** Integers in the version that the encoding of the column says. */
  integers(column: OrcType, kind: number, isSigned: boolean): IntegerRuns {
    const version = this.encoding(column).kind < 2 ? 1 : 2;
    return integerRuns(this.stream(column, kind), version, isSigned);
  }

  /** Which rows are there; null where all are. */
  present(column: OrcType): BooleanRuns | null {
    return this.stored.has(keyOf(column.id, STREAM.present))
      ? new BooleanRuns(this.stream(column, STREAM.present))
      : null;
  }
}

function keyOf(column: number, kind: number): string {
  return `${column}/${kind}`;
}

/** Fetches the streams of the columns. */
export async function fetchStreams(
  source: RangeSource,
  { streams }: OrcStripeFooter,
  columns: ReadonlySet<number>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = streams.filter(({ column, kind }) => columns.has(column) && KINDS.includes(kind));
  const stored = await fetchPlaces(
    source,
    wanted.map(({ offset, size }) => ({ offset, sizeBytes: size })),
  );
  return new Map(wanted.map(({ column, kind }, at) => [keyOf(column, kind), stored[at]]));
}
