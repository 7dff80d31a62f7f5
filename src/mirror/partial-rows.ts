// What a table with merge-engine=partial-update gets of changes: there NULL leaves a column as it is, which is just what
// the log says of a value that it leaves out, and never what the source's NULL means.
import { TributaryError } from '../base/errors.ts';
import type { ChangeBatch } from '../change/change-batch.ts';
import { isRetract, UPDATE_AFTER } from '../column/row-kind.ts';
import { MISSING, NULL, PRESENT, type Vector } from '../column/vector.ts';

/**
 * The batch with NULL for values that the log left out of updates; `keyColumns` are skipped. Throws `E3391` for a NULL of
 * the source, and for a row with a new key whose values the log left out.
 */
export function partialRows(batch: ChangeBatch, names: readonly string[], keyColumns: readonly number[]): ChangeBatch {
  const columns = batch.columns.map((vector, index) =>
    keyColumns.includes(index) ? vector : partialColumn(batch, vector, names[index]),
  );
  return { ...batch, columns, hasMissing: false };
}

function partialColumn({ table, kinds, rowCount }: ChangeBatch, vector: Vector, name: string): Vector {
  if (vector.validity === null) return vector;
  const validity = vector.validity.slice();
  for (let row = 0; row < rowCount; row++) {
    if (validity[row] === PRESENT) continue;
    const kind = kinds[row];
    const keepsValue = validity[row] === MISSING && kind === UPDATE_AFTER;
    if (!isRetract(kind) && !keepsValue) throw unfit(validity[row] === NULL, `table=${table} column=${name}`);
    validity[row] = NULL;
  }
  return { ...vector, validity };
}

function unfit(isNull: boolean, where: string): TributaryError {
  const what = isNull ? 'a column has become NULL' : 'the log leaves out a value of a row whose key changed';
  return new TributaryError('E3391', `${what}, which updates in part cannot say: ${where}`);
}
