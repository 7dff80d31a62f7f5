// Every type that can be a primary key, with extremes, nulls aside: who wrote the table does not matter to who reads it.
import { describe, expect, test } from 'vitest';
import { createRowReader, createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/random.ts';
import { builderFor } from '../../src/column/builder.ts';
import { FileSystemCatalog } from '../../src/paimon/catalog/file-system-catalog.ts';
import { LiveFiles } from '../../src/paimon/lsm/live-files.ts';
import { createTaskRunner } from '../../src/paimon/lsm/task-runner.ts';
import { shapeOf } from '../../src/paimon/schema/data-type.ts';
import { parseTableDefinition } from '../../src/paimon/schema/table-schema-json.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import type { GoldenRow, GoldenValue } from '../support/golden.ts';
import { type Reference, reference } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

const INSTANTS = ['0001-01-01T00:00:00', '1969-12-31T23:59:59', '1970-01-01T00:00:00', '9999-12-31T23:59:59'];

/** NaN is left out: the reference takes it for equal to the key beside it, and loses one of the two. */
const KEYS: readonly (readonly [string, readonly GoldenValue[]])[] = [
  ['BOOLEAN', [true, false]],
  ['TINYINT', [-128, -1, 0, 127]],
  ['SMALLINT', [-32768, 0, 32767]],
  ['INT', [-2147483648, -1, 0, 2147483647]],
  ['BIGINT', ['-9223372036854775808', '-1', '0', '9223372036854775807']],
  ['FLOAT', [-3e38, -0.5, 0, 1e-30, 'Infinity', '-Infinity']],
  ['DOUBLE', [-1e300, -0.5, 0, 5e-324, 'Infinity']],
  ['DECIMAL(5, 2)', ['-999.99', '0.00', '0.01', '999.99']],
  ['DECIMAL(18, 3)', ['-999999999999999.999', '0.000', '999999999999999.999']],
  ['DECIMAL(38, 10)', ['-1234567890123456789012345678.0123456789', '0.0000000000', '-0.0000000001', '1.0000000000']],
  ['CHAR(3)', ['abc', 'äöü', 'zzz']],
  ['VARCHAR(20)', ['', 'a', 'seven77', 'eight888', 'ä😀', '\uffff']],
  ['STRING', ['', 'a', 'seven77', 'eight888', 'x'.repeat(300), 'ä😀', '\uffff']],
  ['BINARY(4)', ['00000000', '61626364', 'ffffffff']],
  ['VARBINARY(20)', ['', '00', '7f', '80', 'ff00']],
  ['BYTES', ['', '00', '80ff', '61'.repeat(100)]],
  ['DATE', ['0001-01-01', '1969-12-31', '1970-01-01', '9999-12-31']],
  ['TIME(0)', ['00:00:00.000', '23:59:59.000']],
  ['TIME(3)', ['00:00:00.000', '23:59:59.999']],
  ['TIMESTAMP(0)', INSTANTS.map((text) => `${text}.000000`)],
  ['TIMESTAMP(3)', INSTANTS.map((text) => `${text}.123000`)],
  ['TIMESTAMP(6)', INSTANTS.map((text) => `${text}.123456`)],
  ['TIMESTAMP(9)', INSTANTS.slice(1, 3).map((text) => `${text}.123456789`)],
  ['TIMESTAMP(3) WITH LOCAL TIME ZONE', INSTANTS.map((text) => `${text}.123000Z`)],
  ['TIMESTAMP(6) WITH LOCAL TIME ZONE', INSTANTS.map((text) => `${text}.123456Z`)],
];

function definition(type: string, bucket: number): object {
  const fields = [
    { id: 0, name: 'v', type: 'INT' },
    { id: 1, name: 'k', type: `${type} NOT NULL` },
  ];
  return { fields, partitionKeys: [], primaryKeys: ['k'], options: { bucket: String(bucket) }, comment: '' };
}

/** Writes rows as one commit. */
async function write(table: Table, rows: readonly GoldenRow[]): Promise<void> {
  const read = createRowReader(table.schema.fields);
  const builders = table.schema.fields.map((field) => builderFor(shapeOf(field.type)));
  for (const [index, row] of rows.entries()) read(row, builders, index);
  const columns = builders.map((builder) => builder.finish(rows.length));
  const parts = { clock: systemClock, random: systemRandom };
  const committer = await table.committer(parts);
  const runner = createTaskRunner(table.store, 0);
  const writer = table.openWriter({ ...parts, runner, liveFiles: new LiveFiles(committer.liveEntries()) });
  const kinds = new Uint8Array(rows.length);
  writer.write({ rowCount: rows.length, columns, kinds, beforeImages: true, hasMissing: false, sizeBytes: 1000 });
  const message = await writer.prepareCommit();
  const { added = [], changelog = [] } = message ?? {};
  await committer.commit({ kind: 'APPEND', added, deleted: [], changelog, commitUser: 'us', commitIdentifier: 1n });
}

async function rowsOf(table: Table): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const batch of table.read()) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(print(batch.columns, row));
  }
  return rows;
}

describe.skipIf(java === null)('primary keys', () => {
  const client = java as Reference;

  test.each(KEYS)('of type %s', async (type, values) => {
    const rows = values.map((k, v) => ({ v, k }));
    const older = rows.map(({ k }) => ({ v: -1, k }));
    const [theirs, ours] = [1, 4].map((bucket) => ({ at: { warehouse: tempDir(), table: 'db.t' }, bucket }));
    await client.create(theirs.at, definition(type, theirs.bucket));
    await client.write(
      theirs.at,
      older.map((row) => ({ kind: '+I', row })),
      { writeOnly: true },
    );
    await client.write(
      theirs.at,
      rows.map((row) => ({ kind: '+I', row })),
      { writeOnly: true },
    );
    const read = await Table.open(new LocalFileStore(theirs.at.warehouse), { database: 'db', table: 't' });
    const seen = (await rowsOf(read)).map((text) => JSON.parse(text) as GoldenRow);
    expect(seen).toEqual(await client.read(theirs.at));
    expect(seen).toHaveLength(values.length);

    const store = new LocalFileStore(ours.at.warehouse);
    const place = { database: 'db', table: 't' };
    const made = parseTableDefinition(JSON.stringify(definition(type, ours.bucket)));
    await new FileSystemCatalog(store).createTable(place, made, systemClock.nowMs());
    await write(await Table.open(store, place), older);
    await write(await Table.open(store, place), rows);
    expect(await client.read(ours.at)).toEqual(seen);
    expect(await client.fsck(ours.at)).toMatchObject({ ok: true, problems: [] });
    await client.compact(ours.at, { full: true });
    expect(await client.read(ours.at)).toEqual(seen);
  });
});
