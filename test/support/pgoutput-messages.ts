// Builds messages of the pgoutput protocol as a server sends them, for tests and benchmarks of the decoder.

/** A value of a tuple: text, NULL, or left out as unchanged. */
export type TupleValue = string | null | { readonly unchanged: true };

/** A column of a Relation message. */
export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly modifier?: number;
  /** Part of the replica identity. */
  readonly identity?: boolean;
}

/** A value left out as unchanged. */
export const UNCHANGED: TupleValue = { unchanged: true };

function int(value: number, size: 1 | 2 | 4): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE(value | 0, 0, size);
  return bytes;
}

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from(value), Buffer.of(0)]);
}

function tuple(values: readonly TupleValue[]): Buffer {
  const parts = values.map((value) => {
    if (value === null) return Buffer.from('n');
    if (typeof value !== 'string') return Buffer.from('u');
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from('t'), int(bytes.length, 4), bytes]);
  });
  return Buffer.concat([int(values.length, 2), ...parts]);
}

/** Begin: `commitStart` is where the commit record begins. */
export function begin(commitStart: bigint, xid = 7): Buffer {
  return Buffer.concat([Buffer.from('B'), long(commitStart), long(0n), int(xid, 4)]);
}

/** Commit: `end` is the end of the commit record, `timeMs` counts from 1970. */
export function commit(commitStart: bigint, end: bigint, timeMs = 946_684_800_000): Buffer {
  const time = BigInt(timeMs - 946_684_800_000) * 1000n;
  return Buffer.concat([Buffer.from('C'), int(0, 1), long(commitStart), long(end), long(time)]);
}

/** Relation of `public.<name>`. */
export function relation(
  oid: number,
  name: string,
  columns: readonly RelationColumn[],
  identity: 'd' | 'f' | 'i' | 'n' = 'd',
): Buffer {
  const parts = columns.map((column) =>
    Buffer.concat([
      int(column.identity === true ? 1 : 0, 1),
      text(column.name),
      int(column.typeOid, 4),
      int(column.modifier ?? -1, 4),
    ]),
  );
  const head = [
    Buffer.from('R'),
    int(oid, 4),
    text('public'),
    text(name),
    Buffer.from(identity),
    int(columns.length, 2),
  ];
  return Buffer.concat([...head, ...parts]);
}

/** Insert. */
export function insert(oid: number, values: readonly TupleValue[]): Buffer {
  return Buffer.concat([Buffer.from('I'), int(oid, 4), Buffer.from('N'), tuple(values)]);
}

/** Update, with the old key (`K`) or the old row (`O`) if given. */
export function update(
  oid: number,
  values: readonly TupleValue[],
  old?: { readonly form: 'K' | 'O'; readonly values: readonly TupleValue[] },
): Buffer {
  const before = old === undefined ? [] : [Buffer.from(old.form), tuple(old.values)];
  return Buffer.concat([Buffer.from('U'), int(oid, 4), ...before, Buffer.from('N'), tuple(values)]);
}

/** Delete, with the old key or the old row. */
export function remove(oid: number, form: 'K' | 'O', values: readonly TupleValue[]): Buffer {
  return Buffer.concat([Buffer.from('D'), int(oid, 4), Buffer.from(form), tuple(values)]);
}

/** Truncate. */
export function truncate(oids: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from('T'), int(oids.length, 4), int(0, 1), ...oids.map((oid) => int(oid, 4))]);
}
