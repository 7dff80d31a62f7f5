// Conditions against bounds: what can be left out, and what must not be; trees and their negation.
import { describe, expect, it } from 'vitest';
import {
  type ColumnCondition,
  type Condition,
  conditionColumns,
  type Literal,
  mayMeet,
  mayMeetAll,
  plainConditions,
} from '../../../../src/paimon/format/condition.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const a = 'a';

function compare(operator: '=' | '!=' | '<' | '<=' | '>' | '>=', literal: Literal): ColumnCondition {
  return { column: a, operator, literal };
}

describe('mayMeet', () => {
  const numbers = { min: 10, max: 20, nullCount: 1n, rowCount: 5 };
  it.each<[ColumnCondition, boolean]>([
    [compare('=', 10), true],
    [compare('=', 9), false],
    [compare('<', 10), false],
    [compare('<=', 10), true],
    [compare('>', 20), false],
    [compare('>=', 20), true],
    [compare('!=', 15), true],
    [{ column: a, operator: 'in', literals: [1, 30] }, false],
    [{ column: a, operator: 'in', literals: [1, 15] }, true],
    [{ column: a, operator: 'not in', literals: [10, 20] }, true],
    [{ column: a, operator: 'between', low: 21, high: 30 }, false],
    [{ column: a, operator: 'between', low: 1, high: 10 }, true],
    [{ column: a, operator: 'not between', low: 10, high: 20 }, false],
    [{ column: a, operator: 'not between', low: 10, high: 19 }, true],
    [{ column: a, operator: 'is null' }, true],
    [{ column: a, operator: 'is not null' }, true],
  ])('%o of 10 to 20: %s', (condition, expected) => {
    expect(mayMeet(condition, numbers)).toBe(expected);
  });

  it('a single value meets no condition that excludes it', () => {
    const one = { min: 7, max: 7, nullCount: 0n, rowCount: 5 };
    expect(mayMeet(compare('!=', 7), one)).toBe(false);
    expect(mayMeet({ column: a, operator: 'not in', literals: [7, 8] }, one)).toBe(false);
    expect(mayMeet({ column: a, operator: 'is null' }, one)).toBe(false);
  });

  it('NULLs alone meet nothing but the test for NULL', () => {
    const nulls = { min: null, max: null, nullCount: 5n, rowCount: 5 };
    expect(mayMeet({ column: a, operator: 'is null' }, nulls)).toBe(true);
    expect(mayMeet({ column: a, operator: 'is not null' }, nulls)).toBe(false);
    expect(mayMeet(compare('!=', 1), nulls)).toBe(false);
    expect(mayMeet({ column: a, operator: 'not like', pattern: 'x%' }, nulls)).toBe(false);
  });

  it('nothing is left out where bounds are unknown or a NaN', () => {
    for (const max of [null, Number.NaN]) {
      const bounds = { min: 1, max, nullCount: null, rowCount: 5 };
      expect(mayMeet(compare('=', 99), bounds)).toBe(true);
      expect(mayMeet({ column: a, operator: 'is null' }, bounds)).toBe(true);
    }
    expect(mayMeet(compare('>', Number.NaN), { min: 1, max: 2, nullCount: 0n, rowCount: 5 })).toBe(true);
  });

  it.each([
    ['ba%', true],
    ['b%', true],
    ['abc%', true],
    ['aa%', false],
    ['c%', false],
    ['bcd%', false],
    ['%x', true],
    ['bb', true],
    ['d_', false],
  ])('like %j of abc to bb: %s', (pattern, expected) => {
    const bounds = { min: text('abc'), max: text('bb'), nullCount: 0n, rowCount: 5 };
    expect(mayMeet({ column: a, operator: 'like', pattern }, bounds)).toBe(expected);
  });
});

describe('trees', () => {
  const tree: Condition = {
    operator: 'not',
    condition: {
      operator: 'or',
      conditions: [
        compare('<', 5),
        { operator: 'and', conditions: [compare('=', 7), { column: 'b', operator: 'is null' }] },
      ],
    },
  };

  it('lose their negations', () => {
    expect(plainConditions([tree])).toEqual([
      compare('>=', 5),
      { operator: 'or', conditions: [compare('!=', 7), { column: 'b', operator: 'is not null' }] },
    ]);
    expect(conditionColumns([tree])).toEqual([a, 'b']);
  });

  it('every operator has its opposite', () => {
    const conditions: ColumnCondition[] = [
      compare('=', 1),
      compare('<', 1),
      compare('<=', 1),
      { column: a, operator: 'in', literals: [1] },
      { column: a, operator: 'between', low: 1, high: 2 },
      { column: a, operator: 'like', pattern: 'x' },
      { column: a, operator: 'is null' },
    ];
    for (const condition of conditions) {
      const [negated] = plainConditions([{ operator: 'not', condition }]);
      expect(negated).not.toEqual(condition);
      expect(plainConditions([{ operator: 'not', condition: negated }])).toEqual([condition]);
    }
  });

  it('may be met where one branch of an `or` may, and all of an `and`', () => {
    const met = (...columns: string[]) =>
      mayMeetAll(
        [
          compare('=', 1),
          {
            operator: 'or',
            conditions: [
              { column: 'b', operator: 'is null' },
              { operator: 'and', conditions: [compare('=', 1), { column: 'c', operator: 'is null' }] },
            ],
          },
        ],
        ({ column }) => columns.includes(column),
      );
    expect(met(a)).toBe(false);
    expect(met(a, 'b')).toBe(true);
    expect(met(a, 'c')).toBe(true);
    expect(met('b', 'c')).toBe(false);
  });
});
