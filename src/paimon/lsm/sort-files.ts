// Writes the rows of files of an append table anew, in the order of sort keys.
import { type Clock, localTimeMs } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { RunStore } from '../../storage/scratch-store.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { DataFileFormat, DataFileWriter, FileNames } from './data-file-writer.ts';
import type { DeletedRows } from './deletion-vector.ts';
import { ExternalSorter } from './external-sorter.ts';
import { filePaths } from './file-paths.ts';
import { tableLayout } from './key-value-file.ts';
import { sequenceFrom } from './key-values.ts';
import type { Place } from './row-places.ts';
import { type BucketReader, readFile } from './section-reader.ts';
import type { SortKeyMaker } from './sort-key.ts';

/** What files are sorted with. */
export interface SortFilesParts {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly tablePath: string;
  readonly schemas: SchemaStore;
  readonly random: Random;
  readonly clock: Clock;
  /** Takes sorted runs; where sorting fails, some stay. */
  readonly spill: RunStore;
  /** Bytes of rows that are in memory at a time, about. */
  readonly memoryBytesMax: number;
}

/** Files of one partition. */
export interface FilesToSort {
  readonly schema: TableSchema;
  readonly place: Place;
  readonly files: readonly DataFileMeta[];
  /** By the name of the file: these rows are left out. */
  readonly deletedRows: ReadonlyMap<string, DeletedRows>;
  readonly keysOf: SortKeyMaker;
}

/** A sorter holds what waits, a copy while it sorts, and keys. */
const COPIES = 3;

/** Gives the new files, on level 0. Removes what it has written if it fails. Throws `E3006` and what reading throws. */
export async function sortFiles(parts: SortFilesParts, what: FilesToSort): Promise<readonly DataFileMeta[]> {
  const { schema, keysOf } = what;
  const bytesMax = Math.floor(parts.memoryBytesMax / COPIES);
  const sorter = new ExternalSorter({ schema, keysOf, spill: parts.spill, bytesMax });
  const files = what.files.toSorted((a, b) => Number(a.minSequenceNumber - b.minSequenceNumber));
  const reader = await readerOf(parts, what);
  for (const file of files) for await (const batch of readFile(reader, file)) await sorter.add(batch);
  return write(parts, what, { sorter, firstSequence: files[0].minSequenceNumber });
}

async function write(
  { store, tablePath, random, clock }: SortFilesParts,
  { schema, place }: FilesToSort,
  { sorter, firstSequence }: { readonly sorter: ExternalSorter; readonly firstSequence: bigint },
): Promise<readonly DataFileMeta[]> {
  const writer = new DataFileWriter({
    store,
    format: new DataFileFormat(schema, { content: 'data', level: 0 }),
    directory: filePaths(tablePath, schema).bucket(place.partition, place.bucket),
    names: new FileNames(random.uuid()),
    fileSource: FILE_SOURCE_APPEND,
    creationTimeMs: localTimeMs(clock.nowMs()),
  });
  try {
    let sequence = firstSequence;
    for await (const { rowCount, columns } of sorter.sorted()) {
      const rows = { rowCount, columns, kinds: new Uint8Array(rowCount), sequence: sequenceFrom(sequence, rowCount) };
      await writer.append(rows, null, 0, rowCount);
      sequence += BigInt(rowCount);
    }
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function readerOf(
  { store, tablePath, schemas }: SortFilesParts,
  { schema, place, files, deletedRows }: FilesToSort,
): Promise<BucketReader> {
  const paths = filePaths(tablePath, schema);
  const ids = files.map((file) => file.schemaId);
  return {
    store,
    layout: tableLayout(schema),
    schemas: await schemas.readAll(ids, [schema]),
    pathOf: (file) => paths.file(place.partition, place.bucket, file),
    deletedRows,
  };
}
