// The faults that decoders of values report. A fault is a number, so that the hot path neither throws nor allocates.

/** The value was decoded. */
export const OK = 0;
/** More digits than the DECIMAL holds. */
export const OVERFLOW = 1;
/** NaN or infinity in a DECIMAL. */
export const NOT_FINITE = 2;
/** A date or time outside of what the lake's types hold. */
export const OUT_OF_RANGE = 3;
/** An array value of several dimensions. */
export const MULTIDIMENSIONAL = 4;
/** Text that is not UTF-8 (databases with encoding SQL_ASCII). */
export const INVALID_UTF8 = 5;
/** Text that this type never has in PostgreSQL's output. */
export const MALFORMED = 6;
/** A key column without a value. */
export const KEY_ABSENT = 7;
/** An inserted row of the log lacks a value, which the server filled with its default. */
export const INCOMPLETE = 8;
