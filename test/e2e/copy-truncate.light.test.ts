// TRUNCATE does not obey snapshots: a table emptied between the copy's snapshot and its reading is copied again.
import { expect, test } from 'vitest';
import { tableKey } from '../../src/change/table-key.ts';
import { postgresFixture } from '../support/postgres-fixture.ts';

const fixture = postgresFixture();

test.each([
  ['a table', 'create table t (id int primary key, body text)', 'truncate t'],
  [
    'a partition',
    'create table t (id int primary key, body text) partition by range (id); create table t_1 partition of t for values from (0) to (100)',
    'truncate t_1',
  ],
])(
  'P12 P17: %s truncated before its rows are copied is told from an empty one, to be copied anew',
  async (_, create, truncate) => {
    await fixture.sql(
      create,
      "insert into t values (1, 'x')",
      'create table calm (id int primary key)',
      'insert into calm values (1)',
    );
    const source = fixture.source();
    await source.open();
    const [t, calm] = [tableKey('public', 't'), tableKey('public', 'calm')];
    const signal = new AbortController().signal;
    const copy = await source.beginCopy([t, calm], signal);
    await fixture.sql(truncate);
    const rowCount = async (key: typeof t): Promise<number> => {
      let count = 0;
      for await (const batch of copy.rows(key, signal)) count += batch.rowCount;
      return count;
    };
    expect(await rowCount(calm)).toBe(1);
    await expect(rowCount(t)).rejects.toMatchObject({ code: 'E2014', kind: 'retry' });
    await copy.close();
  },
);
