// Least and greatest values and NULLs of columns: from the metadata where it tells them exactly, by reading where rows have
// to be merged, are deleted or asked for by a condition, and where statistics may be cut off.
import { rowComparator } from '../../column/compare.ts';
import type { Vector } from '../../column/vector.ts';
import { TributaryError } from '../../base/errors.ts';
import { decodeCells } from '../format/binary-row.ts';
import { type Cell, cellAt, compareCells, vectorOf } from '../format/cell.ts';
import { extremeRows } from '../format/column-statistics.ts';
import type { ColumnBounds } from '../format/condition.ts';
import { rowObjects, type RowValue } from '../format/row-objects.ts';
import { fieldNamed } from '../lsm/file-conditions.ts';
import { writtenSchema } from '../lsm/written-columns.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { columnOrder, type DataField, type DataType, hasOrder } from '../schema/data-type.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';
import { knownCount } from './count.ts';
import { FileColumnBounds, firstKeyBounds } from './prune.ts';
import { readSplit, type ReadSource } from './read.ts';
import type { ReadOptions, ScanPlan, Split } from './scan.ts';

/** What is known of some rows of a column; bounds are NULL where every row is. */
export interface CellAggregate {
  readonly min: Cell;
  readonly max: Cell;
  readonly nullCount: number;
}

/** What is known of some rows. */
export interface Aggregates {
  readonly rowCount: number;
  /** One a column of the plan, in order. */
  readonly columns: readonly CellAggregate[];
}

/** The same of one column as a JavaScript value. */
export interface ColumnAggregate {
  readonly min: RowValue;
  readonly max: RowValue;
  readonly nullCount: number;
}

/** The same by the names of the columns. */
export interface TableAggregates {
  readonly rowCount: number;
  readonly columns: Readonly<Record<string, ColumnAggregate>>;
}

const NOTHING: CellAggregate = { min: null, max: null, nullCount: 0 };

/**
 * What `readPlan` would give of the plan's columns. `options` are those that the plan was made with. Throws `E3400` for a
 * column whose values have no order, and what `readSplit` throws.
 */
export async function aggregateRows(source: ReadSource, plan: ScanPlan, options: ReadOptions): Promise<Aggregates> {
  const unordered = plan.fields.find(({ type }) => !hasOrder(type));
  if (unordered !== undefined) throw new TributaryError('E3400', `column has no order: column=${unordered.name}`);
  const isWhole = options.where === undefined || options.where.length === 0;
  let rowCount = 0;
  const columns = plan.fields.map(() => NOTHING);
  for (const split of plan.splits) {
    const count = isWhole ? knownCount(plan, split) : null;
    // Columns of the same rows may stand in several files.
    const isTold = count !== null && split.rawConvertible;
    const told = isTold ? await toldBy(source, plan, split) : plan.fields.map(() => null);
    const read = await readColumns(source, split, {
      plan,
      options,
      fields: plan.fields.filter((_, index) => told[index] === null),
    });
    rowCount += count ?? read.rowCount;
    for (const [index, field] of plan.fields.entries()) {
      columns[index] = join(columns[index], told[index] ?? read.columns.get(field) ?? NOTHING);
    }
  }
  if (plan.next === undefined) return { rowCount, columns };
  const rest = await aggregateRows({ ...source, schemas: plan.next.schemas }, plan.next.plan, options);
  return {
    rowCount: rowCount + rest.rowCount,
    columns: columns.map((column, index) => join(column, rest.columns[index])),
  };
}

/** Aggregates of the fields for programs that have no cells at hand. */
export function namedAggregates(fields: readonly DataField[], { rowCount, columns }: Aggregates): TableAggregates {
  const bounds = fields.map(({ type }, index) => vectorOf(type, [columns[index].min, columns[index].max]));
  const [least, most] = rowObjects({ fields, rowCount: 2, columns: bounds });
  const named = fields.map(({ name }, index): [string, ColumnAggregate] => {
    const { nullCount } = columns[index];
    return [name, { min: least[name] ?? null, max: most[name] ?? null, nullCount }];
  });
  return { rowCount, columns: Object.fromEntries(named) };
}

