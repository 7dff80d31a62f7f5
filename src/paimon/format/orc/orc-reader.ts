// Reads ORC data files into column batches: a stripe is a row group, of which only the columns asked for are fetched.
import { type VectorBuilder, builderFor } from '../../../column/builder.ts';
import { TributaryError } from '../../../base/errors.ts';
import { shapeOf } from '../../schema/data-type.ts';
import { knownOfColumn } from '../bound-cell.ts';
import { mayMeet, mayMeetAll } from '../condition.ts';
import type {
  DataFile,
  FileConditions,
  RangeSource,
  RowGroupBatch,
  RowGroupReader,
  WantedColumn,
} from '../data-file.ts';
import { fetchExactly } from '../fetch-places.ts';
import { corrupt, FileFault, located } from '../file-fault.ts';
import { allRows } from '../row-ranges.ts';
import { columnFiller, columnsRead, type Filler } from './column-filler.ts';
import { readFooter, readPostScript, readStripeFooter } from './footer-reader.ts';
import { MAGIC, type OrcFooter, type OrcReading, type OrcStripe, type OrcType } from './orc-format.ts';
import { fetchStripeStatistics, stripeColumnStatistics, type StripeStatistics } from './stripe-statistics.ts';
import { fetchStreams, StripeStreams } from './stripe-streams.ts';

/** Fetched at first: holds the whole tail of most files. */
const TAIL_BYTES = 64 * 1024;
/** A batch ends when it holds so many bytes of texts and elements. */
const BATCH_SIZE = 32 * 1024 * 1024;
/** Rows that are read of every column before the next. */
const SLICE = 256;

/** Opens a file: reads its footer. `isLocalInstant` is that of `OrcReading`. Errors are those of `DataFile`. */
export async function openOrc(source: RangeSource, isLocalInstant = true): Promise<DataFile> {
  const footer = await fetchFooter(source).catch((error: unknown) => {
    throw located(error, { file: source.name });
  });
  let statistics: Promise<StripeStatistics> | null = null;
  return {
    rowCount: footer.rowCount,
    rowGroups: footer.stripes,
    openRowGroup: (index, columns) => {
      const stripe = footer.stripes[index];
      if (stripe === undefined) throw new TributaryError('E9001', `no such row group: index=${index}`);
      return openStripe(source, { ...footer, isLocalInstant }, { stripe, columns });
    },
    rowsThatMayMeet: async (index, conditions) => {
      const { rowCount } = footer.stripes[index];
      try {
        statistics ??= fetchStripeStatistics(source, footer);
        const stripe = { rowCount, statistics: (await statistics)[index] ?? [] };
        return mayMeetStripe(footer, conditions, stripe) ? allRows(rowCount) : [];
      } catch (error) {
        throw located(error, { file: source.name });
      }
    },
    columnStatistics: () => null,
  };
}

function mayMeetStripe(
  { schema, writerVersion }: OrcFooter,
  { where, columns }: FileConditions,
  stripe: { readonly rowCount: number; readonly statistics: StripeStatistics[number] },
): boolean {
  return mayMeetAll(where, (condition) => {
    const wanted = columns.find(({ name }) => name === condition.column);
    const stored = schema.children[schema.fieldNames.indexOf(condition.column)];
    const message = stored === undefined ? undefined : stripe.statistics[stored.id];
    if (wanted === undefined || message === undefined) return true;
    const said = stripeColumnStatistics(message, { stored, type: wanted.type, writerVersion }, stripe.rowCount);
    return mayMeet(condition, knownOfColumn(wanted.type, said, stripe.rowCount));
  });
}

async function fetchFooter(source: RangeSource): Promise<OrcFooter> {
  const { sizeBytes } = source;
  if (sizeBytes < MAGIC.length + 1) throw corrupt('too short for an ORC file');
  const tail = await fetchExactly(source, Math.max(0, sizeBytes - TAIL_BYTES), Math.min(TAIL_BYTES, sizeBytes));
  // The last byte is the size of the postscript.
  const scriptAt = tail.length - 1 - tail[tail.length - 1];
  if (scriptAt < 0) throw corrupt('a postscript does not fit the file');
  const postScript = readPostScript(tail.subarray(scriptAt, tail.length - 1));
  const { footerSize } = postScript;
  const footerAt = sizeBytes - (tail.length - scriptAt) - footerSize;
  if (footerAt < 0) throw corrupt(`a footer of ${footerSize} bytes does not fit the file`);
  const stored =
    footerSize <= scriptAt
      ? tail.subarray(scriptAt - footerSize, scriptAt)
      : await fetchExactly(source, footerAt, footerSize);
  return readFooter(stored, postScript, { footerAt, sizeBytes });
}

