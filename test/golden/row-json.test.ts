// Every row that was written to the golden tables, and every row that the reference read back, is read as JSON and
// printed again as it was.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { type JsonValue, parseJson } from '../../src/base/json-text.ts';
import { builderFor } from '../../src/column/builder.ts';
import { createRowPrinter, createRowReader } from '../../src/paimon/format/row-json.ts';
import { parseSnapshot } from '../../src/paimon/meta/snapshot-json.ts';
import { type DataField, shapeOf } from '../../src/paimon/schema/data-type.ts';
import { parseTableSchema } from '../../src/paimon/schema/table-schema-json.ts';
import { type GoldenCase, golden, goldenNames } from '../support/golden.ts';

describe.each(goldenNames())('%s', (name) => {
  const found = golden(name);

  test('rows that were read at snapshots', () => {
    for (const id of snapshotIds(found)) {
      const file = `read-snapshot-${id}.ndjson`;
      const expected = found.expectedNames.includes(file) ? found.expected(file) : null;
      if (expected?.kind !== 'rows') continue;
      expect(printed(fieldsAt(found, id), expected.rows)).toEqual(expected.rows);
    }
  });

  test('rows that were written', () => {
    const directory = join(found.directory, 'rows');
    for (const file of readdirSync(directory).filter((candidate) => candidate.endsWith('.ndjson'))) {
      const lines = readFileSync(join(directory, file), 'utf8').split('\n');
      const rows = lines.filter((line) => line !== '').map((line) => rowOf(parseJson(line)));
      const fields = fieldsFitting(found, rows);
      const again = printed(fields, rows).map((row) => withoutNulls(row));
      expect(printed(fields, again).map((row) => withoutNulls(row))).toEqual(again);
    }
  });
});

function printed(fields: readonly DataField[], rows: readonly JsonValue[]): readonly JsonValue[] {
  const builders = fields.map((field) => builderFor(shapeOf(field.type)));
  const read = createRowReader(fields, { unknownColumns: 'ignore' });
  rows.forEach((row, index) => read(row, builders, index));
  const columns = builders.map((builder) => builder.finish(rows.length));
  const print = createRowPrinter(fields);
  return rows.map((_row, index) => JSON.parse(print(columns, index)) as JsonValue);
}

function rowOf(line: JsonValue): JsonValue {
  return (line as { readonly row: JsonValue }).row;
}

function withoutNulls(row: JsonValue): JsonValue {
  return Object.fromEntries(Object.entries(row as object).filter(([, value]) => value !== null)) as JsonValue;
}

function snapshotIds(found: GoldenCase): readonly string[] {
  return readdirSync(join(found.tableDirectory, 'snapshot'))
    .filter((file) => file.startsWith('snapshot-'))
    .map((file) => file.slice('snapshot-'.length));
}

function fieldsAt(found: GoldenCase, snapshotId: string): readonly DataField[] {
  const snapshot = parseSnapshot(
    readFileSync(join(found.tableDirectory, 'snapshot', `snapshot-${snapshotId}`), 'utf8'),
  );
  return schemaFields(found, `schema-${snapshot.schemaId}`);
}

/** The fields of the version that the rows were written with: of those that can hold them, that with most columns. */
function fieldsFitting(found: GoldenCase, rows: readonly JsonValue[]): readonly DataField[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row as object)));
  const fitness = (fields: readonly DataField[]): number => fields.filter((field) => names.has(field.name)).length;
  return readdirSync(join(found.tableDirectory, 'schema'))
    .map((file) => schemaFields(found, file))
    .filter((fields) => canHold(fields, rows))
    .reduce((best, fields) => (fitness(fields) > fitness(best) ? fields : best));
}

function canHold(fields: readonly DataField[], rows: readonly JsonValue[]): boolean {
  try {
    return printed(fields, rows).length === rows.length;
  } catch (error) {
    if (isTributaryError(error, 'E3130')) return false;
    throw error;
  }
}

function schemaFields(found: GoldenCase, file: string): readonly DataField[] {
  return parseTableSchema(readFileSync(join(found.tableDirectory, 'schema', file), 'utf8')).fields;
}
