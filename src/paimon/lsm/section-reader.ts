// Reads sections of files merged: the runs of a section together, the sections one after the other.
import { assert } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { readDataFile } from './data-file-reader.ts';
import type { Section } from './interval-partition.ts';
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';
import type { MergeFunction } from './merge/merge-function.ts';
import { mergeRuns } from './merge-reader.ts';

/** What the files of one bucket are read with. */
export interface BucketReader {
  readonly store: FileStore;
  readonly layout: KeyValueLayout;
  /** Every schema version that a file was written with, by id. */
  readonly schemas: ReadonlyMap<number, TableSchema>;
  /** Path of a file of the bucket. */
  readonly pathOf: (file: DataFileMeta) => string;
}

/** The rows of sections in key order, merged; retracts go or stay as `merge` decides. */
export async function* readSections(
  reader: BucketReader,
  sections: readonly Section[],
  merge: MergeFunction,
): AsyncGenerator<KeyValueBatch> {
  for (const section of sections) {
    const runs = section.map((files) => readRun(reader, files));
    yield* mergeRuns(runs, { layout: reader.layout, merge });
  }
}

/** The rows of files, one file after the other. */
async function* readRun(reader: BucketReader, files: readonly DataFileMeta[]): AsyncGenerator<KeyValueBatch> {
  for (const file of files) yield* readFile(reader, file);
}

/** The rows of one file as the layout's columns. Throws as `readDataFile`. */
export async function* readFile(reader: BucketReader, file: DataFileMeta): AsyncGenerator<KeyValueBatch> {
  const fileSchema = reader.schemas.get(file.schemaId);
  assert(fileSchema !== undefined, `schema version was not loaded: id=${file.schemaId}`);
  const request = { path: reader.pathOf(file), file, fileSchema, fields: reader.layout.fields };
  for await (const batch of readDataFile(reader.store, request)) yield { ...batch, level: file.level };
}
