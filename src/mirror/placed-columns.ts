// Batches of the source in the columns of the lake table, which may have others, in another order.
import type { ChangeBatch } from '../change/change-batch.ts';
import { builderFor } from '../column/builder.ts';
import { NULL, type Shape, type Vector } from '../column/vector.ts';
import { shapeOf } from '../paimon/schema/data-type.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';

/** The batch with the lake's columns: `placement` has for each the column of the batch, -1 for NULL. */
export function placed(batch: ChangeBatch, { fields }: TableSchema, placement: readonly number[]): ChangeBatch {
  const columns = placement.map((column, index) =>
    column < 0 ? nullVector(shapeOf(fields[index].type), batch.rowCount) : batch.columns[column],
  );
  return { ...batch, columns };
}

/** A column without a value. */
export function nullVector(shape: Shape, rowCount: number): Vector {
  const builder = builderFor(shape);
  for (let row = 0; row < rowCount; row++) {
    builder.reserve(row);
    builder.setAbsent(row, NULL);
  }
  return builder.finish(rowCount);
}
