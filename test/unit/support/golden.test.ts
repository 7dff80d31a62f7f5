// The golden cases unpack whole: every case has a table, steps, and expected reads that parse.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { golden, goldenNames, goldenSchemaFile, goldenVectors } from '../../support/golden.ts';

test('all cases of the index are there', () => {
  const index = readFileSync(new URL('../../golden/INDEX.md', import.meta.url), 'utf8');
  const named = [...index.matchAll(/^- `([^`]+)`:/gm)].map(([, name]) => name);
  expect(goldenNames()).toEqual(named.sort());
});

test('a case holds what made it, the table, and what the reference reads from it', () => {
  const found = golden('dedup-basic');
  expect(found.schema['primaryKeys']).toEqual(['id']);
  expect(found.steps[1]?.args.slice(0, 2)).toEqual(['write', '--warehouse']);
  expect(existsSync(join(found.tableDirectory, 'snapshot', 'LATEST'))).toBe(true);
  const answer = found.expected('fsck.json');
  expect(answer).toMatchObject({ kind: 'rows', rows: [{ ok: true, dataFiles: 7 }] });
  expect(found.latest()).toEqual(found.expected('read-snapshot-7.ndjson'));
  const last = found.expected('read-snapshot-7.ndjson');
  expect(last.kind === 'rows' && typeof last.rows[0]?.['id']).toBe('string');
});

test('a read that the reference refused is an error, not a row', () => {
  expect(
    golden('pu-delete-poison').expectedNames.map((name) => golden('pu-delete-poison').expected(name).kind),
  ).toContain('error');
});

test('a case is unpacked once, unless a fresh one is asked for', () => {
  const first = golden('tags');
  expect(golden('tags')).toBe(first);
  const fresh = golden('tags', { fresh: true });
  writeFileSync(join(fresh.tableDirectory, 'changed'), '');
  expect(existsSync(join(first.tableDirectory, 'changed'))).toBe(false);
});

test('vectors and samples are there', () => {
  expect(goldenVectors('bucket').length).toBeGreaterThan(50);
  expect(existsSync(goldenSchemaFile('manifest.avsc'))).toBe(true);
});
