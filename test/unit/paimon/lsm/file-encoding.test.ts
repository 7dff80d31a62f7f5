// Which format, compression and settings the files of a table have, by its options.
import { describe, expect, it } from 'vitest';
import { encodingOf } from '../../../../src/paimon/lsm/file-encoding.ts';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { parseTableDefinition } from '../../../../src/paimon/schema/table-schema-json.ts';

function encoding(options: Readonly<Record<string, string>>) {
  const fields = [{ id: 0, name: 'id', type: 'INT NOT NULL' }];
  const definition = {
    fields,
    partitionKeys: [],
    primaryKeys: ['id'],
    options: { bucket: '1', ...options },
    comment: '',
  };
  return encodingOf(newTableSchema(parseTableDefinition(JSON.stringify(definition)), 0), 'data', 0);
}

describe('ORC files', () => {
  it.each<[Record<string, string>, object]>([
    [{}, { codec: 'zstd', level: 1, dictionaryThreshold: 0.8 }],
    [
      { 'file.compression': 'SNAPPY', 'orc.dictionary.key.threshold': '0' },
      { codec: 'snappy', dictionaryThreshold: 0 },
    ],
    [{ 'file.compression': 'lz4', 'orc.compress': 'ZLIB' }, { codec: 'zlib' }],
    [{ 'file.compression.zstd-level': '3', 'orc.compression.zstd.level': '9' }, { level: 9 }],
    [
      { 'orc.stripe.size': '1048576', 'orc.row.index.stride': '0' },
      { stripeBytes: 1048576, rowIndexStride: 0 },
    ],
    [
      { 'orc.stripe.size': '1048576', 'file.block-size': '2 mb' },
      { stripeBytes: 2097152, stripeRows: 2147483647 },
    ],
  ])('are written by %o', (options, writer) => {
    expect(encoding({ 'file.format': 'orc', ...options })).toMatchObject({ format: 'orc', writer });
  });

  it('have instants as they are where the table says so', () => {
    const options = { 'file.format': 'orc', 'orc.timestamp-ltz.legacy.type': 'false' };
    expect(encoding(options)).not.toHaveProperty('writer.instantZone');
    expect(encoding({ 'file.format': 'orc' })).toHaveProperty('writer.instantZone');
  });

  it.each([
    ['file.compression', 'gzip', 'E3301'],
    ['orc.compress', 'LZO', 'E3301'],
    ['orc.dictionary.key.threshold', 'often', 'E3105'],
    ['orc.row.index.stride', 'wide', 'E3105'],
  ])('are refused by %s=%s', (option, value, code) => {
    expect(() => encoding({ 'file.format': 'orc', [option]: value })).toThrow(expect.objectContaining({ code }));
  });
});
