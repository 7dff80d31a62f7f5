// Log positions: their text, their order.
import { describe, expect, test } from 'vitest';
import type { SourcePosition } from '../../../../src/change/position.ts';
import { formatLsn, lsnOrder, parseLsn } from '../../../../src/source/postgres/lsn.ts';

const at = (text: string): SourcePosition => text as SourcePosition;

describe('text', () => {
  test.each([
    ['0/0', 0n],
    ['0/16B3748', 0x16b3748n],
    ['1A/FFFFFFFF', 0x1affffffffn],
    ['FFFFFFFF/FFFFFFFF', 2n ** 64n - 1n],
  ])('%s', (text, lsn) => {
    expect(parseLsn(text)).toBe(lsn);
    expect(formatLsn(lsn)).toBe(text);
  });

  test.each(['', '0', '0/', '/0', '0/G', '0/123456789', '-1/0', '0/0 '])('%j is none', (text) => {
    expect(() => parseLsn(text)).toThrow(expect.objectContaining({ code: 'E2040' }) as Error);
  });
});

describe('order', () => {
  test('is by number, not by text', () => {
    expect(lsnOrder.includes(at('10/0'), at('9/FFFFFFFF'))).toBe(true);
    expect(lsnOrder.includes(at('9/FFFFFFFF'), at('10/0'))).toBe(false);
    expect(lsnOrder.includes(at('0/A'), at('0/A'))).toBe(true);
    expect(lsnOrder.earliest(at('10/0'), at('9/0'))).toBe('9/0');
    expect(lsnOrder.latest(at('10/0'), at('9/0'))).toBe('10/0');
  });

  test('distance counts bytes and is never negative', () => {
    expect(lsnOrder.distanceBytes(at('0/10'), at('1/10'))).toBe(2 ** 32);
    expect(lsnOrder.distanceBytes(at('1/10'), at('0/10'))).toBe(0);
  });
});
