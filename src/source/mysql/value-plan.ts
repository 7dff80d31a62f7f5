// From the types of the information schema to the values we make of them, to the expression that a SELECT asks for, and
// to the decoder. Whether the log's description of a column is of the same type is decided here too.
import type { ValueType } from '../../change/value-type.ts';
import { ADDRESS_SIZES, inet4Text, inet6Text, uuidText } from './address-text.ts';
import { type LoggedColumn, TYPE } from './binary-layout.ts';
import type { Charsets, Utf8Converter } from './charsets.ts';
import { decimalText } from './decimal-bytes.ts';
import { jsonText } from './json-text.ts';
import {
  DecimalDecoder,
  DoubleDecoder,
  FloatDecoder,
  IntDecoder,
  LongDecoder,
  UnsignedLongDecoder,
  YearDecoder,
} from './number-decoders.ts';
import type { ZeroDates } from './settings.ts';
import { quoteIdentifier } from './sql-session.ts';
import {
  BitDecoder,
  ByteDecoder,
  EnumDecoder,
  GeometryDecoder,
  PrintedDecoder,
  SetDecoder,
  TextDecoder,
} from './text-decoders.ts';
import { dateText, datetimeText, readDate, readDatetime, timestampText, timeText } from './time-bytes.ts';
import { DateDecoder, DatetimeDecoder, TimestampDecoder } from './time-decoders.ts';
import type { ValueDecoder } from './value-decoder.ts';

/** What the information schema says about the type of a column. */
export interface CatalogType {
  /** In lower case, such as `int`. */
  readonly dataType: string;
  /** With all its details, such as `int(10) unsigned zerofill`. */
  readonly columnType: string;
  readonly precision: number;
  readonly scale: number;
  /** Digits of the fraction of a second. */
  readonly fraction: number;
  readonly lengthMax: number;
  readonly charset: string | null;
}

/** How values of a column are read. */
export interface ValuePlan {
  readonly type: ValueType;
  readonly kind:
    | 'integer'
    | 'year'
    | 'decimal'
    | 'float'
    | 'double'
    | 'date'
    | 'datetime'
    | 'timestamp'
    | 'time'
    | 'bit'
    | 'text'
    | 'bytes'
    | 'json'
    | 'enum'
    | 'set'
    | 'geometry'
    | 'uuid'
    | 'inet4'
    | 'inet6';
  readonly catalog: CatalogType;
  readonly unsigned: boolean;
}

/** What the configuration says about types. */
export interface TypeChoices {
  readonly zeroDates: ZeroDates;
  /** The column is to be STRING. */
  readonly asString: boolean;
}

const INTEGER_CODES: Readonly<Record<string, number>> = {
  tinyint: TYPE.tiny,
  smallint: TYPE.short,
  mediumint: TYPE.int24,
  int: TYPE.long,
  bigint: TYPE.longLong,
};
const PRECISION_MAX = 38;
const STRING: ValueType = { kind: 'string' };
const BYTES: ValueType = { kind: 'bytes' };

const KINDS: Readonly<Record<string, ValuePlan['kind']>> = {
  ...Object.fromEntries(Object.keys(INTEGER_CODES).map((name) => [name, 'integer' as const])),
  ...Object.fromEntries(
    ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'].map((name) => [name, 'text']),
  ),
  ...Object.fromEntries(
    ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'].map((name) => [name, 'bytes']),
  ),
  ...Object.fromEntries(
    [
      'geometry',
      'point',
      'linestring',
      'polygon',
      'multipoint',
      'multilinestring',
      'multipolygon',
      'geometrycollection',
      'geomcollection',
    ].map((name) => [name, 'geometry']),
  ),
  year: 'year',
  decimal: 'decimal',
  float: 'float',
  double: 'double',
  date: 'date',
  datetime: 'datetime',
  timestamp: 'timestamp',
  time: 'time',
  bit: 'bit',
  json: 'json',
  enum: 'enum',
  set: 'set',
  uuid: 'uuid',
  inet4: 'inet4',
  inet6: 'inet6',
};

