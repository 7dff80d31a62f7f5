// Values of a `RowKey` as the texts that servers read.
import { assert } from '../base/errors.ts';

const DAY_MS = 86_400_000;
const HOUR_US = 3_600_000_000n;

/** A date, given in days since the epoch, in the calendar that the servers use, too; before the first year with BC. */
export function dateText(days: number): string {
  const date = new Date(days * DAY_MS);
  assert(!Number.isNaN(date.getTime()), `a date in a key is none of the lake: days=${days}`);
  const year = date.getUTCFullYear();
  const ofYear = `-${String(date.getUTCMonth() + 1).padStart(2, '0')}-${String(date.getUTCDate()).padStart(2, '0')}`;
  return year > 0 ? `${String(year).padStart(4, '0')}${ofYear}` : `${String(1 - year).padStart(4, '0')}${ofYear} BC`;
}

/** A time of the day, given in microseconds. */
export function timeText(us: bigint): string {
  const two = (value: bigint): string => value.toString().padStart(2, '0');
  const seconds = two((us / 1_000_000n) % 60n);
  return `${two(us / HOUR_US)}:${two((us / 60_000_000n) % 60n)}:${seconds}.${(us % 1_000_000n).toString().padStart(6, '0')}`;
}

/** A timestamp, given in microseconds since the epoch. */
export function timestampText(us: bigint): string {
  const dayUs = 24n * HOUR_US;
  const ofDay = ((us % dayUs) + dayUs) % dayUs;
  const [date, era = ''] = dateText(Number((us - ofDay) / dayUs)).split(' ');
  return `${date} ${timeText(ofDay)}${era === '' ? '' : ` ${era}`}`;
}

/** A decimal, given as its unscaled number: as digits up to 18 of them, else as big-endian bytes in base64. */
export function decimalText(
  text: string,
  { precision, scale }: { readonly precision: number; readonly scale: number },
): string {
  const unscaled = precision <= 18 ? BigInt(text) : bigEndian(Buffer.from(text, 'base64'));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

function bigEndian(bytes: Buffer): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
}
