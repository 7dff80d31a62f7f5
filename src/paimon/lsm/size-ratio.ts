// How much larger the next run may be than those that are taken: more in hours in which nobody minds the work.
// Source: OffPeakHours.
import type { TableOptions } from '../schema/table-options.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** The ratio in percent at a local time, in milliseconds since the epoch as if it were UTC. */
export function sizeRatioPercent(
  options: Pick<TableOptions, 'sizeRatioPercent' | 'offPeakHours'>,
  localMs: number,
): number {
  const { sizeRatioPercent: usual, offPeakHours: hours } = options;
  if (hours === null) return usual;
  const hour = Math.floor(localMs / HOUR_MS) % HOURS;
  const isAfter = hour >= hours.startHour;
  const isBefore = hour < hours.endHour;
  const isOffPeak = hours.startHour <= hours.endHour ? isAfter && isBefore : isAfter || isBefore;
  return isOffPeak ? usual + hours.ratioPercent : usual;
}
