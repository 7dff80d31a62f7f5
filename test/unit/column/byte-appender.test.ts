import { expect, it } from 'vitest';
import { ByteAppender, viewOf } from '../../../src/column/byte-appender.ts';

const SOURCE = Uint8Array.from({ length: 2000 }, (_, index) => (index * 7 + 3) & 255);

it.each([0, 1, 7, 8, 9, 15, 16, 17, 100, 511, 512, 513, 1000])('appends %i bytes from and to any place', (length) => {
  // Both are parts of larger buffers, so that a view over the wrong part would show.
  const source = SOURCE.subarray(5, 1995);
  const whole = new Uint8Array(length + 40).fill(9);
  const target = whole.subarray(11, 11 + length + 16);
  const appender = new ByteAppender(target, 3);
  appender.append(viewOf(source), 13, 13 + length);
  expect(appender.size).toBe(3 + length);
  const expected = new Uint8Array(length + 40).fill(9);
  expected.set(source.subarray(13, 13 + length), 14);
  expect(whole).toEqual(expected);
});
