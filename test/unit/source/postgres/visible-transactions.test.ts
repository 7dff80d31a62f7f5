// What a snapshot shows, by numbers of which the log has the low half only; and what a chunk has to wait for.
import { expect, test } from 'vitest';
import { DueTransactions, parseSnapshot, shows } from '../../../../src/source/postgres/visible-transactions.ts';

test('a snapshot shows what is over, not what ran or had not begun', () => {
  const snapshot = parseSnapshot('10:20:10,14,15');
  expect([9, 11, 13, 16, 19].every((id) => shows(snapshot, id))).toBe(true);
  expect([10, 14, 15, 20, 21].some((id) => shows(snapshot, id))).toBe(false);
  expect(parseSnapshot('7:7:').running.size).toBe(0);
});

test('numbers that have wrapped around are those next to the snapshot', () => {
  const snapshot = parseSnapshot('8589934590:8589934596:8589934594');
  // 2^33 - 2 and 2^33 - 1 are before, 2^33 + 2 runs, 2^33 + 4 has not begun.
  expect([4_294_967_294, 4_294_967_295, 0, 1, 3].every((id) => shows(snapshot, id))).toBe(true);
  expect([2, 4, 5].some((id) => shows(snapshot, id))).toBe(false);
});

test('what a snapshot does not show stays due, and all that had begun has to be over', () => {
  const due = new DueTransactions();
  for (const id of [11, 14]) due.add(id);
  expect(due.settle(due.now(), parseSnapshot('12:20:14'))).toBe(false);
  expect(due.now()).toEqual([14]);
  // One that came after the snapshot was asked for is not its business.
  const asked = due.now();
  due.add(30);
  expect(due.settle(asked, parseSnapshot('20:20:'))).toBe(true);
  expect(due.now()).toEqual([30]);
  due.addAllBefore(40n);
  expect(due.settle([], parseSnapshot('39:50:39'))).toBe(false);
  expect(due.settle([], parseSnapshot('40:50:40'))).toBe(true);
});
