// Decodes the rows of one table's events straight into column builders: the innermost loop of reading the log, and of
// a SELECT. A row is written by one call, which returns OK or a fault; after a fault the rows so far are of no use.
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../column/row-kind.ts';
import { MISSING, NULL } from '../../column/vector.ts';
import { INCOMPLETE, KEY_ABSENT, OK } from '../faults.ts';
import { RowBuilder } from '../row-builder.ts';
import type { LoggedColumn } from './binary-layout.ts';
import type { Charsets } from './charsets.ts';
import type { MysqlTable } from './mysql-table.ts';
import { HAS_VALUE, IS_NULL, LEFT_OUT, RowImage } from './row-image.ts';
import type { ValueDecoder } from './value-decoder.ts';
import { decoderFor } from './value-plan.ts';

/** The columns of the table's rows in the log. */
export interface LoggedRows {
  readonly columns: readonly LoggedColumn[];
  readonly charsets: Charsets;
}

/** Rows of an event. */
export interface EventRows {
  readonly bytes: Buffer;
  /** Where the first row begins and the last one ends. */
  readonly start: number;
  readonly end: number;
  /** Where the bits of present columns begin: of the old rows where there are any, and of the new ones. */
  readonly present: number;
  readonly presentAfter: number;
}

/** Rows of one table under construction. */
export class RowDecoder extends RowBuilder<ValueDecoder> {
  /** Batches carry whole old rows; to be changed only between `finish` and the next row. */
  beforeImages = false;
  private readonly table: MysqlTable;
  protected readonly decoders: readonly ValueDecoder[];
  /** For each column of the table: its index in the log. */
  private readonly logged: Int32Array;
  private readonly oldRow: RowImage;
  private readonly newRow: RowImage;

  /** `logged`: null for rows of a SELECT. */
  constructor(table: MysqlTable, logged: LoggedRows | null) {
    super(table.source, table.nullFaults);
    this.table = table;
    const { columns } = table.source;
    const found = columns.map(({ name }) => logged?.columns.findIndex((column) => column.name === name) ?? -1);
    this.logged = Int32Array.from(found);
    this.decoders = table.plans.map((plan, index) => {
      const column = logged?.columns[found[index]];
      return decoderFor(plan, logged === null || column === undefined ? null : { column, charsets: logged.charsets });
    });
    this.oldRow = new RowImage(logged?.columns ?? []);
    this.newRow = new RowImage(logged?.columns ?? []);
  }

  /** Whether the image with these bits of present columns has every column that is mirrored. */
  isWhole(bytes: Buffer, present: number): boolean {
    return this.logged.every((index) => ((bytes[present + (index >> 3)] >> (index & 7)) & 1) === 1);
  }

  /** Reads all inserted rows of an event. */
  inserts({ bytes, start, end, present }: EventRows): number {
    for (let at = start; at < end; ) {
      at = this.newRow.read(bytes, at, present, end);
      if (at < 0) return this.malformed();
      const fault = this.writeInserted(bytes);
      if (fault !== OK) return fault;
    }
    return OK;
  }

  /** Reads all updated rows of an event: the old and the new one of each. */
  updates({ bytes, start, end, present, presentAfter }: EventRows): number {
    for (let at = start; at < end; ) {
      at = this.oldRow.read(bytes, at, present, end);
      if (at >= 0) at = this.newRow.read(bytes, at, presentAfter, end);
      if (at < 0) return this.malformed();
      const moved = this.keyMoved(bytes);
      if (moved || this.beforeImages) {
        const fault = this.writeOld(bytes, moved ? DELETE : UPDATE_BEFORE);
        if (fault !== OK) return fault;
      }
      const fault = this.writeNew(bytes, moved ? INSERT : UPDATE_AFTER);
      if (fault !== OK) return fault;
    }
    return OK;
  }

  /** Reads all deleted rows of an event. */
  deletes({ bytes, start, end, present }: EventRows): number {
    for (let at = start; at < end; ) {
      at = this.oldRow.read(bytes, at, present, end);
      if (at < 0) return this.malformed();
      const fault = this.writeOld(bytes, DELETE);
      if (fault !== OK) return fault;
    }
    return OK;
  }

  /** A field of a SELECT as the value of a column of the row being built; `start` is -1 for NULL. */
  selected(bytes: Buffer, start: number, end: number, column: number): number {
    if (start < 0) return this.writeAbsent(column, NULL);
    const fault = this.decoders[column].text(bytes, start, end, this.rowCount);
    return fault === OK ? OK : this.absorb(fault, column);
  }

  /** Ends a selected row. */
  selectedRow(): void {
    this.endRow(INSERT);
  }

  /** What an image of an inserted row leaves out got its default in the server, which the log does not tell. */
  private writeInserted(bytes: Buffer): number {
    for (let column = 0; column < this.decoders.length; column++) {
      const fault = this.writeFrom(bytes, this.newRow, column);
      if (fault === OK) continue;
      this.failedColumn = column;
      return fault === LEFT_OUT_FAULT ? INCOMPLETE : fault;
    }
    this.endRow(INSERT);
    return OK;
  }

  /** The old row: whole if before-images are wanted, else its key and NULLs. */
  private writeOld(bytes: Buffer, kind: number): number {
    for (let column = 0; column < this.decoders.length; column++) {
      const wanted = this.beforeImages || this.isKey[column] === 1;
      const fault = wanted ? this.writeFrom(bytes, this.oldRow, column) : this.writeAbsent(column, NULL);
      if (fault === OK) continue;
      this.failedColumn = column;
      return fault === LEFT_OUT_FAULT ? KEY_ABSENT : fault;
    }
    this.endRow(kind);
    return OK;
  }

  /** The new row; what it leaves out has not changed: it is taken from the old row where that has it. */
  private writeNew(bytes: Buffer, kind: number): number {
    for (let column = 0; column < this.decoders.length; column++) {
      const isNew = this.newRow.forms[this.logged[column]] !== LEFT_OUT;
      let fault = this.writeFrom(bytes, isNew ? this.newRow : this.oldRow, column);
      if (fault === LEFT_OUT_FAULT) fault = this.writeAbsent(column, MISSING);
      if (fault !== OK) return fault;
    }
    this.endRow(kind);
    return OK;
  }

  private writeFrom(bytes: Buffer, image: RowImage, column: number): number {
    const index = this.logged[column];
    const form = image.forms[index];
    if (form === HAS_VALUE) {
      const fault = this.decoders[column].binary(bytes, image.starts[index], image.ends[index], this.rowCount);
      return fault === OK ? OK : this.absorb(fault, column);
    }
    return form === IS_NULL ? this.writeAbsent(column, NULL) : LEFT_OUT_FAULT;
  }

  /** Whether the key differs between the old and the new row. What the new one leaves out has not changed. */
  private keyMoved(bytes: Buffer): boolean {
    for (const column of this.table.source.keyColumns) {
      const index = this.logged[column];
      if (this.newRow.forms[index] === HAS_VALUE && !sameValue(bytes, this.oldRow, this.newRow, index)) return true;
    }
    return false;
  }
}

/** No fault of `faults.ts`: the image does not have the column. */
const LEFT_OUT_FAULT = -1;

function sameValue(bytes: Buffer, a: RowImage, b: RowImage, column: number): boolean {
  if (a.forms[column] !== b.forms[column]) return false;
  const aStart = a.starts[column];
  const bStart = b.starts[column];
  const size = a.ends[column] - aStart;
  return size === b.ends[column] - bStart && bytes.compare(bytes, bStart, bStart + size, aStart, aStart + size) === 0;
}
