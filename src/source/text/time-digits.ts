// What decoders of dates and times share: digits of a text, and days of the calendar.
import { ZERO } from './column-decoder.ts';

/** Two digits as a number; negative or above 99 + … is never returned for digits, and -1 for anything else. */
export function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at] - ZERO;
  const ones = bytes[at + 1] - ZERO;
  return (tens | (9 - tens) | ones | (9 - ones)) < 0 ? -1 : tens * 10 + ones;
}

/** Days from 1970-01-01 to the date of the proleptic Gregorian calendar; months count from 1. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The digits `bytes[start … end)` after a decimal point, in units of 10^-`digits`; -1 if it is no such number. */
export function fraction(bytes: Buffer, start: number, end: number, digits: number): number {
  if (end - start > digits || end === start) return -1;
  let value = 0;
  for (let at = start; at < start + digits; at++) {
    const digit = at < end ? bytes[at] - ZERO : 0;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
