// Decodes the tuples of one table's messages straight into column builders: the innermost loop of reading the log.
// A row is written by one call, which returns OK or a fault; after a fault the rows so far are of no use.
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../column/row-kind.ts';
import { MISSING, NULL } from '../../column/vector.ts';
import type { ColumnDecoder } from '../text/column-decoder.ts';
import type { PostgresTable } from './postgres-table.ts';
import { TupleIndex } from './tuple-index.ts';
import { MALFORMED, OK } from '../faults.ts';
import { RowBuilder } from '../row-builder.ts';
import { decoderFor } from './value-plan.ts';

const TEXT = 0x74;
const NULL_VALUE = 0x6e;
const UNCHANGED = 0x75;
const KEY_TUPLE = 0x4b;
const OLD_TUPLE = 0x4f;
const NEW_TUPLE = 0x4e;

/** Where a column of the log's tuples goes. */
export interface TupleColumn {
  /** Index of the table's column; -1 for a column that is not mirrored. */
  readonly target: number;
  /** The column is in key tuples. */
  readonly identity: boolean;
}

/** Rows of one table under construction. */
export class RowDecoder extends RowBuilder<ColumnDecoder> {
  /** Batches carry whole old rows. */
  readonly beforeImages: boolean;
  protected readonly decoders: readonly ColumnDecoder[];
  /** For each column of the log's tuples: index of the table's column, or -1. */
  private readonly targets: Int32Array;
  private readonly identity: Uint8Array;
  private readonly keyTupleColumns: readonly number[];
  /** Where the message being read ends. */
  private messageEnd = 0;
  private readonly oldTuple = new TupleIndex();
  private readonly newTuple = new TupleIndex();

  /** `columns`: the columns of the log's tuples, in their order; every column of the table is the target of one. */
  constructor(table: PostgresTable, columns: readonly TupleColumn[], beforeImages: boolean) {
    super(table.source, table.nullFaults);
    this.beforeImages = beforeImages;
    this.decoders = table.layout.map((column, index) =>
      decoderFor(column.plan, {
        nullFaults: this.isKey[index] === 1 ? 0 : table.nullFaults,
        validateUtf8: table.validateUtf8,
      }),
    );
    this.targets = Int32Array.from(columns, (column) => column.target);
    this.identity = Uint8Array.from(columns, (column) => (column.identity ? 1 : 0));
    this.keyTupleColumns = table.source.keyColumns.map((key) => this.targets.indexOf(key));
  }

  /** Bytes of the batch so far, roughly, by what the caller has fed; the exact size is in the batch. */
  insert(bytes: Buffer, start: number, end: number): number {
    if (bytes[start] !== NEW_TUPLE) return this.malformed();
    this.messageEnd = end;
    return this.readTuple(bytes, start + 1, INSERT);
  }

  /** An Update message from its first tuple on. */
  update(bytes: Buffer, start: number, end: number): number {
    const first = bytes[start];
    this.messageEnd = end;
    if (first === NEW_TUPLE) return this.readTuple(bytes, start + 1, UPDATE_AFTER);
    if (first !== KEY_TUPLE && first !== OLD_TUPLE) return this.malformed();
    const next = this.oldTuple.read(bytes, start + 1, end);
    if (next < 0 || bytes[next] !== NEW_TUPLE || this.newTuple.read(bytes, next + 1, end) < 0) return this.malformed();
    if (this.oldTuple.count !== this.targets.length || this.newTuple.count !== this.targets.length) {
      return this.malformed();
    }
    const whole = first === OLD_TUPLE;
    const moved = this.keyMoved(bytes);
    if (moved || this.beforeImages) {
      const fault = this.writeOld(bytes, moved ? DELETE : UPDATE_BEFORE);
      if (fault !== OK) return fault;
    }
    return this.writeNew(bytes, moved ? INSERT : UPDATE_AFTER, whole);
  }

  /** A Delete message from its tuple on. */
  delete(bytes: Buffer, start: number, end: number): number {
    const first = bytes[start];
    if (first !== KEY_TUPLE && first !== OLD_TUPLE) return this.malformed();
    if (this.oldTuple.read(bytes, start + 1, end) < 0) return this.malformed();
    if (this.oldTuple.count !== this.targets.length) return this.malformed();
    return this.writeOld(bytes, DELETE);
  }

