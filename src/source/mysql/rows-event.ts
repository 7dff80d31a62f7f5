// The head of an event with rows: the table's number in the log, and where the rows begin.
import { inflateSync } from 'node:zlib';
import { TributaryError } from '../../base/errors.ts';
import { EVENT } from './event-header.ts';
import type { EventRows } from './row-decoder.ts';

/** What the rows of an event are. */
export type RowsKind = 'insert' | 'update' | 'delete';

/** An event with rows. */
export interface RowsEvent extends EventRows {
  readonly kind: RowsKind;
  readonly columnCount: number;
}

/** How each kind of event has its rows. */
interface RowsForm {
  readonly kind: RowsKind;
  /** Version 2 has data of extensions before the columns. */
  readonly version: 1 | 2;
  readonly compressed: boolean;
}

const FORMS: ReadonlyMap<number, RowsForm> = new Map<number, RowsForm>([
  [EVENT.writeRowsV1, { kind: 'insert', version: 1, compressed: false }],
  [EVENT.updateRowsV1, { kind: 'update', version: 1, compressed: false }],
  [EVENT.deleteRowsV1, { kind: 'delete', version: 1, compressed: false }],
  [EVENT.writeRows, { kind: 'insert', version: 2, compressed: false }],
  [EVENT.updateRows, { kind: 'update', version: 2, compressed: false }],
  [EVENT.deleteRows, { kind: 'delete', version: 2, compressed: false }],
  [EVENT.writeRowsCompressedV1, { kind: 'insert', version: 1, compressed: true }],
  [EVENT.updateRowsCompressedV1, { kind: 'update', version: 1, compressed: true }],
  [EVENT.deleteRowsCompressedV1, { kind: 'delete', version: 1, compressed: true }],
  [EVENT.writeRowsCompressed, { kind: 'insert', version: 2, compressed: true }],
  [EVENT.updateRowsCompressed, { kind: 'update', version: 2, compressed: true }],
  [EVENT.deleteRowsCompressed, { kind: 'delete', version: 2, compressed: true }],
]);

const POST_HEADER = 8;

/** Whether events of the type have rows that can be read here. */
export function hasRows(type: number): boolean {
  return FORMS.has(type);
}

/** The number under which the log described the table. */
export function readTableId(bytes: Buffer, start: number): number {
  return bytes.readUIntLE(start, 6);
}

/** Reads the head of the body `bytes[start … end)`; `type` is one that `hasRows`. Throws E2033 if it is not whole. */
export function readRowsEvent(type: number, bytes: Buffer, start: number, end: number): RowsEvent {
  const form = FORMS.get(type);
  if (form === undefined) throw new TributaryError('E9001', `not an event with rows: type=${type}`);
  let at = start + POST_HEADER;
  if (form.version === 2) at += bytes.readUInt16LE(at);
  const first = bytes[at++];
  let columnCount = first;
  if (first > 0xfa) {
    columnCount = bytes.readUInt16LE(at);
    at += 2;
  }
  const bitmapSize = (columnCount + 7) >> 3;
  const present = at;
  const presentAfter = form.kind === 'update' ? at + bitmapSize : at;
  const rows = presentAfter + bitmapSize;
  if (rows > end) throw new TributaryError('E2033', `event with rows is not whole: type=${type}`);
  const { kind } = form;
  if (!form.compressed) return { kind, columnCount, bytes, start: rows, end, present, presentAfter };
  const plain = Buffer.concat([bytes.subarray(present, rows), inflated(bytes.subarray(rows, end))]);
  return {
    kind,
    columnCount,
    bytes: plain,
    start: rows - present,
    end: plain.length,
    present: 0,
    presentAfter: presentAfter - present,
  };
}

/** MariaDB's compressed part: a byte with the width of the length, the length, and a zlib stream. Throws E2033. */
export function inflated(bytes: Buffer): Buffer {
  const width = bytes[0] & 0x07;
  const size = bytes.readUIntBE(1, width);
  try {
    const plain = inflateSync(bytes.subarray(1 + width));
    if (plain.length === size) return plain;
  } catch (error) {
    throw new TributaryError('E2033', 'compressed event of the log cannot be read', { cause: error });
  }
  throw new TributaryError('E2033', `compressed event of the log has another size: expected=${size}`);
}
