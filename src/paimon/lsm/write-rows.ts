// The memtable as one batch with its places and its order: what a flush works on.
import { TributaryError } from '../../base/errors.ts';
import { rowComparator } from '../../column/compare.ts';
import { concatBatches } from '../../column/concat.ts';
import { isRetract, rowKindText } from '../../column/row-kind.ts';
import { sortRows } from '../../column/sort.ts';
import { takeVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import { BUCKET_POSTPONE, type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { KeyValueLayout } from './key-values.ts';
import { requireNotNull, withDefaults } from './null-values.ts';
import { isLeftOut, rowKinds } from './row-kinds.ts';
import { placeRows, type RowPlaces } from './row-places.ts';
import type { WriteBatch } from './write-batch.ts';
import { columnOrder } from '../schema/data-type.ts';

/** Rows in write order. */
export interface WriteRows {
  readonly rowCount: number;
  readonly columns: readonly Vector[];
  readonly kinds: Uint8Array;
  /** 1 for rows of batches that brought before-images. */
  readonly beforeImages: Uint8Array;
  /** The bucket of each row, where it does not follow from the row's values. */
  readonly buckets: Int32Array | null;
}

/** Rows with their places, sorted. */
export interface SortedRows extends WriteRows {
  readonly places: RowPlaces;
  /** Row numbers by place, key, then write order; in append tables and postponed buckets by place, then write order. */
  readonly order: Uint32Array;
}

/**
 * The batches as one, with the table's options on row kinds applied; `release` as in `concatBatches`. Throws `E3304` for
 * a kind the table cannot take, `E3135` for a NULL where none may be.
 */
export function joinRows(schema: TableSchema, batches: readonly WriteBatch[], release: boolean): WriteRows {
  const { rowCount, columns } = concatBatches(batches, release);
  const kinds = new Uint8Array(rowCount);
  const beforeImages = new Uint8Array(rowCount);
  const buckets = batches[0].buckets === undefined ? null : new Int32Array(rowCount);
  let row = 0;
  for (const batch of batches) {
    kinds.set(batch.kinds.subarray(0, batch.rowCount), row);
    if (batch.buckets !== undefined) buckets?.set(batch.buckets, row);
    if (batch.beforeImages) beforeImages.fill(1, row, row + batch.rowCount);
    row += batch.rowCount;
  }
  const values = withDefaults(schema.fields, columns);
  const ownKinds = rowKinds(schema, { columns: values, kinds });
  const given = { rowCount, columns: values, kinds: ownKinds, beforeImages, buckets };
  requireNotNull(schema.fields, columns, given.kinds);
  const rows = filterKinds(given, tableOptions(schema));
  if (schema.primaryKeys.length === 0) requireAdded(rows);
  return rows;
}

/** Append tables hold no kinds: a +U is one more row. */
function requireAdded(rows: WriteRows): void {
  const at = rows.kinds.findIndex(isRetract);
  if (at < 0) return;
  const kind = rowKindText(rows.kinds[at]);
  throw new TributaryError('E3304', `table without primary key takes no -U and -D: kind=${kind}`);
}

function filterKinds(rows: WriteRows, options: TableOptions): WriteRows {
  if (!options.ignoreDelete && !options.ignoreUpdateBefore) return rows;
  const kept = Uint32Array.from([...rows.kinds.keys()].filter((row) => !isLeftOut(rows.kinds[row], options)));
  if (kept.length === rows.rowCount) return rows;
  return {
    rowCount: kept.length,
    columns: rows.columns.map((column) => takeVector(column, kept)),
    kinds: Uint8Array.from(kept, (row) => rows.kinds[row]),
    beforeImages: Uint8Array.from(kept, (row) => rows.beforeImages[row]),
    buckets: rows.buckets === null ? null : takeBuckets(rows.buckets, kept),
  };
}

function takeBuckets(buckets: Int32Array, rows: Uint32Array): Int32Array {
  return Int32Array.from(rows, (row) => buckets[row]);
}

/** Finds the place of each row and sorts. */
export function placeAndSort(schema: TableSchema, layout: KeyValueLayout, rows: WriteRows): SortedRows {
  const isPostponed = tableOptions(schema).bucket === BUCKET_POSTPONE;
  return sortPlaced(isPostponed ? { ...layout, keyIndexes: [] } : layout, rows, placeRows(schema, rows));
}

/** Sorts rows whose places are known. */
export function sortPlaced(layout: KeyValueLayout, rows: WriteRows, places: RowPlaces): SortedRows {
  const order = sortRows({
    rowCount: rows.rowCount,
    columns: keyColumns(layout, rows.columns),
    orders: keyOrders(layout),
    groups: places.places.length > 1 ? places.groups : null,
  });
  return { ...rows, places, order };
}

/** The key columns among the table's. */
export function keyColumns(layout: KeyValueLayout, columns: readonly Vector[]): readonly Vector[] {
  return layout.keyIndexes.map((index) => columns[index]);
}

function keyOrders(layout: KeyValueLayout) {
  return layout.keyIndexes.map((index) => columnOrder(layout.fields[index].type));
}

/** Where in `order` a new key begins, ascending; the first is 0. */
export function keyStarts(layout: KeyValueLayout, { order, columns, places }: SortedRows): Uint32Array {
  const keys = keyColumns(layout, columns);
  const compare = rowComparator(keys, keys, keyOrders(layout));
  const { groups } = places;
  const starts = new Uint32Array(order.length);
  let count = 0;
  for (let index = 0; index < order.length; index++) {
    const row = order[index];
    const last = index === 0 ? -1 : order[index - 1];
    if (last < 0 || groups[last] !== groups[row] || compare(last, row) !== 0) starts[count++] = index;
  }
  return starts.subarray(0, count);
}
