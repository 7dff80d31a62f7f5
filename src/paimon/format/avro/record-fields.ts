// Fields of the records of an Avro block, read where they stand: a walk over a record notes where the wanted values
// begin, and makes nothing of them until they are asked for.
import { TributaryError } from '../../../base/errors.ts';
import { AvroCursor } from './avro-cursor.ts';
import type { AvroField, AvroType } from './avro-schema.ts';
import { type Skip, skipper } from './value-skipper.ts';

/** Gives a field of the record that was walked over last. */
export type FieldGetter<Value> = () => Value;

const ABSENT = -1;
const NO_BYTES = Buffer.alloc(0);

/** A field that is noted on the way. */
interface WantedField {
  /** Names of the records it is in and its own, joined by dots. */
  readonly path: string;
  readonly isRight: (type: AvroType) => boolean;
}

/**
 * Reads records of one schema: first it is told the fields that matter, by paths such as `_FILE._LEVEL`, for each of
 * which it gives a getter; then it walks. A field that the schema does not have is absent in each record. Getters throw
 * `E3110` for a value that is absent where it must not be, and for one that is not what it should be.
 */
export class RecordFields {
  private readonly type: AvroType;
  private readonly wanted: WantedField[] = [];
  private walkRecord: Skip | null = null;
  /** Where the value of each wanted field begins in the block. */
  private marks = new Int32Array(0);
  private cursor = new AvroCursor(NO_BYTES);
  private block: Buffer = NO_BYTES;
  private start = 0;
  private end = 0;
  /** What views of bytes are views of, and the place in the block of its first byte. */
  private owner: Buffer = NO_BYTES;
  private ownerStart = 0;

  constructor(type: AvroType) {
    this.type = type;
  }

  /** A whole number that `number` holds exactly. */
  number(path: string): FieldGetter<number> {
    const slot = this.note(path, isNumber);
    return () => this.numberAt(this.present(slot), slot);
  }

  optionalNumber(path: string): FieldGetter<number | null> {
    const slot = this.note(path, isNumber);
    return () => (this.marks[slot] === ABSENT ? null : this.numberAt(this.marks[slot], slot));
  }

  long(path: string): FieldGetter<bigint> {
    const slot = this.note(path, isNumber);
    return () => this.longAt(this.present(slot));
  }

  optionalLong(path: string): FieldGetter<bigint | null> {
    const slot = this.note(path, isNumber);
    return () => (this.marks[slot] === ABSENT ? null : this.longAt(this.marks[slot]));
  }

  text(path: string): FieldGetter<string> {
    const slot = this.note(path, isText);
    return () => this.textAt(this.present(slot));
  }

  optionalText(path: string): FieldGetter<string | null> {
    const slot = this.note(path, isText);
    return () => (this.marks[slot] === ABSENT ? null : this.textAt(this.marks[slot]));
  }

  texts(path: string): FieldGetter<readonly string[]> {
    const slot = this.note(path, isTextList);
    return () => this.textsAt(this.present(slot));
  }

  optionalTexts(path: string): FieldGetter<readonly string[] | null> {
    const slot = this.note(path, isTextList);
    return () => (this.marks[slot] === ABSENT ? null : this.textsAt(this.marks[slot]));
  }

  /** A view of the block, or of the record's own bytes after `keep`. */
  bytes(path: string): FieldGetter<Uint8Array> {
    const slot = this.note(path, isBytes);
    return () => this.bytesAt(this.present(slot));
  }

  /** A copy of bytes that are mostly those of the record before: then it is the very same array. */
  repeatedBytes(path: string): FieldGetter<Uint8Array> {
    const slot = this.note(path, isBytes);
    let last = new Uint8Array(0);
    return () => {
      this.cursor.at = this.present(slot);
      const size = this.cursor.size();
      const { block } = this;
      const start = this.cursor.at;
      let same = size === last.length ? 0 : -1;
      while (same >= 0 && same < size) same = block[start + same] === last[same] ? same + 1 : -1;
      if (same !== size) last = new Uint8Array(block.subarray(start, start + size));
      return last;
    };
  }

  optionalBytes(path: string): FieldGetter<Uint8Array | null> {
    const slot = this.note(path, isBytes);
    return () => (this.marks[slot] === ABSENT ? null : this.bytesAt(this.marks[slot]));
  }

  /** A list of longs, each of which may be null. */
  optionalLongs(path: string): FieldGetter<readonly (bigint | null)[] | null> {
    const slot = this.note(path, isLongList);
    return () => (this.marks[slot] === ABSENT ? null : this.longsAt(this.marks[slot]));
  }

  /** Walks over the records of a block; `visit` is called after each, and may use the getters. Throws faults of `E3200`. */
  read(block: Uint8Array, recordCount: number, visit: () => void): void {
    this.block = Buffer.from(block.buffer, block.byteOffset, block.length);
    this.cursor = new AvroCursor(block);
    this.walkRecord ??= this.compile();
    for (let index = 0; index < recordCount; index++) {
      this.start = this.cursor.at;
      this.owner = this.block;
      this.ownerStart = 0;
      this.marks.fill(ABSENT);
      this.walkRecord(this.cursor);
      this.end = this.cursor.at;
      visit();
      this.cursor.at = this.end;
    }
    if (this.end < block.length)
      throw new TributaryError('E3110', 'avro file cannot be read, a block is longer than its rows');
  }

