// Offsets of time zones by their names, as writers say where timestamps were written.
import { unsupported } from '../file-fault.ts';

const UTC = /^(|UTC|GMT|Z|Etc\/(UTC|GMT))$/;
/** Offsets change at quarters of an hour at most. */
const QUARTER = 900;
/** Of dates that JavaScript has. */
const SECONDS_MAX = 8.64e12;
/** 1900-01-01 00:00:00 UTC: the zones of Java, by which the reference writes and reads, have no history before it … */
const HISTORY_START = -2_208_988_800;
/** … but the standard time of the last year that they know, which is of these two offsets the lesser. */
const LAST_YEAR = [Date.UTC(2037, 0, 1) / 1000, Date.UTC(2037, 6, 1) / 1000];

/**
 * Seconds that a zone is ahead of UTC at an instant in seconds, as Java has it; null for UTC. Throws a fault of `E3201`.
 */
export function utcOffsets(zone: string): ((seconds: number) => number) | null {
  if (UTC.test(zone)) return null;
  const format = formatOf(zone);
  const standard = Math.min(...LAST_YEAR.map((seconds) => offsetAt(format, seconds)));
  let quarter = Number.NaN;
  let offset = 0;
  return (seconds) => {
    if (seconds < HISTORY_START) return standard;
    const wanted = Math.floor(seconds / QUARTER);
    if (wanted !== quarter) {
      quarter = wanted;
      offset = offsetAt(format, Math.max(-SECONDS_MAX, Math.min(SECONDS_MAX, wanted * QUARTER)));
    }
    return offset;
  };
}

/** The name of the zone that this process is in. */
export function processZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    throw unsupported(`a time zone that is not known: zone=${zone}`);
  }
}

/** From texts such as `GMT+05:30`. */
function offsetAt(format: Intl.DateTimeFormat, seconds: number): number {
  const name = format.formatToParts(seconds * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, rest] = /^GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(name) ?? [];
  if (sign === undefined) return 0;
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest ?? 0);
  return sign === '-' ? -offset : offset;
}
