// Reads the event that describes a table before its rows: types, and with `binlog_row_metadata = FULL` also names,
// signs, collations, and the values of enums and sets.
import { TributaryError } from '../../base/errors.ts';
import { type TableKey, tableKey } from '../../change/table-key.ts';
import { type LoggedColumn, metaSize, readType, TYPE } from './binary-layout.ts';
import type { Flavor } from './gtid.ts';

/** A table as the log describes it. */
export interface LoggedTable {
  readonly key: TableKey;
  readonly columns: readonly LoggedColumn[];
  /** The log has the columns' names. */
  readonly named: boolean;
}

/** Bytes before the database's name: table id and flags. */
const POST_HEADER = 8;
const NO_COLLATION = -1;

// Kinds of optional metadata.
const SIGNS = 1;
const DEFAULT_COLLATION = 2;
const COLLATIONS = 3;
const NAMES = 4;
const SET_MEMBERS = 5;
const ENUM_MEMBERS = 6;
const ENUM_SET_DEFAULT_COLLATION = 10;
const ENUM_SET_COLLATIONS = 11;

/** Reads numbers and texts one after the other; throws E2033 where the bytes end too early. */
class Reader {
  at: number;
  readonly bytes: Buffer;
  readonly end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  byte(): number {
    return this.bytes[this.skip(1)];
  }

  /** A number in MySQL's packed form. */
  packed(): number {
    const first = this.byte();
    if (first < 0xfb) return first;
    const width = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
    const start = this.skip(width);
    return this.bytes.readUIntLE(start, Math.min(width, 6));
  }

  /** The next bytes, as a view. */
  take(count: number): Buffer {
    const start = this.skip(count);
    return this.bytes.subarray(start, this.at);
  }

  private skip(count: number): number {
    const start = this.at;
    if (start + count > this.end) throw new TributaryError('E2033', 'description of a table in the log is not whole');
    this.at = start + count;
    return start;
  }
}

/** The table's key alone, in the event's body `bytes[start … end)`. */
export function readTableKey(bytes: Buffer, start: number, end: number): TableKey {
  return readKey(new Reader(bytes, start + POST_HEADER, end));
}

function readKey(reader: Reader): TableKey {
  const database = reader.take(reader.packed()).toString('utf8');
  reader.byte();
  const table = reader.take(reader.packed()).toString('utf8');
  reader.byte();
  return tableKey(database, table);
}

/** Reads the event's body. Throws E2033 if it is not whole. */
export function readTableMap(
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
  flavor: Flavor,
): LoggedTable {
  const reader = new Reader(bytes, start + POST_HEADER, end);
  const key = readKey(reader);
  const codes = Buffer.from(reader.take(reader.packed()));
  const meta = Buffer.from(reader.take(reader.packed()));
  const types: ReturnType<typeof readType>[] = [];
  let metaAt = 0;
  for (const code of codes) {
    types.push(readType(code, { bytes: meta, at: metaAt }));
    metaAt += metaSize(code);
  }
  reader.take((codes.length + 7) >> 3);
  const optional = new Map<number, Buffer>();
  while (reader.at < reader.end) optional.set(reader.byte(), Buffer.from(reader.take(reader.packed())));
  const names = texts(optional.get(NAMES));
  const collations = new Collations(types, optional, flavor);
  const signs = new Signs(optional.get(SIGNS));
  const enums = memberLists(optional.get(ENUM_MEMBERS));
  const sets = memberLists(optional.get(SET_MEMBERS));
  const columns = types.map((type, index): LoggedColumn => {
    const members = type.type === TYPE.enum ? enums.shift() : type.type === TYPE.set ? sets.shift() : undefined;
    return {
      ...type,
      name: names[index]?.toString('utf8') ?? '',
      unsigned: isNumeric(type.type) && signs.next(),
      collation: collations.at(index),
      members: members ?? [],
    };
  });
  return { key, columns, named: names.length === columns.length };
}

/** One bit a numeric column, highest first: set for unsigned ones. */
class Signs {
  private readonly bits: Buffer;
  private at = 0;

  constructor(bits: Buffer | undefined) {
    this.bits = bits ?? Buffer.alloc(0);
  }

  next(): boolean {
    const at = this.at++;
    return (((this.bits[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
  }
}

/** Collations by column: either one for most and the exceptions, or one for each. */
class Collations {
  private readonly byColumn = new Map<number, number>();

  constructor(types: ReadonlyArray<{ readonly type: number }>, optional: ReadonlyMap<number, Buffer>, flavor: Flavor) {
    const indexes = (wanted: (type: number) => boolean): readonly number[] =>
      types.flatMap(({ type }, index) => (wanted(type) ? [index] : []));
    const of = (kind: number): readonly number[] | null => packedNumbers(optional.get(kind));
    // MariaDB counts geometry among them, MySQL does not.
    const counts = (type: number): boolean => isCharacter(type) || (flavor === 'mariadb' && type === TYPE.geometry);
    this.fill(indexes(counts), of(DEFAULT_COLLATION), of(COLLATIONS));
    this.fill(indexes(isEnumOrSet), of(ENUM_SET_DEFAULT_COLLATION), of(ENUM_SET_COLLATIONS));
  }

  at(column: number): number {
    return this.byColumn.get(column) ?? NO_COLLATION;
  }

  private fill(
    columns: readonly number[],
    withDefault: readonly number[] | null,
    each: readonly number[] | null,
  ): void {
    const [usual, ...exceptions] = withDefault ?? [];
    for (const [index, column] of columns.entries()) {
      const exception = exceptions.findIndex((value, at) => at % 2 === 0 && value === index);
      const collation = exception < 0 ? usual : exceptions[exception + 1];
      this.byColumn.set(column, each?.[index] ?? collation ?? NO_COLLATION);
    }
  }
}

function isNumeric(type: number): boolean {
  return (
    type === TYPE.tiny ||
    type === TYPE.short ||
    type === TYPE.int24 ||
    type === TYPE.long ||
    type === TYPE.longLong ||
    type === TYPE.float ||
    type === TYPE.double ||
    type === TYPE.decimal ||
    type === TYPE.year
  );
}

function isCharacter(type: number): boolean {
  return type === TYPE.string || type === TYPE.varchar || type === TYPE.blob;
}

function isEnumOrSet(type: number): boolean {
  return type === TYPE.enum || type === TYPE.set;
}

function packedNumbers(bytes: Buffer | undefined): readonly number[] | null {
  if (bytes === undefined) return null;
  const reader = new Reader(bytes, 0, bytes.length);
  const numbers: number[] = [];
  while (reader.at < reader.end) numbers.push(reader.packed());
  return numbers;
}

function texts(bytes: Buffer | undefined): readonly Buffer[] {
  if (bytes === undefined) return [];
  const reader = new Reader(bytes, 0, bytes.length);
  const found: Buffer[] = [];
  while (reader.at < reader.end) found.push(reader.take(reader.packed()));
  return found;
}

/** For each enum or set in turn, its values. */
function memberLists(bytes: Buffer | undefined): (readonly Buffer[])[] {
  if (bytes === undefined) return [];
  const reader = new Reader(bytes, 0, bytes.length);
  const lists: Buffer[][] = [];
  while (reader.at < reader.end) {
    lists.push(Array.from({ length: reader.packed() }, () => reader.take(reader.packed())));
  }
  return lists;
}
