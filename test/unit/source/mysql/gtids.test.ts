// Sets of GTIDs as positions: what includes what, and the servers' own texts.
import { describe, expect, test } from 'vitest';
import type { SourcePosition } from '../../../../src/change/position.ts';
import { gtidOrder, parsePosition } from '../../../../src/source/mysql/gtids.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const B = '8ccdf9ff-e94f-11f1-a4fa-02fc00000001';
const at = (text: string): SourcePosition => text as SourcePosition;

describe('MySQL', () => {
  test.each([
    ['', ''],
    [`${A}:1-5`, `${A}:1-5`],
    [`${B}:3,\n${A}:1-2:4-9`, `${A}:1-2:4-9,${B}:3`],
    [`${A}:5:1-4:7,${A.toUpperCase()}:6`, `${A}:1-7`],
  ])('%j is %j', (text, canonical) => {
    expect(parsePosition(`mysql:${text}`).text()).toBe(canonical);
  });

  test.each([
    [`mysql:${A}:1-5,${B}:1-3`, `mysql:${A}:2-4`, true],
    [`mysql:${A}:1-5`, 'mysql:', true],
    [`mysql:${A}:1-3:5`, `mysql:${A}:3-5`, false],
    [`mysql:${A}:1-5`, `mysql:${B}:1`, false],
  ])('%s includes %s: %s', (outer, inner, expected) => {
    expect(gtidOrder.includes(at(outer), at(inner))).toBe(expected);
  });

  test('the earliest is what both have, the latest what either has', () => {
    const a = at(`mysql:${A}:1-5:8,${B}:1-3`);
    const b = at(`mysql:${A}:3-9`);
    expect(gtidOrder.earliest(a, b)).toBe(`mysql:${A}:3-5:8`);
    expect(gtidOrder.latest(a, b)).toBe(`mysql:${A}:1-9,${B}:1-3`);
    expect(gtidOrder.distanceBytes(b, a)).toBeNull();
    expect(gtidOrder.distanceBytes(a, a)).toBe(0);
  });

  test('a transaction joins the interval before it, or begins one', () => {
    const set = parsePosition(`mysql:${A}:1-5`);
    for (const number of [6n, 9n, 7n, 8n]) set.add({ group: A, server: 0, number });
    set.add({ group: B, server: 0, number: 2n });
    expect(set.text()).toBe(`${A}:1-9,${B}:2`);
    expect(set.has({ group: A, server: 0, number: 9n })).toBe(true);
    expect(set.has({ group: B, server: 0, number: 1n })).toBe(false);
  });
});

describe('MariaDB', () => {
  test.each([
    ['', ''],
    ['10-2-7,0-1-270', '0-1-270,10-2-7'],
    ['0-1-3,0-2-9', '0-2-9'],
  ])('%j is %j', (text, canonical) => {
    expect(parsePosition(`mariadb:${text}`).text()).toBe(canonical);
  });

  test('each domain counts for itself', () => {
    expect(gtidOrder.includes(at('mariadb:0-1-5,1-1-2'), at('mariadb:0-2-4'))).toBe(true);
    expect(gtidOrder.includes(at('mariadb:0-1-5'), at('mariadb:1-1-1'))).toBe(false);
    expect(gtidOrder.earliest(at('mariadb:0-1-5,1-1-2'), at('mariadb:0-1-7'))).toBe('mariadb:0-1-5');
    expect(gtidOrder.latest(at('mariadb:0-1-5,1-1-2'), at('mariadb:0-2-7'))).toBe('mariadb:0-2-7,1-1-2');
  });
});

test.each([
  '0/16B3748',
  'mysql:0-1-2',
  `mysql:${A}`,
  `mysql:${A}:0`,
  `mysql:${A}:5-4`,
  `mariadb:${A}:1`,
  'mariadb:0-1',
])('%s is no position', (text) => {
  expect(thrownBy(() => parsePosition(text))).toMatchObject({ code: 'E2040' });
});

test('positions of different servers are not compared', () => {
  expect(thrownBy(() => gtidOrder.includes(at('mysql:'), at('mariadb:')))).toMatchObject({ code: 'E2040' });
});
