// `rbm32`, `rbm64`, `hll_sketch` and `theta_sketch`: unions of serialized bitmaps and sketches. Source:
// FieldRoaringBitmap32Agg, FieldRoaringBitmap64Agg, FieldHllSketchAgg, FieldThetaSketchAgg.
import type { VectorBuilder } from '../../../column/builder.ts';
import { isTributaryError, TributaryError } from '../../../base/errors.ts';
import { ofKind } from '../../../column/take.ts';
import { bytesAt } from '../../../column/vector.ts';
import { LittleEndianReader } from '../../format/little-endian.ts';
import { bitmapBytes, readBitmap, type RoaringBitmap, unionOfBitmaps } from '../../format/roaring.ts';
import { Roaring64 } from '../../format/roaring64.ts';
import { hllUnion } from '../../format/sketch/hll-union.ts';
import { thetaUnion } from '../../format/sketch/theta-union.ts';
import type { ColumnFold, FoldInput } from './column-fold.ts';
import { StateFold } from './state-fold.ts';

/** What a function unites. Bytes that are none throw `E3402` (bitmaps), `E3366` (sketches) or RangeError. */
interface Summary<S> {
  readonly name: 'bitmap' | 'sketch';
  parse(bytes: Uint8Array): S;
  /** The first one with the other; may change the first one. */
  unite(summary: S, other: S): S;
  bytesOf(summary: S): Uint8Array;
}

const BITMAP_32: Summary<RoaringBitmap> = {
  name: 'bitmap',
  parse: (bytes) => readBitmap(new LittleEndianReader(bytes)),
  unite: unionOfBitmaps,
  bytesOf: bitmapBytes,
};

const BITMAP_64: Summary<Roaring64> = {
  name: 'bitmap',
  parse: (bytes) => new Roaring64(bytes),
  unite: (bitmap, other) => {
    bitmap.add(other);
    return bitmap;
  },
  bytesOf: (bitmap) => bitmap.bytes(),
};

/** Sketches are written after each union: what is written is not all that is in memory. */
const HLL_SKETCH: Summary<Uint8Array> = {
  name: 'sketch',
  parse: (bytes) => bytes,
  unite: hllUnion,
  bytesOf: (sketch) => sketch,
};

const THETA_SKETCH: Summary<Uint8Array> = { ...HLL_SKETCH, unite: thetaUnion };

class UnionFold<S> extends StateFold<S> {
  private readonly summary: Summary<S>;

  constructor(input: FoldInput, summary: Summary<S>) {
    super(input);
    this.summary = summary;
  }

  protected open(entry: number): S {
    const { vectors, sources, rows } = this.input;
    const bytes = bytesAt(ofKind(vectors[sources[entry]], 'bytes'), rows[entry]);
    return this.checked(() => this.summary.parse(bytes));
  }

  /** The bytes of a union may depend on what was added to what. */
  protected add(summary: S, entry: number, isBefore: boolean): S {
    const other = this.open(entry);
    return this.checked(() => (isBefore ? this.summary.unite(other, summary) : this.summary.unite(summary, other)));
  }

  protected write(builder: VectorBuilder, row: number, summary: S): void {
    if (builder.kind !== 'bytes') return;
    const bytes = this.summary.bytesOf(summary);
    builder.append(bytes, 0, bytes.length);
    builder.endRow(row);
  }

  private checked<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      const { name } = this.summary;
      const isFault =
        error instanceof RangeError || isTributaryError(error, 'E3402') || isTributaryError(error, 'E3366');
      if (!isFault) throw error;
      const code = name === 'bitmap' ? 'E3365' : 'E3366';
      throw new TributaryError(code, `value is no ${name}: column=${this.input.field.name}`, { cause: error });
    }
  }
}

/** The fold of `rbm32`; the column is of bytes, as of all these. */
export function bitmap32Fold(input: FoldInput): ColumnFold {
  return new UnionFold(input, BITMAP_32);
}

/** The fold of `rbm64`. */
export function bitmap64Fold(input: FoldInput): ColumnFold {
  return new UnionFold(input, BITMAP_64);
}

/** The fold of `hll_sketch`. */
export function hllSketchFold(input: FoldInput): ColumnFold {
  return new UnionFold(input, HLL_SKETCH);
}

/** The fold of `theta_sketch`. */
export function thetaSketchFold(input: FoldInput): ColumnFold {
  return new UnionFold(input, THETA_SKETCH);
}
