// `rbm32` and `rbm64`: unions of serialized Roaring bitmaps. Source: FieldRoaringBitmap32Agg, FieldRoaringBitmap64Agg.
import type { VectorBuilder } from '../../../column/builder.ts';
import { isTributaryError, TributaryError } from '../../../base/errors.ts';
import { ofKind } from '../../../column/take.ts';
import { bytesAt } from '../../../column/vector.ts';
import { readRoaring, writeRoaring } from '../../format/roaring.ts';
import { Roaring64 } from '../../format/roaring64.ts';
import type { ColumnFold, FoldInput } from './column-fold.ts';
import { StateFold } from './state-fold.ts';

/** What the folds of bitmaps have in common. */
abstract class BitmapFold<Bitmap> extends StateFold<Bitmap> {
  protected abstract parse(bytes: Uint8Array): Bitmap;
  protected abstract union(bitmap: Bitmap, other: Bitmap): void;
  protected abstract bytesOf(bitmap: Bitmap): Uint8Array;

  protected open(entry: number): Bitmap {
    const { field, vectors, sources, rows } = this.input;
    const bytes = bytesAt(ofKind(vectors[sources[entry]], 'bytes'), rows[entry]);
    try {
      return this.parse(bytes);
    } catch (error) {
      if (!(error instanceof RangeError) && !isTributaryError(error, 'E3402')) throw error;
      throw new TributaryError('E3365', `value is no bitmap: column=${field.name}`, { cause: error });
    }
  }

  /** The bytes of a union of 64-bit bitmaps depend on what was added to what. */
  protected add(bitmap: Bitmap, entry: number, isBefore: boolean): Bitmap {
    const other = this.open(entry);
    const [first, second] = isBefore ? [other, bitmap] : [bitmap, other];
    this.union(first, second);
    return first;
  }

  protected write(builder: VectorBuilder, row: number, bitmap: Bitmap): void {
    if (builder.kind !== 'bytes') return;
    const bytes = this.bytesOf(bitmap);
    builder.append(bytes, 0, bytes.length);
    builder.endRow(row);
  }
}

class BitmapFold32 extends BitmapFold<Set<number>> {
  protected parse(bytes: Uint8Array): Set<number> {
    const values: number[] = [];
    readRoaring(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, { base: 0, values });
    return new Set(values);
  }

  protected union(bitmap: Set<number>, other: Set<number>): void {
    for (const number of other) bitmap.add(number);
  }

  protected bytesOf(bitmap: Set<number>): Uint8Array {
    return writeRoaring(Uint32Array.from(bitmap).sort());
  }
}

class BitmapFold64 extends BitmapFold<Roaring64> {
  protected parse(bytes: Uint8Array): Roaring64 {
    return new Roaring64(bytes);
  }

  protected union(bitmap: Roaring64, other: Roaring64): void {
    bitmap.add(other);
  }

  protected bytesOf(bitmap: Roaring64): Uint8Array {
    return bitmap.bytes();
  }
}

/** The fold of `rbm32`; the column is of bytes. */
export function bitmap32Fold(input: FoldInput): ColumnFold {
  return new BitmapFold32(input);
}

/** The fold of `rbm64`; the column is of bytes. */
export function bitmap64Fold(input: FoldInput): ColumnFold {
  return new BitmapFold64(input);
}
