// System tables that show the rows of a table in another light: with their kinds, as before-and-after pairs, or as far
// as they can be read without merging.
import { TributaryError } from '../../../base/errors.ts';
import { concatVectors } from '../../../column/concat.ts';
import { INSERT, rowKindText, UPDATE_AFTER, UPDATE_BEFORE } from '../../../column/row-kind.ts';
import { sliceVector } from '../../../column/take.ts';
import type { Vector } from '../../../column/vector.ts';
import { vectorOf } from '../../format/cell.ts';
import { conditionColumns } from '../../format/condition.ts';
import type { DataField } from '../../schema/data-type.ts';
import { readableSchema } from '../../schema/system-fields.ts';
import type { ReadBatch, ReadOptions, SnapshotChanges } from '../scan.ts';
import { STRING, type SystemTable, type SystemTableSource, text } from './system-table.ts';

/** The kind of a row as its first column. */
const ROW_KIND: DataField = { id: 2147483643, name: 'rowkind', type: STRING };

/** All rows with their kinds, retracts included. */
export const AUDIT_LOG: SystemTable = {
  fields: ({ schema }) => auditFields(schema.fields),
  async *batches(source, options) {
    for await (const batch of source.read({ ...pushedDown(source, options), keepRetracts: true })) {
      yield auditBatch(batch);
    }
  },
};

/** As `audit_log`, each value in an array: of one, or for an update read as a stream of the value before and after. */
export const BINLOG: SystemTable = {
  fields: ({ schema }) => binlogFields(schema.fields),
  async *batches(source, options) {
    for await (const batch of source.read({ ...pushedDown(source, options), keepRetracts: true })) {
      yield binlogBatch(batch, [...batch.kinds.keys(), batch.rowCount]);
    }
  },
};

/** The rows of the highest level only, which need no merge. */
export const READ_OPTIMIZED: SystemTable = {
  fields: ({ schema }) => schema.fields,
  batches: (source, options) => source.read({ ...pushedDown(source, options), readOptimized: true }),
};

/** The rows with their ids and the snapshots that last changed them. */
export const ROW_TRACKING: SystemTable = {
  fields: ({ schema }) => {
    const { fields } = readableSchema(schema);
    if (fields !== schema.fields) return fields;
    throw new TributaryError('E3403', 'row_tracking is there for tables with row-tracking.enabled');
  },
  batches: (source, options) => {
    const fields = readableSchema(source.schema).fields;
    return source.read({ columns: fields.map(({ name }) => name), ...pushedDown(source, options) });
  },
};

/** Changes as a stream of `audit_log` gives them. */
export async function* auditChanges(changes: AsyncIterable<SnapshotChanges>): AsyncGenerator<SnapshotChanges> {
  for await (const batch of changes) yield { ...auditBatch(batch), snapshotId: batch.snapshotId };
}

/** Changes as a stream of `binlog` gives them: a -U and the +U that follows it are one row. */
export async function* binlogChanges(changes: AsyncIterable<SnapshotChanges>): AsyncGenerator<SnapshotChanges> {
  let held: SnapshotChanges | null = null;
  for await (const batch of changes) {
    if (batch.rowCount === 0) continue;
    const startsWithAfter = batch.kinds[0] === UPDATE_AFTER && batch.snapshotId === held?.snapshotId;
    if (held !== null && !startsWithAfter) yield packedChanges(held);
    const rows: SnapshotChanges = held !== null && startsWithAfter ? joined(held, batch) : batch;
    // A batch may be cut anywhere: a -U at its end waits for the next one.
    const whole: number = rows.kinds[rows.rowCount - 1] === UPDATE_BEFORE ? rows.rowCount - 1 : rows.rowCount;
    held = whole === rows.rowCount ? null : sliced(rows, whole, rows.rowCount);
    if (whole > 0) yield packedChanges(sliced(rows, 0, whole));
  }
  if (held !== null) yield packedChanges(held);
}

/** Rows with their kinds as text first. */
function auditBatch({ fields, rowCount, columns, kinds }: ReadBatch): ReadBatch {
  return {
    fields: auditFields(fields),
    rowCount,
    columns: [kindColumn(kinds), ...columns],
    kinds: new Uint8Array(rowCount).fill(INSERT),
  };
}

/** Each run of rows from one start to the next as one row; its kind is that of the run's last row. */
function binlogBatch(batch: ReadBatch, starts: readonly number[]): ReadBatch {
  const offsets = Int32Array.from(starts);
  const rowCount = offsets.length - 1;
  const kinds = Uint8Array.from({ length: rowCount }, (_, row) => batch.kinds[offsets[row + 1] - 1]);
  const lists = batch.columns.map(
    (element): Vector => ({ kind: 'list', length: rowCount, offsets, element, validity: null }),
  );
  return {
    fields: binlogFields(batch.fields),
    rowCount,
    columns: [kindColumn(kinds), ...lists],
    kinds: new Uint8Array(rowCount).fill(INSERT),
  };
}

function packedChanges(changes: SnapshotChanges): SnapshotChanges {
  const { kinds, rowCount, snapshotId } = changes;
  const starts: number[] = [];
  for (let row = 0; row < rowCount; row++) {
    const isAfter = row > 0 && kinds[row] === UPDATE_AFTER && kinds[row - 1] === UPDATE_BEFORE;
    if (!isAfter) starts.push(row);
  }
  return { ...binlogBatch(changes, [...starts, rowCount]), snapshotId };
}

function sliced(changes: SnapshotChanges, from: number, to: number): SnapshotChanges {
  const columns = changes.columns.map((column) => sliceVector(column, from, to));
  return { ...changes, rowCount: to - from, columns, kinds: changes.kinds.subarray(from, to) };
}

function joined(first: SnapshotChanges, second: SnapshotChanges): SnapshotChanges {
  const columns = first.columns.map((column, index) => concatVectors([column, second.columns[index]]));
  const kinds = Uint8Array.from([...first.kinds, ...second.kinds]);
  return { ...second, rowCount: first.rowCount + second.rowCount, columns, kinds };
}

/** What the read of the table itself can do: the columns that are needed, and the conditions on them. */
function pushedDown({ schema }: SystemTableSource, { columns, where = [], signal }: ReadOptions): ReadOptions {
  const { fields } = readableSchema(schema);
  const isStored = (name: string): boolean => fields.some((field) => field.name === name);
  const stored = where.filter((condition) => conditionColumns([condition]).every(isStored));
  const needed = columns === undefined ? [] : [...columns, ...conditionColumns(where)].filter(isStored);
  // A read without columns would not tell how many rows there are.
  const names = needed.length === 0 ? [schema.fields[0].name] : [...new Set(needed)];
  return {
    where: stored,
    ...(columns === undefined ? {} : { columns: names }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function auditFields(fields: readonly DataField[]): readonly DataField[] {
  return [ROW_KIND, ...fields];
}

function binlogFields(fields: readonly DataField[]): readonly DataField[] {
  return auditFields(
    fields.map((field) => ({
      ...field,
      type: { kind: 'ARRAY', element: { ...field.type, nullable: true }, nullable: true },
    })),
  );
}

function kindColumn(kinds: Uint8Array): Vector {
  return vectorOf(
    STRING,
    Array.from(kinds, (kind) => text(rowKindText(kind))),
  );
}
