// Which columns a data file holds, and the ids and sequence numbers of rows, that a file holds itself only where it was
// written from others: else they follow from its metadata. Source: DataFileRecordReader, TableSchema.project.
import { TributaryError } from '../../base/errors.ts';
import { type Int64Vector, PRESENT, type Vector } from '../../column/vector.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import { ROW_ID_FIELD, TRACKING_FIELDS } from '../schema/system-fields.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** What tells the columns of a file. */
type WrittenFile = Pick<DataFileMeta, 'fileName' | 'writeCols'>;

/**
 * The schema version of a file with the columns that the file holds: some of them, or `_ROW_ID` and `_SEQUENCE_NUMBER`
 * too, which may be NULL there. Throws `E3353` for a column that the version does not have.
 */
export function writtenSchema(fileSchema: TableSchema, { fileName, writeCols }: WrittenFile): TableSchema {
  if (writeCols === null) return fileSchema;
  const fields = writeCols.map((name) => {
    const system = TRACKING_FIELDS.find((field) => field.name === name);
    if (system !== undefined) return { ...system, type: { ...system.type, nullable: true } };
    const field = fileSchema.fields.find((candidate) => candidate.name === name);
    if (field !== undefined) return field;
    throw new TributaryError(
      'E3353',
      `file names a column that its schema does not have: file=${fileName} column=${name}`,
    );
  });
  return { ...fileSchema, fields };
}

/** The rows of a file that follow one another, from row `firstRow` of the file on. */
interface RowRange {
  readonly file: Pick<DataFileMeta, 'fileName' | 'firstRowId' | 'maxSequenceNumber'>;
  readonly firstRow: number;
  readonly rowCount: number;
}

/**
 * `_ROW_ID` or `_SEQUENCE_NUMBER` of rows. `stored` is what the file holds, null for nothing: where it has no value, the
 * file's metadata has. Throws `E3380` where neither tells the id of a row.
 */
export function trackingColumn(
  field: DataField,
  stored: Vector | null,
  { file, firstRow, rowCount }: RowRange,
): Vector {
  const column = stored?.kind === 'i64' ? stored : null;
  if (column !== null && isComplete(column)) return { ...column, validity: null };
  const isRowId = field.id === ROW_ID_FIELD.id;
  if (isRowId && file.firstRowId === null) {
    throw new TributaryError('E3380', `file has no row ids: file=${file.fileName}`);
  }
  const told = isRowId
    ? countedFrom((file.firstRowId ?? 0n) + BigInt(firstRow), 1, rowCount)
    : countedFrom(file.maxSequenceNumber, 0, rowCount);
  if (column === null) return told;
  for (let row = 0; row < rowCount; row++) {
    if (column.validity !== null && column.validity[row] !== PRESENT) continue;
    told.values[2 * row] = column.values[2 * row];
    told.values[2 * row + 1] = column.values[2 * row + 1];
  }
  return told;
}

function isComplete({ validity, length }: Int64Vector): boolean {
  return validity === null || validity.subarray(0, length).every((state) => state === PRESENT);
}

function countedFrom(start: bigint, step: 0 | 1, rowCount: number): Int64Vector {
  const values = new Int32Array(2 * rowCount);
  let low = Number(BigInt.asIntN(32, start));
  let high = Number(BigInt.asIntN(32, start >> 32n));
  for (let row = 0; row < rowCount; row++) {
    values[2 * row] = low;
    values[2 * row + 1] = high;
    low = (low + step) | 0;
    if (low === 0 && step === 1) high = (high + 1) | 0;
  }
  return { kind: 'i64', length: rowCount, values, validity: null };
}
