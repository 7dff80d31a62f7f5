// Reads values that are not nested, one row at a time. What does not fit the wanted type is a fault, never another value.
import type {
  BytesBuilder,
  Float32Builder,
  Float64Builder,
  Int32Builder,
  Int64Builder,
  VectorBuilder,
} from '../../../column/builder.ts';
import type { DataType } from '../../schema/data-type.ts';
import { corrupt, unsupported } from '../file-fault.ts';
import { decimalStep } from './decimal-step.ts';
import { type OrcKind, type OrcType, STREAM } from './orc-format.ts';
import type { OrcStream } from './orc-stream.ts';
import type { StripeStreams } from './stripe-streams.ts';
import { timestampStep } from './timestamp-step.ts';

/** Reads the next value into a row, which is reserved. */
export type Step = (row: number) => void;

interface StepParts {
  readonly builder: VectorBuilder;
  readonly streams: StripeStreams;
}

const SPACE = 32;
/** Bytes of a column in a batch: offsets have 31 bits. */
const BATCH_BYTES_MAX = 0x3fffffff;
const INT_KINDS: readonly OrcKind[] = ['SHORT', 'INT'];
const TEXT_KINDS: readonly OrcKind[] = ['STRING', 'VARCHAR', 'CHAR'];

/** The step of a type that is not nested; null where the file holds something else. */
export function scalarStep(stored: OrcType, wanted: DataType, { builder, streams }: StepParts): Step | null {
  if (wanted.kind === 'TIMESTAMP' || wanted.kind === 'TIMESTAMP_LTZ') {
    return timestampStep(stored, wanted, { builder, streams });
  }
  if (wanted.kind === 'DECIMAL') return decimalStep(stored, wanted, { builder, streams });
  switch (builder.kind) {
    case 'i32':
      return int32Step(stored, wanted, { builder, streams });
    case 'i64':
      return longStep(stored, builder, streams);
    case 'f32':
      return stored.kind === 'FLOAT' ? floatStep(streams.stream(stored, STREAM.data), builder) : null;
    case 'f64':
      if (stored.kind === 'FLOAT') return floatStep(streams.stream(stored, STREAM.data), builder);
      return stored.kind === 'DOUBLE' ? doubleStep(streams.stream(stored, STREAM.data), builder) : null;
    case 'bytes': {
      const isText = wanted.kind === 'VARCHAR' || wanted.kind === 'CHAR';
      if (isText ? !TEXT_KINDS.includes(stored.kind) : stored.kind !== 'BINARY') return null;
      return bytesStep(stored, builder, streams);
    }
    default:
      return null;
  }
}

function int32Step(
  stored: OrcType,
  wanted: DataType,
  { builder, streams }: { builder: Int32Builder; streams: StripeStreams },
): Step | null {
  if (wanted.kind === 'BOOLEAN') {
    if (stored.kind !== 'BOOLEAN') return null;
    const values = streams.booleans(stored);
    return (row) => void (builder.values[row] = values.next());
  }
  if ((wanted.kind === 'DATE') !== (stored.kind === 'DATE')) return null;
  if (stored.kind === 'BYTE' && wanted.kind !== 'TIME') {
    const values = streams.bytes(stored);
    return (row) => void (builder.values[row] = (values.next() << 24) >> 24);
  }
  const isNarrow = wanted.kind === 'TINYINT' || (wanted.kind === 'SMALLINT' && stored.kind !== 'SHORT');
  if (isNarrow || (stored.kind !== 'DATE' && !INT_KINDS.includes(stored.kind))) return null;
  const values = streams.integers(stored, STREAM.data, true);
  const unused = stored.kind === 'SHORT' ? 16 : 0;
  return (row) => {
    values.next();
    const { low, high } = values;
    if (high !== low >> 31 || (low << unused) >> unused !== low) throw corrupt('an integer is wider than its type');
    builder.values[row] = low;
  };
}

function longStep(stored: OrcType, builder: Int64Builder, streams: StripeStreams): Step | null {
  if (stored.kind === 'BYTE') {
    const values = streams.bytes(stored);
    return (row) => builder.setNumber(row, (values.next() << 24) >> 24);
  }
  if (stored.kind !== 'LONG' && !INT_KINDS.includes(stored.kind)) return null;
  const values = streams.integers(stored, STREAM.data, true);
  return (row) => {
    values.next();
    builder.values[2 * row] = values.low;
    builder.values[2 * row + 1] = values.high;
  };
}

function floatStep(stream: OrcStream, builder: Float32Builder | Float64Builder): Step {
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  return (row) => {
    stream.read(bytes);
    builder.values[row] = view.getFloat32(0, true);
  };
}

function doubleStep(stream: OrcStream, builder: Float64Builder): Step {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  return (row) => {
    stream.read(bytes);
    builder.values[row] = view.getFloat64(0, true);
  };
}

function bytesStep(stored: OrcType, builder: BytesBuilder, streams: StripeStreams): Step {
  const { kind, dictionarySize } = streams.encoding(stored);
  const isDictionary = kind === 1 || kind === 3;
  const append = isDictionary
    ? dictionaryAppend(stored, dictionarySize, { builder, streams })
    : directAppend(stored, builder, streams);
  if (stored.kind !== 'CHAR') {
    return (row) => {
      append();
      builder.endRow(row);
    };
  }
  // CHAR is stored padded; the reference gives it without the blanks at its end.
  return (row) => {
    const start = builder.size;
    append();
    while (builder.size > start && builder.bytes[builder.size - 1] === SPACE) builder.size--;
    builder.endRow(row);
  };
}

function directAppend(stored: OrcType, builder: BytesBuilder, streams: StripeStreams): () => void {
  const stream = streams.stream(stored, STREAM.data);
  const lengths = streams.integers(stored, STREAM.length, false);
  return () => {
    const size = lengths.nextLength();
    checkRoom(builder, size);
    stream.appendTo(builder, size);
  };
}

function checkRoom(builder: BytesBuilder, size: number): void {
  if (builder.size + size > BATCH_BYTES_MAX) throw unsupported('values of a few rows that are a gigabyte');
}

function dictionaryAppend(
  stored: OrcType,
  count: number,
  { builder, streams }: { builder: BytesBuilder; streams: StripeStreams },
): () => void {
  const indexes = streams.integers(stored, STREAM.data, false);
  let dictionary: Dictionary | null = null;
  return () => {
    dictionary ??= readDictionary(stored, count, streams);
    const index = indexes.nextLength();
    if (index >= count) throw corrupt('a value is not in the dictionary');
    const { bytes, offsets } = dictionary;
    checkRoom(builder, offsets[index + 1] - offsets[index]);
    builder.append(bytes, offsets[index], offsets[index + 1]);
  };
}

interface Dictionary {
  readonly bytes: Uint8Array;
  /** One more than values. */
  readonly offsets: readonly number[];
}

function readDictionary(stored: OrcType, count: number, streams: StripeStreams): Dictionary {
  const bytes = streams.stream(stored, STREAM.dictionaryData).rest();
  const lengths = streams.integers(stored, STREAM.length, false);
  const offsets = [0];
  // Values are distinct, so that one at most has no bytes.
  if (count > bytes.length + 1) throw corrupt('a dictionary has more values than bytes');
  for (let index = 0, end = 0; index < count; index++) {
    end += lengths.nextLength();
    if (end > bytes.length) throw corrupt('a dictionary is shorter than its values');
    offsets.push(end);
  }
  return { bytes, offsets };
}
