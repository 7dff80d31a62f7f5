// Offsets of the zones that ORC files name.
import { describe, expect, it } from 'vitest';
import { utcOffsets } from '../../../../../src/paimon/format/orc/time-zone.ts';

const at = (text: string): number => Date.parse(text) / 1000;

describe('utcOffsets', () => {
  it.each(['', 'UTC', 'GMT', 'Etc/UTC'])('"%s" is UTC', (zone) => {
    expect(utcOffsets(zone)).toBe(null);
  });

  it('follows summer time', () => {
    const offset = utcOffsets('America/New_York');
    expect(offset?.(at('2024-03-10T06:59:59Z'))).toBe(-5 * 3600);
    expect(offset?.(at('2024-03-10T07:00:00Z'))).toBe(-4 * 3600);
    expect(offset?.(at('2024-11-03T05:59:59Z'))).toBe(-4 * 3600);
    expect(offset?.(at('2024-11-03T06:00:00Z'))).toBe(-5 * 3600);
  });

  it('knows parts of hours', () => {
    expect(utcOffsets('Asia/Kolkata')?.(at('2024-01-01T00:00:00Z'))).toBe(5.5 * 3600);
  });

  it('has standard time before 1900, as Java has', () => {
    const offset = utcOffsets('America/New_York');
    expect(offset?.(at('1883-01-01T00:00:00Z'))).toBe(-5 * 3600);
    expect(offset?.(at('0001-01-01T00:00:00Z'))).toBe(-5 * 3600);
    const paris = utcOffsets('Europe/Paris');
    expect(paris?.(at('1899-12-31T23:59:59Z'))).toBe(3600);
    expect(paris?.(at('1900-01-01T00:00:00Z'))).toBe(9 * 60 + 21);
  });

  it('is zero where a zone is at UTC', () => {
    expect(utcOffsets('Europe/London')?.(at('2024-01-01T00:00:00Z'))).toBe(0);
  });

  it('refuses a zone that is not known', () => {
    expect(() => utcOffsets('Nowhere/Land')).toThrow(expect.objectContaining({ code: 'E3201' }));
  });
});
