// What is done with values that the lake's types cannot hold.
import { MULTIDIMENSIONAL, NOT_FINITE, OUT_OF_RANGE, OVERFLOW } from '../faults.ts';

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

/** Which faults become NULL, one bit each. */
export function nullFaults(policies: ValuePolicies): number {
  let bits = 0;
  if (policies.numericOverflow === 'as_null') bits |= 1 << OVERFLOW;
  if (policies.infinity === 'as_null') bits |= (1 << NOT_FINITE) | (1 << OUT_OF_RANGE);
  if (policies.multidimensional === 'as_null') bits |= 1 << MULTIDIMENSIONAL;
  return bits;
}
