// Values of type VARIANT, written by either side: both read the same JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { canonicalRows } from '../support/golden.ts';
import { openReplayed, replayedRows } from '../support/replayed-table.ts';
import { reference, type Reference, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

const VALUES = [
  'null',
  '[true,false,1,-129,70000,12345678901234]',
  '{"b":{"é":"x\\u0001\\ny"},"a":[1.50,-0.001,1e300,1e3,123456789012345678901234567890.5]}',
  JSON.stringify('long '.repeat(40)),
  JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`key ${n}`, [n, null]]))),
];

describe.skipIf(java === null)('VARIANT', () => {
  const client = java as Reference;

  test('is the same JSON for both sides', async () => {
    const warehouse = tempDir();
    mkdirSync(warehouse, { recursive: true });
    const at: TableAt = { warehouse, table: 'db.t' };
    await client.create(at, {
      fields: [
        { id: 0, name: 'id', type: 'INT NOT NULL' },
        { id: 1, name: 'v', type: 'VARIANT' },
      ],
      partitionKeys: [],
      primaryKeys: ['id'],
      options: { bucket: '1', 'file.format': 'parquet' },
      comment: '',
    });
    const rows = VALUES.map((v, id) => ({ kind: '+I', row: { id, v } }));
    await client.write(at, [...rows, { kind: '+I', row: { id: 99, v: null } }]);
    const theirs = canonicalRows(await client.read(at));
    expect(await replayedRows(await openReplayed(warehouse))).toEqual(theirs);
    const path = join(warehouse, 'rows.ndjson');
    writeFileSync(
      path,
      rows.map((row) => `${JSON.stringify({ ...row, row: { ...row.row, id: row.row.id + 100 } })}\n`).join(''),
    );
    await (await tableCommand()).parseAsync(['write', '--warehouse', warehouse, '--table', 'db.t', '--rows', path], {
      from: 'user',
    });
    const all = await client.read(at);
    expect(await replayedRows(await openReplayed(warehouse))).toEqual(canonicalRows(all));
    const ours = all.filter((row) => Number(row['id']) >= 100);
    expect(canonicalRows(ours.map((row) => ({ ...row, id: Number(row['id']) - 100 })))).toEqual(
      canonicalRows(all.filter((row) => Number(row['id']) < 99)),
    );
  });
});
