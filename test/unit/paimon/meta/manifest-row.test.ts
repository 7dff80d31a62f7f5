// Rows of manifests that are walked over: by name, whatever else a newer writer put beside them; what is not asked for
// is not looked at, and what is kept does not hold the manifest.
import { expect, test } from 'vitest';
import { type AvroRow, writeAvro } from '../../../../src/paimon/format/avro.ts';
import { EMPTY_ROW } from '../../../../src/paimon/format/binary-row.ts';
import { MANIFEST_SCHEMA } from '../../../../src/paimon/meta/avro-schemas.ts';
import type { ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { everyRow, visitManifest } from '../../../../src/paimon/meta/manifest-row.ts';

interface Field {
  readonly name: string;
  readonly type: unknown;
}

const { fields: FIELDS, ...RECORD } = JSON.parse(MANIFEST_SCHEMA) as { readonly fields: readonly Field[] };
const FILE_TYPE = FIELDS[5].type as { readonly fields: readonly Field[] };
const BYTES = Buffer.from(EMPTY_ROW);
const STATS = { _MIN_VALUES: BYTES, _MAX_VALUES: BYTES, _NULL_COUNTS: [null, 7, 0] };
const FILE: AvroRow = {
  _FILE_NAME: 'data-ö.parquet',
  _FILE_SIZE: 4_294_967_297,
  _ROW_COUNT: 3,
  _MIN_KEY: BYTES,
  _MAX_KEY: Buffer.from([1, 2, 3]),
  _KEY_STATS: STATS,
  _VALUE_STATS: { ...STATS, _NULL_COUNTS: null },
  _MIN_SEQUENCE_NUMBER: -9_007_199_254_740_993n,
  _MAX_SEQUENCE_NUMBER: 9_223_372_036_854_775_807n,
  _SCHEMA_ID: 2,
  _LEVEL: 5,
  _EXTRA_FILES: ['x.index'],
  _CREATION_TIME: -1,
  _DELETE_ROW_COUNT: null,
  _EMBEDDED_FILE_INDEX: null,
  _FILE_SOURCE: 1,
  _VALUE_STATS_COLS: ['a', 'b'],
  _EXTERNAL_PATH: null,
  _FIRST_ROW_ID: 12,
  _WRITE_COLS: null,
};
const ROW: AvroRow = { _VERSION: 2, _KIND: 1, _PARTITION: BYTES, _BUCKET: -2, _TOTAL_BUCKETS: -1, _FILE: FILE };

function manifest(fileFields: readonly Field[], rows: readonly AvroRow[], topFields = FIELDS): Uint8Array {
  const fields = topFields.map((field) =>
    field.name === '_FILE' ? { ...field, type: { ...FILE_TYPE, fields: fileFields } } : field,
  );
  return writeAvro(JSON.stringify({ ...RECORD, fields }), rows, { codec: 'zstandard' });
}

function entries(container: Uint8Array): readonly ManifestEntry[] {
  const found: ManifestEntry[] = [];
  visitManifest(
    container,
    everyRow((row) => found.push(row.entry())),
  );
  return found;
}

test('every field of a row, those at the ends of their ranges too', () => {
  const stats = { minValues: EMPTY_ROW, maxValues: EMPTY_ROW };
  expect(entries(manifest(FILE_TYPE.fields, [ROW, ROW]))[1]).toEqual({
    kind: 1,
    partition: EMPTY_ROW,
    bucket: -2,
    totalBuckets: -1,
    file: {
      fileName: 'data-ö.parquet',
      fileSize: 4_294_967_297,
      rowCount: 3,
      minKey: EMPTY_ROW,
      maxKey: new Uint8Array([1, 2, 3]),
      keyStats: { ...stats, nullCounts: [null, 7n, 0n] },
      valueStats: { ...stats, nullCounts: null },
      minSequenceNumber: -9_007_199_254_740_993n,
      maxSequenceNumber: 9_223_372_036_854_775_807n,
      schemaId: 2,
      level: 5,
      extraFiles: ['x.index'],
      creationTimeMs: -1,
      deleteRowCount: null,
      embeddedFileIndex: null,
      fileSource: 1,
      valueStatsCols: ['a', 'b'],
      externalPath: null,
      firstRowId: 12n,
      writeCols: null,
    },
  });
});

test('fields in another order, fewer and more of them', () => {
  const older = FILE_TYPE.fields.slice(0, 13).toReversed();
  const newer = [{ name: '_NEW', type: ['null', { type: 'map', values: 'string' }] }, ...FILE_TYPE.fields];
  const [old] = entries(manifest(older, [ROW], FIELDS.toReversed()));
  const [recent] = entries(manifest(newer, [{ ...ROW, _FILE: { ...FILE, _NEW: { a: 'b' } } }]));
  expect(recent).toEqual(entries(manifest(FILE_TYPE.fields, [ROW]))[0]);
  expect(old).toEqual({
    ...recent,
    file: { ...recent.file, fileSource: null, valueStatsCols: null, firstRowId: null },
  });
});

test('what is kept owns its bytes', () => {
  const rows = Array.from({ length: 1000 }, () => ROW);
  const [entry] = entries(manifest(FILE_TYPE.fields, rows));
  expect(entry.partition.buffer.byteLength).toBeLessThan(10_000);
});

test('fields that are missing or of another type are refused with their name', () => {
  const without = FILE_TYPE.fields.filter(({ name }) => name !== '_LEVEL');
  const retyped = (name: string, type: unknown, value: AvroRow[string]) =>
    manifest(
      FILE_TYPE.fields.map((field) => (field.name === name ? { name, type } : field)),
      [{ ...ROW, _FILE: { ...FILE, [name]: value } }],
    );
  const refused: readonly (readonly [string, Uint8Array])[] = [
    ['_LEVEL', manifest(without, [ROW])],
    ['_LEVEL', retyped('_LEVEL', 'string', '5')],
    ['_LEVEL', retyped('_LEVEL', ['null', 'int'], null)],
    ['_KEY_STATS', retyped('_KEY_STATS', 'long', 1)],
    ['_EXTRA_FILES', retyped('_EXTRA_FILES', { type: 'array', items: 'long' }, [1])],
    ['_FILE_SIZE', retyped('_FILE_SIZE', 'long', 2n ** 60n)],
    ['_FILE_NAME', retyped('_FILE_NAME', 'string', '../x')],
  ];
  for (const [field, container] of refused) {
    expect(() => entries(container)).toThrow(
      expect.objectContaining({ code: 'E3110', message: expect.stringContaining(field) as string }),
    );
  }
  expect(() => entries(manifest(FILE_TYPE.fields, [{ ...ROW, _VERSION: 1 }]))).toThrow(
    expect.objectContaining({ code: 'E3110' }),
  );
});
