// The hours in which `compaction.offpeak-ratio` counts.
import { expect, it } from 'vitest';
import { sizeRatioPercent } from '../../../../src/paimon/lsm/size-ratio.ts';
import { tableOptions } from '../../../../src/paimon/schema/table-options.ts';

const DAY_MS = 24 * 3_600_000;

/** The hours of a day whose ratio is the larger one. */
function offPeak(start: number, end: number): readonly number[] {
  const options = {
    'compaction.size-ratio': '1',
    'compaction.offpeak.start.hour': String(start),
    'compaction.offpeak.end.hour': String(end),
    'compaction.offpeak-ratio': '50',
  };
  const typed = tableOptions({ options, primaryKeys: ['id'] });
  const ratioAt = (hour: number): number => sizeRatioPercent(typed, 20_000 * DAY_MS + hour * 3_600_000 + 1);
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  expect(hours.every((hour) => [1, 51].includes(ratioAt(hour)))).toBe(true);
  return hours.filter((hour) => ratioAt(hour) === 51);
}

it.each<[number, number, readonly number[]]>([
  [-1, -1, []],
  [3, 3, []],
  [1, 4, [1, 2, 3]],
  [22, 2, [0, 1, 22, 23]],
  [0, 1, [0]],
])('from %i to %i', (start, end, hours) => {
  expect(offPeak(start, end)).toEqual(hours);
});
