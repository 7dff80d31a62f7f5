// Columns of older files as columns of a newer schema: matched by field id, NULL where the file has none, widened where
// the type has changed. Source: format notes 04 section 5 (SchemaEvolutionUtil, CastExecutors).
import { TributaryError } from '../../base/errors.ts';
import { builderFor } from '../../column/builder.ts';
import { NULL, type Vector } from '../../column/vector.ts';
import { type Cell, cellAt, vectorOf } from '../format/cell.ts';
import { type DataField, type DataType, shapeOf } from '../schema/data-type.ts';

/** Where a column of the target schema comes from. */
export interface EvolvedColumn {
  /** The field in the file's schema version; null where it has none of that id: all values are NULL. */
  readonly source: DataField | null;
  /** Turns what the file holds into the target's column. */
  readonly convert: (vector: Vector) => Vector;
}

/** How the target's fields come from a file of another schema version. Throws `E3352` for unsupported type changes. */
export function evolveColumns(
  target: readonly DataField[],
  fileFields: readonly DataField[],
): readonly EvolvedColumn[] {
  return target.map((field) => {
    const source = fileFields.find((candidate) => candidate.id === field.id) ?? null;
    return { source, convert: source === null ? (vector) => vector : conversion(source.type, field.type, field.name) };
  });
}

/** A column of NULLs. */
export function nullVector(type: DataType, length: number): Vector {
  const builder = builderFor(shapeOf(type));
  for (let row = 0; row < length; row++) {
    builder.reserve(row);
    builder.setAbsent(row, NULL);
  }
  return builder.finish(length);
}

type Conversion = (vector: Vector) => Vector;
const SAME: Conversion = (vector) => vector;

function conversion(from: DataType, to: DataType, column: string): Conversion {
  if (from.kind === 'ROW' && to.kind === 'ROW') return rowConversion(from.fields, to.fields);
  if (from.kind === 'ARRAY' && to.kind === 'ARRAY') {
    const convert = conversion(from.element, to.element, column);
    return (vector) => (vector.kind === 'list' ? { ...vector, element: convert(vector.element) } : vector);
  }
  if (from.kind === 'MAP' && to.kind === 'MAP') {
    const key = conversion(from.key, to.key, column);
    const value = conversion(from.value, to.value, column);
    return (vector) =>
      vector.kind === 'map' ? { ...vector, key: key(vector.key), value: value(vector.value) } : vector;
  }
  if (from.kind === 'MULTISET' && to.kind === 'MULTISET') {
    const key = conversion(from.element, to.element, column);
    return (vector) => (vector.kind === 'map' ? { ...vector, key: key(vector.key) } : vector);
  }
  if (sameValues(from, to)) return SAME;
  const widen = widening(from, to);
  if (widen === null) {
    throw new TributaryError('E3352', `type change is not supported: column=${column} from=${from.kind} to=${to.kind}`);
  }
  return (vector) => mapCells({ vector, from, to, widen });
}

/** Nested fields are matched by id, too. */
function rowConversion(from: readonly DataField[], to: readonly DataField[]): Conversion {
  const columns = evolveColumns(to, from);
  return (vector) => {
    if (vector.kind !== 'struct') return vector;
    const fields = columns.map(({ source, convert }, index) =>
      source === null ? nullVector(to[index].type, vector.length) : convert(vector.fields[from.indexOf(source)]),
    );
    return { ...vector, fields };
  };
}

/** Whether the values and their units are the same, whatever the declared length or nullability. */
function sameValues(from: DataType, to: DataType): boolean {
  switch (to.kind) {
    case 'DECIMAL':
      return from.kind === 'DECIMAL' && from.precision === to.precision && from.scale === to.scale;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return from.kind === to.kind && from.precision <= to.precision && perSecond(from) === perSecond(to);
    case 'TIME':
      return from.kind === 'TIME' && from.precision <= to.precision;
    case 'VARCHAR':
      return (from.kind === 'CHAR' || from.kind === 'VARCHAR') && from.length <= to.length;
    case 'VARBINARY':
      return (from.kind === 'BINARY' || from.kind === 'VARBINARY') && from.length <= to.length;
    case 'CHAR':
    case 'BINARY':
      return from.kind === to.kind && from.length === to.length;
    case 'SMALLINT':
      return from.kind === 'TINYINT' || from.kind === 'SMALLINT';
    case 'INT':
      return integerDigits(from) !== null && from.kind !== 'BIGINT';
    default:
      return from.kind === to.kind;
  }
}

type Widening = (cell: Exclude<Cell, null>) => Cell;

/** How a value becomes one of a wider type; null where the reference's cast can lose something or is not supported. */
function widening(from: DataType, to: DataType): Widening | null {
  const digits = integerDigits(from);
  switch (to.kind) {
    case 'BIGINT':
      return digits === null ? null : (cell) => BigInt(cell as number);
    case 'FLOAT':
    case 'DOUBLE':
      return digits !== null || (from.kind === 'FLOAT' && to.kind === 'DOUBLE') ? (cell) => Number(cell) : null;
    case 'DECIMAL':
      return decimalWidening(from, to);
    case 'VARCHAR':
      // The longest is -9223372036854775808.
      return digits !== null && to.length >= digits + 1 ? (cell) => Buffer.from(String(cell)) : null;
    case 'TIMESTAMP':
      if (from.kind === 'DATE') return (cell) => BigInt(cell as number) * 86400n * perSecond(to);
      return from.kind === 'TIMESTAMP' ? timestampWidening(from, to) : null;
    case 'TIMESTAMP_LTZ':
      return from.kind === 'TIMESTAMP_LTZ' ? timestampWidening(from, to) : null;
    default:
      return null;
  }
}

function decimalWidening(from: DataType, to: DataType & { kind: 'DECIMAL' }): Widening | null {
  const digits = from.kind === 'DECIMAL' ? from.precision - from.scale : integerDigits(from);
  const scale = from.kind === 'DECIMAL' ? from.scale : 0;
  if (digits === null || digits > to.precision - to.scale || scale > to.scale) return null;
  const factor = 10n ** BigInt(to.scale - scale);
  return (cell) => BigInt(cell as number | bigint) * factor;
}

function timestampWidening(from: DataType, to: DataType): Widening | null {
  const factor = perSecond(to) / perSecond(from);
  return factor >= 1n ? (cell) => (cell as bigint) * factor : null;
}

/** Most decimal digits of an integer type; null for other types. */
function integerDigits(type: DataType): number | null {
  switch (type.kind) {
    case 'TINYINT':
      return 3;
    case 'SMALLINT':
      return 5;
    case 'INT':
      return 10;
    case 'BIGINT':
      return 19;
    default:
      return null;
  }
}

/** Units of a timestamp cell in a second. */
function perSecond(type: DataType): bigint {
  if (type.kind !== 'TIMESTAMP' && type.kind !== 'TIMESTAMP_LTZ') return 0n;
  if (type.precision <= 3) return 1000n;
  return type.precision <= 6 ? 1000000n : 1000000000n;
}

/** Value by value: files of an older type are rare, and are gone after their first compaction. */
function mapCells(job: { vector: Vector; from: DataType; to: DataType; widen: Widening }): Vector {
  const cells = Array.from({ length: job.vector.length }, (_, row) => {
    const cell = cellAt(job.from, job.vector, row);
    return cell === null ? null : job.widen(cell);
  });
  return vectorOf(job.to, cells);
}
