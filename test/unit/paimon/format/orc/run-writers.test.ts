// Runs of ORC as they are written: the examples of its specification, and what reads back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BooleanRunWriter, ByteRunWriter } from '../../../../../src/paimon/format/orc/byte-run-writer.ts';
import { BooleanRuns, ByteRuns } from '../../../../../src/paimon/format/orc/byte-runs.ts';
import { IntegerRunWriter } from '../../../../../src/paimon/format/orc/integer-run-writer.ts';
import { integerRuns } from '../../../../../src/paimon/format/orc/integer-runs.ts';
import { OrcStream } from '../../../../../src/paimon/format/orc/orc-stream.ts';
import { OutputStream } from '../../../../../src/paimon/format/orc/output-stream.ts';

const stream = (): OutputStream => new OutputStream({ codec: 'none', level: 1, blockSize: 1024 });
const reading = (bytes: Uint8Array): OrcStream => new OrcStream(bytes, { codec: 0, blockSize: 1024 });

function bytesWritten(values: readonly number[]): Uint8Array {
  const writer = new ByteRunWriter(stream());
  for (const value of values) writer.write(value);
  writer.flush();
  return writer.stream.finish();
}

function integersWritten(values: readonly bigint[], isSigned: boolean): Uint8Array {
  const writer = new IntegerRunWriter(stream(), isSigned);
  for (const value of values) writer.write(Number(BigInt.asIntN(32, value)), Number(value >> 32n));
  writer.flush();
  return writer.stream.finish();
}

function integersRead(bytes: Uint8Array, isSigned: boolean, count: number): readonly bigint[] {
  const runs = integerRuns(reading(bytes), 2, isSigned);
  return Array.from({ length: count }, () => {
    runs.next();
    return (BigInt(runs.high) << 32n) | BigInt(runs.low >>> 0);
  });
}

const big = (values: readonly number[]): readonly bigint[] => values.map(BigInt);

describe('bytes', () => {
  it('repeat', () => {
    expect([...bytesWritten(Array<number>(100).fill(0))]).toEqual([0x61, 0]);
  });

  it('stand as they are', () => {
    expect([...bytesWritten([0x44, 0x45])]).toEqual([0xfe, 0x44, 0x45]);
  });

  it('repeat after others, and others after them', () => {
    expect([...bytesWritten([1, 2, 7, 7, 7, 3])]).toEqual([0xfe, 1, 2, 0, 7, 0xff, 3]);
  });

  it('are read as they were written', () => {
    const byte = fc.oneof(fc.constantFrom(0, 255), fc.integer({ min: 0, max: 255 }));
    const bytes = fc
      .array(fc.tuple(byte, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 300 }))), { maxLength: 300 })
      .map((runs) => runs.flatMap(([value, count]) => Array<number>(count).fill(value)));
    fc.assert(
      fc.property(bytes, (values) => {
        const runs = new ByteRuns(reading(bytesWritten(values)));
        expect(values.map(() => runs.next())).toEqual(values);
      }),
    );
  });
});

describe('booleans', () => {
  it('take a bit from the highest on', () => {
    const writer = new BooleanRunWriter(stream());
    writer.fill(1);
    writer.flush();
    expect([...writer.stream.finish()]).toEqual([0xff, 0x80]);
  });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 2, max: 2000 }))), (parts) => {
        const writer = new BooleanRunWriter(stream());
        // Single ones, or so many true ones.
        for (const part of parts) {
          if (part < 2) writer.write(part);
          else writer.fill(part);
        }
        writer.flush();
        const runs = new BooleanRuns(reading(writer.stream.finish()));
        const wanted = parts.flatMap((part) => (part < 2 ? [part] : Array<number>(part).fill(1)));
        expect(wanted.map(() => runs.next())).toEqual(wanted);
      }),
    );
  });
});

describe('integers', () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ['short repeats', Array<number>(5).fill(10000), [0x0a, 0x27, 0x10]],
    ['values as they are', [23713, 43806, 57005, 48879], [0x5e, 3, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef]],
    ['deltas', [2, 3, 5, 7, 11, 13, 17, 19, 23, 29], [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46]],
    ['long repeats', Array<number>(100).fill(7), [0xc0, 99, 7, 0]],
    ['equal deltas', Array.from({ length: 300 }, (_, index) => 1000 - 3 * index), [0xc1, 43, 0xe8, 7, 5]],
  ])('are %s', (_, values, bytes) => {
    expect([...integersWritten(big(values), false)]).toEqual(bytes);
  });

  const edge = fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 51n, -(2n ** 51n) - 1n, 2n ** 32n, -1n, 0n);
  const run = fc.tuple(
    fc.oneof(edge, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -300n, max: 300n })),
    fc.oneof(fc.constant(0n), fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n })),
    fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 700 })),
  );

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), fc.boolean(), (runs, isSigned) => {
        const values = runs.flatMap(([start, step, count]) =>
          Array.from({ length: count }, (_, index) => {
            const value = BigInt.asIntN(64, start + step * BigInt(index));
            return isSigned ? value : BigInt.asUintN(63, value);
          }),
        );
        const bytes = integersWritten(values, isSigned);
        expect(integersRead(bytes, isSigned, values.length)).toEqual(values);
      }),
    );
  });
});
