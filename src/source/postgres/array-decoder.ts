// Decoder of one-dimensional arrays in PostgreSQL's text form, with NULL elements, quoting and other delimiters.
import { ListBuilder } from '../../column/builder.ts';
import { NULL } from '../../column/vector.ts';
import type { ColumnDecoder } from '../text/column-decoder.ts';
import { MALFORMED, MULTIDIMENSIONAL, OK } from '../faults.ts';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const EQUALS = 0x3d;
const COLON = 0x3a;

/**
 * An array of one dimension. Its lower bound, where it is not 1 (`[0:2]={…}`), is not kept: the lake's arrays have none.
 */
export class ArrayDecoder implements ColumnDecoder {
  readonly builder: ListBuilder;
  private readonly element: ColumnDecoder;
  private readonly delimiter: number;
  private readonly nullFaults: number;
  private scratch: Buffer = Buffer.allocUnsafe(256);
  /** Where the element that was read last ends in the text. */
  private after = 0;

  /** `delimiter`: the byte between elements. `nullFaults`: which faults of an element make it NULL, as bits. */
  constructor(element: ColumnDecoder, options: { readonly delimiter: number; readonly nullFaults: number }) {
    this.element = element;
    this.builder = new ListBuilder(element.builder);
    this.delimiter = options.delimiter;
    this.nullFaults = options.nullFaults;
  }

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const open = bytes[start] === BRACKET ? afterBounds(bytes, start, end) : start;
    if (open < 0) return MULTIDIMENSIONAL;
    if (end - open < 2 || bytes[open] !== OPEN || bytes[end - 1] !== CLOSE) return MALFORMED;
    if (bytes[open + 1] === OPEN) return MULTIDIMENSIONAL;
    this.builder.reserve(row);
    let at = open + 1;
    const last = end - 1;
    while (at < last) {
      const fault = bytes[at] === QUOTE ? this.quoted(bytes, at + 1, last) : this.bare(bytes, at, last);
      if (fault !== OK) return fault;
      at = this.after;
      if (at === last) break;
      if (bytes[at] !== this.delimiter || ++at === last) return MALFORMED;
    }
    this.builder.endRow(row);
    return OK;
  }

  /** An element without quotes: it ends before the delimiter and has no escapes. */
  private bare(bytes: Buffer, start: number, last: number): number {
    let end = start;
    while (end < last && bytes[end] !== this.delimiter) end++;
    this.after = end;
    if (end === start) return MALFORMED;
    if (end - start === 4 && isNullWord(bytes, start)) {
      this.element.builder.setAbsent(this.builder.nextElement(), NULL);
      return OK;
    }
    return this.add(bytes, start, end);
  }

  /** An element in quotes, from after the opening one. */
  private quoted(bytes: Buffer, start: number, last: number): number {
    let end = start;
    while (end < last && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++;
    if (bytes[end] === QUOTE && end < last) {
      this.after = end + 1;
      return this.add(bytes, start, end);
    }
    return this.escaped(bytes, start, last);
  }

  /** A quoted element with backslashes: each stands before a byte that is meant as it is. */
  private escaped(bytes: Buffer, start: number, last: number): number {
    if (this.scratch.length < last - start) this.scratch = Buffer.allocUnsafe(2 * (last - start));
    const { scratch } = this;
    let size = 0;
    let at = start;
    while (at < last && bytes[at] !== QUOTE) {
      if (bytes[at] === BACKSLASH) at++;
      scratch[size++] = bytes[at++];
    }
    if (at >= last) return MALFORMED;
    this.after = at + 1;
    return this.add(scratch, 0, size);
  }

  private add(bytes: Buffer, start: number, end: number): number {
    const row = this.builder.nextElement();
    const fault = this.element.decode(bytes, start, end, row);
    if (fault === OK || (this.nullFaults & (1 << fault)) === 0) return fault;
    this.element.builder.setAbsent(row, NULL);
    return OK;
  }
}

/** After `[a:b]=`, or -1 if there are bounds of several dimensions. */
function afterBounds(bytes: Buffer, start: number, end: number): number {
  let colons = 0;
  let at = start;
  for (; at < end && bytes[at] !== EQUALS; at++) if (bytes[at] === COLON) colons++;
  return colons === 1 ? at + 1 : -1;
}

/** The word NULL without quotes, in the one spelling that the server prints. */
function isNullWord(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x4e && bytes[at + 1] === 0x55 && bytes[at + 2] === 0x4c && bytes[at + 3] === 0x4c;
}