/** The plan for a column; null for a type that this version does not know. */
export function planValue(catalog: CatalogType, choices: TypeChoices): ValuePlan | null {
  const kind = Object.hasOwn(KINDS, catalog.dataType) ? KINDS[catalog.dataType] : undefined;
  if (kind === undefined) return null;
  const unsigned = /\bunsigned\b/.test(catalog.columnType);
  const type = choices.asString ? asString(kind) : valueType(kind, { catalog, unsigned, zeroDates: choices.zeroDates });
  return type === null ? null : { type, kind, catalog, unsigned };
}

/** Kinds whose printed form is known here. */
function asString(kind: ValuePlan['kind']): ValueType | null {
  const known = ['date', 'datetime', 'timestamp', 'time', 'decimal', 'text', 'json', 'enum', 'uuid', 'inet4', 'inet6'];
  return known.includes(kind) ? STRING : null;
}

function valueType(
  kind: ValuePlan['kind'],
  { catalog, unsigned, zeroDates }: { catalog: CatalogType; unsigned: boolean; zeroDates: ZeroDates },
): ValueType {
  const dated = (type: ValueType): ValueType => (zeroDates === 'string' ? STRING : type);
  switch (kind) {
    case 'integer':
      return integerType(catalog.dataType, unsigned);
    case 'year':
      return { kind: 'int32' };
    case 'decimal': {
      const { precision, scale } = catalog;
      return precision > PRECISION_MAX ? STRING : { kind: 'decimal', precision, scale };
    }
    case 'float':
      return { kind: 'float32' };
    case 'double':
      return { kind: 'float64' };
    case 'date':
      return dated({ kind: 'date' });
    case 'datetime':
      return dated({ kind: 'timestamp' });
    case 'timestamp':
      return dated({ kind: 'timestamptz' });
    case 'bit':
      return catalog.precision === 1 ? { kind: 'boolean' } : BYTES;
    case 'bytes':
    case 'geometry':
      return BYTES;
    case 'set':
      return { kind: 'array', element: STRING };
    // A TIME is a duration of up to 838 hours either way: no time of day holds it.
    case 'time':
    case 'text':
    case 'json':
    case 'enum':
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return STRING;
  }
}

function integerType(dataType: string, unsigned: boolean): ValueType {
  switch (dataType) {
    case 'tinyint':
      return { kind: unsigned ? 'int16' : 'int8' };
    case 'smallint':
      return { kind: unsigned ? 'int32' : 'int16' };
    case 'mediumint':
      return { kind: unsigned ? 'int64' : 'int32' };
    case 'int':
      return { kind: unsigned ? 'int64' : 'int32' };
    default:
      return unsigned ? { kind: 'decimal', precision: 20, scale: 0 } : { kind: 'int64' };
  }
}

/** What a SELECT asks for, so that the text it gives is exact. */
export function selectExpression(name: string, plan: ValuePlan): string {
  const column = quoteIdentifier(name);
  // FLOAT would be printed with six digits, ZEROFILL with zeros, DOUBLE(m, d) with d digits only.
  if (plan.kind === 'float' || plan.kind === 'double') return `${column} + 0e0`;
  return /\bzerofill\b/.test(plan.catalog.columnType) ? `${column} + 0` : column;
}

/** What the log's description of the column says against the plan, in words for a message; null if nothing. */
export function describeMismatch(plan: ValuePlan, logged: LoggedColumn, charsets: Charsets): string | null {
  const { catalog, kind } = plan;
  if (logged.layout === null || !fits(plan, logged)) return `reason=type logged=${logged.type}/${logged.detail}`;
  if ((kind === 'integer' || kind === 'decimal') && logged.unsigned !== plan.unsigned) return 'reason=sign';
  if (kind !== 'text' && kind !== 'enum' && kind !== 'set') return null;
  const charset = charsets.ofCollation(logged.collation);
  return charset === null || charsets.converter(charset) === undefined
    ? `reason=charset collation=${logged.collation} charset=${charset ?? catalog.charset ?? 'unknown'}`
    : null;
}

const BINARY_COLLATION = 63;
const TEXT_TYPES: ReadonlySet<number> = new Set([TYPE.string, TYPE.varchar, TYPE.blob]);

