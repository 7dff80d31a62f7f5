// The periods that automatic tags are named after, in local time as milliseconds since the epoch. Source:
// TagPeriodHandler.
import type { AutomaticTagOptions } from '../schema/tag-options.ts';

/** A length of time and how its tags are named. */
export interface TagPeriod {
  readonly sizeMs: number;
  /** Where the period that a time is in begins. */
  startOf(timeMs: number): number;
  nameOf(timeMs: number): string;
  /** The time that a tag is named after; null for the name of another tag. */
  timeOf(name: string): number | null;
}

/** What stands in a name: `YYYY`, `MM`, `DD`, `HH` and `mm`, and what is between them. */
type Pattern = 'YYYY-MM-DD' | 'YYYYMMDD' | 'YYYY-MM-DD HH' | 'YYYYMMDD HH' | 'YYYYMMDDHH' | 'YYYYMMDDHHmm';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The period of a table's options. */
export function tagPeriod({ period, formatter, periodMs }: AutomaticTagOptions): TagPeriod {
  if (periodMs !== null) return namedPeriod(periodMs, 'YYYYMMDDHHmm');
  switch (period) {
    case 'daily': {
      const daily = namedPeriod(DAY_MS, formatter === 'with-dashes' ? 'YYYY-MM-DD' : 'YYYYMMDD');
      // Tags of hours count for their day.
      return { ...daily, timeOf: (name) => daily.timeOf(name.split(' ')[0]) };
    }
    case 'hourly':
      return namedPeriod(HOUR_MS, HOURLY[formatter]);
    case 'two-hours':
      return namedPeriod(2 * HOUR_MS, 'YYYY-MM-DD HH');
  }
}

const HOURLY = {
  'with-dashes': 'YYYY-MM-DD HH',
  'without-dashes': 'YYYYMMDD HH',
  'without-dashes-and-spaces': 'YYYYMMDDHH',
} as const satisfies Record<AutomaticTagOptions['formatter'], Pattern>;

function namedPeriod(sizeMs: number, pattern: Pattern): TagPeriod {
  const nameOf = (timeMs: number): string => {
    const [year, month, day, hour, minute] = new Date(timeMs).toISOString().split(/\D/);
    const parts = { YYYY: year, MM: month, DD: day, HH: hour, mm: minute };
    return pattern.replace(/YYYY|MM|DD|HH|mm/g, (part) => parts[part as keyof typeof parts]);
  };
  const groups = pattern.replace(/YYYY|MM|DD|HH|mm/g, (part) => `(?<${part}>\\d{${part.length}})`);
  const expression = new RegExp(`^${groups}$`);
  return {
    sizeMs,
    startOf: (timeMs) => Math.floor(timeMs / sizeMs) * sizeMs,
    nameOf,
    timeOf: (name) => {
      const { YYYY, MM, DD, HH = '0', mm = '0' } = expression.exec(name)?.groups ?? {};
      if (YYYY === undefined) return null;
      const timeMs = Date.UTC(Number(YYYY), Number(MM) - 1, Number(DD), Number(HH), Number(mm));
      // Dates that are none, such as that of 30 February, come out as other ones.
      return nameOf(timeMs) === name ? timeMs : null;
    },
  };
}
