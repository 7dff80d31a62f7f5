// Unions of sketches and bitmaps that the reference has made: recorded from Paimon 1.4.2 by `union-values` and `unions` of
// test/reference and `unionPairs`, seeds 1 to 4, the shortest pair of each combination of forms.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import type { UnionKind } from './union-pairs.ts';

const RECORDED = fileURLToPath(new URL('../fixtures/unions/unions.tsv.zst', import.meta.url));

/** Two values and their union, as hex. */
export type RecordedUnion = readonly [kind: UnionKind, one: string, other: string, union: string];

/** All that were recorded. */
export function recordedUnions(): readonly RecordedUnion[] {
  const lines = zstdDecompressSync(readFileSync(RECORDED)).toString().trim().split('\n');
  return lines.map((line) => line.split('\t') as [UnionKind, string, string, string]);
}
