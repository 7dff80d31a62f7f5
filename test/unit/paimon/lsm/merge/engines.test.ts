// The merge engines on what the golden tables do not hold: wrapping sums, decimals without end, deletes that are refused,
// columns left out of a read.
import { describe, expect, it } from 'vitest';
import { cellAt, type Cell, vectorOf } from '../../../../../src/paimon/format/cell.ts';
import { Roaring64 } from '../../../../../src/paimon/format/roaring64.ts';
import { tableLayout } from '../../../../../src/paimon/lsm/key-value-file.ts';
import type { KeyValueBatch } from '../../../../../src/paimon/lsm/key-values.ts';
import { mergeFields, mergeFunctionOf } from '../../../../../src/paimon/lsm/merge/merge-engine.ts';
import { gatherMerged } from '../../../../../src/paimon/lsm/merge/merge-window.ts';
import type { DataField, DataType } from '../../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';
import type { TableSchema } from '../../../../../src/paimon/schema/table-schema.ts';

type Row = readonly [kind: number, ...values: Cell[]];

const [I, UB, D] = [0, 1, 3];

function schemaOf(columns: Readonly<Record<string, string>>, options: Readonly<Record<string, string>>): TableSchema {
  const types: Readonly<Record<string, string>> = { id: 'INT NOT NULL', ...columns };
  const fields = Object.entries(types).map(([name, text], id): DataField => ({ id, name, type: parseDataType(text) }));
  return {
    id: 0,
    fields,
    highestFieldId: fields.length - 1,
    partitionKeys: [],
    primaryKeys: ['id'],
    options: { bucket: '1', ...options },
    comment: '',
    timeMillis: 0,
  };
}

function batchOf(schema: TableSchema, rows: readonly Row[]): KeyValueBatch {
  const long: DataType = { kind: 'BIGINT', nullable: false };
  return {
    rowCount: rows.length,
    columns: schema.fields.map(({ type }, index) =>
      vectorOf(
        type,
        rows.map((row) => (index === 0 ? 1 : row[index])),
      ),
    ),
    sequence: vectorOf(
      long,
      rows.map((_, row) => BigInt(row)),
    ) as KeyValueBatch['sequence'],
    kinds: Uint8Array.from(rows, ([kind]) => kind),
  };
}

/** The one row that the rows of one key become: its kind and its columns without the key; null for none. */
function mergeRows(schema: TableSchema, rows: readonly Row[], dropRetracts = false): readonly Cell[] | null {
  const batch = batchOf(schema, rows);
  const merged = mergeFunctionOf(schema, { layout: tableLayout(schema), dropRetracts })({
    rowCount: rows.length,
    groupCount: 1,
    groupStarts: new Uint32Array(1),
    sources: new Uint32Array(rows.length),
    rows: Uint32Array.from(rows.keys()),
    kinds: [batch.kinds],
    columns: [batch.columns],
    levels: [0],
  });
  if (merged.groups.length === 0) return null;
  const left = gatherMerged([batch], merged);
  const cells = schema.fields.slice(1).map(({ type }, index) => cellAt(type, left.columns[index + 1], 0));
  return [left.kinds[0], ...cells];
}

const aggregate = (type: string, name: string, more: Record<string, string> = {}): TableSchema =>
  schemaOf({ a: type }, { 'merge-engine': 'aggregation', 'fields.a.aggregate-function': name, ...more });

