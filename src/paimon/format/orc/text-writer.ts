// Writes texts and bytes: one after another, or as codes of a dictionary. Source: ORC specification v1, "String, Char, and
// VarChar Columns" and "Binary Columns".
import { assert } from '../../../base/errors.ts';
import { builderFor, type BytesBuilder } from '../../../column/builder.ts';
import type { BytesVector, Vector } from '../../../column/vector.ts';
import { type ColumnSettings, ColumnWriter, directEncoding, type EndedValues } from './column-writer.ts';
import { IntegerRunWriter } from './integer-run-writer.ts';
import type { OrcColumn } from './orc-columns.ts';
import { ENCODING, STREAM } from './orc-format.ts';
import { OutputStream } from './output-stream.ts';
import { TextDictionary } from './text-dictionary.ts';
import type { Rows } from './value-statistics.ts';

/** A dictionary of more entries than this takes memory and sorting that it does not save. */
const ENTRIES_MAX = 65_536;
const CODES_INITIAL = 1024;
const SPACE = 32;

/** Where a row group begins among the codes of a stripe. */
interface GroupStart {
  readonly at: number;
  /** Filled when the codes are written. */
  readonly positions: number[];
}

/** CHAR, VARCHAR, STRING; BINARY, VARBINARY, BYTES. */
export class TextColumnWriter extends ColumnWriter {
  private readonly data = new OutputStream(this.settings.compression);
  private readonly lengths = new IntegerRunWriter(new OutputStream(this.settings.compression), false);
  private readonly codeRuns = new IntegerRunWriter(this.data, false);
  private readonly dictionaryData = new OutputStream(this.settings.compression);
  private readonly threshold: number;
  /** Null once values are written one after another, which then goes for the whole file. */
  private dictionary: TextDictionary | null;
  private codes = new Uint32Array(CODES_INITIAL);
  private codeCount = 0;
  private starts: GroupStart[] = [];
  /** The last vector that had blanks, and what it is without. */
  private cut: { readonly from: Vector; readonly to: Vector } | null = null;

  constructor(column: OrcColumn, settings: ColumnSettings) {
    super(column, settings);
    this.threshold = column.kind === 'BINARY' ? 0 : settings.dictionaryThreshold;
    this.dictionary = this.threshold > 0 ? new TextDictionary() : null;
  }

  protected get valueBytes(): number {
    const inStreams = this.data.bufferedBytes + this.lengths.stream.bufferedBytes;
    return inStreams + 4 * this.codeCount + (this.dictionary?.sizeBytes ?? 0);
  }

  /** Texts that are not longer than their type; CHAR without the blanks at its end, which readers take away. */
  protected override valuesOf(vector: Vector, { rows, count }: Rows): Vector {
    const { type, kind } = this.column;
    if (vector.kind !== 'bytes' || !('length' in type) || (kind !== 'CHAR' && kind !== 'VARCHAR')) return vector;
    let hasBlank = false;
    for (let index = 0; index < count; index++) {
      const start = vector.offsets[rows[index]];
      const end = vector.offsets[rows[index] + 1];
      if (end - start > type.length && codePoints(vector.bytes, start, end) > type.length) {
        throw this.unwritable('a text is longer than its type');
      }
      hasBlank ||= end > start && vector.bytes[end - 1] === SPACE;
    }
    return hasBlank && kind === 'CHAR' ? this.withoutBlanks(vector) : vector;
  }

  /** A batch comes in many parts: it is made once. */
  private withoutBlanks(vector: BytesVector): Vector {
    if (this.cut?.from !== vector) this.cut = { from: vector, to: withoutBlanks(vector) };
    return this.cut.to;
  }

  protected write(vector: Vector, rows: Rows): void {
    assert(vector.kind === 'bytes', `a vector does not fit its column: column=${this.column.name}`);
    if (this.dictionary === null) this.writePlain(vector, rows);
    else this.intern(this.dictionary, vector, rows);
  }

  private writePlain({ bytes, offsets }: BytesVector, { rows, count }: Rows): void {
    for (let index = 0; index < count; index++) {
      this.writeValue(bytes.subarray(offsets[rows[index]], offsets[rows[index] + 1]));
    }
    this.data.settle();
  }

