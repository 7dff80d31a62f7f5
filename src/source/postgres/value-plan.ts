// From the types of PostgreSQL's catalog to the values we make of them, and to the decoder that does it. Types are
// known by their OID (fixed for built-in ones) and their catalog rows, never by their names.
import type { ValueType } from '../../change/value-type.ts';
import { ArrayDecoder } from './array-decoder.ts';
import { HexDecoder, StringDecoder, UncheckedStringDecoder } from './bytes-decoders.ts';
import type { ColumnDecoder } from '../text/column-decoder.ts';
import { LongDecimalDecoder, ShortDecimalDecoder } from '../text/decimal-decoders.ts';
import { BooleanDecoder, Float32Decoder, Float64Decoder, Int32Decoder, Int64Decoder } from '../text/number-decoders.ts';
import { DateDecoder, TimeDecoder, TimestampDecoder } from './time-decoders.ts';
import type { ValuePolicies } from './value-policies.ts';

/** What the catalog says about a type. */
export interface CatalogType {
  readonly oid: number;
  /** The base type of a domain, with the modifier the domain gives it; 0 and -1 for other types. */
  readonly baseOid: number;
  readonly baseModifier: number;
  /** The element type of a true array (one that `array_in` reads); 0 for other types. */
  readonly elementOid: number;
  /** The byte between the elements of arrays of this type. */
  readonly delimiter: number;
}

/** How values of a column are read. */
export interface ValuePlan {
  readonly type: ValueType;
  /** Only for arrays. */
  readonly element: { readonly plan: ValuePlan; readonly delimiter: number } | null;
}

const SIMPLE: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  [16, { kind: 'boolean' }],
  [17, { kind: 'bytes' }],
  [20, { kind: 'int64' }],
  [21, { kind: 'int16' }],
  [23, { kind: 'int32' }],
  [700, { kind: 'float32' }],
  [701, { kind: 'float64' }],
]);
const DATE_OID = 1082;
const TIME_OID = 1083;
const TIMESTAMP_OID = 1114;
const TIMESTAMPTZ_OID = 1184;
const NUMERIC_OID = 1700;
const PRECISION_MAX = 38;
const STRING: ValuePlan = { type: { kind: 'string' }, element: null };
const COMMA = 0x2c;
const DEPTH_MAX = 16;

/**
 * The plan for a column or an element of the type `oid` with type modifier `modifier` (-1 if none). Domains count as
 * their base types; what is not known is a string.
 */
export function planValue(
  types: ReadonlyMap<number, CatalogType>,
  oid: number,
  modifier: number,
  policies: ValuePolicies,
): ValuePlan {
  let type = types.get(oid);
  let typeModifier = modifier;
  for (let depth = 0; type !== undefined && type.baseOid !== 0 && depth < DEPTH_MAX; depth++) {
    if (typeModifier === -1) typeModifier = type.baseModifier;
    type = types.get(type.baseOid);
  }
  if (type === undefined) return STRING;
  if (type.elementOid === 0) return { type: scalarType(type.oid, typeModifier, policies), element: null };
  if (policies.multidimensional === 'string') return STRING;
  // The modifier of an array is that of its elements.
  const plan = planValue(types, type.elementOid, typeModifier, policies);
  const delimiter = types.get(type.elementOid)?.delimiter ?? COMMA;
  return { type: { kind: 'array', element: plan.type }, element: { plan, delimiter } };
}

function scalarType(oid: number, modifier: number, policies: ValuePolicies): ValueType {
  const text: ValueType = { kind: 'string' };
  const bounded = policies.infinity !== 'string';
  switch (oid) {
    case DATE_OID:
      return bounded ? { kind: 'date' } : text;
    case TIMESTAMP_OID:
      return bounded ? { kind: 'timestamp' } : text;
    case TIMESTAMPTZ_OID:
      return bounded ? { kind: 'timestamptz' } : text;
    case TIME_OID:
      return bounded && policies.time === 'auto' && modifier >= 0 && modifier <= 3 ? { kind: 'time' } : text;
    case NUMERIC_OID:
      return bounded ? numericType(modifier, policies) : text;
    default:
      return SIMPLE.get(oid) ?? text;
  }
}

function numericType(modifier: number, policies: ValuePolicies): ValueType {
  if (modifier >= 4) {
    const precision = ((modifier - 4) >> 16) & 0xffff;
    // Eleven bits with sign, since version 15: numeric(3, -2) holds multiples of 100.
    const scale = (((modifier - 4) & 0x7ff) << 21) >> 21;
    const digits = scale < 0 ? precision - scale : Math.max(precision, scale);
    if (digits <= PRECISION_MAX) return { kind: 'decimal', precision: digits, scale: Math.max(scale, 0) };
  }
  if (policies.numericUnbounded === 'string' || policies.numericOverflow === 'string') return { kind: 'string' };
  return { kind: 'decimal', ...policies.numericUnbounded };
}

/** How decoders of a table are made. */
export interface DecoderOptions {
  /** Faults of array elements that make the element NULL, as bits. */
  readonly nullFaults: number;
  /** The server does not vouch for UTF-8 (encoding SQL_ASCII). */
  readonly validateUtf8: boolean;
}

/** A new decoder, with a builder of its own, for values read by the plan. */
export function decoderFor(plan: ValuePlan, options: DecoderOptions): ColumnDecoder {
  const { type } = plan;
  switch (type.kind) {
    case 'boolean':
      return new BooleanDecoder();
    case 'int8':
    case 'int16':
      return new Int32Decoder(16);
    case 'int32':
      return new Int32Decoder(32);
    case 'int64':
      return new Int64Decoder();
    case 'float32':
      return new Float32Decoder();
    case 'float64':
      return new Float64Decoder();
    case 'string':
      return options.validateUtf8 ? new UncheckedStringDecoder() : new StringDecoder();
    case 'bytes':
      return new HexDecoder();
    case 'date':
      return new DateDecoder();
    case 'time':
      return new TimeDecoder();
    case 'timestamp':
      return new TimestampDecoder(false);
    case 'timestamptz':
      return new TimestampDecoder(true);
    case 'decimal':
      return type.precision <= 18 ? new ShortDecimalDecoder(type) : new LongDecimalDecoder(type);
    case 'array':
      return arrayDecoder(plan, options);
  }
}

function arrayDecoder(plan: ValuePlan, options: DecoderOptions): ColumnDecoder {
  const element = plan.element ?? { plan: STRING, delimiter: COMMA };
  const { delimiter } = element;
  return new ArrayDecoder(decoderFor(element.plan, options), { delimiter, nullFaults: options.nullFaults });
}
