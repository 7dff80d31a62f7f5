// Names of columns in Avro files: those that Avro in Java takes.
import { expect, test } from 'vitest';
import { avroHolds } from '../../../../src/paimon/format/avro/avro-schema-text.ts';

test.each([
  ['a', true],
  ['_1', true],
  ['größe', true],
  ['漢字', true],
  ['a٣', true],
  ['', false],
  ['1a', false],
  ['٣a', false],
  ['a-b', false],
  ['with space', false],
  ['a\u{1f600}', false],
  ['a\u{20000}', false],
])('%s', (name, isHeld) => {
  expect(avroHolds([{ id: 0, name, type: { kind: 'INT', nullable: true } }])).toBe(isHeld);
});
