// Decodes the text form of COPY into columns, with the same decoders that read the log.
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { PostgresTable } from './postgres-table.ts';
import { RowDecoder } from './row-decoder.ts';
import { valueError } from '../value-error.ts';
import { MALFORMED, OK } from '../faults.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const LETTER_N = 0x4e;
/** Fields are mostly this short: a native search for their end costs more than to look at each byte. */
const NEAR_BYTES = 24;
const BATCH_ROWS = 32_768;
const BATCH_BYTES = 4 * 1024 * 1024;

// What a byte after a backslash stands for; all others stand for themselves.
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of [
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
] as const) {
  ESCAPES[letter.charCodeAt(0)] = byte;
}

/** Takes chunks as they come, rows cut anywhere, and gives batches of +I. */
export class CopyDecoder {
  private readonly table: PostgresTable;
  private readonly position: string;
  private readonly rows: RowDecoder;
  private readonly columnCount: number;
  /** The beginning of a row whose end has not come yet. */
  private rest: Buffer[] = [];
  private scratch: Buffer = Buffer.allocUnsafe(1024);
  private pendingBytes = 0;
  /** The buffer that was searched for backslashes, and the first one from the last row on; its length where there is none. */
  private searched: Buffer | null = null;
  private searchedFrom = 0;
  private nextBackslash = 0;

  /** `position` is that of the copy, for messages. */
  constructor(table: PostgresTable, position: string) {
    this.table = table;
    this.position = position;
    this.columnCount = table.layout.length;
    const columns = table.layout.map((_, target) => ({ target, identity: true }));
    this.rows = new RowDecoder(table, columns, false);
  }

  /** Takes `bytes[start … end)`, which are not kept. Throws E4001 to E4007 for values that cannot be held. */
  push(bytes: Buffer, start = 0, end: number = bytes.length): void {
    this.pendingBytes += end - start;
    if (this.rest.length > 0 || bytes[end - 1] !== NEWLINE) {
      this.pushCut(bytes.subarray(start, end));
      return;
    }
    // The usual case: one whole row. A line feed within a value is escaped.
    if (!this.hasEscapes(bytes, start, end) && bytes.indexOf(NEWLINE, start) === end - 1) {
      this.readPlainRow(bytes, start, end - 1);
      return;
    }
    let at = start;
    while (at < end) at = this.readRow(bytes, at);
    if (at > end) throw this.error(MALFORMED, this.columnCount - 1);
  }

  /** Whether there is a backslash in `bytes[start … end)`. The rows of one buffer come in order: each byte is searched once. */
  private hasEscapes(bytes: Buffer, start: number, end: number): boolean {
    if (this.searched !== bytes || start < this.searchedFrom || this.nextBackslash < start) {
      const at = bytes.indexOf(BACKSLASH, start);
      this.searched = bytes;
      this.searchedFrom = start;
      this.nextBackslash = at < 0 ? bytes.length : at;
    }
    return this.nextBackslash < end;
  }

  /** Reads a row without escapes that ends before the line feed at `end`. */
  private readPlainRow(bytes: Buffer, start: number, end: number): void {
    const last = this.columnCount - 1;
    let at = start;
    for (let column = 0; column <= last; column++) {
      let fieldEnd = at;
      const near = Math.min(at + NEAR_BYTES, end);
      while (fieldEnd < near && bytes[fieldEnd] !== TAB) fieldEnd++;
      if (fieldEnd === near && near < end) {
        const far = bytes.indexOf(TAB, near);
        fieldEnd = far < 0 || far > end ? end : far;
      }
      if ((fieldEnd === end) !== (column === last)) throw this.error(MALFORMED, column);
      const fault = this.rows.copiedField(bytes, at, fieldEnd, column);
      if (fault !== OK) throw this.error(fault, this.rows.failedColumn);
      at = fieldEnd + 1;
    }
    this.rows.copiedRow();
  }

  /** Rows that are cut anywhere. */
  private pushCut(chunk: Buffer): void {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.rest.push(Buffer.from(chunk));
      return;
    }
    let at = 0;
    if (this.rest.length > 0) {
      const first = chunk.indexOf(NEWLINE) + 1;
      const row = Buffer.concat([...this.rest, chunk.subarray(0, first)]);
      this.rest = [];
      this.readRow(row, 0);
      at = first;
    }
    while (at <= last) at = this.readRow(chunk, at);
    if (at < chunk.length) this.rest.push(Buffer.from(chunk.subarray(at)));
  }

  /** The rows so far, if there are enough for a batch, or any at all at the end; else null. */
  take(atEnd: boolean): ChangeBatch | null {
    if (atEnd && this.rest.length > 0) throw this.error(MALFORMED, 0);
    const { rowCount } = this.rows;
    if (rowCount === 0) return null;
    if (!atEnd && rowCount < BATCH_ROWS && this.pendingBytes < BATCH_BYTES) return null;
    this.pendingBytes = 0;
    return this.rows.finish();
  }

  /** Reads the row at `start`, whose newline is there; returns where the next begins. */
  private readRow(bytes: Buffer, start: number): number {
    let at = start;
    const { columnCount } = this;
    for (let column = 0; column < columnCount; column++) {
      let escaped = false;
      let end = at;
      for (let byte = bytes[end]; byte !== TAB && byte !== NEWLINE; byte = bytes[++end]) {
        if (end >= bytes.length) throw this.error(MALFORMED, column);
        if (byte === BACKSLASH) {
          escaped = true;
          end++;
        }
      }
      if ((bytes[end] === NEWLINE) !== (column === columnCount - 1)) throw this.error(MALFORMED, column);
      const fault = escaped ? this.escapedField(bytes, at, end, column) : this.rows.copiedField(bytes, at, end, column);
      if (fault !== OK) throw this.error(fault, this.rows.failedColumn);
      at = end + 1;
    }
    if (columnCount === 0) at = bytes.indexOf(NEWLINE, at) + 1;
    this.rows.copiedRow();
    return at;
  }

  private escapedField(bytes: Buffer, start: number, end: number, column: number): number {
    if (end - start === 2 && bytes[start + 1] === LETTER_N) return this.rows.copiedNull(column);
    if (this.scratch.length < end - start) this.scratch = Buffer.allocUnsafe(2 * (end - start));
    const { scratch } = this;
    let size = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      scratch[size++] = byte === BACKSLASH ? ESCAPES[bytes[++at]] : byte;
    }
    return this.rows.copiedField(scratch, 0, size, column);
  }

  private error(fault: number, column: number): Error {
    return valueError(fault, this.table.source, { column, position: this.position });
  }
}
