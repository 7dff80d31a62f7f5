// The record of a complete checkpoint: at which position of the source which snapshots of the lake belong together
// (architecture, "Exactly once", rule 2).
import { TributaryError } from '../base/errors.ts';
import type { SourceIdentity, SourcePosition } from '../change/position.ts';
import type { RowKey } from '../change/row-key.ts';
import type { TableKey } from '../change/table-key.ts';

/** A table of a cut: it holds everything up to the record's position. */
export interface CheckpointTable {
  readonly source: TableKey;
  /** `database.table` in the lake. */
  readonly table: string;
  /** The snapshot that belongs to the cut; null for a table without any. */
  readonly snapshotId: bigint | null;
  /** Of the table in the source: another one at the next start means that its changes may be missing from the log. */
  readonly incarnation: string;
}

/** A table that is not followed any more, and the place where it stands; not part of the cut. */
export interface StoppedTable {
  readonly source: TableKey;
  readonly place: SourcePosition;
  /** As in `CheckpointTable`. */
  readonly incarnation: string;
}

/** A table that is being copied, and how far that is; not part of the cut. */
export interface CopyingTable {
  readonly source: TableKey;
  /** `database.table` in the lake. */
  readonly table: string;
  /** The log is to be read on from here for this table. */
  readonly place: SourcePosition;
  /** Where the next chunk begins; null for the first row of the table. */
  readonly next: string | null;
  /** Every chunk has been read. */
  readonly isRead: boolean;
  /** Rows and bytes of all chunks so far. */
  readonly rows: number;
  readonly bytes: number;
  /** The lake may show of the table what the log has up to here; null before the first chunk. */
  readonly reach: SourcePosition | null;
  /** Keys whose rows the log gave in part only, to be read from the source. */
  readonly unread: readonly RowKey[];
  /**
   * Of a copy in place of a table that was mirrored before: rows of the lake whose sequence number is not greater are of
   * before it. Null for a first copy.
   */
  readonly stale: bigint | null;
  /** As in `CheckpointTable`. */
  readonly incarnation: string;
}

/** A table that operators have paused, and where it goes on; not part of the cut. */
export interface PausedTable {
  readonly source: TableKey;
  /** `database.table` in the lake. */
  readonly table: string;
  /** The log is to be read on from here for this table. */
  readonly place: SourcePosition;
  /** As in `CheckpointTable`. */
  readonly incarnation: string;
  /** The copy that it is in the middle of; null where there is none. */
  readonly copying: CopyingTable | null;
}

/** A complete checkpoint of a pipeline. */
export interface CheckpointRecord {
  readonly pipeline: string;
  /** 1, 2, 3 …; Paimon's `commitIdentifier` of the checkpoint's snapshots. */
  readonly number: bigint;
  /** Everything up to here is durable in the tables. */
  readonly position: SourcePosition;
  readonly identity: SourceIdentity;
  /** Commit time in the source of the newest transaction included, in milliseconds since the epoch; 0 if unknown. */
  readonly commitTimeMs: number;
  /** The run of the pipeline that wrote the record. */
  readonly token: string;
  /** When the record was written, in milliseconds since the epoch. */
  readonly timeMs: number;
  readonly tables: readonly CheckpointTable[];
  readonly stopped: readonly StoppedTable[];
  readonly copying: readonly CopyingTable[];
  readonly paused: readonly PausedTable[];
}

/**
 * The version of the written form; a reader refuses a newer one. Of version 1 nothing was copied in chunks, of 2 nothing
 * in place, of 3 nothing was paused.
 */
const RECORD_VERSION = 4;

/** The record's written form: JSON, in UTF-8. */
export function encodeCheckpointRecord(record: CheckpointRecord): Uint8Array {
  const json = {
    version: RECORD_VERSION,
    ...record,
    number: record.number.toString(),
    tables: record.tables.map((table) => ({ ...table, snapshotId: table.snapshotId?.toString() ?? null })),
    copying: record.copying.map(copyingJson),
    paused: record.paused.map((table) => ({
      ...table,
      copying: table.copying === null ? null : copyingJson(table.copying),
    })),
  };
  return new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);
}

function copyingJson(table: CopyingTable): object {
  return { ...table, stale: table.stale?.toString() ?? null };
}