describe('aggregation', () => {
  it.each([
    ['TINYINT', 'sum', [127, 1], -128],
    ['INT', 'product', [65536, 65537], 65536],
    ['BIGINT', 'sum', [9223372036854775807n, 1n], -9223372036854775808n],
    ['BIGINT', 'sum', [9007199254740993n, 1n], 9007199254740994n],
    ['DECIMAL(10, 2)', 'product', [5n, 10n], 1n],
    ['DECIMAL(38, 0)', 'sum', [10n ** 38n - 1n, 1n], null],
    ['DECIMAL(4, 1)', 'product', [9999n, 9999n], null],
    ['DOUBLE', 'max', [0, -0], 0],
    ['BOOLEAN', 'bool_or', [false, null, true], true],
    ['STRING', 'listagg', [Buffer.from('a'), Buffer.from(''), Buffer.from('b')], 'a,b'],
  ] as const)('of %s by %s', (type, name, values, expected) => {
    const result = mergeRows(
      aggregate(type, name),
      values.map((value): Row => [I, value as Cell]),
    );
    const value = result?.[1];
    expect(value instanceof Uint8Array ? Buffer.from(value).toString() : value).toBe(expected);
  });

  it('adds a late 64-bit bitmap of a sequence group in front, on which its bytes depend', () => {
    const low =
      '01010000000000000004000000000000000000000000000000000001000000fe0100000001000800000001000000070001000000000000000000000000000000';
    const high =
      '01010000000000000004000000000000000001000000000000000001000000fe01000000010201000000000001000000000000000000000000000000';
    const union = (one: string, other: string): string => {
      const bitmap = new Roaring64(Buffer.from(one, 'hex'));
      bitmap.add(new Roaring64(Buffer.from(other, 'hex')));
      return Buffer.from(bitmap.bytes()).toString('hex');
    };
    const options = { 'fields.g.sequence-group': 'a', 'fields.a.aggregate-function': 'rbm64' };
    const schema = schemaOf({ g: 'INT', a: 'BYTES' }, { 'merge-engine': 'partial-update', ...options });
    const merged = (first: number, second: number): string => {
      const result = mergeRows(schema, [
        [I, first, Buffer.from(low, 'hex')],
        [I, second, Buffer.from(high, 'hex')],
      ]);
      return Buffer.from(result?.[2] as Uint8Array).toString('hex');
    };
    expect(merged(1, 2)).toBe(union(low, high));
    expect(merged(2, 1)).toBe(union(high, low));
    expect(union(low, high)).not.toBe(union(high, low));
  });

  it('takes values back, and refuses where the function cannot', () => {
    expect(
      mergeRows(aggregate('INT', 'sum'), [
        [I, 5],
        [UB, 7],
        [I, 1],
      ]),
    ).toEqual([I, -1]);
    expect(() =>
      mergeRows(aggregate('INT', 'max'), [
        [I, 5],
        [D, 5],
      ]),
    ).toThrow(expect.objectContaining({ code: 'E3361' }));
    const ignoring = aggregate('INT', 'max', { 'fields.a.ignore-retract': 'true' });
    expect(
      mergeRows(ignoring, [
        [I, 5],
        [D, 5],
      ]),
    ).toEqual([I, 5]);
  });

  it('refuses quotients that the reference cannot give', () => {
    const product = aggregate('DECIMAL(10, 2)', 'product');
    expect(
      mergeRows(product, [
        [I, 500n],
        [D, 200n],
      ]),
    ).toEqual([I, 250n]);
    expect(() =>
      mergeRows(product, [
        [I, 100n],
        [D, 300n],
      ]),
    ).toThrow(expect.objectContaining({ code: 'E3364' }));
    expect(() =>
      mergeRows(aggregate('INT', 'product'), [
        [I, 1],
        [D, 0],
      ]),
    ).toThrow(expect.objectContaining({ code: 'E3364' }));
  });

  it('leaves a row alone as it is', () => {
    expect(mergeRows(aggregate('INT', 'max'), [[D, 5]])).toEqual([D, 5]);
    expect(mergeRows(aggregate('INT', 'max'), [[D, 5]], true)).toBeNull();
  });

  it.each([
    ['hll_sketch', '0201070c030c0000', '0201070c03080100157cfa08', 'E3366'],
    ['theta_sketch', '01030300001e0000', '01030300003acc93152df0c73d60e87c', 'E3366'],
    ['rbm32', '3a30000000000000', '3a3000000100000000000000100000000100', 'E3365'],
  ])('%s unites, and refuses other bytes', (name, empty, one, code) => {
    const [none, value] = [Buffer.from(empty, 'hex'), Buffer.from(one, 'hex')];
    const unite = (...values: readonly Cell[]): readonly Cell[] | null =>
      mergeRows(
        aggregate('BYTES', name),
        values.map((cell): Row => [I, cell]),
      );
    const united = unite(none, null, value, value) ?? [];
    expect(Buffer.from(united[1] as Uint8Array).toString('hex')).toBe(one);
    expect(() => unite(value, Buffer.alloc(24, 0x7f))).toThrow(expect.objectContaining({ code }));
    // A value alone is not looked at.
    expect(unite(null, Buffer.from('7f', 'hex'))).toEqual([I, Uint8Array.of(0x7f)]);
    const retracted = (): unknown =>
      mergeRows(aggregate('BYTES', name), [
        [I, value],
        [D, value],
      ]);
    expect(retracted).toThrow(expect.objectContaining({ code: 'E3361' }));
  });

  it.each([
    ['STRING', 'sum'],
    ['BOOLEAN', 'max'],
    ['INT', 'bool_and'],
    ['VARCHAR(10)', 'listagg'],
    ['INT', 'collect'],
    ['INT', 'summ'],
    ['BINARY(9)', 'hll_sketch'],
    ['STRING', 'theta_sketch'],
    ['INT', 'count'],
  ])('of %s by %s is refused', (type, name) => {
    expect(() => mergeRows(aggregate(type, name), [[I, null]])).toThrow(expect.objectContaining({ code: 'E3103' }));
  });
});

