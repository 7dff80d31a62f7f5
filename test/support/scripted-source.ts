// A change source over a `ScriptedDatabase`: splits the log into events at random, loses connections at random, and
// checks what a real source relies on: that nothing undurable is acknowledged.
import { TributaryError } from '../../src/base/errors.ts';
import type { Random } from '../../src/base/random.ts';
import type { ChangeBatch } from '../../src/change/change-batch.ts';
import type { PositionOrder, SourceIdentity, SourcePosition } from '../../src/change/position.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import { valueShape } from '../../src/change/value-type.ts';
import { builderFor, type VectorBuilder } from '../../src/column/builder.ts';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../src/column/row-kind.ts';
import { MISSING, NULL, vectorSizeBytes } from '../../src/column/vector.ts';
import type {
  ChangeSource,
  ChunkedCopies,
  InitialCopy,
  LogHealth,
  SourceDescription,
  SourceEvent,
  StreamOptions,
} from '../../src/source/source.ts';
import { ScriptedChunks } from './scripted-chunks.ts';
import {
  type ScriptedChange,
  type ScriptedDatabase,
  type ScriptedRow,
  type ScriptedTransaction,
  scriptedEnd,
  scriptedPosition,
} from './scripted-database.ts';

const COLUMNS: SourceTable['columns'] = [
  { name: 'id', id: 1, nativeType: 'bigint', type: { kind: 'int64' }, nullable: false },
  { name: 'name', id: 2, nativeType: 'text', type: { kind: 'string' }, nullable: true },
  { name: 'big', id: 3, nativeType: 'text', type: { kind: 'string' }, nullable: true },
  { name: 'amount', id: 4, nativeType: 'integer', type: { kind: 'int32' }, nullable: true },
];

const IDENTITY: SourceIdentity = { kind: 'scripted', values: { system: '1' } };

const ORDER: PositionOrder = {
  includes: (outer, inner) => scriptedEnd(outer) >= scriptedEnd(inner),
  earliest: (a, b) => (scriptedEnd(a) <= scriptedEnd(b) ? a : b),
  latest: (a, b) => (scriptedEnd(a) >= scriptedEnd(b) ? a : b),
  distanceBytes: (from, to) => Math.max(0, scriptedEnd(to) - scriptedEnd(from)),
};

/** How a scripted source behaves. */
export interface ScriptedSourceOptions {
  readonly random: Random;
  /** The tables that the configuration names; all of the database's unless given. */
  readonly tables?: readonly TableKey[];
  /** Chance of losing the connection before an event. */
  readonly lossChance: number;
  /** Chance, at each change, that its table cannot be followed any more. */
  readonly failChance?: number;
  /** Tables are copied in chunks. */
  readonly chunked?: boolean;
  /** Called between the rows of a chunk; takes as long as the server does. */
  readonly betweenRows?: () => Promise<void>;
  /** Called before the log begins and while it is exhausted; takes as long as the server does. */
  readonly pause?: () => Promise<void>;
  /** Called before each change that is given. */
  readonly onChange?: () => void;
  /** Called while the log is exhausted; makes more of it, or returns false when there will be no more. */
  readonly more: () => Promise<boolean>;
  /** Called at each acknowledgement, before it takes effect. */
  readonly onAcknowledge?: (position: SourcePosition) => void;
}

/** Reads a scripted database as a real source would. */
export class ScriptedSource implements ChangeSource {
  readonly positions = ORDER;
  private readonly database: ScriptedDatabase;
  private readonly options: ScriptedSourceOptions;
  private readonly failed = new Set<TableKey>();
  /** End of the newest transaction of which anything was given. */
  private given = 0;
  readonly chunks?: ChunkedCopies;

