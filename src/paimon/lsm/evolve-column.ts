// Columns of older files as columns of a newer schema: matched by field id, NULL where the file has none, cast where the
// type has changed. Source: format notes 04 section 5 (SchemaEvolutionUtil, CastExecutors).
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { builderFor } from '../../column/builder.ts';
import { NULL, type Vector } from '../../column/vector.ts';
import { columnCast } from '../format/cast-column.ts';
import { type DataField, type DataType, shapeOf } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';

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
  const cast = columnCast(from, to);
  if (cast !== null) return (vector) => named(column, () => cast(vector));
  const types = `from=${dataTypeText(from)} to=${dataTypeText(to)}`;
  throw new TributaryError('E3352', `type change is not supported: column=${column} ${types}`);
}

/** Adds the column's name to the refusal of a value. */
function named(column: string, cast: () => Vector): Vector {
  try {
    return cast();
  } catch (error) {
    if (!isTributaryError(error, 'E3134')) throw error;
    throw new TributaryError('E3134', `value of an older file is refused: column=${column}`, { cause: error });
  }
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