  private writeValue(value: Uint8Array): void {
    this.data.open.append(value);
    this.lengths.write(value.length, 0);
  }

  private intern(dictionary: TextDictionary, { bytes, offsets }: BytesVector, { rows, count }: Rows): void {
    if (this.codes.length < this.codeCount + count) {
      const more = new Uint32Array(Math.max(this.codeCount + count, 2 * this.codes.length));
      more.set(this.codes);
      this.codes = more;
    }
    for (let index = 0; index < count; index++) {
      const row = rows[index];
      this.codes[this.codeCount++] = dictionary.codeOf(bytes, offsets[row], offsets[row + 1]);
    }
  }

  protected startOfValues(): readonly number[] {
    this.checkDictionary();
    const positions: number[] = [];
    if (this.dictionary === null) this.addPlainPosition(positions);
    else this.starts.push({ at: this.codeCount, positions });
    return positions;
  }

  private addPlainPosition(positions: number[]): void {
    this.data.addPosition(positions);
    this.lengths.addPosition(positions);
  }

  /** Gives up a dictionary that does not pay: what has codes is written as it is. */
  private checkDictionary(): void {
    const { dictionary } = this;
    if (dictionary === null) return;
    if (dictionary.count <= Math.min(ENTRIES_MAX, this.threshold * this.codeCount)) return;
    this.eachCode(
      (positions) => this.addPlainPosition(positions),
      (code) => {
        this.writeValue(dictionary.entry(code));
        this.data.settle();
      },
    );
    this.dictionary = null;
  }

  /** Goes through the codes, and tells before which of them row groups begin. */
  private eachCode(start: (positions: number[]) => void, write: (code: number) => void): void {
    let next = 0;
    for (let at = 0; at <= this.codeCount; at++) {
      for (; next < this.starts.length && this.starts[next].at === at; next++) start(this.starts[next].positions);
      if (at < this.codeCount) write(this.codes[at]);
    }
    this.codeCount = 0;
    this.starts = [];
  }

  protected endValues(): EndedValues {
    this.checkDictionary();
    const { dictionary } = this;
    if (dictionary !== null) return this.endDictionary(dictionary);
    this.lengths.flush();
    const values = [[STREAM.data, this.data] as const, [STREAM.length, this.lengths.stream] as const];
    return { encoding: directEncoding(ENCODING.directV2), values };
  }

  private endDictionary(dictionary: TextDictionary): EndedValues {
    const { count } = dictionary;
    const sorted = dictionary.sortedCodes();
    const ranks = new Uint32Array(count);
    sorted.forEach((code, rank) => {
      ranks[code] = rank;
      const value = dictionary.entry(code);
      this.dictionaryData.open.append(value);
      this.dictionaryData.settle();
      this.lengths.write(value.length, 0);
    });
    this.lengths.flush();
    this.eachCode(
      (positions) => this.codeRuns.addPosition(positions),
      (code) => this.codeRuns.write(ranks[code], 0),
    );
    this.codeRuns.flush();
    dictionary.clear();
    const values = [
      [STREAM.data, this.data] as const,
      [STREAM.dictionaryData, this.dictionaryData] as const,
      [STREAM.length, this.lengths.stream] as const,
    ];
    return { encoding: directEncoding(ENCODING.dictionaryV2).number(2, count), values };
  }

  override clear(): void {
    super.clear();
    this.data.clear();
    this.lengths.stream.clear();
    this.dictionaryData.clear();
  }
}

function codePoints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if ((bytes[at] & 0xc0) !== 0x80) count++;
  return count;
}

function withoutBlanks(vector: BytesVector): Vector {
  const builder = builderFor({ kind: 'bytes' }) as BytesBuilder;
  for (let row = 0; row < vector.length; row++) {
    let end = vector.offsets[row + 1];
    while (end > vector.offsets[row] && vector.bytes[end - 1] === SPACE) end--;
    builder.reserve(row);
    builder.append(vector.bytes, vector.offsets[row], end);
    builder.endRow(row);
  }
  return builder.finish(vector.length);
}
