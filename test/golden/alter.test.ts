// The schemas of the reference's altered tables follow from the first one and the changes that were asked for.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDefaultValue } from '../../src/paimon/format/default-value.ts';
import { applySchemaChanges } from '../../src/paimon/schema/apply-schema-changes.ts';
import { validateSchema } from '../../src/paimon/schema/validate-schema.ts';
import { parseSchemaChanges } from '../../src/paimon/schema/schema-change.ts';
import type { TableSchema } from '../../src/paimon/schema/table-schema.ts';
import { parseTableSchema } from '../../src/paimon/schema/table-schema-json.ts';
import { type GoldenCase, golden, goldenNames } from '../support/golden.ts';

function schemaOf(found: GoldenCase, id: number): TableSchema {
  return parseTableSchema(readFileSync(join(found.tableDirectory, 'schema', `schema-${id}`), 'utf8'));
}

/** The files of changes, in order. */
function changesOf(found: GoldenCase): readonly string[] {
  return found.steps.flatMap(({ args }) => (args[0] === 'alter' ? [String(args[args.indexOf('--changes') + 1])] : []));
}

describe('the schema after each ALTER', () => {
  const altered = goldenNames().filter((name) => changesOf(golden(name)).length > 0);

  it('is compared for several tables', () => expect(altered.length).toBeGreaterThan(6));

  it.each(altered)('%s', (name) => {
    const found = golden(name);
    for (const [id, file] of changesOf(found).entries()) {
      const expected = schemaOf(found, id + 1);
      const changes = parseSchemaChanges(readFileSync(join(found.directory, file), 'utf8'));
      const context = { hasSnapshots: true, timeMillis: expected.timeMillis, checkDefaultValue };
      const next = applySchemaChanges(schemaOf(found, id), changes, context);
      expect({ ...next, id: id + 1 }).toEqual(expected);
      expect(() => validateSchema(next)).not.toThrow();
    }
  });
});
