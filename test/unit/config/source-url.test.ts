// Addresses of sources, and that no message repeats what may be a password.
import { describe, expect, test } from 'vitest';
import { parseSourceUrl, sourceAddress } from '../../../src/config/source-url.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('urls', () => {
  test.each([
    ['postgres://u:p@h:1/d', { kind: 'postgres', host: 'h', port: 1, user: 'u', database: 'd', password: 'p' }],
    ['postgresql://u@h/d', { kind: 'postgres', host: 'h', port: 5432, user: 'u', database: 'd', password: null }],
    [
      'postgres://u%40x:p%2F%25%3A@h/my%20db',
      { kind: 'postgres', host: 'h', port: 5432, user: 'u@x', database: 'my db', password: 'p/%:' },
    ],
    ['postgres://u@h', { kind: 'postgres', host: 'h', port: 5432, user: 'u', database: 'u', password: null }],
    ['postgres://u@[::1]:7/d', { kind: 'postgres', host: '::1', port: 7, user: 'u', database: 'd', password: null }],
    [
      'postgres://u:p@/d?host=/run/postgresql',
      { kind: 'postgres', host: '/run/postgresql', port: 5432, user: 'u', database: 'd', password: 'p' },
    ],
    ['mysql://u:p@h', { kind: 'mysql', host: 'h', port: 3306, user: 'u', database: '', password: 'p' }],
    ['mariadb://u@h:1/d', { kind: 'mysql', host: 'h', port: 1, user: 'u', database: 'd', password: null }],
    ['postgres://u@/d', { kind: 'postgres', host: 'localhost', port: 5432, user: 'u', database: 'd', password: null }],
  ])('%s', (url, expected) => {
    expect(parseSourceUrl(url, 'o')).toEqual(expected);
  });

  test.each([
    ['mysql://u:geheim@h:x/d', 'E1006', 'expected=mysql://'],
    ['oracle://u:geheim@h/d', 'E1006', 'scheme=oracle'],
    ['u:geheim@h/d', 'E1006', 'scheme=(none)'],
    ['postgres://u:geheim@h:x/d', 'E1006', 'cannot be read'],
    ['postgres://u:%geheim@h/d', 'E1006', '%25'],
    ['postgres://:geheim@h/d', 'E1006', 'no user'],
    ['postgres://u:geheim@h/d?sslmode=require', 'E1006', 'tls'],
    ['postgres://u:geheim@h/d?application_name=x', 'E1006', 'application_name'],
  ])('%s is refused', (url, code, message) => {
    const error = thrownBy(() => parseSourceUrl(url, 'sources.s.url'));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(message);
    expect(error.message).toContain('sources.s.url');
    expect(String(error.stack) + String(error.cause)).not.toContain('geheim');
  });
});

describe('parts', () => {
  test('stand for a url', () => {
    expect(sourceAddress({ host: 'h', user: 'u' }, 'o')).toEqual({
      kind: 'postgres',
      host: 'h',
      port: 5432,
      user: 'u',
      database: 'u',
      password: null,
    });
    expect(sourceAddress({ host: 'h', user: 'u', port: 1, database: 'd' }, 'o')).toMatchObject({
      port: 1,
      database: 'd',
    });
  });

  test.each([
    [{ url: 'postgres://u@h', host: 'x' }, 'o.host'],
    [{ url: 'postgres://u@h', database: 'x' }, 'o.database'],
    [{ host: 'h' }, 'missing=user'],
    [{}, 'missing=url or host'],
  ])('%j is refused', (options, message) => {
    expect(thrownBy(() => sourceAddress(options, 'o'))).toMatchObject({
      code: 'E1006',
      message: expect.stringContaining(message) as string,
    });
  });
});
