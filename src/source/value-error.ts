// The errors that faults of values become: they name the table, the column and its type, never the value.
import { TributaryError } from '../base/errors.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import type { SourceTable } from '../change/source-table.ts';
import {
  INCOMPLETE,
  INVALID_UTF8,
  KEY_ABSENT,
  MULTIDIMENSIONAL,
  NOT_FINITE,
  OUT_OF_RANGE,
  OVERFLOW,
} from './faults.ts';

const FAULTS: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map<number, readonly [ErrorCode, string]>([
  [OVERFLOW, ['E4001', 'number has too many digits']],
  [NOT_FINITE, ['E4002', 'number is NaN or infinite']],
  [OUT_OF_RANGE, ['E4003', 'date or time cannot be held']],
  [MULTIDIMENSIONAL, ['E4004', 'array has several dimensions']],
  [INVALID_UTF8, ['E4005', 'text is not UTF-8']],
  [KEY_ABSENT, ['E4007', 'key column has no value']],
  [INCOMPLETE, ['E4008', 'inserted row in the log lacks a value']],
]);

/** The error of a fault: E4001 to E4008. `position` is that of the transaction or of the copy. */
export function valueError(
  fault: number,
  table: SourceTable,
  place: { readonly column: number; readonly position: string },
): TributaryError {
  const [code, what] = FAULTS.get(fault) ?? ['E4006', 'value is malformed'];
  const column = table.columns[place.column];
  const name = column?.name ?? '?';
  const message = `${what}: table=${table.key} column=${name} type=${column?.nativeType ?? '?'} position=${place.position}`;
  return new TributaryError(code, message, { context: { table: table.key, column: name } });
}
