// Reads the tail of an ORC file and the footers of its stripes. Source: ORC specification v1, "File Tail", "Stripes".
import { corrupt, unsupported } from '../file-fault.ts';
import {
  MAGIC,
  ORC_KINDS,
  type OrcCompression,
  type OrcFooter,
  type OrcPostScript,
  type OrcStripe,
  type OrcStripeFooter,
  type OrcType,
} from './orc-format.ts';
import { OrcStream } from './orc-stream.ts';
import { ProtobufMessage } from './protobuf-reader.ts';

/** A chunk's header has so many bits for its size. */
const BLOCK_SIZE_MAX = 1 << 23;
const BLOCK_SIZE_DEFAULT = 256 * 1024;
const DEPTH_MAX = 64;

/** The postscript. Throws faults of `E3200`. */
export function readPostScript(bytes: Uint8Array): OrcPostScript {
  const message = new ProtobufMessage(bytes);
  if (message.text(8000) !== MAGIC) throw corrupt('not an ORC file: it does not end in its magic');
  const blockSize = message.number(3, BLOCK_SIZE_DEFAULT);
  if (blockSize > BLOCK_SIZE_MAX) throw corrupt(`chunks of ${blockSize} bytes`);
  return {
    footerSize: message.number(1),
    metadataSize: message.number(5),
    compression: { codec: message.number(2), blockSize },
    writerVersion: message.number(6),
  };
}

/** The footer, which begins at `footerAt`, of a file of `sizeBytes`. Throws faults of `E3200` and `E3201`. */
export function readFooter(
  stored: Uint8Array,
  { compression, writerVersion, metadataSize }: OrcPostScript,
  { footerAt, sizeBytes }: { readonly footerAt: number; readonly sizeBytes: number },
): OrcFooter {
  const message = new ProtobufMessage(new OrcStream(stored, compression).rest());
  const stripes = message.messages(3).map((stripe) => stripeOf(stripe, sizeBytes));
  const rowCount = message.number(6);
  const sum = stripes.reduce((rows, stripe) => rows + stripe.rowCount, 0);
  if (sum !== rowCount) throw corrupt(`stripes have ${sum} of ${rowCount} rows`);
  const schema = typeTree(message.messages(4));
  if (schema.kind !== 'STRUCT') throw unsupported('rows that are not structs');
  const metadata = { offset: footerAt - metadataSize, sizeBytes: metadataSize };
  if (metadata.offset < 0) throw corrupt('statistics of stripes do not fit the file');
  return { compression, writerVersion, metadata, schema, stripes, rowCount };
}

function stripeOf(message: ProtobufMessage, sizeBytes: number): OrcStripe {
  const stripe = {
    offset: message.number(1),
    indexSize: message.number(2),
    dataSize: message.number(3),
    footerSize: message.number(4),
    rowCount: message.number(5),
  };
  const end = stripe.offset + stripe.indexSize + stripe.dataSize + stripe.footerSize;
  if (end > sizeBytes) throw corrupt('a stripe ends behind the file');
  if (stripe.rowCount > 0 && stripe.dataSize === 0) throw corrupt('a stripe has rows and no data');
  return stripe;
}

/** Types stand in the order of a walk down the tree, so that each child comes after its parent and has one only. */
function typeTree(messages: readonly ProtobufMessage[]): OrcType {
  let next = 0;
  const typeAt = (id: number, depth: number): OrcType => {
    const message = messages[id];
    if (message === undefined || id !== next++ || depth > DEPTH_MAX) throw corrupt('types that are no tree');
    const kind = ORC_KINDS[message.number(1)];
    if (kind === undefined) throw unsupported(`a type of an ORC file: kind=${message.number(1)}`);
    const children = message.numbers(2).map((child) => typeAt(child, depth + 1));
    const fieldNames = message.texts(3);
    const size = { LIST: 1, MAP: 2, STRUCT: fieldNames.length, UNION: children.length }[kind as string] ?? 0;
    if (children.length !== size) throw corrupt(`a type has ${children.length} children: kind=${kind}`);
    return { id, kind, children, fieldNames, scale: message.number(6) };
  };
  return typeAt(0, 0);
}

/** The footer of a stripe. Throws faults of `E3200`. */
export function readStripeFooter(stored: Uint8Array, stripe: OrcStripe, compression: OrcCompression): OrcStripeFooter {
  const message = new ProtobufMessage(new OrcStream(stored, compression).rest());
  let offset = stripe.offset;
  const streams = message.messages(1).map((stream) => {
    const size = stream.number(3);
    offset += size;
    return { kind: stream.number(1), column: stream.number(2), offset: offset - size, size };
  });
  if (offset > stripe.offset + stripe.indexSize + stripe.dataSize) throw corrupt('streams end behind their stripe');
  const encodings = message
    .messages(2)
    .map((encoding) => ({ kind: encoding.number(1), dictionarySize: encoding.number(2) }));
  return { streams, encodings, timeZone: message.text(3) };
}
