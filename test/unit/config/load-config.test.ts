// Strict validation: every fault names its path, its line and the nearest known key (requirement P44).
import { describe, expect, test } from 'vitest';
import { loadConfigFile, parseConfig } from '../../../src/config/load-config.ts';
import { configReference, effectiveConfig } from '../../../src/config/reference.ts';
import { parseDuration, parseSize } from '../../../src/config/units.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const values = { environment: { SET: 'value' }, readFile: (path: string) => `text of ${path}\n` };

function parse(text: string) {
  return parseConfig(text, 'test.yaml', values).config;
}

const SOURCE = 'version: 1\nsources:\n  s:\n    url: postgres://u@h/d\n';

describe('faults', () => {
  test.each([
    ['version: 1\ncomit: {}\n', 'E1004', ['line=2', 'option=comit', 'did you mean "commit"']],
    [`${SOURCE}    tabels: []\n`, 'E1004', ['line=5', 'option=sources.s.tabels', 'did you mean "tables"']],
    [
      `${SOURCE}    slot:\n      create: auto\n      nam: x\n`,
      'E1004',
      ['line=7', 'option=sources.s.slot.nam', 'did you mean "name"'],
    ],
    [
      `${SOURCE}    tables:\n      - a.b\n      - { match: a.c, bucket: 3 }\n`,
      'E1004',
      ['line=7', 'bucket', 'did you mean "buckets"'],
    ],
    ['version: 2\n', 'E1005', ['line=1', 'option=version']],
    ['version: 1\ncommit:\n  interval: 5\n', 'E1005', ['line=3', 'option=commit.interval']],
    ['version: 1\ncommit:\n  interval: soon\n', 'E1005', ['line=3', 'such as 10s']],
    ['version: 1\ncommit:\n  interval: 1ms\n', 'E1005', ['at least 10ms']],
    ['version: 1\nlimits:\n  memory: 1KiB\n', 'E1005', ['option=limits.memory', 'at least']],
    ['version: 1\nsources: { Shop: { url: x } }\n', 'E1005', ['sources']],
    ['version: [1\n', 'E1002', ['line=']],
    ['version: 1\nlake: { warehouse: "${env:UNSET}" }\n', 'E1003', ['${env:UNSET}']],
    ['version: 1\nlake: { warehouse: "${vault:x}" }\n', 'E1003', ['${vault:x}']],
  ])('%j', (text, code, parts) => {
    const error = thrownBy(() => parse(text));
    expect(error.code).toBe(code);
    for (const part of parts) expect(error.message).toContain(part);
  });

  test('a file that is not there', () => {
    expect(thrownBy(() => loadConfigFile('/nowhere/tributary.yaml'))).toMatchObject({ code: 'E1001' });
  });

  test('no message holds the value of a placeholder or of a wrong option', () => {
    const error = thrownBy(() =>
      parseConfig('version: 1\nsources: { s: { password: "${env:P}", connect_timeout: "${env:P}" } }\n', 'f', {
        ...values,
        environment: { P: 'geheim' },
      }),
    );
    expect(error.code).toBe('E1005');
    expect(error.message).not.toContain('geheim');
  });
});

describe('placeholders', () => {
  test.each([
    ['${env:SET}', 'value'],
    ['a${env:SET}b${env:SET}', 'avaluebvalue'],
    ['${env:UNSET:-else}', 'else'],
    ['${env:UNSET:-}', ''],
    ['${file:/x}', 'text of /x'],
    ['$${env:SET}', '${env:SET}'],
    ['$env', '$env'],
  ])('%s', (text, expected) => {
    expect(parse(`version: 1\nlake: { database: ${JSON.stringify(`x${text}`)} }\n`).lake.database).toBe(`x${expected}`);
  });
});

test('durations and sizes', () => {
  expect(['500ms', '10s', '1.5m', '1h', '2d'].map(parseDuration)).toEqual([
    500, 10_000, 90_000, 3_600_000, 172_800_000,
  ]);
  expect(['10', '', 's', '-1s', '1 year', '0.1ms', '1constructor'].map(parseDuration)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
  expect(['1B', '64MiB', '1.5KiB', '1GiB'].map(parseSize)).toEqual([1, 67_108_864, 1536, 1024 ** 3]);
  expect(['64MB', '1', '99999999TiB'].map(parseSize)).toEqual([null, null, null]);
});

describe('texts made from the table', () => {
  test('the reference is a valid file that says what the defaults are', () => {
    const plain = parse('version: 1\nsources: { example: {} }\n');
    expect(parse(configReference())).toEqual(plain);
  });

  test('the configuration in effect has every default and parses to the same', () => {
    const raw = {
      version: 1,
      sources: { s: { url: 'postgres://u@h/d', tables: ['a.*', { match: 'a.b', key: ['x'] }] } },
      commit: { interval: '1s' },
    };
    const shown = effectiveConfig(raw);
    expect(shown).toMatchObject({
      commit: { interval: '1s', max_bytes: '128MiB' },
      sources: { s: { tls: { mode: 'prefer' }, defaults: { key: 'auto' } } },
    });
    expect(parse(JSON.stringify(shown))).toEqual(parse(JSON.stringify(raw)));
  });

  test('P43: secrets are hidden; placeholders are shown, but not their defaults', () => {
    const source = (url: string, password: string) =>
      effectiveConfig({ version: 1, sources: { s: { url, password, tls: { key: 'PEM' } } } });
    expect(source('postgres://u:geheim@h/d', 'geheim')).toMatchObject({
      sources: { s: { url: 'postgres://u:***@h/d', password: '***', tls: { key: '***' } } },
    });
    expect(source('postgres://u:${env:P}@h/d', '${file:/p}')).toMatchObject({
      sources: { s: { url: 'postgres://u:${env:P}@h/d', password: '${file:/p}' } },
    });
    expect(JSON.stringify(source('postgres://u:${env:P:-geheim}@h/d', 'x${env:P}geheim'))).not.toContain('geheim');
    expect(JSON.stringify(source('postgres://u:ge:h@im@h/d', '${env:P:-geheim}'))).not.toMatch(/geheim|ge:h|im@/);
  });
});
