// Copies of a scripted database in chunks: in an order of keys that only the server knows, on snapshots that lack some
// of the newest transactions, as PostgreSQL's do while a commit waits for a standby.
import type { Random } from '../../src/base/random.ts';
import type { ChangeBatch } from '../../src/change/change-batch.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import type { ChunkedCopies, ChunkRange, CopyChunk, LogStart } from '../../src/source/source.ts';
import {
  type ScriptedDatabase,
  scriptedPosition,
  type ScriptedRow,
  type ScriptedTransaction,
} from './scripted-database.ts';

/** Chance that a transaction at the end of the log is not visible yet. */
const INVISIBLE = 0.4;
const BATCH_ROWS = 3;

/** What the chunks need of their source. */
export interface ScriptedChunksParts {
  readonly random: Random;
  /** Takes as long as the server does; throws where the connection is lost. */
  readonly between: () => Promise<void>;
  /** End of the newest transaction of which the stream has given anything. */
  readonly given: () => number;
  readonly batch: (table: TableKey, rows: readonly ScriptedRow[]) => ChangeBatch;
  readonly logStart: (position: SourcePosition | null) => LogStart;
}

/** Reads a scripted database in chunks. */
export class ScriptedChunks implements ChunkedCopies {
  private readonly database: ScriptedDatabase;
  private readonly parts: ScriptedChunksParts;

  constructor(database: ScriptedDatabase, parts: ScriptedChunksParts) {
    this.database = database;
    this.parts = parts;
  }

  supports(): boolean {
    return true;
  }

  async prepareLog(): Promise<LogStart> {
    const { database } = this;
    if (database.confirmed !== null) return this.parts.logStart(null);
    database.confirmed = database.logEnd;
    return this.parts.logStart(scriptedPosition(database.logEnd));
  }

  async close(): Promise<void> {}

  async openChunk(table: TableKey, range: ChunkRange, signal: AbortSignal): Promise<CopyChunk | null> {
    signal.throwIfAborted();
    // As of the call, whatever the stream gives while the server answers.
    const given = this.parts.given();
    await this.parts.between();
    const visible = this.visible();
    const lacks = this.database.log.some((transaction) => transaction.end <= given && !visible.includes(transaction));
    if (lacks) return null;
    const position = scriptedPosition(visible.at(-1)?.end ?? given);
    const { rows, next } = chosen(this.database.stateOf(table, visible), range);
    const { between, batch } = this.parts;
    return {
      position,
      next,
      async *rows() {
        for (let index = 0; index < rows.length; index += BATCH_ROWS) {
          await between();
          signal.throwIfAborted();
          yield batch(table, rows.slice(index, index + BATCH_ROWS));
        }
      },
      close: async () => {},
    };
  }

  /** The transactions that a snapshot taken now shows: what one changes is locked until it is visible. */
  private visible(): readonly ScriptedTransaction[] {
    const { log } = this.database;
    const visible: ScriptedTransaction[] = [];
    let mayLack = true;
    for (const transaction of log.toReversed()) {
      mayLack &&= log.length - visible.length < 20 || visible.length < 4;
      const isLocked = visible.some((later) => touchesSame(transaction, later));
      if (mayLack && !isLocked && this.parts.random.unit() < INVISIBLE) continue;
      visible.push(transaction);
      if (visible.length > 3) mayLack = false;
    }
    return visible.toReversed();
  }
}

function touchesSame(a: ScriptedTransaction, b: ScriptedTransaction): boolean {
  const touched = (transaction: ScriptedTransaction): Map<TableKey, Set<number> | 'all'> => {
    const found = new Map<TableKey, Set<number> | 'all'>();
    for (const change of transaction.changes) {
      const ids = found.get(change.table) ?? new Set<number>();
      if (change.kind === 'truncate') found.set(change.table, 'all');
      else if (ids !== 'all') {
        if ('before' in change) ids.add(change.before.id);
        if ('row' in change) ids.add(change.row.id);
        found.set(change.table, ids);
      }
    }
    return found;
  };
  const others = touched(b);
  for (const [table, ids] of touched(a)) {
    const other = others.get(table);
    if (other === undefined) continue;
    if (ids === 'all' || other === 'all' || [...ids].some((id) => other.has(id))) return true;
  }
  return false;
}

function chosen(
  state: ReadonlyMap<number, ScriptedRow>,
  range: ChunkRange,
): { readonly rows: readonly ScriptedRow[]; readonly next: string | null } {
  if (range.kind === 'keys') {
    return { rows: range.keys.flatMap(([id]) => state.get(Number(id)) ?? []), next: null };
  }
  const place = (id: number): number => ((id * 17) % 31) * 1000 + id;
  const after = range.bound === null ? -1 : Number(range.bound);
  const rows = [...state.values()].filter(({ id }) => place(id) > after).sort((a, b) => place(a.id) - place(b.id));
  const taken = rows.slice(0, range.rowsMax);
  const last = taken.at(-1);
  return { rows: taken, next: last === undefined || taken.length === rows.length ? null : String(place(last.id)) };
}
