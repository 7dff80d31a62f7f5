// Times of partitions: patterns, formats, and what is no time.
import { describe, expect, test } from 'vitest';
import { partitionTimeOf } from '../../../../src/paimon/maintenance/partition-time.ts';

function timeOf(
  values: readonly (string | null)[],
  rule: { readonly pattern?: string; readonly formatter?: string } = {},
): string | null {
  const keys = ['dt', 'hour'].slice(0, values.length);
  const time = partitionTimeOf(keys, { pattern: rule.pattern ?? null, formatter: rule.formatter ?? null })(values);
  return time === null ? null : new Date(time).toISOString();
}

describe('the time of a partition', () => {
  test.each([
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024-1-5', '2024-01-05T00:00:00.000Z'],
    ['2024-13-32', '2025-02-01T00:00:00.000Z'],
    ['2024-01-31 7:08:09', '2024-01-31T07:08:09.000Z'],
    ['2024-01-31 25:00:00.1239', '2024-02-01T01:00:00.123Z'],
    ['0050-01-01', '0050-01-01T00:00:00.000Z'],
  ])('%s', (text, expected) => expect(timeOf([text])).toBe(expected));

  test.each(['20240131', '2024-01', '2024-01-31 07:08', '19723', '', 'x'])('%s is none', (text) =>
    expect(timeOf([text])).toBeNull(),
  );

  test('comes from the first value, or from all that a pattern names', () => {
    expect(timeOf(['2024-01-31', 'late'])).toBe('2024-01-31T00:00:00.000Z');
    expect(timeOf(['2024-01-31', '7'], { pattern: '$dt $hour:00:00' })).toBe('2024-01-31T07:00:00.000Z');
    expect(timeOf(['$hour', '2024-01-31'], { pattern: '$hour' })).toBe('2024-01-31T00:00:00.000Z');
  });

  test('is none where a value that counts is NULL', () => {
    expect(timeOf([null, '7'])).toBeNull();
    expect(timeOf(['2024-01-31', null])).toBe('2024-01-31T00:00:00.000Z');
    expect(timeOf(['2024-01-31', null], { pattern: '$dt $hour:00:00' })).toBeNull();
  });

  test.each([
    ['yyyyMMdd', '20240131', '2024-01-31T00:00:00.000Z'],
    ['yyyyMMddHH', '2024013107', '2024-01-31T07:00:00.000Z'],
    ['dd/M/uuuu', '31/1/2024', '2024-01-31T00:00:00.000Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSS", '2024-01-31T07:08:09.120', '2024-01-31T07:08:09.120Z'],
    ["yy.MM.dd 'o''clock' H", "24.01.31 o'clock 7", '2024-01-31T07:00:00.000Z'],
    ['yyyyMMdd', '20240231', '2024-02-29T00:00:00.000Z'],
    ['yyyyMMdd', '20240132', null],
    ['yyyyMMdd', '20241301', null],
    ['yyyyMMdd', '2024013', null],
    ['yyyyMMdd', '202401310', null],
    ['yyyyMM', '202401', null],
    ['yyyy.MM.dd', '2024x01x31', null],
  ])('by %s, %s', (formatter, text, expected) => expect(timeOf([text], { formatter })).toBe(expected));

  test.each(['yyyy-MMM-dd', 'YYYY-MM-dd', 'yyyy-MM-dd a'])('%s is refused', (formatter) => {
    expect(() => timeOf(['2024-01-31'], { formatter })).toThrow(expect.objectContaining({ code: 'E3314' }));
  });
});
