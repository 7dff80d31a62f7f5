// The bytes of a status message, against the protocol's description.
import { expect, test } from 'vitest';
import { standbyStatus } from '../../../../src/source/postgres/standby-status.ts';

test('P1 written, flushed and applied are the one position; the clock counts microseconds from 2000', () => {
  const message = standbyStatus(0x1_0000_0002n, 946_684_800_001, false);
  const position = '0000000100000002';
  expect(message.toString('hex')).toBe(`72${position}${position}${position}00000000000003e800`);
  expect(standbyStatus(0n, 946_684_800_000, true).toString('hex')).toBe(`72${'0'.repeat(64)}01`);
});
