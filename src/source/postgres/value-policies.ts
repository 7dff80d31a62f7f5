// What is done with values that the lake's types cannot hold, and the faults a decoder reports. A fault is a number,
// so that the hot path neither throws nor allocates.

/** What happens to a value that its lake type cannot hold; `string` gives the whole column the type STRING. */
export type UnrepresentablePolicy = 'stop' | 'as_null' | 'string';

/** The policies of one table (`types` in the configuration). */
export interface ValuePolicies {
  /** Type of `numeric` without precision or wider than 38 digits. */
  readonly numericUnbounded: 'string' | { readonly precision: number; readonly scale: number };
  /** A number with more digits than the DECIMAL that `numericUnbounded` asks for. */
  readonly numericOverflow: UnrepresentablePolicy;
  /** NaN in numeric; infinite dates and times, years before 1 and after 9999, the time 24:00:00. */
  readonly infinity: UnrepresentablePolicy;
  /** A value of several dimensions in an array column. */
  readonly multidimensional: UnrepresentablePolicy;
  /** `auto`: TIME(3) for time(0 … 3), STRING for finer; `string`: always STRING. */
  readonly time: 'auto' | 'string';
  /** Columns that are STRING whatever their type, by name. */
  readonly asString: readonly string[];
}

/** The documented defaults. */
export const DEFAULT_VALUE_POLICIES: ValuePolicies = {
  numericUnbounded: 'string',
  numericOverflow: 'stop',
  infinity: 'stop',
  multidimensional: 'stop',
  time: 'auto',
  asString: [],
};

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

/** Which faults become NULL, one bit each. */
export function nullFaults(policies: ValuePolicies): number {
  let bits = 0;
  if (policies.numericOverflow === 'as_null') bits |= 1 << OVERFLOW;
  if (policies.infinity === 'as_null') bits |= (1 << NOT_FINITE) | (1 << OUT_OF_RANGE);
  if (policies.multidimensional === 'as_null') bits |= 1 << MULTIDIMENSIONAL;
  return bits;
}
