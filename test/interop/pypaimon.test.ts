// pypaimon answers through its long-lived process: it reads golden tables as the Java reference does.
import { describe, expect, test } from 'vitest';
import { canonicalRows, golden } from '../support/golden.ts';
import { Refused } from '../support/line-process.ts';
import { type Pypaimon, pypaimon } from '../support/pypaimon.ts';

const python = await pypaimon();

describe.skipIf(python === null)('pypaimon', () => {
  const client = python as Pypaimon;

  const cases = ['dedup-basic', 'types-primitive-parquet', 'types-float-special', 'part-date', 'dv-basic', 'se-rename'];
  test.each(cases)('reads %s as the reference does', async (name) => {
    const recorded = golden(name);
    const answer = recorded.latest();
    expect(answer.kind).toBe('rows');
    const rows = await client.read({ warehouse: recorded.warehouse, table: 'db.t' });
    expect(canonicalRows(rows)).toEqual(canonicalRows(answer.kind === 'rows' ? answer.rows : []));
    expect(rows).not.toHaveLength(0);
  });

  test('travels back in time by a dynamic option', async () => {
    const recorded = golden('dedup-basic');
    const rows = await client.read(
      { warehouse: recorded.warehouse, table: 'db.t' },
      {
        options: { 'scan.snapshot-id': '1' },
      },
    );
    const answer = recorded.expected('read-snapshot-1.ndjson');
    expect(canonicalRows(rows)).toEqual(canonicalRows(answer.kind === 'rows' ? answer.rows : []));
  });

  test('says why it refuses, and goes on', async () => {
    const { warehouse } = golden('dedup-basic');
    await expect(client.read({ warehouse, table: 'db.none' })).rejects.toThrow(Refused);
    expect(await client.read({ warehouse, table: 'db.t' })).not.toHaveLength(0);
  });
});
