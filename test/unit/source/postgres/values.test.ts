// Values through a whole row: policies, arrays of several kinds, text that is not UTF-8.
import { describe, expect, test } from 'vitest';
import { CopyDecoder } from '../../../../src/source/postgres/copy-decoder.ts';
import type { ValuePolicies } from '../../../../src/source/postgres/value-policies.ts';
import { numericModifier, OID, type TestColumn, testTable } from '../../../support/pgoutput-table.ts';
import { batchRows } from '../../../support/postgres-source.ts';

/** The value of a column beside a key, or the code of the error. */
function decoded(
  column: Omit<TestColumn, 'name'>,
  field: string | Buffer,
  options: { readonly policies?: Partial<ValuePolicies>; readonly validateUtf8?: boolean; readonly key?: boolean } = {},
): string | null | undefined {
  const columns = [
    { name: 'id', typeOid: OID.int4 },
    { name: 'v', ...column },
  ];
  const table = testTable('t', columns, { ...options, keyColumns: options.key === true ? [1] : [0] });
  const copy = new CopyDecoder(table, '0/1');
  try {
    copy.push(
      Buffer.concat([Buffer.from('1\t'), typeof field === 'string' ? Buffer.from(field) : field, Buffer.from('\n')]),
    );
    const batch = copy.take(true);
    return batch === null ? undefined : batchRows(batch, table.source)[0]?.[2];
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'other';
  }
}

const DECIMAL = { typeOid: OID.numeric, modifier: numericModifier(5, 2) };

describe('policies', () => {
  test.each([
    ['NaN', DECIMAL, 'NaN', { code: 'E4002', policies: { infinity: 'as_null' } }],
    ['infinite date', { typeOid: OID.date }, '-infinity', { code: 'E4003', policies: { infinity: 'as_null' } }],
    [
      'late timestamp',
      { typeOid: OID.timestamp },
      '10000-01-01 00:00:00',
      { code: 'E4003', policies: { infinity: 'as_null' } },
    ],
    [
      'midnight at the end',
      { typeOid: OID.time, modifier: 3 },
      '24:00:00',
      { code: 'E4003', policies: { infinity: 'as_null' } },
    ],
    [
      'dimensions',
      { typeOid: OID.int4Array },
      '{{1,2},{3,4}}',
      { code: 'E4004', policies: { multidimensional: 'as_null' } },
    ],
    [
      'dimensions with bounds',
      { typeOid: OID.int4Array },
      '[0:1][1:1]={{1},{3}}',
      { code: 'E4004', policies: { multidimensional: 'as_null' } },
    ],
    ['digits', DECIMAL, '1234.56', { code: 'E4001', policies: { numericOverflow: 'as_null' } }],
  ] as const)('%s: an error, or NULL, but never NULL in a key', (_, column, text, { code, policies }) => {
    expect(decoded(column, text)).toBe(code);
    expect(decoded(column, text, { policies })).toBe(null);
    expect(decoded(column, text, { policies, key: true })).toBe(code);
  });

  test('one policy does not stand for another, and none for malformed values', () => {
    const all = { numericOverflow: 'as_null', infinity: 'as_null', multidimensional: 'as_null' } as const;
    expect(decoded(DECIMAL, '1234.56', { policies: { ...all, numericOverflow: 'stop' } })).toBe('E4001');
    expect(decoded(DECIMAL, 'NaN', { policies: { ...all, infinity: 'stop' } })).toBe('E4002');
    expect(decoded({ typeOid: OID.int4 }, 'one', { policies: all })).toBe('E4006');
    expect(decoded({ typeOid: OID.bool }, 'true', { policies: all })).toBe('E4006');
  });

  test('NULL in a key is an error', () => {
    expect(decoded(DECIMAL, '\\N')).toBe(null);
    expect(decoded(DECIMAL, '\\N', { key: true })).toBe('E4007');
  });
});

describe('arrays', () => {
  test.each([
    ['{}', '[]'],
    ['{1,NULL,-3}', '[1|NULL|-3]'],
    ['[-5:-4]={7,8}', '[7|8]'],
    ['{1,}', 'E4006'],
    ['{,1}', 'E4006'],
    ['{1,2', 'E4006'],
    ['1,2', 'E4006'],
    ['{1;2}', 'E4006'],
    ['{null}', 'E4006'],
    ['{"1"2}', 'E4006'],
    ['{"1', 'E4006'],
    ['', 'E4006'],
  ])('%s', (text, expected) => {
    expect(decoded({ typeOid: OID.int4Array }, text)).toBe(expected);
  });

  test('an array of NULL, an empty one and NULL are three things', () => {
    const column = { typeOid: OID.textArray };
    expect([decoded(column, '{NULL}'), decoded(column, '{}'), decoded(column, '\\N')]).toEqual(['[NULL]', '[]', null]);
    expect(decoded(column, '{"NULL",""}')).toBe('[NULL|]');
  });

  test('the policies hold for elements: NULL among the others, or the error', () => {
    const column = { typeOid: OID.numericArray, modifier: numericModifier(5, 2) };
    expect(decoded(column, '{1,NaN,2.5}', { policies: { infinity: 'as_null' } })).toBe('[100|NULL|250]');
    expect(decoded(column, '{1,NaN,2.5}')).toBe('E4002');
    expect(decoded(column, '{1,NaN,2.5}', { policies: { infinity: 'as_null' }, key: true })).toBe('E4002');
  });
});

describe('text', () => {
  test('is checked where the server does not vouch for it', () => {
    const column = { typeOid: OID.text };
    const broken = Buffer.of(0x61, 0xc3, 0x28);
    expect(decoded(column, broken, { validateUtf8: true })).toBe('E4005');
    expect(decoded(column, 'naïve 漢', { validateUtf8: true })).toBe('naïve 漢');
  });

  test('errors name the place and never the value', () => {
    const table = testTable('t', [{ name: 'id', typeOid: OID.int4 }]);
    const copy = new CopyDecoder(table, '0/ABC');
    expect(() => copy.push(Buffer.from('secret\n'))).toThrow(
      'value is malformed: table=public.t column=id type=type 23 position=0/ABC',
    );
  });
});