  constructor(database: ScriptedDatabase, options: ScriptedSourceOptions) {
    this.database = database;
    this.options = options;
    if (options.chunked !== true) return;
    this.chunks = new ScriptedChunks(database, {
      random: options.random,
      between: async () => {
        await options.betweenRows?.();
        this.mayLoseConnection();
      },
      given: () => this.given,
      batch: (table, rows) => {
        const batch = new BatchWriter(table, false);
        for (const row of rows) batch.add(INSERT, row);
        return batch.finish();
      },
      logStart: (position) => {
        // A process before may have been given what is not visible yet.
        this.given = database.logEnd;
        return { position, identity: IDENTITY, incarnations: this.incarnations() };
      },
    });
  }

  async open(): Promise<SourceDescription> {
    this.mayLoseConnection();
    const { confirmed } = this.database;
    return {
      identity: IDENTITY,
      tables: (this.options.tables ?? this.database.tables).map((key) => {
        const [schema, name] = key.split('.');
        return { key, schema, name, columns: COLUMNS, keyColumns: [0], rowCountEstimate: 0 };
      }),
      logStart: confirmed === null ? null : scriptedPosition(confirmed),
      logEnd: scriptedPosition(this.database.logEnd),
      incarnations: this.incarnations(),
    };
  }

  async beginCopy(_tables: readonly TableKey[], signal: AbortSignal): Promise<InitialCopy> {
    signal.throwIfAborted();
    const end = this.database.logEnd;
    this.database.confirmed ??= end;
    const state = this.database.stateAt(end);
    const mayLose = (): void => this.mayLoseConnection();
    return {
      position: scriptedPosition(end),
      identity: IDENTITY,
      incarnations: this.incarnations(),
      async *rows(table) {
        const rows = [...(state.get(table)?.values() ?? [])];
        for (let index = 0; index < rows.length; index += 7) {
          mayLose();
          const batch = new BatchWriter(table, false);
          for (const row of rows.slice(index, index + 7)) batch.add(INSERT, row);
          yield batch.finish();
        }
      },
      close: async () => {},
    };
  }

  async *stream(options: StreamOptions): AsyncGenerator<SourceEvent> {
    let at = scriptedEnd(options.from);
    if (this.database.confirmed !== null && at < this.database.confirmed) at = this.database.confirmed;
    await this.options.pause?.();
    while (!options.signal.aborted) {
      const next = this.database.log.filter((transaction) => transaction.end > at).slice(0, 1 + this.below(4));
      if (next.length === 0) {
        at = this.database.logEnd;
        yield { kind: 'progress', position: scriptedPosition(at) };
        await this.options.pause?.();
        if (!(await this.options.more())) return;
        continue;
      }
      yield* this.events(next, options);
      at = next[next.length - 1].end;
    }
  }

  acknowledge(position: SourcePosition): void {
    this.options.onAcknowledge?.(position);
    this.database.confirmed = Math.max(this.database.confirmed ?? 0, scriptedEnd(position));
  }

  async health(): Promise<LogHealth> {
    return { status: 'ok', logEnd: scriptedPosition(this.database.logEnd), retainedBytes: 0, safeBytes: null };
  }

  async close(): Promise<void> {}

  private incarnations(): ReadonlyMap<TableKey, string> {
    return new Map(this.database.tables.map((key) => [key, '1']));
  }

  private *events(transactions: readonly ScriptedTransaction[], options: StreamOptions): Generator<SourceEvent> {
    const batches = new Map<TableKey, BatchWriter>();
    const take = (): ChangeBatch[] => {
      const full = [...batches.values()].map((batch) => batch.finish());
      batches.clear();
      return full;
    };
    for (const transaction of transactions) {
      this.given = Math.max(this.given, transaction.end);
      for (const change of transaction.changes) {
        const place = options.places.get(change.table);
        if (place === undefined || transaction.end <= scriptedEnd(place) || this.failed.has(change.table)) continue;
        this.mayLoseConnection();
        this.options.onChange?.();
        if (this.options.random.unit() < (this.options.failChance ?? 0)) {
          this.failed.add(change.table);
          batches.delete(change.table);
          const error = new TributaryError('E2032', `table changed in the source: table=${change.table}`);
          yield { kind: 'table-failed', table: change.table, error };
          continue;
        }
        if (change.kind === 'truncate') {
          if (batches.size > 0) yield { kind: 'changes', changes: take(), boundary: null };
          yield { kind: 'truncate', tables: [change.table] };
          continue;
        }
        const full = options.beforeImages.has(change.table);
        const batch = batches.get(change.table) ?? new BatchWriter(change.table, full);
        batches.set(change.table, batch);
        batch.addChange(change);
        if (this.options.random.unit() < 0.1) yield { kind: 'changes', changes: take(), boundary: null };
      }
      if (this.options.random.unit() < 0.5)
        yield { kind: 'changes', changes: take(), boundary: boundaryOf(transaction) };
    }
    yield { kind: 'changes', changes: take(), boundary: boundaryOf(transactions[transactions.length - 1]) };
  }

