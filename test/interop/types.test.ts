// The text and JSON of types: the reference and we take the same ones, and mean the same by them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { dataFieldToJson } from '../../src/paimon/schema/data-type-text.ts';
import { newTableSchema } from '../../src/paimon/schema/new-schema.ts';
import { parseTableDefinition } from '../../src/paimon/schema/table-schema-json.ts';
import { Refused } from '../support/line-process.ts';
import { type Reference, reference } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

/** Good ones first, then some that are none. */
const TEXTS = `
INTEGER|int|Double Precision|DEC(5)|NUMERIC(5,2)|DECIMAL|DECIMAL( 38 , 38 )|VARCHAR|CHAR|BINARY|VARBINARY(3) NULL
BYTES NOT NULL|TIME|TIME(3) WITHOUT TIME ZONE|TIMESTAMP|TIMESTAMP WITHOUT TIME ZONE|timestamp_ltz(3)|TIMESTAMP_LTZ
TIMESTAMP(9) WITH LOCAL TIME ZONE NOT NULL|VARIANT|INT ARRAY|INT NOT NULL ARRAY NOT NULL|VARCHAR(5) MULTISET
VARCHAR(2147483647)|STRING  NOT   NULL
DECIMAL(39, 0)|DECIMAL(5, 6)|DECIMAL(0)|VARCHAR(0)|CHAR(0)|TIMESTAMP(10)|TIME(10)|BINARY(0)|ARRAY<INT>|INT(5)|UUID|INT NOT
DECIMAL(5|STRING(5)|FLOAT(3)|DATE(1)|CHAR(99999999999)`
  .split(/[|\n]/)
  .slice(1);

const NESTED: readonly object[] = [
  {
    type: 'ARRAY NOT NULL',
    element: { type: 'MAP', key: 'INT NOT NULL', value: { type: 'MULTISET', element: 'DATE' } },
  },
  { type: 'ROW', fields: [] },
  { type: 'ROW', fields: [{ id: 7, name: 'x', type: 'INT', description: 'd', defaultValue: '1' }] },
  { type: 'ARRAY' },
  { type: 'STRUCT', fields: [] },
];

describe.skipIf(java === null)('types', () => {
  const client = java as Reference;

  test.each<unknown>(['', ...TEXTS, ...NESTED])('%j', async (type) => {
    const fields = [
      { id: 0, name: 'id', type: 'INT NOT NULL' },
      { id: 1, name: 'v', type },
    ];
    const schema = { fields, partitionKeys: [], primaryKeys: ['id'], options: { bucket: '1' }, comment: '' };
    expect(ours(schema)).toEqual(await theirs(schema));
  });

  /** The columns as the reference stores them; null where it refuses them. */
  async function theirs(schema: object): Promise<unknown> {
    const warehouse = tempDir();
    await client.create({ warehouse, table: 'db.t' }, schema).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
    const path = join(warehouse, 'db.db', 't', 'schema', 'schema-0');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { fields: unknown }).fields : null;
  }
});

/** The columns as we store them; null where we refuse them. */
function ours(schema: object): unknown {
  try {
    const { fields } = newTableSchema(parseTableDefinition(JSON.stringify(schema)), 0);
    return JSON.parse(JSON.stringify(fields.map(dataFieldToJson))) as unknown;
  } catch (error) {
    if (isTributaryError(error)) return null;
    throw error;
  }
}
