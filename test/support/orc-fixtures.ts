// ORC files of the reference in test/fixtures/orc, and the columns that they have.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DataField } from '../../src/paimon/schema/data-type.ts';
import { parseDataField } from '../../src/paimon/schema/data-type-text.ts';

/** The columns of the files that hold rows.ndjson. */
export const ROWS_FIELDS = fieldsOf({
  id: 'BIGINT NOT NULL',
  a: 'INT',
  b: 'BIGINT',
  c: 'BIGINT',
  p: 'BIGINT',
  sh: 'SMALLINT',
  s: 'STRING',
  u: 'STRING',
  ch: 'CHAR(6)',
  d: 'DECIMAL(20, 5)',
  d2: 'DECIMAL(9, 3)',
  ts: 'TIMESTAMP(6)',
  tz: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  ts9: 'TIMESTAMP(9)',
  f: 'FLOAT',
  bo: 'BOOLEAN',
  bin: 'BYTES',
  dt: 'DATE',
  arr: { type: 'ARRAY', element: 'INT' },
  m: { type: 'MAP', key: 'STRING', value: 'INT' },
});

/** The columns of nested.orc. */
export const NESTED_FIELDS = fieldsOf({
  id: 'INT NOT NULL',
  ai: { type: 'ARRAY', element: 'INT' },
  as: { type: 'ARRAY', element: 'STRING' },
  aa: { type: 'ARRAY', element: { type: 'ARRAY', element: 'BIGINT' } },
  m: { type: 'MAP', key: 'STRING NOT NULL', value: 'BIGINT' },
  mi: { type: 'MAP', key: 'INT NOT NULL', value: rowOf({ x: 'DOUBLE', y: 'DECIMAL(10, 3)' }) },
  r: rowOf({ a: 'INT', b: 'STRING', c: rowOf({ d: 'TIMESTAMP(6)', e: { type: 'ARRAY', element: 'STRING' } }) }),
  ar: { type: 'ARRAY', element: rowOf({ k: 'INT', v: 'STRING' }) },
  ms: { type: 'MULTISET', element: 'STRING NOT NULL' },
  ats: { type: 'ARRAY', element: 'TIMESTAMP(3)' },
  ab: { type: 'ARRAY', element: 'BYTES' },
  ad: { type: 'ARRAY', element: 'DECIMAL(38, 2)' },
});

type TypeJson = string | { readonly [name: string]: TypeJson | readonly TypeJson[] | number };

function fieldJsons(
  types: Readonly<Record<string, TypeJson>>,
): readonly { id: number; name: string; type: TypeJson }[] {
  return Object.entries(types).map(([name, type], id) => ({ id, name, type }));
}

function rowOf(types: Readonly<Record<string, TypeJson>>): TypeJson {
  return { type: 'ROW', fields: fieldJsons(types) };
}

/** Fields by the names and types of a schema file. */
export function fieldsOf(types: Readonly<Record<string, TypeJson>>): readonly DataField[] {
  return fieldJsons(types).map((field) => parseDataField(field));
}

export function orcFixture(name: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`../fixtures/orc/${name}`, import.meta.url)));
}
