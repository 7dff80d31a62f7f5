// The commands that read a lake, as processes: output formats, exit codes, a changelog that is followed and interrupted.
import { tableFromIPC } from 'apache-arrow';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { golden } from '../support/golden.ts';
import { runCli, spawnCli } from '../support/spawn-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const INPUT = golden('cp-input');
const SQL = 'select id, v, s from db.t order by id';

async function query(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['query', '--warehouse', INPUT.warehouse, ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

/** Runs a command with its output in a file, as a shell does. */
async function runShell(command: string, file: string): Promise<void> {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  await promisify(execFile)('sh', ['-c', `'${process.execPath}' '${main}' ${command} > '${file}'`]);
}

/** A copy of a golden warehouse that may be changed. */
function copyOf(warehouse: string): string {
  const copy = join(tempDir(), 'warehouse');
  cpSync(warehouse, copy, { recursive: true });
  return copy;
}

describe('query', () => {
  it('prints every text format', async () => {
    const [table, json, ndjson, texts, csv] = await Promise.all([
      query(SQL),
      query(SQL, '--json'),
      query(SQL, '--format', 'ndjson'),
      query(SQL, '--format', 'ndjson', '--numbers', 'string'),
      query("select id, '' as e, null as n, 'a,\"b\"' as q from db.t where id = 1", '--format', 'csv'),
    ]);
    expect(table).toBe('id   v  s\n--  --  ---\n 1  13  s13\n 2  22  s22\n 4   4  s4\n(3 rows)\n');
    const rows = [
      { id: 1, v: 13, s: 's13' },
      { id: 2, v: 22, s: 's22' },
      { id: 4, v: 4, s: 's4' },
    ];
    expect(JSON.parse(json)).toEqual(rows);
    expect(
      ndjson
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(rows);
    expect(texts.split('\n')[0]).toBe('{"id":"1","v":13,"s":"s13"}');
    expect(csv).toBe('id,e,n,q\r\n1,"",,"a,""b"""\r\n');
  });

  it('prints no rows in every format', async () => {
    const none = 'select id from db.t where id < 0';
    const [table, json, csv] = await Promise.all([query(none), query(none, '--json'), query(none, '--format', 'csv')]);
    expect([table, json, csv]).toEqual(['id\n--\n(0 rows)\n', '[]\n', 'id\r\n']);
  });

  it('writes Parquet and Arrow that other readers take', async () => {
    const directory = tempDir();
    const save = (format: string): Promise<unknown> =>
      runShell(`query --warehouse '${INPUT.warehouse}' '${SQL}' --format ${format}`, join(directory, `rows.${format}`));
    await Promise.all([save('arrow'), save('parquet')]);
    const arrow = tableFromIPC(readFileSync(join(directory, 'rows.arrow')));
    expect(arrow.toArray().map((row) => String(row))).toEqual([
      '{"id": 1, "v": 13, "s": "s13"}',
      '{"id": 2, "v": 22, "s": "s22"}',
      '{"id": 4, "v": 4, "s": "s4"}',
    ]);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(`select sum(v)::int s from '${join(directory, 'rows.parquet')}'`);
    expect(reader.getRowsJson()).toEqual([[39]]);
    connection.closeSync();
    instance.closeSync();
  });

  it('reads a state of before', async () => {
    expect(await query('select count(*) c from db.t', '--at', 'snapshot:1', '--format', 'ndjson')).toBe('{"c":4}\n');
  });

  it('fails with a code and the cause', async () => {
    const { code, stderr } = await runCli(['query', '--warehouse', INPUT.warehouse, 'select nope from db.t']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^E6014 .*\n[\s\S]*nope/);
  });
});

describe('tables', () => {
  it('shows rows, files and snapshots', async () => {
    const { stdout } = await runCli(['tables', '--warehouse', INPUT.warehouse, '--json']);
    const [table] = JSON.parse(stdout) as readonly Record<string, unknown>[];
    expect(table).toMatchObject({
      table: 'db.t',
      primaryKeys: ['id'],
      changelogProducer: 'input',
      latestSnapshotId: '4',
    });
  });
});

describe('changelog', () => {
  it('is followed, interrupted and resumed by its consumer', async () => {
    const warehouse = copyOf(INPUT.warehouse);
    const at = ['--warehouse', warehouse];
    const following = spawnCli(['changelog', ...at, 'db.t', '--from', 'snapshot:3', '--follow', '--consumer', 'c']);
    await following.waitFor(/"id":9/);
    const rows = join(INPUT.directory, 'rows', '01.ndjson');
    const written = await runCli(['table', 'write', ...at, '--table', 'db.t', '--rows', rows]);
    expect([written.code, written.stderr]).toEqual([0, '']);
    await following.waitFor(/"kind":"\+[IU]","row":\{"id":3/);
    const { code } = await following.kill('SIGINT');
    expect(code).toBe(130);
    const again = await runCli(['changelog', ...at, 'db.t', '--consumer', 'c', '--format', 'debezium']);
    expect([again.code, again.stdout.match(/"snapshot_id":3/)]).toEqual([0, null]);
  });
});
