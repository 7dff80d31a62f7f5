// Patterns of `like` against texts, and what they say of a text's beginning.
import { describe, expect, it } from 'vitest';
import { likePattern, startsWithPattern } from '../../../../src/paimon/format/like-pattern.ts';

function matches(pattern: string, text: string): boolean {
  // In the middle of other bytes, as texts stand in vectors.
  const bytes = Buffer.from(`%${text}%`);
  return likePattern(pattern).matches(bytes, 1, bytes.length - 1);
}

describe('like', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['ab%', 'ab', true],
    ['ab%', 'abc', true],
    ['ab%', 'xab', false],
    ['%bc', 'abc', true],
    ['%abc', 'bc', false],
    ['%b%', 'abc', true],
    ['%b%', 'ac', false],
    ['%', '', true],
    ['a_c', 'aéc', true],
    ['a_c', 'a😀c', true],
    ['a_c', 'ac', false],
    ['a%c%e', 'abcde', true],
    ['a%c%e', 'abde', false],
    ['%b%', 'a\nb', true],
    ['_b', '\nb', true],
    [String.raw`50\%%`, '50% off', true],
    [String.raw`50\%%`, '500', false],
    [String.raw`a\_c`, 'abc', false],
    [String.raw`a\\_`, String.raw`a\x`, true],
    ['a.c_', 'abcd', false],
    ['(a|b)-[c]_', '(a|b)-[c]d', true],
    ['\uFEFF_', '\uFEFFa', true],
  ])('%j of %j is %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('knows what texts begin with, and whether that is all', () => {
    const of = (pattern: string) => {
      const { prefix, isPrefix } = likePattern(pattern);
      return [Buffer.from(prefix).toString(), isPrefix];
    };
    expect(of('abc%')).toEqual(['abc', true]);
    expect(of('abc_')).toEqual(['abc', false]);
    expect(of('%abc')).toEqual(['', false]);
    expect(of(startsWithPattern(String.raw`1%_\ `))).toEqual([String.raw`1%_\ `, true]);
  });

  it.each(['a\\', '\\a'])('refuses the escape in %j', (pattern) => {
    expect(() => likePattern(pattern)).toThrow(expect.objectContaining({ code: 'E3400' }) as Error);
  });
});
