// Which rows of a data file may meet conditions, by the file's indexes. Source: format notes 04 section 8
// (FileIndexEvaluator).
import type { FileStore } from '../../storage/file-store.ts';
import type { PlainCondition } from '../format/condition.ts';
import { indexBytes, type IndexSource, rowsByIndex } from '../format/file-index/file-index.ts';
import type { RowSet } from '../format/file-index/row-set.ts';
import { conditionsOfFile, type ReadSchemas } from '../lsm/file-conditions.ts';
import { INDEX_ENDING } from '../lsm/file-index-builder.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';

/** Where the extra files of a data file are. */
export interface ExtraFiles {
  readonly store: FileStore;
  /** The path of a file that belongs to the data file. */
  readonly pathOf: (fileName: string) => string;
}

/**
 * The rows that may meet the conditions, by an index in the file's metadata; null where there is none or it tells
 * nothing. Throws `E3230`.
 */
export async function rowsByEmbeddedIndex(
  file: DataFileMeta,
  where: readonly PlainCondition[],
  schemas: ReadSchemas,
): Promise<RowSet | null> {
  if (file.embeddedFileIndex === null) return null;
  return selectedRows(indexBytes(file.fileName, file.embeddedFileIndex), file, { where, schemas });
}

/** The same by the file's index, wherever it is. Throws `E3230`, `E3001`. */
export async function rowsByFileIndex(
  file: DataFileMeta,
  scan: { readonly where: readonly PlainCondition[]; readonly schemas: ReadSchemas },
  extra: ExtraFiles,
): Promise<RowSet | null> {
  if (scan.where.length === 0) return null;
  if (file.embeddedFileIndex !== null) return rowsByEmbeddedIndex(file, scan.where, scan.schemas);
  const indexFile = file.extraFiles.find((name) => name.endsWith(INDEX_ENDING));
  if (indexFile === undefined) return null;
  const path = extra.pathOf(indexFile);
  const sizeBytes = (await extra.store.stat(path))?.sizeBytes ?? 0;
  const readRange = (offset: number, size: number): Promise<Uint8Array> => extra.store.readRange(path, offset, size);
  return selectedRows({ name: path, sizeBytes, readRange }, file, scan);
}

async function selectedRows(
  source: IndexSource,
  file: DataFileMeta,
  scan: { readonly where: readonly PlainCondition[]; readonly schemas: ReadSchemas },
): Promise<RowSet | null> {
  const conditions = conditionsOfFile(scan.where, scan.schemas);
  if (conditions.length === 0) return null;
  const { fields } = scan.schemas.file;
  const typeOf = (column: string) => fields.find((field) => field.name === column)?.type;
  return rowsByIndex(source, conditions, { rowCount: file.rowCount, typeOf });
}
