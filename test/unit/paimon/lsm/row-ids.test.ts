// Tables whose rows have ids are refused where writing would lose the ids, and where reading would mix up columns.
import { expect, it } from 'vitest';
import { newTableSchema } from '../../../../src/paimon/schema/new-schema.ts';
import { requireNoRowIds, requireWritable } from '../../../../src/paimon/lsm/write-mode.ts';

function schemaWith(options: Readonly<Record<string, string>>) {
  const fields = [{ id: 0, name: 'a', type: { kind: 'INT', nullable: true } }] as const;
  return newTableSchema({ fields, partitionKeys: [], primaryKeys: [], options, comment: null }, 0);
}

it.each([{ 'row-tracking.enabled': 'true' }, { 'row-tracking.enabled': 'true', 'data-evolution.enabled': 'true' }])(
  '%o',
  (options) => {
    expect(() => requireWritable(schemaWith({ bucket: '-1', ...options }))).toThrow(
      expect.objectContaining({ code: 'E3301' }),
    );
    expect(() => requireNoRowIds(schemaWith({ bucket: '-1', ...options }))).toThrow(
      expect.objectContaining({ code: 'E3301' }),
    );
  },
);

it('other append tables are written', () => {
  expect(() => requireWritable(schemaWith({ bucket: '-1', 'row-tracking.enabled': 'false' }))).not.toThrow();
});
