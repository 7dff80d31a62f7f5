// Row kinds, with the numbers that Paimon stores in `_VALUE_KIND`.

/** +I */
export const INSERT = 0;
/** -U */
export const UPDATE_BEFORE = 1;
/** +U */
export const UPDATE_AFTER = 2;
/** -D */
export const DELETE = 3;

const TEXTS = ['+I', '-U', '+U', '-D'] as const;

/** The text of a row kind: `+I`, `-U`, `+U`, `-D`. */
export type RowKindText = (typeof TEXTS)[number];

/** The text of a row kind, by number. */
export function rowKindText(kind: number): RowKindText {
  return TEXTS[kind];
}

/** True for -U and -D, which take a row away. */
export function isRetract(kind: number): boolean {
  return (kind & 1) === 1;
}