describe('partial update', () => {
  const GROUP = { 'merge-engine': 'partial-update', 'fields.g.sequence-group': 'a' };
  const grouped = (options: Record<string, string> = {}): TableSchema =>
    schemaOf({ g: 'INT', a: 'INT', b: 'INT' }, { ...GROUP, ...options });

  it('takes NULL of a newer row in a group, and no NULL outside of it', () => {
    expect(
      mergeRows(grouped(), [
        [I, 1, 10, 20],
        [I, 2, null, null],
      ]),
    ).toEqual([I, 2, null, 20]);
    expect(
      mergeRows(grouped(), [
        [I, 2, 10, 20],
        [I, 1, 11, 21],
      ]),
    ).toEqual([I, 2, 10, 21]);
    expect(
      mergeRows(grouped(), [
        [I, 2, 10, 20],
        [I, null, 11, 21],
      ]),
    ).toEqual([I, 2, 10, 21]);
  });

  it('clears a group by a newer -D, or removes the row', () => {
    expect(
      mergeRows(grouped(), [
        [I, 1, 10, 20],
        [D, 2, 9, 9],
      ]),
    ).toEqual([I, 2, null, 20]);
    const removing = grouped({ 'partial-update.remove-record-on-sequence-group': 'g' });
    expect(
      mergeRows(removing, [
        [I, 1, 10, 20],
        [D, 2, 9, 8],
      ]),
    ).toEqual([D, 2, 9, 8]);
    expect(
      mergeRows(removing, [
        [I, 3, 10, 20],
        [D, 2, 9, 8],
      ]),
    ).toEqual([I, 3, 10, 20]);
  });

  it('refuses a -D that nothing explains', () => {
    const plain = schemaOf({ a: 'INT' }, { 'merge-engine': 'partial-update' });
    expect(() =>
      mergeRows(plain, [
        [I, 1],
        [D, 1],
      ]),
    ).toThrow(expect.objectContaining({ code: 'E3362' }));
  });

  it('needs the sequence fields of what is read, and those that remove rows', () => {
    const names = (schema: TableSchema, ...wanted: string[]): readonly string[] =>
      mergeFields(
        schema,
        schema.fields.filter(({ name }) => wanted.includes(name)),
      ).map(({ name }) => name);
    expect(names(grouped(), 'a')).toEqual(['g']);
    expect(names(grouped(), 'b')).toEqual([]);
    expect(names(grouped({ 'partial-update.remove-record-on-sequence-group': 'g' }), 'b')).toEqual(['g']);
  });

  it.each([
    [{ 'ignore-delete': 'true', 'partial-update.remove-record-on-sequence-group': 'g' }],
    [{ 'partial-update.remove-record-on-delete': 'true' }],
    [{ 'partial-update.remove-record-on-sequence-group': 'a' }],
    [{ 'fields.b.aggregate-function': 'sum' }],
    [{ 'fields.b.sequence-group': 'a' }],
    [{ 'fields.id.sequence-group': 'b' }],
  ])('with %o is refused', (options) => {
    expect(() => mergeRows(grouped(options), [[I, 1, 1, 1]])).toThrow(expect.objectContaining({ code: 'E3103' }));
  });
});

describe('first row', () => {
  const first = (options: Record<string, string> = {}): TableSchema =>
    schemaOf({ a: 'INT' }, { 'merge-engine': 'first-row', ...options });

  it('keeps the first row, and refuses or passes over deletes', () => {
    expect(
      mergeRows(first(), [
        [I, 1],
        [I, 2],
      ]),
    ).toEqual([I, 1]);
    expect(() =>
      mergeRows(first(), [
        [I, 1],
        [D, 1],
      ]),
    ).toThrow(expect.objectContaining({ code: 'E3363' }));
    expect(
      mergeRows(first({ 'ignore-delete': 'true' }), [
        [D, 1],
        [I, 2],
      ]),
    ).toEqual([I, 2]);
  });
});