/** What the metadata of a split's files tells exactly of each column; null where it does not. */
async function toldBy(
  { schemas }: ReadSource,
  { schema, fields }: ScanPlan,
  split: Split,
): Promise<readonly (CellAggregate | null)[]> {
  const files = await Promise.all(
    split.files.map(async (file) => {
      const fileSchema = writtenSchema(await schemas.read(file.schemaId), file);
      return { file, bounds: new FileColumnBounds({ file, schemas: { read: schema, file: fileSchema } }) };
    }),
  );
  return fields.map((field) => {
    const partition = partitionBounds(schema, field, split);
    const all = files.map(({ file, bounds }) =>
      exact(field.type, partition ?? keyBounds(schema, field, file), bounds.of(field), file.rowCount),
    );
    return all.reduce((sum, one) => (sum === null || one === null ? null : join(sum, one)), NOTHING);
  });
}

/** A partition column has one value in all rows of a split. */
function partitionBounds(schema: TableSchema, { name }: DataField, { partition }: Split): Exact | null {
  const place = schema.partitionKeys.indexOf(name);
  if (place < 0) return null;
  const types = schema.partitionKeys.map((key) => fieldNamed(schema, key).type);
  const cell = decodeCells(types, partition)[place];
  return { min: cell, max: cell };
}

/** The first key column lies between the keys of a file's first and last row. */
function keyBounds(schema: TableSchema, { name }: DataField, file: DataFileMeta): Exact | null {
  const keys = trimmedPrimaryKeys(schema);
  if (keys[0] !== name) return null;
  return firstKeyBounds(
    keys.map((key) => fieldNamed(schema, key).type),
    file,
  );
}

/** Bounds that are values of the column. */
type Exact = Pick<CellAggregate, 'min' | 'max'>;

function exact(type: DataType, known: Exact | null, told: ColumnBounds | null, rowCount: number): CellAggregate | null {
  if (known !== null) return { min: known.min, max: known.max, nullCount: known.min === null ? rowCount : 0 };
  if (told === null || told.nullCount === null) return null;
  const nullCount = Number(told.nullCount);
  if (nullCount === rowCount) return { ...NOTHING, nullCount };
  if (!isExact(type) || told.min === null || told.max === null) return null;
  return { min: told.min, max: told.max, nullCount };
}

/** Bounds of texts may be cut off, and those of floating-point numbers leave NaN out, or take one zero for the other. */
function isExact(type: DataType): boolean {
  switch (type.kind) {
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
    case 'FLOAT':
    case 'DOUBLE':
      return false;
    default:
      return true;
  }
}

/** The columns of a split that have to be read; with none and no need to count, nothing is. */
async function readColumns(
  source: ReadSource,
  split: Split,
  of: { readonly plan: ScanPlan; readonly options: ReadOptions; readonly fields: readonly DataField[] },
): Promise<{ readonly rowCount: number; readonly columns: ReadonlyMap<DataField, CellAggregate> }> {
  const { plan, options, fields } = of;
  const columns = new Map(fields.map((field) => [field, NOTHING]));
  let rowCount = 0;
  if (fields.length === 0) return { rowCount, columns };
  for await (const batch of readSplit(source, split, { plan: { ...plan, fields }, options })) {
    options.signal?.throwIfAborted();
    rowCount += batch.rowCount;
    for (const [index, field] of fields.entries()) {
      const seen = aggregateOf(field.type, batch.columns[index], batch.rowCount);
      columns.set(field, join(columns.get(field) ?? NOTHING, seen));
    }
  }
  return { rowCount, columns };
}

function aggregateOf(type: DataType, vector: Vector, rowCount: number): CellAggregate {
  const compare = rowComparator([vector], [vector], [columnOrder(type)]);
  const { least, most, nullCount } = extremeRows(vector, compare, { order: null, from: 0, to: rowCount });
  const at = (row: number): Cell => (row < 0 ? null : kept(cellAt(type, vector, row)));
  return { min: at(least), max: at(most), nullCount };
}

/** Bytes are views that do not outlive their batch. */
function kept(cell: Cell): Cell {
  return cell instanceof Uint8Array ? cell.slice() : cell;
}

function join(a: CellAggregate, b: CellAggregate): CellAggregate {
  const isBelow = a.min === null || (b.min !== null && compareCells(b.min, a.min) < 0);
  const isAbove = a.max === null || (b.max !== null && compareCells(b.max, a.max) > 0);
  const nullCount = a.nullCount + b.nullCount;
  return { min: isBelow ? b.min : a.min, max: isAbove ? b.max : a.max, nullCount };
}
