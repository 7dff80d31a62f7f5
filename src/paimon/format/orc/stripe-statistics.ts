// What an ORC file says of its stripes: null counts and bounds of columns. Source: ORC specification v1, "Column
// Statistics" and "File Metadata" (orc_proto.proto, field numbers).
import type { DataType } from '../../schema/data-type.ts';
import type { RangeSource, RowGroupColumnStatistics } from '../data-file.ts';
import { fetchExactly } from '../fetch-places.ts';
import type { ColumnBound, ColumnBounds } from '../parquet/column-bounds.ts';
import type { OrcFooter, OrcKind, OrcType } from './orc-format.ts';
import { OrcStream } from './orc-stream.ts';
import { ProtobufMessage } from './protobuf-reader.ts';

/** The first version of a writer whose bounds of texts are right (HIVE-8732). */
const TEXT_BOUNDS_VERSION = 1;
const WHOLE_NUMBERS: readonly OrcKind[] = ['BYTE', 'SHORT', 'INT', 'LONG'];

/** Statistics of the columns of each stripe, by the number of the column; empty where the file has none. */
export type StripeStatistics = readonly (readonly ProtobufMessage[])[];

/** Reads them. Throws faults of `E3200`. */
export async function fetchStripeStatistics(source: RangeSource, footer: OrcFooter): Promise<StripeStatistics> {
  const { offset, sizeBytes } = footer.metadata;
  if (sizeBytes === 0) return [];
  const stored = await fetchExactly(source, offset, sizeBytes);
  const message = new ProtobufMessage(new OrcStream(stored, footer.compression).rest());
  return message.messages(1).map((stripe) => stripe.messages(1));
}

/** What is said of a column in a stripe of `rowCount` rows. */
export function stripeColumnStatistics(
  message: ProtobufMessage,
  column: { readonly stored: OrcType; readonly type: DataType; readonly writerVersion: number },
  rowCount: number,
): RowGroupColumnStatistics {
  const valueCount = message.has(1) ? message.number(1) : null;
  const nullCount = valueCount === null || valueCount > rowCount ? null : rowCount - valueCount;
  return { nullCount, bounds: valueCount === 0 ? null : boundsOf(message, column, valueCount) };
}

function boundsOf(
  message: ProtobufMessage,
  {
    stored,
    type,
    writerVersion,
  }: { readonly stored: OrcType; readonly type: DataType; readonly writerVersion: number },
  valueCount: number | null,
): ColumnBounds | null {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return WHOLE_NUMBERS.includes(stored.kind) ? wholeBounds(message.messages(2), type.kind === 'BIGINT') : null;
    case 'DATE':
      return stored.kind === 'DATE' ? wholeBounds(message.messages(7), false) : null;
    case 'FLOAT':
    case 'DOUBLE':
      return stored.kind === type.kind ? doubleBounds(message.messages(3)) : null;
    case 'VARCHAR':
      return stored.kind === 'STRING' && writerVersion >= TEXT_BOUNDS_VERSION ? textBounds(message.messages(4)) : null;
    case 'DECIMAL':
      return stored.kind === 'DECIMAL' ? decimalBounds(message.messages(6), type.scale) : null;
    case 'BOOLEAN':
      return stored.kind === 'BOOLEAN' ? booleanBounds(message.messages(5), valueCount) : null;
    // Timestamps have bounds in a time zone that is not said.
    default:
      return null;
  }
}

function bothBounds(min: ColumnBound | null, max: ColumnBound | null): ColumnBounds | null {
  return min === null || max === null ? null : { min, max };
}

function wholeBounds(messages: readonly ProtobufMessage[], isLong: boolean): ColumnBounds | null {
  const [message] = messages;
  if (message === undefined) return null;
  const bound = (field: number): ColumnBound | null => {
    const value = message.signed(field);
    return value === null || isLong ? value : Number(value);
  };
  return bothBounds(bound(1), bound(2));
}

function doubleBounds([message]: readonly ProtobufMessage[]): ColumnBounds | null {
  return message === undefined ? null : bothBounds(message.double(1), message.double(2));
}

/** Long texts are cut: then there are a lower and an upper bound in place of the least and the greatest. */
function textBounds([message]: readonly ProtobufMessage[]): ColumnBounds | null {
  if (message === undefined) return null;
  return bothBounds(message.bytes(1) ?? message.bytes(4), message.bytes(2) ?? message.bytes(5));
}

function decimalBounds([message]: readonly ProtobufMessage[], scale: number): ColumnBounds | null {
  if (message === undefined) return null;
  const bound = (field: number): bigint | null => {
    const [, sign, whole, fraction = ''] = /^(-?)(\d{1,38})(?:\.(\d{1,38}))?$/.exec(message.text(field)) ?? [];
    if (whole === undefined || fraction.length > scale) return null;
    const unscaled = BigInt(whole + fraction.padEnd(scale, '0'));
    return sign === '-' ? -unscaled : unscaled;
  };
  return bothBounds(bound(1), bound(2));
}

/** The count of those that are true. */
function booleanBounds([message]: readonly ProtobufMessage[], valueCount: number | null): ColumnBounds | null {
  const trueCount = message?.numbers(1)[0];
  if (trueCount === undefined || valueCount === null) return null;
  return { min: Number(trueCount === valueCount), max: Number(trueCount > 0) };
}