/** Reads a record back; `path` is for messages. Throws E3500 if it is not one. */
export function decodeCheckpointRecord(bytes: Uint8Array, path: string): CheckpointRecord {
  const root = new Fields(parseJson(bytes, path), path);
  const version = root.number('version');
  if (!Number.isInteger(version) || version < 1 || version > RECORD_VERSION) {
    throw new TributaryError('E3500', `checkpoint record has an unknown version: path=${path} version=${version}`);
  }
  return {
    pipeline: root.text('pipeline'),
    number: root.integer('number'),
    position: root.text('position') as SourcePosition,
    identity: identityOf(root.object('identity')),
    commitTimeMs: root.number('commitTimeMs'),
    token: root.text('token'),
    timeMs: root.number('timeMs'),
    tables: root.array('tables').map((table) => ({
      source: table.text('source') as TableKey,
      table: table.text('table'),
      snapshotId: table.isNull('snapshotId') ? null : table.integer('snapshotId'),
      incarnation: table.text('incarnation'),
    })),
    stopped: root.array('stopped').map((table) => ({
      source: table.text('source') as TableKey,
      place: table.text('place') as SourcePosition,
      incarnation: table.text('incarnation'),
    })),
    copying: version === 1 ? [] : root.array('copying').map((table) => copyingTableOf(table, version)),
    paused: version < 4 ? [] : root.array('paused').map((table) => pausedTableOf(table, version)),
  };
}

function pausedTableOf(table: Fields, version: number): PausedTable {
  return {
    source: table.text('source') as TableKey,
    table: table.text('table'),
    place: table.text('place') as SourcePosition,
    incarnation: table.text('incarnation'),
    copying: table.isNull('copying') ? null : copyingTableOf(table.object('copying'), version),
  };
}

function copyingTableOf(table: Fields, version: number): CopyingTable {
  return {
    source: table.text('source') as TableKey,
    table: table.text('table'),
    place: table.text('place') as SourcePosition,
    next: table.isNull('next') ? null : table.text('next'),
    isRead: table.truth('isRead'),
    rows: table.number('rows'),
    bytes: table.number('bytes'),
    reach: table.isNull('reach') ? null : (table.text('reach') as SourcePosition),
    unread: table.lists('unread').map((key) => key.map(String)),
    stale: version < 3 || table.isNull('stale') ? null : table.integer('stale'),
    incarnation: table.text('incarnation'),
  };
}

/** Parses JSON of a file of ours. Throws E3500. */
export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new TributaryError('E3500', `file is not JSON: path=${path}`, { cause: error });
  }
}

/** The fields of a JSON object, with the types that are expected of them. All calls throw E3500. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'object');
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#path = path;
  }

  names(): readonly string[] {
    return Object.keys(this.#values);
  }

  isNull(name: string): boolean {
    return this.#values[name] === null;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (typeof value !== 'string') throw wrong(this.#path, name);
    return value;
  }

  truth(name: string): boolean {
    const value = this.#values[name];
    if (typeof value !== 'boolean') throw wrong(this.#path, name);
    return value;
  }

  lists(name: string): readonly (readonly unknown[])[] {
    const value = this.#values[name];
    if (!Array.isArray(value) || !value.every(Array.isArray)) throw wrong(this.#path, name);
    return value;
  }

  number(name: string): number {
    const value = this.#values[name];
    if (typeof value !== 'number') throw wrong(this.#path, name);
    return value;
  }

  /** A whole number, zero or more, in decimal text. */
  integer(name: string): bigint {
    const value = this.text(name);
    if (!/^\d+$/.test(value)) throw wrong(this.#path, name);
    return BigInt(value);
  }

  object(name: string): Fields {
    return new Fields(this.#values[name], this.#path);
  }

  array(name: string): readonly Fields[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) throw wrong(this.#path, name);
    return value.map((item: unknown) => new Fields(item, this.#path));
  }
}

function identityOf(fields: Fields): SourceIdentity {
  const values = fields.object('values');
  return {
    kind: fields.text('kind') as SourceIdentity['kind'],
    values: Object.fromEntries(values.names().map((name) => [name, values.text(name)])),
  };
}

function wrong(path: string, field: string): TributaryError {
  return new TributaryError(
    'E3500',
    `file has a field that is missing or of the wrong type: path=${path} field=${field}`,
  );
}
