// The note on the blocks of a manifest: scans unpack only blocks that may hold what they want, and a note that is damaged
// or speaks of other blocks is not believed.
import { expect, test } from 'vitest';
import { type AvroRow, readAvro, readAvroBlocks, writeAvro } from '../../../../src/paimon/format/avro.ts';
import { encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import { MANIFEST_SCHEMA } from '../../../../src/paimon/meta/avro-schemas.ts';
import type { BlockSpan } from '../../../../src/paimon/meta/manifest-blocks.ts';
import { encodeManifest } from '../../../../src/paimon/meta/manifest-file.ts';
import { FILE_ADD, type ManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import { visitManifest } from '../../../../src/paimon/meta/manifest-row.ts';
import { dataFile } from '../../../support/data-files.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const DAYS = 20;
const BUCKETS = 4;
const FILES_A_BUCKET = 25;
const CODEC = { codec: 'zstandard' } as const;

function dayRow(day: number): Uint8Array {
  return encodeCells([{ kind: 'INT', nullable: false }], [day]);
}

/** Entries in the order of their partitions and buckets. */
function entries(): readonly ManifestEntry[] {
  return Array.from({ length: DAYS * BUCKETS * FILES_A_BUCKET }, (_, index) => {
    const place = Math.floor(index / FILES_A_BUCKET);
    const [day, bucket] = [Math.floor(place / BUCKETS), place % BUCKETS];
    const file = dataFile({ fileName: `data-${index}.parquet` });
    return { kind: FILE_ADD, partition: dayRow(day), bucket, totalBuckets: BUCKETS, file };
  });
}

/** The names of the files that are seen of blocks that are wanted, and what the blocks are said to span. */
function seen(container: Uint8Array, wanted: (span: BlockSpan) => boolean) {
  const names: string[] = [];
  const spans: BlockSpan[] = [];
  visitManifest(container, {
    hasBlock: (span) => {
      spans.push(span);
      return wanted(span);
    },
    visit: (row) => names.push(row.fileName),
  });
  return { names, spans };
}

/** The container with another note in its header. */
function withNote(container: Uint8Array, note: (old: string) => string): Uint8Array {
  let old = '';
  readAvroBlocks(container, ({ metadata }) => {
    old = metadata.get('tributary.blocks') ?? '';
    return { isWanted: () => false, read: () => {} };
  });
  const rows: readonly AvroRow[] = readAvro(container);
  return writeAvro(MANIFEST_SCHEMA, rows, CODEC, () => ({ 'tributary.blocks': note(old) }));
}

test('a scan of a partition unpacks the blocks alone that hold some of it', () => {
  const container = encodeManifest(entries(), CODEC);
  const wanted = dayRow(7);
  const { names, spans } = seen(
    container,
    ({ partitions }) => partitions?.some((partition) => Buffer.compare(partition, wanted) === 0) === true,
  );
  expect(spans.length).toBeGreaterThan(3);
  const ofDay = Array.from({ length: 100 }, (_, index) => `data-${700 + index}.parquet`);
  expect(names).toEqual(expect.arrayContaining(ofDay));
  expect(names.length).toBeLessThan(entries().length / 2);
});

test('blocks name their partitions, buckets, and the number of buckets where it is one', () => {
  const [first, ...others] = entries();
  const container = encodeManifest([{ ...first, bucket: -2, totalBuckets: 9 }, ...others], CODEC);
  const { spans } = seen(container, () => false);
  expect(spans[0]).toMatchObject({ minBucket: -2, maxBucket: 3, totalBuckets: null });
  expect(spans[0].partitions?.[0]).toEqual(dayRow(0));
  expect(spans.at(-1)).toMatchObject({ maxBucket: 3, totalBuckets: BUCKETS });
  expect(spans.at(-1)?.partitions?.at(-1)).toEqual(dayRow(DAYS - 1));
});

test('blocks of many partitions do not name them', () => {
  const container = encodeManifest(
    entries().map((entry, index) => ({ ...entry, partition: dayRow(index) })),
    CODEC,
  );
  expect(seen(container, () => false).spans.map(({ partitions }) => partitions)).not.toContainEqual(expect.anything());
});

test('a manifest of one block has no note', () => {
  expect(seen(encodeManifest(entries().slice(0, 2), CODEC), () => false)).toEqual({
    names: ['data-0.parquet', 'data-1.parquet'],
    spans: [],
  });
});

test('a note that is damaged is told', () => {
  const container = encodeManifest(entries(), CODEC);
  for (const damage of [
    (old: string) => old.replace('[', '{'),
    (old: string) => old.slice(0, -9),
    () => '',
    () => '0 ',
  ]) {
    const error = thrownBy(() => seen(withNote(container, damage), () => true));
    expect(error).toMatchObject({ code: 'E3110' });
  }
});

test('a note that was copied to other blocks tells nothing of them', () => {
  let note = '';
  withNote(encodeManifest(entries(), CODEC), (old) => (note = old));
  const others = readAvro(encodeManifest(entries().slice(0, 900), CODEC));
  const container = writeAvro(MANIFEST_SCHEMA, others, CODEC, () => ({ 'tributary.blocks': note }));
  expect(seen(container, () => false).names).toHaveLength(900);
});
