// What stands at the end of ORC files: statistics of stripes, the footer, the postscript. Source: ORC specification v1,
// "File Tail" (orc_proto.proto, field numbers).
import type { OrcColumn } from './orc-columns.ts';
import { CODEC, MAGIC, ORC_KINDS, type OrcStripe } from './orc-format.ts';
import type { ChunkCompression } from './chunk-compression.ts';
import { storedBytes } from './output-stream.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** The version of the format (0.12). */
const FORMAT_VERSION = [0, 12];
/** Which faults of older writers files do not have: those that the reference's own had (ORC-14). */
const WRITER_VERSION = 9;
/** Files are as the reference's are, so that readers treat them as such (ORC Java). */
const WRITER = 0;
const SOFTWARE = 'tributary 0.1.0';
/** Days and seconds are counted without a calendar; readers must not shift them from one to another. */
const JULIAN_GREGORIAN = 1;
const ID_ATTRIBUTE = 'paimon.id';

/** What the tail says of a file. */
export interface FileTail {
  readonly schema: OrcColumn;
  readonly stripes: readonly OrcStripe[];
  readonly rowCount: number;
  readonly rowIndexStride: number;
  /** `StripeStatistics` of each stripe. */
  readonly stripeStatistics: readonly ProtobufWriter[];
  /** `ColumnStatistics` of each column. */
  readonly statistics: readonly ProtobufWriter[];
}

/** The bytes after the stripes. */
export function fileTailBytes(tail: FileTail, compression: ChunkCompression): Uint8Array {
  const metadata = new ProtobufWriter();
  for (const stripe of tail.stripeStatistics) metadata.message(1, stripe);
  const storedMetadata = storedBytes(metadata.view(), compression);
  const storedFooter = storedBytes(footer(tail).view(), compression);
  const postScript = new ProtobufWriter()
    .number(1, storedFooter.length)
    .number(2, CODEC[compression.codec])
    .number(3, compression.blockSize)
    .packed(4, FORMAT_VERSION)
    .number(5, storedMetadata.length)
    .number(6, WRITER_VERSION)
    .text(8000, MAGIC)
    .view();
  return Buffer.concat([storedMetadata, storedFooter, postScript, Uint8Array.of(postScript.length)]);
}

function footer(tail: FileTail): ProtobufWriter {
  const { stripes, schema } = tail;
  const contentSize = stripes.reduce((end, stripe) => Math.max(end, endOf(stripe)), MAGIC.length);
  const message = new ProtobufWriter().number(1, MAGIC.length).number(2, contentSize);
  for (const stripe of stripes) message.message(3, stripeMessage(stripe));
  writeTypes(schema, message);
  message.number(6, tail.rowCount);
  for (const column of tail.statistics) message.message(7, column);
  message.number(8, tail.rowIndexStride).number(9, WRITER);
  return message.number(11, JULIAN_GREGORIAN).text(12, SOFTWARE);
}

function endOf({ offset, indexSize, dataSize, footerSize }: OrcStripe): number {
  return offset + indexSize + dataSize + footerSize;
}

function stripeMessage({ offset, indexSize, dataSize, footerSize, rowCount }: OrcStripe): ProtobufWriter {
  const message = new ProtobufWriter().number(1, offset).number(2, indexSize).number(3, dataSize);
  return message.number(4, footerSize).number(5, rowCount);
}

/** Types stand in the order of a walk down the tree. */
function writeTypes(column: OrcColumn, message: ProtobufWriter): void {
  const { kind, type, children, fieldId } = column;
  const own = new ProtobufWriter().number(1, ORC_KINDS.indexOf(kind));
  own.packed(
    2,
    children.map(({ id }) => id),
  );
  for (const { fieldName } of children) if (fieldName !== null) own.text(3, fieldName);
  if ((kind === 'VARCHAR' || kind === 'CHAR') && 'length' in type) own.number(4, type.length);
  if (type.kind === 'DECIMAL') own.number(5, type.precision).number(6, type.scale);
  if (fieldId !== null) own.message(7, new ProtobufWriter().text(1, ID_ATTRIBUTE).text(2, String(fieldId)));
  message.message(4, own);
  for (const child of children) writeTypes(child, message);
}
