// The lock file serves every platform, and a clone's `npm ci` accepts it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LockPackages, missingEntries } from '../../../scripts/complete-lock.ts';

const text = readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8');

test('holds the optional packages of all platforms (else: node scripts/complete-lock.ts)', () => {
  const lock = JSON.parse(text) as { packages: LockPackages };
  expect(missingEntries(lock.packages)).toEqual({});
});

test('names no registry host', () => {
  expect(text).not.toContain('"resolved"');
});

test('an optional package that the lock lacks is made from the name of its platform', () => {
  const packages: LockPackages = {
    'node_modules/tool': {
      dev: true,
      optionalDependencies: { 'tool-darwin-x64': '1.0.0', '@t/b-linux-arm64-musl': '2.0.0' },
    },
    'node_modules/tool-darwin-x64': { version: '1.0.0' },
    'node_modules/other': { optionalDependencies: { 'other-windows-x64': '3.0.0' } },
  };
  expect(missingEntries(packages)).toEqual({
    'node_modules/@t/b-linux-arm64-musl': {
      version: '2.0.0',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
    },
    'node_modules/other-windows-x64': { version: '3.0.0', optional: true, os: ['win32'], cpu: ['x64'] },
  });
});
