// What a manifest list says of a manifest follows from the manifest's entries.
import { expect, test } from 'vitest';
import { decodeCells, EMPTY_ROW, encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import type { Cell } from '../../../../src/paimon/format/cell.ts';
import type { DataFileMeta } from '../../../../src/paimon/meta/data-file-meta.ts';
import type { ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { decodeManifest, encodeManifest } from '../../../../src/paimon/meta/manifest-file.ts';
import { describeManifest } from '../../../../src/paimon/meta/manifest-list.ts';
import { EMPTY_STATS } from '../../../../src/paimon/meta/stats.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

const TYPES = ['STRING', 'INT'].map(parseDataType);

const FILE: DataFileMeta = {
  fileName: 'data-0.parquet',
  fileSize: 10,
  rowCount: 5,
  minKey: EMPTY_ROW,
  maxKey: EMPTY_ROW,
  keyStats: EMPTY_STATS,
  valueStats: EMPTY_STATS,
  minSequenceNumber: 9007199254740993n,
  maxSequenceNumber: 9223372036854775807n,
  schemaId: 0,
  level: 0,
  extraFiles: ['data-0.parquet.index'],
  creationTimeMs: 1,
  deleteRowCount: 0,
  embeddedFileIndex: new Uint8Array([1, 2]),
  fileSource: 1,
  valueStatsCols: [],
  externalPath: 's3://elsewhere/data-0.parquet',
  firstRowId: 100n,
  writeCols: ['a'],
};

function entry(kind: number, cells: readonly Cell[], changes: Partial<DataFileMeta> = {}, bucket = 0): ManifestEntry {
  return { kind, partition: encodeCells(TYPES, cells), bucket, totalBuckets: 4, file: { ...FILE, ...changes } };
}

test('counts, ranges and partition bounds, NULL partitions counted apart', () => {
  const entries = [
    entry(0, [Buffer.from('😀'), 3], { level: 5, schemaId: 2 }, 3),
    entry(1, [Buffer.from('\uffff'), -4], { firstRowId: 7n }, 1),
    entry(0, [null, 3]),
    entry(0, [null, 3]),
  ];
  const described = describeManifest({ fileName: 'm', fileSize: 99 }, entries, TYPES);
  expect(described).toMatchObject({
    fileName: 'm',
    fileSize: 99,
    numAddedFiles: 3,
    numDeletedFiles: 1,
    schemaId: 2,
    minBucket: 0,
    maxBucket: 3,
    minLevel: 0,
    maxLevel: 5,
    minRowId: 7n,
    maxRowId: 104n,
  });
  const { minValues, maxValues, nullCounts } = described.partitionStats;
  // UTF-8 order, in which U+FFFF comes before what lies beyond it; UTF-16 would have it the other way.
  expect(decodeCells(TYPES, minValues).map(text)).toEqual(['\uffff', -4]);
  expect(decodeCells(TYPES, maxValues).map(text)).toEqual(['😀', 3]);
  expect(nullCounts).toEqual([2n, 0n]);
});

test('row ids are unknown when one file has none', () => {
  const entries = [entry(0, [null, 1]), entry(0, [null, 1], { firstRowId: null })];
  expect(describeManifest({ fileName: 'm', fileSize: 1 }, entries, TYPES)).toMatchObject({
    minRowId: null,
    maxRowId: null,
  });
});

test('every field of an entry survives, set or null', () => {
  const bare = {
    creationTimeMs: null,
    deleteRowCount: null,
    embeddedFileIndex: null,
    fileSource: null,
    valueStatsCols: null,
    externalPath: null,
    firstRowId: null,
    writeCols: null,
    extraFiles: [],
    keyStats: { ...EMPTY_STATS, nullCounts: null },
    valueStats: { ...EMPTY_STATS, nullCounts: [null, 3n] },
  };
  const entries = [entry(0, [null, 1]), entry(1, [null, 1], bare, -2)];
  expect(decodeManifest(encodeManifest(entries, { codec: 'zstandard' }))).toEqual(entries);
});

function text(cell: Cell): unknown {
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : cell;
}
