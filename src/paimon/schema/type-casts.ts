// Which types a column can change to: what ALTER allows, and what older files can be read as.
// Source: DataTypeCasts, CastExecutors (format notes 04 section 5).
import { type DataType, MAX_LENGTH } from './data-type.ts';

type Kind = DataType['kind'];

const INTEGERS: readonly Kind[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];
const FLOATS: readonly Kind[] = ['FLOAT', 'DOUBLE'];
const NUMBERS: readonly Kind[] = [...INTEGERS, ...FLOATS, 'DECIMAL'];
const TEXTS: readonly Kind[] = ['CHAR', 'VARCHAR'];
const BINARIES: readonly Kind[] = ['BINARY', 'VARBINARY'];
const TIMESTAMPS: readonly Kind[] = ['TIMESTAMP', 'TIMESTAMP_LTZ'];
const TO_TEXT: readonly Kind[] = [...NUMBERS, ...TEXTS, ...BINARIES, 'BOOLEAN', 'ARRAY', 'MAP', 'ROW'];

/** From what kinds values can be turned into each kind. */
const CASTS: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  CHAR: TO_TEXT,
  VARCHAR: TO_TEXT,
  BOOLEAN: [...INTEGERS, ...TEXTS],
  BINARY: [...BINARIES, ...TEXTS],
  VARBINARY: [...BINARIES, ...TEXTS],
  DECIMAL: [...NUMBERS, ...TEXTS, 'BOOLEAN'],
  TINYINT: [...NUMBERS, ...TEXTS, 'BOOLEAN'],
  SMALLINT: [...NUMBERS, ...TEXTS, 'BOOLEAN'],
  INT: [...NUMBERS, ...TEXTS, 'BOOLEAN', ...TIMESTAMPS],
  BIGINT: [...NUMBERS, ...TEXTS, 'BOOLEAN', ...TIMESTAMPS],
  FLOAT: [...NUMBERS, ...TEXTS, 'BOOLEAN'],
  DOUBLE: [...NUMBERS, ...TEXTS, 'BOOLEAN'],
  DATE: [...TIMESTAMPS, ...TEXTS],
  TIME: [...TIMESTAMPS, ...TEXTS],
  TIMESTAMP: [...TIMESTAMPS, ...TEXTS, 'DATE', 'TIME', 'INT', 'BIGINT'],
  TIMESTAMP_LTZ: [...TIMESTAMPS, ...TEXTS, 'DATE', 'TIME', 'INT', 'BIGINT'],
};

/** The part of `CASTS` that the reference calls implicit: all that `disable-explicit-type-casting` leaves. */
const IMPLICIT: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  CHAR: ['CHAR'],
  VARCHAR: TEXTS,
  BINARY: ['BINARY'],
  VARBINARY: BINARIES,
  DECIMAL: NUMBERS,
  TINYINT: ['TINYINT'],
  SMALLINT: ['TINYINT', 'SMALLINT'],
  INT: ['TINYINT', 'SMALLINT', 'INT'],
  BIGINT: INTEGERS,
  FLOAT: [...INTEGERS, 'FLOAT', 'DECIMAL'],
  DOUBLE: NUMBERS,
  DATE: ['TIMESTAMP'],
  TIME: ['TIMESTAMP'],
  TIMESTAMP: TIMESTAMPS,
  TIMESTAMP_LTZ: TIMESTAMPS,
};

/** The types of dates and times become STRING, but no shorter text, and none that is NOT NULL. */
const TO_STRING_ONLY: readonly Kind[] = [...TIMESTAMPS, 'DATE', 'TIME'];

/** Whether values of one type can be turned into values of the other. Nested fields are not looked at: see `ColumnPath`. */
export function canCast(from: DataType, to: DataType): boolean {
  if (TO_STRING_ONLY.includes(from.kind) && to.kind === 'VARCHAR') return to.length === MAX_LENGTH && to.nullable;
  if (!(CASTS[to.kind]?.includes(from.kind) ?? false)) return false;
  return innerTypes(from).every((inner) => canCast(inner, STRING));
}

/** Whether ALTER takes the change; with `implicitOnly` only where the reference sees no loss. */
export function canChangeType(from: DataType, to: DataType, implicitOnly: boolean): boolean {
  if (!canCast(from, to)) return false;
  if (!implicitOnly) return true;
  if (from.nullable && !to.nullable) return false;
  return IMPLICIT[to.kind]?.includes(from.kind) ?? false;
}

const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };

/** What a nested value's text is made of. */
function innerTypes(type: DataType): readonly DataType[] {
  switch (type.kind) {
    case 'ARRAY':
      return [type.element];
    case 'MAP':
      return [type.key, type.value];
    case 'ROW':
      return type.fields.map((field) => field.type);
    default:
      return [];
  }
}
