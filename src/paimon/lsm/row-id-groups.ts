// Files of a table with data evolution by the rows that they hold: files of the same ids hold columns of the same rows.
// Source: DataEvolutionSplitRead.mergeRangesAndSort, RangeHelper.
import { TributaryError } from '../../base/errors.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';

/** Files of the same rows, the newest first: of a column that several have, the first one counts. */
export type RowGroup = readonly [DataFileMeta, ...DataFileMeta[]];

/**
 * The groups in the order of their ids. Throws `E3356` for files without ids or that share some of their rows,
 * `E3357` for files of another kind than the table's.
 */
export function rowGroups(files: readonly DataFileMeta[]): readonly RowGroup[] {
  const numbered = files.map((file) => ({ file, first: firstRowIdOf(file) }));
  numbered.sort((a, b) => compare(a.first, b.first));
  const groups: [DataFileMeta, ...DataFileMeta[]][] = [];
  let [start, end] = [-1n, -1n];
  for (const { file, first } of numbered) {
    const group = groups.at(-1);
    const past = first + BigInt(file.rowCount);
    if (group === undefined || first >= end) groups.push([file]);
    else if (first === start && past === end) group.push(file);
    else
      throw new TributaryError(
        'E3356',
        `files share some of their rows: file=${file.fileName} other=${group[0].fileName}`,
      );
    [start, end] = [first, past];
  }
  // The sort is stable: of files of one commit the first one counts.
  for (const group of groups) group.sort((a, b) => compare(b.maxSequenceNumber, a.maxSequenceNumber));
  return groups;
}

/**
 * The files without those of BLOB and VECTOR columns, which have a form of their own. Throws `E3357` where one of these
 * columns is asked for.
 */
export function withoutColumnStores(
  files: readonly DataFileMeta[],
  asked: readonly DataField[],
): readonly DataFileMeta[] {
  return files.filter(({ fileName, writeCols }) => {
    if (!isColumnStore(fileName)) return true;
    const column = asked.find(({ name }) => writeCols === null || writeCols.includes(name));
    if (column === undefined) return false;
    throw new TributaryError('E3357', `column in files of its own is not read: column=${column.name} file=${fileName}`);
  });
}

function firstRowIdOf({ fileName, firstRowId }: DataFileMeta): bigint {
  if (isColumnStore(fileName))
    throw new TributaryError('E3357', `file of single columns is not read: file=${fileName}`);
  if (firstRowId !== null) return firstRowId;
  throw new TributaryError('E3356', `file has no row ids: file=${fileName}`);
}

/** Whether a file holds BLOB or VECTOR columns in a form of their own. */
function isColumnStore(fileName: string): boolean {
  return fileName.endsWith('.blob') || fileName.includes('.vector.');
}

function compare(a: bigint, b: bigint): number {
  return Number(a > b) - Number(a < b);
}
