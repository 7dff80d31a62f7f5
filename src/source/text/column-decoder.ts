// The interface of decoders from the text that a server prints to one column.
import type { VectorBuilder } from '../../column/builder.ts';

/** Decodes values of one column into its builder. */
export interface ColumnDecoder {
  readonly builder: VectorBuilder;
  /**
   * Decodes the text `bytes[start … end)` into `row`, the builder's next row. Returns OK or a fault of
   * `faults.ts`; after a fault the row is still unwritten.
   */
  decode(bytes: Buffer, start: number, end: number, row: number): number;
}

export const MINUS = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
