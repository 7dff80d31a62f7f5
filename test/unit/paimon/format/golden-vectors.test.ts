// Bytes, hashes, buckets and directory names equal to what the reference computed for 433 sets of values.
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../../src/base/json-text.ts';
import { createBucketer } from '../../../../src/paimon/format/bucket.ts';
import {
  createRowEncoder,
  decodeCells,
  decodeRows,
  EMPTY_ROW,
  encodeCells,
} from '../../../../src/paimon/format/binary-row.ts';
import { type Cell, vectorOf } from '../../../../src/paimon/format/cell.ts';
import { partitionPathOf } from '../../../../src/paimon/format/partition-path.ts';
import { cellFromJson, valuePrinter } from '../../../../src/paimon/format/row-json.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';
import { goldenVectors } from '../../../support/golden.ts';

interface RowVector {
  readonly types: readonly JsonValue[];
  readonly values: readonly JsonValue[];
  readonly serialized_hex: string;
  readonly hash: number;
  /** Of 1, 2, … buckets. */
  readonly buckets?: readonly number[];
}

interface PartitionVector {
  readonly type: string;
  readonly value: JsonValue;
  readonly serialized_hex: string;
  readonly dir_legacy: string;
  readonly dir: string;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function columnsOf(types: readonly DataType[], vector: RowVector) {
  return types.map((type, index) => vectorOf(type, [cellFromJson(type, vector.values[index])]));
}

const rowVectors = [...goldenVectors<RowVector>('binaryrow'), ...goldenVectors<RowVector>('bucket')];

describe('binary rows', () => {
  test.each(rowVectors.map((vector) => [JSON.stringify([vector.types, vector.values]).slice(0, 100), vector] as const))(
    '%s',
    (_name, vector) => {
      const types = vector.types.map(parseDataType);
      const columns = columnsOf(types, vector);
      const encoder = createRowEncoder(types);
      // A wider row first: what it leaves in the encoder's buffer must not show in the next.
      const bytes = encoder.encodeRow(columns, 0);
      expect(hex(bytes)).toBe(vector.serialized_hex);
      expect(encoder.hashRow(columns, 0)).toBe(vector.hash);
      const decoded = decodeRows(types, [bytes]);
      const texts = decoded.map((column, index) => JSON.parse(valuePrinter(types[index])(column, 0)) as JsonValue);
      expect(texts).toEqual(vector.values);
      expect(hex(encodeCells(types, decodeCells(types, bytes)))).toBe(vector.serialized_hex);
    },
  );

  test('rows of the same encoder do not see each other', () => {
    const types = ['STRING', 'DECIMAL(38, 2)', 'TIMESTAMP(6)'].map(parseDataType);
    const columns = [
      vectorOf(types[0], [Buffer.from('a very long text that needs room'.repeat(20)), null, Buffer.from('é')]),
      vectorOf(types[1], [10n ** 30n, null, -1n]),
      vectorOf(types[2], [-1n, null, 1n]),
    ];
    const encoder = createRowEncoder(types);
    const shared = [0, 1, 2].map((row) => hex(encoder.encodeRow(columns, row)));
    const own = [0, 1, 2].map((row) => hex(createRowEncoder(types).encodeRow(columns, row)));
    expect(shared).toEqual(own);
  });

  test('null bits wider than 8 bytes', () => {
    // Format notes 03 section 9: n INT fields with value i, null where i % 7 is 0.
    const hashes = [56, 57, 120, 121].map((count) => {
      const types = Array.from({ length: count }, () => parseDataType('INT'));
      const columns = types.map((type, index) => vectorOf(type, [index % 7 === 0 ? null : index]));
      const encoder = createRowEncoder(types);
      return [encoder.encodeRow(columns, 0).length - 4, encoder.hashRow(columns, 0)];
    });
    expect(hashes).toEqual([
      [456, -22076894],
      [472, -317851960],
      [976, 1017167316],
      [992, 785710938],
    ]);
  });

  test('the empty row', () => {
    expect(hex(EMPTY_ROW)).toBe('000000000000000000000000');
    expect(createRowEncoder([]).hashRow([], 0)).toBe(-1670924195);
  });

  test.each([
    ['too short', '00000001'],
    ['another arity', '0000000200000000000000000100000000000000'],
    ['a pointer outside', '0000000100000000000000000800000010000000'],
  ])('damaged: %s', (_name, text) => {
    const type = parseDataType('STRING');
    expect(() => decodeCells([type], Buffer.from(text, 'hex'))).toThrow(expect.objectContaining({ code: 'E3111' }));
  });
});

describe('buckets', () => {
  test('of every vector, for every number of buckets', () => {
    const vectors = rowVectors.filter((vector) => vector.buckets !== undefined);
    expect(vectors).toHaveLength(139);
    for (const vector of vectors) {
      const types = vector.types.map(parseDataType);
      const columns = columnsOf(types, vector);
      const buckets = vector.buckets?.map((_, index) => {
        const rule = {
          columns: types.map((_type, at) => at),
          types,
          bucketFunction: 'default',
          bucketCount: index + 1,
        } as const;
        return createBucketer(rule)(columns, 1)[0];
      });
      expect(buckets).toEqual(vector.buckets);
    }
  });

  test.each<[string, readonly Cell[], number, readonly number[]]>([
    ['INT', [5, -1, -7, 2147483647, -2147483648], 3, [2, 2, 2, 1, 1]],
    ['BIGINT', [5n, -1n, -7n, 9223372036854775807n, -9223372036854775808n, 4294967296n], 7, [5, 6, 0, 0, 6, 4]],
  ])('mod of %s', (text, cells, bucketCount, expected) => {
    const type = parseDataType(text);
    const bucketer = createBucketer({ columns: [1], types: [type], bucketFunction: 'mod', bucketCount });
    const other = vectorOf(
      type,
      cells.map(() => null),
    );
    expect([...bucketer([other, vectorOf(type, cells)], cells.length)]).toEqual(expected);
  });
});

describe('partition directories', () => {
  const vectors = goldenVectors<PartitionVector>('partition');

  test.each(vectors.map((vector) => [`${vector.type} ${JSON.stringify(vector.value)}`, vector] as const))(
    '%s',
    (_name, vector) => {
      const type = parseDataType(vector.type);
      const partition = encodeCells([type], [cellFromJson(type, vector.value)]);
      expect(hex(partition)).toBe(vector.serialized_hex);
      const path = (legacy: boolean): string => partitionPathOf(tableBy(type, legacy))(partition);
      expect([path(true), path(false)]).toEqual([vector.dir_legacy, vector.dir]);
    },
  );

  test('years beyond four digits, and before the common era', () => {
    const type = parseDataType('DATE');
    const path = (text: string): string =>
      partitionPathOf(tableBy(type, false))(encodeCells([type], [cellFromJson(type, text)]));
    expect([path('+12345-06-07'), path('-0044-03-15')]).toEqual(['p=+12345-06-07/', 'p=-0044-03-15/']);
  });

  test('bytes cannot name a directory', () => {
    const type = parseDataType('BYTES');
    const partition = encodeCells([type], [new Uint8Array([1])]);
    expect(() => partitionPathOf(tableBy(type, true))(partition)).toThrow(expect.objectContaining({ code: 'E3112' }));
  });
});

function tableBy(type: DataType, legacy: boolean): TableSchema {
  return {
    id: 0,
    fields: [{ id: 0, name: 'p', type }],
    highestFieldId: 0,
    partitionKeys: ['p'],
    primaryKeys: [],
    options: { 'partition.legacy-name': String(legacy) },
    comment: null,
    timeMillis: 0,
  };
}
