// ALTER of column types, all pairs: the reference and we allow the same, and read older files as the same values.
import { describe, expect, test } from 'vitest';
import { TributaryError } from '../../src/base/errors.ts';
import type { Condition, Literal } from '../../src/paimon/format/condition.ts';
import { cellFromJson, createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { parseDataType } from '../../src/paimon/schema/data-type-text.ts';
import { canChangeType } from '../../src/paimon/schema/type-casts.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type GoldenRow, type GoldenValue, plainText } from '../support/golden.ts';
import { Refused } from '../support/line-process.ts';
import { type Reference, reference, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

type TypeJson = string | { readonly type: string };

const LIST = { type: 'ARRAY', element: 'TIMESTAMP(3)' };
const MAP = { type: 'MAP', key: 'STRING', value: 'DOUBLE' };
const ROW = {
  type: 'ROW',
  fields: [
    { id: 0, name: 'x', type: 'DECIMAL(10, 2)' },
    { id: 1, name: 'y', type: 'DATE' },
  ],
};

const INSTANTS = ['2024-02-29T12:34:56', '1970-01-01T00:00:00', '1969-12-31T23:59:59', '0001-01-01T00:00:01'];

/** Each type with values in the reference's row JSON; extremes and what rounds among them. */
const TYPES: readonly (readonly [TypeJson, readonly GoldenValue[]])[] = [
  ['BOOLEAN', [true, false]],
  ['TINYINT', [0, 1, -128, 127]],
  ['SMALLINT', [0, 128, -32768, 32767]],
  ['INT', [0, 7, -2147483648, 2147483647, 16777217]],
  ['BIGINT', ['0', '99', '-9223372036854775808', '9223372036854775807', '9007199791611905']],
  ['FLOAT', [0, 1.5, -2.5, 0.1, 3e38, 1e-7, 16777216, 'NaN', 'Infinity', '-Infinity']],
  ['DOUBLE', [0, 1.5, -2.5, 0.1, 1e300, 4.9e-324, 123456789.12345679, 'NaN', '-Infinity']],
  ['DECIMAL(5, 0)', ['0', '99999', '-1']],
  ['DECIMAL(10, 3)', ['0.000', '1234567.895', '-0.005', '127.500', '-9999999.999']],
  ['DECIMAL(30, 10)', ['0.0000000000', '12345678901234567890.1234567890', '-0.0000000005']],
  ['CHAR(4)', ['ab', 'äöü€', '1']],
  ['VARCHAR(4)', ['', 'ab', 'äöü€']],
  ['STRING', ['', 'abcdefgh', 'ä😀öü€xyz']],
  ['BINARY(4)', ['61626364', '00ff0102']],
  ['VARBINARY(4)', ['', '6162', '61626364']],
  ['BYTES', ['', '61', '616263646566']],
  ['DATE', ['2024-02-29', '1970-01-01', '1969-12-31', '0001-01-01', '9999-12-31']],
  ['TIME(0)', ['00:00:00.000', '23:59:59.000']],
  ['TIME(3)', ['00:00:00.000', '12:34:56.780', '23:59:59.999']],
  ['TIMESTAMP(0)', INSTANTS.map((text) => `${text}.000000`)],
  ['TIMESTAMP(3)', INSTANTS.flatMap((text) => [`${text}.000000`, `${text}.129000`])],
  ['TIMESTAMP(6)', INSTANTS.flatMap((text) => [`${text}.129999`, `${text}.000001`, `${text}.500000`])],
  ['TIMESTAMP(9)', INSTANTS.slice(0, 3).flatMap((text) => [`${text}.129999999`, `${text}.000001001`])],
  ['TIMESTAMP(3) WITH LOCAL TIME ZONE', INSTANTS.map((text) => `${text}.129000Z`)],
  ['TIMESTAMP(6) WITH LOCAL TIME ZONE', INSTANTS.map((text) => `${text}.129999Z`)],
  [LIST, [[], ['2024-02-29T12:34:56.120000', null]]],
  [MAP, [[], [['a', 1.5]], [['b', null]]]],
  [
    ROW,
    [
      { x: '1.50', y: '2024-02-29' },
      { x: null, y: null },
    ],
  ],
];

/** Texts that can be cast to each type; as INSTANTS for all kinds of timestamps. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  BOOLEAN: ['t', 'TRUE', 'y', 'Yes', '1', 'f', 'False', 'n', 'NO', '0'],
  TINYINT: ['0', '-128', '+127', '1.9', '.5'],
  SMALLINT: ['0', '-32768', '32767.'],
  INT: ['0', '-2147483648', '2147483647.99'],
  BIGINT: ['0', '-9223372036854775808', '9223372036854775807'],
  FLOAT: ['1.5', ' -2e3 ', 'NaN', 'Infinity', '1f', '0.1', '.5'],
  DOUBLE: ['1.5', '-2E-3', '-Infinity', '1d', '5.', '123456789.123456789'],
  DECIMAL: ['1.5', '-1e2', '0.0005', '99999.5', '1e-30', '12345678901234567890123'],
  DATE: ['2024-02-29', '2024-2-3', '2024-02-29 12:00:00', '2024', '2024-06', '19000', '-5'],
  TIME: ['12:34:56', '12:34:56.789', '12:34', '12', '1:2:3.5', '3600000', '12:34:56.7896', '12:34:56+01:30'],
  TIMESTAMP: ['2024-02-29 12:34:56.123456789', '2024-2-3 1:2:3', '2024-02-30', '1969-12-31 23:59:59.9'],
  CHAR: ['', 'abcdefgh', 'ä😀öü€xyz'],
  VARCHAR: ['', 'abcdefgh', 'ä😀öü€xyz'],
  BINARY: ['', 'abcdefgh', 'ä😀'],
  VARBINARY: ['', 'abcdefgh', 'ä😀'],
};

const kindOf = (type: TypeJson): string => parseDataType(type).kind;
const isText = (type: TypeJson): boolean => kindOf(type) === 'VARCHAR' || kindOf(type) === 'CHAR';
const label = (type: TypeJson): string => (typeof type === 'string' ? type : type.type);

function definition(type: TypeJson, columnCount: number): object {
  const columns = Array.from({ length: columnCount }, (_, index) => ({ id: index + 1, name: `c${index}`, type }));
  const fields = [{ id: 0, name: 'id', type: 'INT NOT NULL' }, ...columns];
  // Nested ids follow those of the columns.
  let nestedId = columnCount;
  const text = JSON.stringify(fields, (key, value: unknown) => {
    if (key !== 'fields' || !Array.isArray(value)) return value;
    return (value as readonly object[]).map((field) => ({ ...field, id: ++nestedId }));
  });
  return {
    fields: JSON.parse(text) as object,
    partitionKeys: [],
    primaryKeys: ['id'],
    options: { bucket: '1' },
    comment: '',
  };
}

function changeOf(column: string, type: TypeJson): object {
  return { action: 'updateColumnType', fieldNames: [column], newDataType: type, keepNullability: false };
}

function openTable(at: TableAt): Promise<Table> {
  return Table.open(new LocalFileStore(at.warehouse), { database: 'db', table: at.table.slice(3) });
}

async function ourRows(at: TableAt, where: readonly Condition[] = []): Promise<readonly GoldenRow[]> {
  const table = await openTable(at);
  const rows: GoldenRow[] = [];
  for await (const batch of table.read({ where })) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return rows;
}

describe.skipIf(java === null)('ALTER of column types', () => {
  const client = java as Reference;

  /** A table with a column for each new type, all holding the same values. */
  async function tableOf(name: string, type: TypeJson, columns: readonly (readonly GoldenValue[])[]): Promise<TableAt> {
    const at = { warehouse: tempDir(), table: `db.${name}` };
    await client.create(at, definition(type, columns.length));
    const rowCount = Math.max(...columns.map((values) => values.length));
    const rows = Array.from({ length: rowCount + 1 }, (_, row) => {
      const values = columns.map((cells, index) => [`c${index}`, cells[row] ?? null]);
      return { kind: '+I', row: { id: row, ...Object.fromEntries(values) } as GoldenRow };
    });
    await client.write(at, rows, { writeOnly: true });
    return at;
  }

  async function allows(at: TableAt, change: object): Promise<boolean> {
    try {
      await client.alter(at, [change]);
      return true;
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  }

  test.each(TYPES.map(([type, values]) => [label(type), type, values] as const))(
    'from %s',
    async (_name, from, values) => {
      const columns = TYPES.map(([to]) => valuesFor({ from, to, values }));
      const at = await tableOf('t', from, columns);
      const verdicts: [string, boolean][] = [];
      const ours: [string, boolean][] = [];
      for (const [index, [to]] of TYPES.entries()) {
        verdicts.push([label(to), await allows(at, changeOf(`c${index}`, to))]);
        ours.push([label(to), canChangeType(parseDataType(from), parseDataType(to), false)]);
      }
      expect(ours).toEqual(verdicts);
      expect(await ourRows(at)).toEqual(await client.read(at));
    },
    60_000,
  );

  test.each(TYPES.map(([type]) => [label(type), type] as const))('implicitly from %s', async (_name, from) => {
    const at = { warehouse: tempDir(), table: 'db.t' };
    const made = definition(from, TYPES.length) as { options: Record<string, string> };
    await client.create(at, { ...made, options: { ...made.options, 'disable-explicit-type-casting': 'true' } });
    for (const [index, [to]] of TYPES.entries()) {
      const verdict = await allows(at, changeOf(`c${index}`, to));
      expect([label(to), canChangeType(parseDataType(from), parseDataType(to), true)]).toEqual([label(to), verdict]);
    }
  });

  test('filters on altered columns give the rows that the reference gives', async () => {
    const numbers: readonly GoldenValue[] = [0, 1, 7, 383, 127, -1, 2147483647, -2147483648];
    const wide = ['BIGINT', 'SMALLINT', 'DOUBLE', 'DECIMAL(12, 2)', 'STRING', 'BOOLEAN'];
    const at = await tableOf(
      't',
      'INT',
      wide.map(() => numbers),
    );
    for (const [index, to] of wide.entries()) await client.alter(at, [changeOf(`c${index}`, to)]);
    const literals = ['127', '127', '1', '7.00', '7', 'true'];
    for (const [index, literal] of literals.entries()) {
      for (const operator of ['=', '!=', '<', '>=']) {
        const expected = await client.read(at, { filter: [`c${index}`, operator, literal] });
        const { fields } = (await openTable(at)).schema;
        const type = fields.find((field) => field.name === `c${index}`)?.type ?? parseDataType('INT');
        const isPlain = type.kind === 'BOOLEAN' || type.kind === 'DOUBLE' || type.kind === 'SMALLINT';
        const value = cellFromJson(type, isPlain ? (JSON.parse(literal) as number | boolean) : literal) as Literal;
        const where: Condition = { column: `c${index}`, operator: operator as '=', literal: value };
        expect([`${wide[index]} ${operator}`, await ourRows(at, [where])]).toEqual([
          `${wide[index]} ${operator}`,
          expected,
        ]);
      }
    }
  });

  test('texts that cannot be cast are refused by both', async () => {
    const targets = ['INT', 'DATE', 'TIMESTAMP(3)', 'BOOLEAN', 'DECIMAL(10, 3)', 'DOUBLE', 'TIME(3)'];
    for (const to of targets) {
      const at = await tableOf('t', 'STRING', [['what']]);
      await client.alter(at, [changeOf('c0', to)]);
      await expect(client.read(at)).rejects.toThrow(Refused);
      await expect(ourRows(at)).rejects.toThrow(TributaryError);
    }
  });
});

/** The values to cast: texts that the target takes, and none that the reference itself cannot cast or print. */
function valuesFor(of: {
  readonly from: TypeJson;
  readonly to: TypeJson;
  readonly values: readonly GoldenValue[];
}): readonly GoldenValue[] {
  const [from, to] = [kindOf(of.from), kindOf(of.to).replace('_LTZ', '')];
  const values = isText(of.from) ? (TEXTS[to] ?? []) : of.values;
  if (typeof values[0] === 'object') return values;
  return values.filter((value) => {
    const text = plainText(value);
    if (isText(of.from) && label(of.from) !== 'STRING') return Array.from(text).length <= 4;
    if (to === 'DECIMAL') return !['NaN', 'Infinity', '-Infinity'].includes(text);
    // The time of day of a TIMESTAMP before 1970 is negative, which the reference cannot print.
    if (to === 'TIME' && from === 'TIMESTAMP') return text >= '1970';
    // Nor can it print dates of the year 285428768.
    return to !== 'TIMESTAMP' || from !== 'BIGINT' || text.length < 12;
  });
}