function fits({ kind, catalog }: ValuePlan, { type, detail, collation }: LoggedColumn): boolean {
  switch (kind) {
    case 'integer':
      return type === INTEGER_CODES[catalog.dataType];
    case 'decimal':
      return type === TYPE.decimal && detail === ((catalog.precision << 8) | catalog.scale);
    case 'bit':
      return type === TYPE.bit && detail === catalog.precision;
    case 'datetime':
    case 'timestamp':
    case 'time':
      return type === TYPE[kind] && detail === catalog.fraction;
    case 'text':
      return TEXT_TYPES.has(type) && collation !== BINARY_COLLATION;
    case 'bytes': {
      const padded = type === TYPE.string;
      return TEXT_TYPES.has(type) && collation === BINARY_COLLATION && padded === (catalog.dataType === 'binary');
    }
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return type === TYPE.string && detail === ADDRESS_SIZES[kind] && collation === BINARY_COLLATION;
    case 'year':
    case 'float':
    case 'double':
    case 'date':
    case 'json':
    case 'enum':
    case 'set':
    case 'geometry':
      return type === TYPE[kind];
  }
}

/** What a decoder of the log needs beside the plan. */
export interface LoggedValues {
  readonly column: LoggedColumn;
  readonly charsets: Charsets;
}

/** A new decoder, with a builder of its own; `logged` is null for one that reads a SELECT. */
export function decoderFor(plan: ValuePlan, logged: LoggedValues | null): ValueDecoder {
  const { kind, type, catalog } = plan;
  switch (kind) {
    case 'integer':
      return integerDecoder(plan);
    case 'year':
      return new YearDecoder();
    case 'decimal':
      if (type.kind === 'decimal') return new DecimalDecoder(type);
      return new PrintedDecoder((bytes, start) => decimalText(bytes, start, catalog));
    case 'float':
      return new FloatDecoder();
    case 'double':
      return new DoubleDecoder();
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time':
      return timeDecoder(plan);
    case 'bit':
      return type.kind === 'boolean' ? new BitDecoder() : new ByteDecoder(0);
    case 'text':
      return new TextDecoder(logged === null ? null : converterOf(logged));
    case 'bytes':
      return new ByteDecoder(catalog.dataType === 'binary' ? catalog.lengthMax : 0);
    case 'json':
      return new PrintedDecoder(jsonText);
    case 'enum':
      return new EnumDecoder(membersOf(logged));
    case 'set':
      return new SetDecoder(membersOf(logged));
    case 'geometry':
      return new GeometryDecoder();
    case 'uuid':
      return new PrintedDecoder(uuidText);
    case 'inet4':
      return new PrintedDecoder(inet4Text);
    case 'inet6':
      return new PrintedDecoder(inet6Text);
  }
}

function integerDecoder({ type, unsigned }: ValuePlan): ValueDecoder {
  switch (type.kind) {
    case 'decimal':
      return new UnsignedLongDecoder();
    case 'int64':
      return new LongDecoder();
    default:
      return new IntDecoder(unsigned);
  }
}

function timeDecoder({ kind, type, catalog }: ValuePlan): ValueDecoder {
  switch (type.kind) {
    case 'date':
      return new DateDecoder();
    case 'timestamp':
      return new DatetimeDecoder();
    case 'timestamptz':
      return new TimestampDecoder();
    default:
  }
  const { fraction } = catalog;
  return new PrintedDecoder((bytes, start, end) => {
    if (kind === 'date') return dateText(readDate(bytes, start));
    if (kind === 'datetime') return datetimeText(readDatetime(bytes, start, end), fraction);
    return kind === 'timestamp'
      ? timestampText(bytes, { start, end }, fraction)
      : timeText(bytes, { start, end }, fraction);
  });
}

function converterOf({ column, charsets }: LoggedValues): Utf8Converter | null {
  const charset = charsets.ofCollation(column.collation);
  return charset === null ? null : (charsets.converter(charset) ?? null);
}

function membersOf(logged: LoggedValues | null): readonly (Uint8Array | null)[] {
  if (logged === null) return [];
  const convert = converterOf(logged);
  const { members } = logged.column;
  return convert === null ? members : members.map((member) => convert(member, 0, member.length));
}
