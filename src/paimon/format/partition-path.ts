// The directory of a partition: `k1=v1/k2=v2/`. Readers rebuild it from the partition's values, so every character
// counts. Source: PartitionPathUtils, InternalRowPartitionComputer (format notes 01 section 2).
import { TributaryError } from '../../base/errors.ts';
import type { DataType } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';
import { type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { decodeCells } from './binary-row.ts';
import { dateText, fractionText, splitDay, timestampText, timeText } from './calendar-text.ts';
import type { Cell } from './cell.ts';
import { decimalText, javaDoubleText, javaFloatText } from './value-text.ts';

/** Turns a serialized partition into its directory; `''` in an unpartitioned table, else with a `/` at the end. */
export type PartitionPath = (partition: Uint8Array) => string;

type Naming = Pick<TableOptions, 'partitionDefaultName' | 'partitionLegacyName'>;

/** Characters that are written as `%` and two hex digits. Space and all beyond ASCII stay. */
const ESCAPED = new Set('"#%\'*/:=?\\{}[]^\x7f');
/** What Java's `Character.isWhitespace` is true for. */
const BLANKS = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000',
);
const NANOS_PER_UNIT = [1_000_000n, 1_000n, 1n] as const;

/** The types of the partition columns, in partition-key order. */
export function partitionTypes(schema: Pick<TableSchema, 'fields' | 'partitionKeys'>): readonly DataType[] {
  return schema.partitionKeys.map((key) => {
    const field = schema.fields.find((candidate) => candidate.name === key);
    if (field === undefined) throw new TributaryError('E3103', `partition key is not a column: column=${key}`);
    return field.type;
  });
}

/** The directories of a table's partitions. The function throws `E3112` for a BYTES partition, `E3111` for damaged bytes. */
export function partitionPathOf(schema: TableSchema): PartitionPath {
  const types = partitionTypes(schema);
  const naming = tableOptions(schema);
  const known = new Map<string, string>();
  return (partition) => {
    if (types.length === 0) return '';
    const key = Buffer.from(partition.buffer, partition.byteOffset, partition.length).toString('latin1');
    let path = known.get(key);
    if (path === undefined) {
      const texts = partitionTexts(types, partition, naming);
      path = texts.map((text, index) => `${escaped(schema.partitionKeys[index])}=${escaped(text)}/`).join('');
      known.set(key, path);
    }
    return path;
  };
}

/**
 * The texts of a partition's values as they stand, unescaped, in its directory; null and blank ones are the default
 * name. Throws `E3111`, `E3112`.
 */
export function partitionTexts(types: readonly DataType[], partition: Uint8Array, naming: Naming): readonly string[] {
  return decodeCells(types, partition).map((cell, index) => {
    const text = cell === null ? '' : valueText(types[index], cell, naming.partitionLegacyName);
    return isBlank(text) ? naming.partitionDefaultName : text;
  });
}

function isBlank(text: string): boolean {
  return text.split('').every((char) => BLANKS.has(char));
}

function escaped(text: string): string {
  let result = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    const isEscaped = char < ' ' || ESCAPED.has(char);
    result += isEscaped ? `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : char;
  }
  return result;
}

/** Java's `toString` of the internal value (legacy), or what a cast to a string gives. Throws `E3112` for other types. */
export function valueText(type: DataType, cell: Cell, legacy: boolean): string {
  switch (type.kind) {
    case 'CHAR':
    case 'VARCHAR':
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(cell as Uint8Array);
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return String(cell);
    case 'FLOAT':
      return javaFloatText(cell as number);
    case 'DOUBLE':
      return javaDoubleText(cell as number);
    case 'DECIMAL':
      return decimalText(cell as bigint, type.scale);
    case 'DATE':
      return legacy ? String(cell) : dateText(cell as number);
    case 'TIME':
      return legacy ? String(cell) : sqlTime(cell as number, type.precision);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const nanos = (cell as bigint) * NANOS_PER_UNIT[Math.max(0, Math.ceil(type.precision / 3) - 1)];
      // The reference casts the zoned type in the zone of its process; here that is UTC.
      return legacy ? javaLocalDateTime(nanos) : timestampText(nanos, type.precision, ' ');
    }
    default:
      throw new TributaryError('E3112', `type cannot name a partition directory: type=${dataTypeText(type)}`);
  }
}

/** `12:34:56.7`: at least one digit of the fraction, at most `precision`, without zeros at the end. */
function sqlTime(milliOfDay: number, precision: number): string {
  const fraction = String(milliOfDay % 1000)
    .padStart(3, '0')
    .slice(0, precision)
    .replace(/0+$/, '');
  return precision === 0 ? timeText(milliOfDay) : `${timeText(milliOfDay)}.${fraction === '' ? '0' : fraction}`;
}

/** Java's `LocalDateTime.toString`: no seconds where they and the fraction are 0; a fraction of 0, 3, 6 or 9 digits. */
function javaLocalDateTime(epochNanos: bigint): string {
  const { day, nanos } = splitDay(epochNanos);
  const fraction = fractionText(nanos, 9).replace(/(000)+$/, '');
  const time = timeText(Number(nanos / 1_000_000n));
  if (fraction !== '') return `${dateText(day)}T${time}.${fraction}`;
  return `${dateText(day)}T${time.endsWith(':00') ? time.slice(0, 5) : time}`;
}
