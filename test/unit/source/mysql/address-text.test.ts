// Texts of addresses as MariaDB 10.11 prints them: the longest run of zeros, the first of two, and what looks like IPv4.
import { expect, test } from 'vitest';
import { inet4Text, inet6Text, uuidText } from '../../../../src/source/mysql/address-text.ts';

test.each([
  ['00000000000000000000000000000000', '::'],
  ['', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['00000000000000000000000000010000', '::0.1.0.0'],
  ['00000000000000000000ffff01020304', '::ffff:1.2.3.4'],
  ['0000000000000000ffff000001020304', '::ffff:0:102:304'],
  ['00000000000000000001000200030000', '::1:2:3:0'],
  ['00010000000000020000000000000003', '1:0:0:2::3'],
  ['000100000000000200030000000000ff', '1::2:3:0:0:ff'],
  ['00010000000000020003000000000004', '1::2:3:0:0:4'],
  ['00010000000200030004000500060007', '1::2:3:4:5:6:7'],
  ['20010db8', '2001:db8::'],
  ['0001000200030004000500060007ffff', '1:2:3:4:5:6:7:ffff'],
])('INET6 %s', (hex, text) => {
  const bytes = Buffer.from(`aa${hex}bb`, 'hex');
  expect(inet6Text(bytes, 1, bytes.length - 1)).toBe(text);
});

test('INET4 and UUID without their trailing zeros', () => {
  expect(inet4Text(Buffer.from('0a14', 'hex'), 0, 2)).toBe('10.20.0.0');
  expect(inet4Text(Buffer.alloc(0), 0, 0)).toBe('0.0.0.0');
  expect(uuidText(Buffer.from('00112233445516778899AABB', 'hex'), 0, 12)).toBe('00112233-4455-1677-8899-aabb00000000');
});
