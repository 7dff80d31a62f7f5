// Reads decimals: unscaled values as varints, and the scale of each. Source: ORC specification v1, "Decimal Columns".
import type { BytesBuilder, VectorBuilder } from '../../../column/builder.ts';
import type { DataType } from '../../schema/data-type.ts';
import { corrupt, FileFault } from '../file-fault.ts';
import { type OrcType, STREAM } from './orc-format.ts';
import type { OrcStream } from './orc-stream.ts';
import type { StripeStreams } from './stripe-streams.ts';

/** 38 digits, and the sign. */
const BITS_MAX = 133;
const SCALE_MAX = 38;
const POWERS = Array.from({ length: SCALE_MAX + 1 }, (_, exponent) => 10n ** BigInt(exponent));

/** The step of a decimal; null where the file holds something else. */
export function decimalStep(
  stored: OrcType,
  wanted: Extract<DataType, { kind: 'DECIMAL' }>,
  { builder, streams }: { readonly builder: VectorBuilder; readonly streams: StripeStreams },
): ((row: number) => void) | null {
  if (stored.kind !== 'DECIMAL' || stored.scale !== wanted.scale) return null;
  const stream = streams.stream(stored, STREAM.data);
  const scales = streams.integers(stored, STREAM.secondary, true);
  const limit = POWERS[wanted.precision];
  const next = (): bigint => {
    const value = rescaled(signedVarint(stream), scales.nextNumber(), wanted.scale);
    if (value >= limit || value <= -limit) throw new FileFault('E3203', 'a decimal has more digits than its type');
    return value;
  };
  if (builder.kind === 'i64') return (row) => builder.setBigInt(row, next());
  if (builder.kind !== 'bytes') return null;
  return (row) => {
    appendMinimal(builder, next());
    builder.endRow(row);
  };
}

/** Writers leave out zeros at the end, so that values have scales of their own. */
function rescaled(value: bigint, from: number, to: number): bigint {
  if (from === to) return value;
  if (Math.abs(to - from) > SCALE_MAX) throw corrupt('the scale of a decimal is out of range');
  if (from < to) return value * POWERS[to - from];
  const divisor = POWERS[from - to];
  if (value % divisor !== 0n) throw new FileFault('E3203', 'a decimal has more digits than its type');
  return value / divisor;
}

function signedVarint(stream: OrcStream): bigint {
  // What fits a double is summed up in one: most values do.
  let small = 0;
  let factor = 1;
  for (let index = 0; index < 7; index++, factor *= 128) {
    const byte = stream.byte();
    small += (byte & 127) * factor;
    if (byte < 128) return BigInt(small % 2 === 0 ? small / 2 : -(small + 1) / 2);
  }
  let value = BigInt(small);
  for (let shift = 49; shift < BITS_MAX; shift += 7) {
    const byte = stream.byte();
    value |= BigInt(byte & 127) << BigInt(shift);
    if (byte < 128) return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
  }
  throw corrupt('a decimal is too long');
}

/** Appends big-endian two's complement without bytes that only repeat the sign. */
function appendMinimal(builder: BytesBuilder, value: bigint): void {
  let size = 1;
  while (BigInt.asIntN(8 * size, value) !== value) size++;
  builder.room(size);
  for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    builder.bytes[builder.size++] = Number((value >> BigInt(shift)) & 255n);
  }
}
