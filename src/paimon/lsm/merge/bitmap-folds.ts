// `rbm32`: the union of serialized Roaring bitmaps. Source: FieldRoaringBitmap32Agg.
import type { VectorBuilder } from '../../../column/builder.ts';
import { isTributaryError, TributaryError } from '../../../base/errors.ts';
import { ofKind } from '../../../column/take.ts';
import { bytesAt } from '../../../column/vector.ts';
import { readRoaring, writeRoaring } from '../../format/roaring.ts';
import type { ColumnFold, FoldInput } from './column-fold.ts';
import { StateFold } from './state-fold.ts';

class BitmapUnion extends StateFold<Set<number>> {
  protected open(entry: number): Set<number> {
    return new Set(this.numbers(entry));
  }

  protected add(state: Set<number>, entry: number): Set<number> {
    for (const number of this.numbers(entry)) state.add(number);
    return state;
  }

  protected write(builder: VectorBuilder, row: number, state: Set<number>): void {
    if (builder.kind !== 'bytes') return;
    const bytes = writeRoaring(Uint32Array.from(state).sort());
    builder.append(bytes, 0, bytes.length);
    builder.endRow(row);
  }

  private numbers(entry: number): readonly number[] {
    const { field, vectors, sources, rows } = this.input;
    const bytes = bytesAt(ofKind(vectors[sources[entry]], 'bytes'), rows[entry]);
    const values: number[] = [];
    try {
      readRoaring(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, { base: 0, values });
    } catch (error) {
      if (!(error instanceof RangeError) && !isTributaryError(error, 'E3402')) throw error;
      throw new TributaryError('E3365', `value is no bitmap: column=${field.name}`, { cause: error });
    }
    return values;
  }
}

/** The fold of `rbm32`; the column is of bytes. */
export function bitmapFold(input: FoldInput): ColumnFold {
  return new BitmapUnion(input);
}