  /** A field of COPY as the value of a column of the row being built; columns come in order. */
  copiedField(bytes: Buffer, start: number, end: number, column: number): number {
    return this.writeText(bytes, start, end, column);
  }

  /** NULL of COPY. */
  copiedNull(column: number): number {
    return this.writeAbsent(column, NULL);
  }

  /** Ends a copied row. */
  copiedRow(): void {
    this.endRow(INSERT);
  }

  /** The usual case: a whole new tuple, read in one go. */
  private readTuple(bytes: Buffer, start: number, kind: number): number {
    const { targets } = this;
    const count = targets.length;
    if (((bytes[start] << 8) | bytes[start + 1]) !== count) return this.malformed();
    let at = start + 2;
    for (let index = 0; index < count; index++) {
      const target = targets[index];
      const form = bytes[at++];
      let fault = OK;
      if (form === TEXT) {
        const from = at + 4;
        at = from + int32At(bytes, at);
        if (at < from || at > this.messageEnd) return this.malformed();
        if (target >= 0) fault = this.writeText(bytes, from, at, target);
      } else if (target >= 0) fault = this.writeForm(form, target);
      if (fault !== OK) return fault;
    }
    if (at > this.messageEnd) return this.malformed();
    this.endRow(kind);
    return OK;
  }

  private writeText(bytes: Buffer, start: number, end: number, column: number): number {
    const decoder = this.decoders[column];
    const fault = decoder.decode(bytes, start, end, this.rowCount);
    return fault === OK ? OK : this.absorb(fault, column);
  }

  private writeForm(form: number | undefined, column: number): number {
    if (form === NULL_VALUE) return this.writeAbsent(column, NULL);
    if (form === UNCHANGED) return this.writeAbsent(column, MISSING);
    this.failedColumn = column;
    return MALFORMED;
  }

  /** Whether the key differs between the old and the new tuple. A value left out of the new one has not changed. */
  private keyMoved(bytes: Buffer): boolean {
    for (const column of this.keyTupleColumns) {
      if (this.newTuple.forms[column] !== UNCHANGED && !sameValue(bytes, this.oldTuple, this.newTuple, column)) {
        return true;
      }
    }
    return false;
  }

  /** The old row: whole if before-images are wanted, else its key and NULLs. */
  private writeOld(bytes: Buffer, kind: number): number {
    const tuple = this.oldTuple;
    for (let index = 0; index < tuple.count; index++) {
      const target = this.targets[index];
      if (target < 0) continue;
      const wanted = this.beforeImages || this.isKey[target] === 1;
      const fault = wanted ? this.writeIndexed(bytes, tuple, index) : this.writeAbsent(target, NULL);
      if (fault !== OK) return fault;
    }
    this.endRow(kind);
    return OK;
  }

  /** The new row; what it leaves out is taken from the old tuple where that has it. */
  private writeNew(bytes: Buffer, kind: number, wholeOld: boolean): number {
    const tuple = this.newTuple;
    for (let index = 0; index < tuple.count; index++) {
      if (this.targets[index] < 0) continue;
      const fromOld = tuple.forms[index] === UNCHANGED && (wholeOld || this.identity[index] === 1);
      const fault = this.writeIndexed(bytes, fromOld ? this.oldTuple : tuple, index);
      if (fault !== OK) return fault;
    }
    this.endRow(kind);
    return OK;
  }

  private writeIndexed(bytes: Buffer, tuple: TupleIndex, index: number): number {
    const target = this.targets[index];
    const form = tuple.forms[index];
    if (form !== TEXT) return this.writeForm(form, target);
    return this.writeText(bytes, tuple.starts[index], tuple.ends[index], target);
  }
}

function int32At(bytes: Buffer, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function sameValue(bytes: Buffer, a: TupleIndex, b: TupleIndex, column: number): boolean {
  if (a.forms[column] !== b.forms[column]) return false;
  const aStart = a.starts[column];
  const bStart = b.starts[column];
  const size = a.ends[column] - aStart;
  if (size !== b.ends[column] - bStart) return false;
  for (let index = 0; index < size; index++) if (bytes[aStart + index] !== bytes[bStart + index]) return false;
  return true;
}
