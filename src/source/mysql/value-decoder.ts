// The interface of decoders of one column: from the text of a SELECT and from the binary form of the log, into the same
// builder, so that a copied and a streamed value are equal.
import type { VectorBuilder } from '../../column/builder.ts';

/** Decodes values of one column into its builder. */
export interface ValueDecoder {
  readonly builder: VectorBuilder;
  /**
   * Decodes the text `bytes[start … end)` into `row`, the builder's next row. Returns OK or a fault of `faults.ts`;
   * after a fault the row is still unwritten.
   */
  text(bytes: Buffer, start: number, end: number, row: number): number;
  /** The same for the log's form of the value, without its length. */
  binary(bytes: Buffer, start: number, end: number, row: number): number;
}
