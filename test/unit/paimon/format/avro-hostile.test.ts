// Containers that ask for more than they hold: refused with a code, and nothing is made for what they claim.
import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readAvro } from '../../../../src/paimon/format/avro.ts';

/** The number as a `long`: zigzag, seven bits a byte. */
function long(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([long(BigInt(bytes.length)), bytes]);
}

/** A container of one block. */
function container(items: unknown, block: Uint8Array, codec = 'null'): Uint8Array {
  const schema = { type: 'record', name: 'r', fields: [{ name: 'a', type: { type: 'array', items } }] };
  const header = [text('avro.schema'), text(JSON.stringify(schema)), text('avro.codec'), text(codec)];
  const sync = Buffer.alloc(16, 7);
  const parts = [Buffer.from('Obj\x01', 'latin1'), long(2n), ...header, long(0n), sync];
  return Uint8Array.from(Buffer.concat([...parts, long(1n), long(BigInt(block.length)), block, sync]));
}

describe('hostile containers', () => {
  const counts = [2n ** 31n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 62n];
  const kinds = {
    nulls: 'null',
    'empty records': { type: 'record', name: 'e', fields: [] },
    'empty fixed': { type: 'fixed', name: 'f', size: 0 },
    longs: 'long',
    texts: 'string',
  };

  it.each(Object.entries(kinds))('a list of %s with counts that nothing backs', (_, items) => {
    for (const count of counts) {
      const block = Buffer.concat([long(count), ...(count < 0n ? [long(8n)] : []), Buffer.alloc(8)]);
      expect(() => readAvro(container(items, block))).toThrow(expect.objectContaining({ code: 'E3110' }));
    }
  });

  it('a small block that would unpack to very much', () => {
    const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
    const block = zstdCompressSync(Buffer.alloc(300 * 1024 * 1024), level);
    expect(() => readAvro(container('long', block, 'zstandard'))).toThrow(expect.objectContaining({ code: 'E3110' }));
  });
});