  /** Copies the record, so that the bytes that getters give from now on are its own and do not hold the block. */
  keep(): void {
    this.owner = Buffer.from(this.block.subarray(this.start, this.end));
    this.ownerStart = this.start;
  }

  private note(path: string, isRight: WantedField['isRight']): number {
    return this.wanted.push({ path, isRight }) - 1;
  }

  private compile(): Skip {
    this.marks = new Int32Array(this.wanted.length);
    const walk = this.type.kind === 'record' ? this.recordStep(this.type.fields, '') : null;
    // Where records take no bytes, nothing tells how many there can be.
    if (walk === null) throw new TributaryError('E3110', 'avro file cannot be read, its rows have no fields');
    return walk;
  }

  private recordStep(fields: readonly AvroField[], prefix: string): Skip | null {
    const steps = fields.flatMap(({ name, type }) => this.fieldStep(type, prefix + name) ?? []);
    if (steps.length === 0) return null;
    return (cursor) => {
      for (let index = 0; index < steps.length; index++) steps[index](cursor);
    };
  }

  private fieldStep(type: AvroType, path: string): Skip | null {
    const slot = this.wanted.findIndex((field) => field.path === path);
    const isOuter = this.wanted.some((field) => field.path.startsWith(`${path}.`));
    if (slot < 0 && !isOuter) return skipper(type, 'refused');
    if (type.kind !== 'union') return this.valueStep(type, path, slot);
    const branches = type.branches.map((branch) =>
      branch.kind === 'null' ? null : this.valueStep(branch, path, slot),
    );
    return (cursor) => {
      const index = cursor.int();
      if (index < 0 || index >= branches.length) {
        throw new TributaryError('E3110', `avro file cannot be read, a union has no such branch: field=${path}`);
      }
      branches[index]?.(cursor);
    };
  }

  private valueStep(type: AvroType, path: string, slot: number): Skip | null {
    if (slot < 0) return type.kind === 'record' ? this.recordStep(type.fields, `${path}.`) : refuse(path);
    const skip = this.wanted[slot].isRight(type) ? skipper(type, 'refused') : null;
    if (skip === null) return refuse(path);
    return (cursor) => {
      this.marks[slot] = cursor.at;
      skip(cursor);
    };
  }

  private present(slot: number): number {
    const mark = this.marks[slot];
    return mark === ABSENT ? refuse(this.wanted[slot].path) : mark;
  }

  private numberAt(mark: number, slot: number): number {
    this.cursor.at = mark;
    this.cursor.long();
    const { low, high } = this.cursor;
    // The magnitudes from 2^53 on are for BigInts.
    if (high < -0x200000 || high >= 0x200000) refuse(this.wanted[slot].path);
    return high * 4294967296 + (low >>> 0);
  }

  private longAt(mark: number): bigint {
    this.cursor.at = mark;
    return this.nextLong();
  }

  private nextLong(): bigint {
    this.cursor.long();
    const { low, high } = this.cursor;
    if (high === low >> 31) return BigInt(low);
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
  }

  private textAt(mark: number): string {
    this.cursor.at = mark;
    return this.nextText();
  }

  private nextText(): string {
    const size = this.cursor.size();
    const from = this.cursor.at;
    this.cursor.at += size;
    return this.block.toString('utf8', from, from + size);
  }

  private textsAt(mark: number): readonly string[] {
    const { cursor } = this;
    cursor.at = mark;
    const texts: string[] = [];
    for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
      for (let index = 0; index < count; index++) texts.push(this.nextText());
    }
    return texts;
  }

  private longsAt(mark: number): readonly (bigint | null)[] {
    const { cursor } = this;
    cursor.at = mark;
    const longs: (bigint | null)[] = [];
    for (let count = cursor.blockCount(1); count > 0; count = cursor.blockCount(1)) {
      for (let index = 0; index < count; index++) longs.push(cursor.byte() === 0 ? null : this.nextLong());
    }
    return longs;
  }

  private bytesAt(mark: number): Uint8Array {
    this.cursor.at = mark;
    const size = this.cursor.size();
    const { owner } = this;
    return new Uint8Array(owner.buffer, owner.byteOffset + this.cursor.at - this.ownerStart, size);
  }
}

function isNumber(type: AvroType): boolean {
  return type.kind === 'int' || type.kind === 'long';
}

function isText(type: AvroType): boolean {
  return type.kind === 'string';
}

function isBytes(type: AvroType): boolean {
  return type.kind === 'bytes';
}

function isTextList(type: AvroType): boolean {
  return type.kind === 'array' && isText(type.item);
}

/** Items are null or a long, in this order, as in every file of the format. */
function isLongList(type: AvroType): boolean {
  if (type.kind !== 'array' || type.item.kind !== 'union') return false;
  const [first, second, ...others] = type.item.branches;
  return first?.kind === 'null' && second !== undefined && isNumber(second) && others.length === 0;
}

function refuse(path: string): never {
  throw new TributaryError('E3110', `field is not what it should be: field=${path}`);
}
