import { describe, expect, it } from 'vitest';
import { variantOf } from '../../../../../src/paimon/format/variant/variant-builder.ts';
import { variantText } from '../../../../../src/paimon/format/variant/variant-text.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
/** No keys. */
const EMPTY = hex('010000');

function again(json: string): string {
  const { value, metadata } = variantOf(json);
  return variantText(value, metadata);
}

describe('JSON as VARIANT', () => {
  it.each([
    'null',
    'true',
    'false',
    '0',
    '-128',
    '127',
    '-129',
    '32767',
    '-32769',
    '2147483648',
    '9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
    '1.5',
    '-0.001',
    '12345678901234567890.123456789',
    '99999999999999999999999999999999999999',
    '"a"',
    '""',
    JSON.stringify('x'.repeat(63)),
    JSON.stringify('é'.repeat(40)),
    '"a\\"b\\\\u001f\\n"',
    '[]',
    '[1,[2,[3]],"x"]',
    '{}',
    '{"a":1,"b":{"a":null,"c":[{}]}}',
    JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${String(n).padStart(3, '0')}`, n]))),
    JSON.stringify(Array.from({ length: 300 }, (_, n) => `item ${n}`)),
  ])('%s', (json) => {
    expect(again(json)).toBe(json);
  });

  it.each([
    ['1.50', '1.5'],
    ['100.00', '100'],
    ['-0', '0'],
    ['1e3', '1000.0'],
    ['1E-7', '1.0E-7'],
    ['1e400', '"Infinity"'],
    ['{"b":1,"a":2}', '{"a":2,"b":1}'],
    [' [ 1 , 2 ] ', '[1,2]'],
    ['"\\u001f"', '"\\u001F"'],
  ])('%s is read as %s', (json, expected) => {
    expect(again(json)).toBe(expected);
  });

  it.each([
    '',
    '{',
    '[1',
    'nul',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '1 2',
    "'a'",
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
  ])('E3130 for %s', (json) => {
    expect(() => variantOf(json)).toThrow(expect.objectContaining({ code: 'E3130' }));
  });
});

describe('VARIANT as JSON', () => {
  it.each([
    ['2c00000000', '"1970-01-01"'],
    ['3040420f0000000000', '"1970-01-01 00:00:01+00:00"'],
    ['34a025260000000000', '"1970-01-01 00:00:02.5"'],
    ['380000c03f', '1.5'],
    ['3c02000000fffe', '"//4="'],
    ['500102030405060708090a0b0c0d0e0f10', '"01020304-0506-0708-090a-0b0c0d0e0f10"'],
    ['1c000000000000f87f', '"NaN"'],
    ['2802feffffffffffffffffffffffffffffff', '-0.02'],
  ])('%s is %s', (value, expected) => {
    expect(variantText(hex(value), EMPTY)).toBe(expected);
  });

  it.each([
    ['', '010000'],
    ['00', ''],
    ['00', '020000'],
    ['0c', '010000'],
    ['fc', '010000'],
    ['05', '010000'],
    ['40ffffffff61', '010000'],
    // A field whose key is not there; a size beyond the value.
    ['020105000200', '010000'],
    ['03ff00', '010000'],
  ])('E3383 for %s %s', (value, metadata) => {
    expect(() => variantText(hex(value), hex(metadata))).toThrow(expect.objectContaining({ code: 'E3383' }));
  });

  it('is refused where it would become very much', () => {
    // Thirty arrays, each of twice the next one.
    let value = hex('00');
    for (let depth = 0; depth < 30; depth++) {
      value = new Uint8Array(
        Buffer.concat([hex('0302'), hex(`0000${value.length.toString(16).padStart(2, '0')}`), value]),
      );
    }
    expect(() => variantText(value, EMPTY)).toThrow(expect.objectContaining({ code: 'E3383' }));
  });
});