  private mayLoseConnection(): void {
    if (this.options.random.unit() < this.options.lossChance)
      throw new TributaryError('E2001', 'connection lost: source=scripted');
  }

  private below(limit: number): number {
    return Math.floor(this.options.random.unit() * limit);
  }
}

function boundaryOf(transaction: ScriptedTransaction): {
  position: SourcePosition;
  commitTimeMs: number;
  transactionCount: number;
} {
  return { position: scriptedPosition(transaction.end), commitTimeMs: transaction.commitTimeMs, transactionCount: 1 };
}

/** Builds change batches as the rules of `change/change-batch.ts` say. */
class BatchWriter {
  private readonly table: TableKey;
  private readonly beforeImages: boolean;
  private readonly builders: VectorBuilder[] = COLUMNS.map((column) => builderFor(valueShape(column.type)));
  private readonly kinds: number[] = [];
  private hasMissing = false;

  constructor(table: TableKey, beforeImages: boolean) {
    this.table = table;
    this.beforeImages = beforeImages;
  }

  addChange(change: Exclude<ScriptedChange, { kind: 'truncate' }>): void {
    if (change.kind === 'insert') this.add(INSERT, change.row);
    else if (change.kind === 'delete') this.addDelete(change.before);
    else if (change.before.id === change.row.id) {
      if (this.beforeImages) this.add(UPDATE_BEFORE, change.before);
      this.add(UPDATE_AFTER, change.row, change.bigKept && !this.beforeImages);
    } else {
      this.addDelete(change.before);
      this.add(INSERT, change.row, change.bigKept && !this.beforeImages);
    }
  }

  add(kind: number, row: ScriptedRow, bigMissing = false): void {
    const at = this.kinds.push(kind) - 1;
    const [id, name, big, amount] = this.builders;
    for (const builder of this.builders) builder.reserve(at);
    if (id.kind === 'i64') id.setNumber(at, row.id);
    setText(name, at, row.name);
    if (bigMissing) big.setAbsent(at, MISSING);
    else setText(big, at, row.big);
    if (amount.kind === 'i32') amount.values[at] = row.amount;
    this.hasMissing ||= bigMissing;
  }

  finish(): ChangeBatch {
    const rowCount = this.kinds.length;
    const columns = this.builders.map((builder) => builder.finish(rowCount));
    const sizeBytes = columns.reduce((sum, column) => sum + vectorSizeBytes(column), rowCount);
    return {
      table: this.table,
      columns,
      rowCount,
      kinds: Uint8Array.from(this.kinds),
      beforeImages: this.beforeImages,
      hasMissing: this.hasMissing,
      sizeBytes,
    };
  }

  private addDelete(before: ScriptedRow): void {
    if (this.beforeImages) this.add(DELETE, before);
    else {
      this.add(DELETE, { id: before.id, name: null, big: null, amount: 0 });
      this.builders[3].setAbsent(this.kinds.length - 1, NULL);
    }
  }
}

function setText(builder: VectorBuilder, row: number, text: string | null): void {
  if (builder.kind !== 'bytes') return;
  if (text === null) {
    builder.setAbsent(row, NULL);
    return;
  }
  const bytes = Buffer.from(text, 'utf8');
  builder.append(bytes, 0, bytes.length);
  builder.endRow(row);
}
