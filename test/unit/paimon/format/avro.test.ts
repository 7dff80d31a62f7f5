// Avro containers: every codec, exact longs, blocks, and damage that is noticed.
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { avroBytes, type AvroRow, avroSchemaText, readAvro, writeAvro } from '../../../../src/paimon/format/avro.ts';

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'record',
  fields: [
    { name: 'l', type: 'long' },
    { name: 't', type: ['null', 'string'], default: null },
    { name: 'b', type: 'bytes' },
    { name: 'ts', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
  ],
});

const LONGS = [
  0,
  -1,
  1n,
  2147483648,
  -2147483649,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  9007199254740992n,
  -9007199254740993n,
  9223372036854775807n,
  -9223372036854775808n,
];

function row(l: number | bigint, size = 3): AvroRow {
  return { l, t: size === 3 ? null : 'é'.repeat(size), b: avroBytes(new Uint8Array(size).fill(7)), ts: size };
}

test.each(['null', 'deflate', 'zstandard'] as const)('codec %s, longs exact to the last bit', (codec) => {
  const container = writeAvro(
    SCHEMA,
    LONGS.map((l) => row(l)),
    { codec },
  );
  expect(avroSchemaText(container)).toBe(SCHEMA);
  expect(readAvro(container).map((read) => BigInt(read['l'] as number | bigint))).toEqual(LONGS.map(BigInt));
  expect(Buffer.from(container).toString('latin1')).toContain(
    `avro.codec${String.fromCharCode(codec.length * 2)}${codec}`,
  );
});

test('a snappy block of another writer', () => {
  const plain = Buffer.from(writeAvro(SCHEMA, [row(1)], { codec: 'null' }));
  const sync = plain.subarray(-16);
  const data = plain.subarray(plain.indexOf(sync) + 18, -16);
  // Snappy: the length, then one literal of that length; then the checksum.
  const literal = Buffer.concat([Buffer.from([data.length, (data.length - 1) << 2]), data, Buffer.alloc(4)]);
  literal.writeUInt32BE(crc32(data), literal.length - 4);
  const header = Buffer.from(
    plain.subarray(0, plain.indexOf(sync)).toString('latin1').replace('\x08null', '\x0csnappy'),
    'latin1',
  );
  const container = Buffer.concat([header, sync, Buffer.from([2, literal.length * 2]), literal, sync]);
  expect(readAvro(container)).toEqual(readAvro(plain));
  literal[literal.length - 1] ^= 1;
  const damaged = Buffer.concat([header, sync, Buffer.from([2, literal.length * 2]), literal, sync]);
  expect(() => readAvro(damaged)).toThrow(expect.objectContaining({ code: 'E3110' }));
});

test('many rows, and rows larger than the buffer, in order', () => {
  const sizes = [...Array.from({ length: 3000 }, (_, index) => (index % 97) + 4), 700_000, 4, 300_000];
  const rows = sizes.map((size, index) => row(index, size));
  const read = readAvro(writeAvro(SCHEMA, rows, { codec: 'zstandard' }));
  expect(read.map((item) => [item['l'], (item['t'] as string).length, (item['b'] as Uint8Array).length])).toEqual(
    sizes.map((size, index) => [index, size, size]),
  );
});

test('no rows', () => {
  expect(readAvro(writeAvro(SCHEMA, [], { codec: 'zstandard' }))).toEqual([]);
});

test('equal rows give equal bytes, other rows another sync marker', () => {
  const write = (l: number): Uint8Array => writeAvro(SCHEMA, [row(l)], { codec: 'zstandard' });
  expect(write(1)).toEqual(write(1));
  expect(write(1).slice(-16)).not.toEqual(write(2).slice(-16));
});

describe('damage', () => {
  const container = writeAvro(
    SCHEMA,
    LONGS.map((l) => row(l)),
    { codec: 'deflate' },
  );

  test('a file cut off anywhere but at a block is refused', () => {
    const headerSize = writeAvro(SCHEMA, [], { codec: 'deflate' }).length;
    for (let size = 0; size < container.length; size++) {
      if (size === headerSize) continue;
      expect(() => readAvro(container.subarray(0, size))).toThrow(expect.objectContaining({ code: 'E3110' }));
    }
  });

  test('an unknown codec is refused', () => {
    const text = Buffer.from(container).toString('latin1').replace('deflate', 'deflato');
    const message = expect.stringContaining('codec=deflato') as string;
    expect(() => readAvro(Buffer.from(text, 'latin1'))).toThrow(expect.objectContaining({ code: 'E3110', message }));
  });
});