type OpenFooter = OrcFooter & OrcReading;

interface StripeWanted {
  readonly stripe: OrcStripe;
  readonly columns: readonly WantedColumn[];
}

function openStripe(source: RangeSource, footer: OpenFooter, wanted: StripeWanted): RowGroupReader {
  const { stripe, columns } = wanted;
  const stored = columns.map((column) => storedColumn(source, footer.schema, column));
  let readers: readonly StripeColumn[] | null = null;
  let left = stripe.rowCount;
  const next = async (rowsMax: number): Promise<RowGroupBatch | null> => {
    if (left === 0) return null;
    readers ??= stripeColumns(source, wanted, { stored, streams: await fetchStripe(source, footer, wanted, stored) });
    const rowCount = fillBatch(readers, Math.min(left, Math.max(1, rowsMax)), { file: source.name, stripe });
    const firstRow = stripe.rowCount - left;
    left -= rowCount;
    return { rowCount, firstRow, columns: readers.map(({ builder }) => builder.finish(rowCount)) };
  };
  return { next };
}

/** Fills the builders with up to `rowsMax` rows, fewer where these are large; gives how many. */
function fillBatch(
  columns: readonly StripeColumn[],
  rowsMax: number,
  { file, stripe }: { readonly file: string; readonly stripe: OrcStripe },
): number {
  let to = 0;
  for (let size = 0; to < rowsMax && size < BATCH_SIZE; ) {
    const from = to;
    to = Math.min(rowsMax, from + SLICE);
    size = 0;
    for (const { name, builder, fill } of columns) {
      try {
        fill({ from, to, absent: null });
      } catch (error) {
        throw located(error, { file, column: name, offset: stripe.offset });
      }
      size += sizeOf(builder);
    }
  }
  return to;
}

/** Bytes of what has no fixed number of bytes a row, about. */
function sizeOf(builder: VectorBuilder): number {
  switch (builder.kind) {
    case 'bytes':
      return builder.size;
    case 'list':
      return 8 * builder.elementCount + sizeOf(builder.element);
    case 'map':
      return 16 * builder.entryCount + sizeOf(builder.key) + sizeOf(builder.value);
    case 'struct':
      return builder.fields.reduce((size, field) => size + sizeOf(field), 0);
    default:
      return 0;
  }
}

function storedColumn(source: RangeSource, { children, fieldNames }: OrcType, { name }: WantedColumn): OrcType {
  const child = children[fieldNames.indexOf(name)];
  if (child !== undefined) return child;
  throw located(new FileFault('E3202', `no such column in the file: column=${name}`), { file: source.name });
}

async function fetchStripe(
  source: RangeSource,
  reading: OrcReading,
  { stripe, columns }: StripeWanted,
  stored: readonly OrcType[],
): Promise<StripeStreams> {
  try {
    const footerAt = stripe.offset + stripe.indexSize + stripe.dataSize;
    const bytes = await fetchExactly(source, footerAt, stripe.footerSize);
    const footer = readStripeFooter(bytes, stripe, reading.compression);
    const wanted = new Set(stored.flatMap((type, index) => columnsRead(type, columns[index].type)));
    return new StripeStreams(footer, await fetchStreams(source, footer, wanted), reading);
  } catch (error) {
    throw located(error, { file: source.name, offset: stripe.offset });
  }
}

interface StripeColumn {
  readonly name: string;
  readonly builder: VectorBuilder;
  readonly fill: Filler;
}

function stripeColumns(
  source: RangeSource,
  { stripe, columns }: StripeWanted,
  { stored, streams }: { readonly stored: readonly OrcType[]; readonly streams: StripeStreams },
): readonly StripeColumn[] {
  return columns.map(({ name, type }, index) => {
    try {
      const builder = builderFor(shapeOf(type));
      return { name, builder, fill: columnFiller(stored[index], type, { builder, streams }) };
    } catch (error) {
      throw located(error, { file: source.name, column: name, offset: stripe.offset });
    }
  });
}
