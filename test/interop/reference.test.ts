// The Java reference answers through its long-lived process: it reads a golden table as recorded, and writes one.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { golden } from '../support/golden.ts';
import { Refused } from '../support/line-process.ts';
import { type Reference, reference } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

describe.skipIf(java === null)('the Java reference', () => {
  const client = java as Reference;

  test('reads a golden table as recorded', async () => {
    const recorded = golden('dedup-basic');
    const at = { warehouse: recorded.warehouse, table: 'db.t' };
    expect({ kind: 'rows', rows: await client.read(at) }).toEqual(recorded.expected('read-snapshot-7.ndjson'));
    expect({ kind: 'rows', rows: await client.read(at, { snapshot: 3n }) }).toEqual(
      recorded.expected('read-snapshot-3.ndjson'),
    );
    expect({ kind: 'rows', rows: await client.changelog(at) }).toEqual(recorded.expected('changelog.ndjson'));
    expect({ kind: 'rows', rows: await client.dump(at) }).toEqual(recorded.expected('dump.ndjson'));
  });

  test('creates, writes, compacts and checks a table', async () => {
    const at = { warehouse: tempDir(), table: 'db.t' };
    await client.create(at, golden('dedup-basic').schema);
    await client.write(at, [
      { kind: '+I', row: { id: '1', v: 1, s: 'ü\n' } },
      { kind: '+I', row: { id: '2', v: 2, s: null } },
    ]);
    await client.write(at, [{ kind: '-D', row: { id: '2', v: 2, s: null } }], { commitUser: 'other', commitId: 7n });
    await client.compact(at, { full: true });
    expect(await client.read(at)).toEqual([{ id: '1', v: 1, s: 'ü\n' }]);
    expect(await client.read(at, { filter: ['id', '=', '2'] })).toEqual([]);
    expect((await client.systable(at, 'snapshots')).map((row) => row['commit_kind'])).toEqual([
      'APPEND',
      'APPEND',
      'COMPACT',
    ]);
    expect(await client.fsck(at)).toMatchObject({ ok: true, problems: [] });
  });

  test('reports a damaged table', async () => {
    const { warehouse, tableDirectory } = golden('dedup-basic', { fresh: true });
    rmSync(join(tableDirectory, 'bucket-0'), { recursive: true });
    mkdirSync(join(tableDirectory, 'bucket-0'));
    expect(await client.fsck({ warehouse, table: 'db.t' })).toMatchObject({ ok: false });
  });

  test('says why it refuses, and goes on', async () => {
    const { warehouse } = golden('dedup-basic');
    await expect(client.read({ warehouse, table: 'db.none' })).rejects.toThrow(Refused);
    expect(await client.read({ warehouse, table: 'db.t' }, { snapshot: 1 })).not.toHaveLength(0);
  });
});
