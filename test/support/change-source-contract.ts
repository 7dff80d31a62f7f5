// What every change source must do, as tests: the copy and the log together give the tables at every boundary, and a
// log read again from any place gives nothing twice. A source takes part by a harness over its own database.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { ChangeBatch } from '../../src/change/change-batch.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import { isRetract } from '../../src/column/row-kind.ts';
import { bigIntAt, bytesAt, NULL, validityAt, type Vector } from '../../src/column/vector.ts';
import type { ChangeSource, SourceEvent } from '../../src/source/source.ts';

/** A change of one of the two tables `a` and `b` (id BIGINT key, note STRING). */
export type ContractChange =
  | { readonly kind: 'insert' | 'update'; readonly table: 'a' | 'b'; readonly id: number; readonly note: string | null }
  | { readonly kind: 'move'; readonly table: 'a' | 'b'; readonly id: number; readonly to: number }
  | { readonly kind: 'delete'; readonly table: 'a' | 'b'; readonly id: number }
  | { readonly kind: 'truncate'; readonly table: 'a' | 'b' };

/** A database with the two tables, empty, and sources on it. */
export interface SourceHarness {
  /** A new source for the tables; the suite closes it. */
  source(): ChangeSource;
  readonly tables: { readonly a: TableKey; readonly b: TableKey };
  /** Commits the changes as one transaction. */
  commit(changes: readonly ContractChange[]): Promise<void>;
  /** Removes the database. */
  close(): Promise<void>;
}

type Rows = Map<bigint, string | null>;
type State = ReadonlyMap<TableKey, Rows>;

/** Runs the suite. */
export function changeSourceContract(name: string, open: () => Promise<SourceHarness>): void {
  describe(`contract of a change source: ${name}`, () => {
    let harness: SourceHarness;
    let sources: ChangeSource[];
    beforeEach(async () => {
      harness = await open();
      sources = [];
    });
    afterEach(async () => {
      for (const source of sources) await source.close();
      await harness.close();
    });
    const newSource = (): ChangeSource => {
      const source = harness.source();
      sources.push(source);
      return source;
    };

    test('the copy holds the rows, and every boundary of the log a state that was', async () => {
      const load = new Load(harness, Number(process.env['SEED'] ?? 11));
      await load.run(20);
      const source = newSource();
      const { tables } = await source.open();
      expect(tables.map((table) => table.key).sort()).toEqual([harness.tables.a, harness.tables.b].sort());
      const { state, position } = await copied(source, harness);
      expect(state).toEqual(load.states.at(-1));
      const first = load.states.length - 1;
      await load.run(60);
      let transactions = 0;
      await follow(source, { from: position, places: everywhere(harness, position), state }, (event) => {
        if (event.kind !== 'changes' || event.boundary === null) return false;
        transactions += event.boundary.transactionCount;
        expect(state).toEqual(load.states[first + transactions]);
        return first + transactions === load.states.length - 1;
      });
    });

    test('from a boundary on, nothing is lost and nothing comes twice, each table from its own place', async () => {
      const source = newSource();
      await source.open();
      const { state, position } = await copied(source, harness);
      const load = new Load(harness, 12);
      await load.run(10);
      const middle = await follow(
        source,
        { from: position, places: everywhere(harness, position), state },
        lastBoundary(10),
      );
      expect(state).toEqual(load.states.at(-1));
      await load.run(10);
      // Table a stands in the middle and table b at the beginning: b is read once more into an empty copy of its rows.
      const again = new Map([
        [harness.tables.a, state.get(harness.tables.a) ?? new Map()],
        [harness.tables.b, new Map<bigint, string | null>()],
      ]);
      const places = new Map([
        [harness.tables.a, middle],
        [harness.tables.b, position],
      ]);
      const target = load.states.at(-1) as State;
      await follow(source, { from: position, places, state: again }, (event) => {
        return event.kind === 'changes' && event.boundary !== null && same(again, target);
      });
      expect(again).toEqual(target);
    });

    test('what is acknowledged may be gone, what is not stays', async () => {
      const source = newSource();
      await source.open();
      const { state, position } = await copied(source, harness);
      const load = new Load(harness, 13);
      await load.run(5);
      const place = await follow(
        source,
        { from: position, places: everywhere(harness, position), state },
        lastBoundary(5),
      );
      source.acknowledge(place);
      await source.close();
      const later = newSource();
      const { logStart } = await later.open();
      expect(logStart !== null && later.positions.includes(place, logStart)).toBe(true);
      await load.run(5);
      await follow(later, { from: place, places: everywhere(harness, place), state }, lastBoundary(5));
      expect(state).toEqual(load.states.at(-1));
    });

    test('positions are ordered as the log is', async () => {
      const source = newSource();
      await source.open();
      const { position } = await copied(source, harness);
      await new Load(harness, 14).run(3);
      const { logEnd } = await source.health();
      const { positions } = source;
      expect(positions.includes(position, position)).toBe(true);
      expect(positions.includes(logEnd, position)).toBe(true);
      expect(positions.includes(position, logEnd)).toBe(false);
      expect(positions.earliest(logEnd, position)).toBe(position);
      expect(positions.latest(position, logEnd)).toBe(logEnd);
      expect(positions.distanceBytes(logEnd, position)).toBe(0);
    });

    test('a log that waits ends when its signal aborts', async () => {
      const source = newSource();
      await source.open();
      const { position } = await copied(source, harness);
      const abort = new AbortController();
      const places = everywhere(harness, position);
      const stream = source.stream({ from: position, places, beforeImages: new Set(), signal: abort.signal });
      const kinds = new Set<string>();
      queueMicrotask(() => abort.abort());
      for await (const event of stream) kinds.add(event.kind);
      kinds.delete('progress');
      expect([...kinds]).toEqual([]);
    });
  });
}

/** Stops at the boundary that completes this many transactions. */
function lastBoundary(count: number): (event: SourceEvent) => boolean {
  let transactions = 0;
  return (event) => {
    if (event.kind !== 'changes' || event.boundary === null) return false;
    transactions += event.boundary.transactionCount;
    return transactions >= count;
  };
}

function everywhere(harness: SourceHarness, position: SourcePosition): Map<TableKey, SourcePosition> {
  return new Map([
    [harness.tables.a, position],
    [harness.tables.b, position],
  ]);
}

async function copied(
  source: ChangeSource,
  harness: SourceHarness,
): Promise<{ readonly state: Map<TableKey, Rows>; readonly position: SourcePosition }> {
  const keys = [harness.tables.a, harness.tables.b];
  const state = new Map<TableKey, Rows>(keys.map((key) => [key, new Map()]));
  const copy = await source.beginCopy(keys, new AbortController().signal);
  for (const key of keys) {
    for await (const batch of copy.rows(key, new AbortController().signal)) applyBatch(state, batch);
  }
  await copy.close();
  return { state, position: copy.position };
}

/** Applies events to the state until `stop`; gives the last boundary's position. */
async function follow(
  source: ChangeSource,
  log: {
    readonly from: SourcePosition;
    readonly places: ReadonlyMap<TableKey, SourcePosition>;
    readonly state: Map<TableKey, Rows>;
  },
  stop: (event: SourceEvent) => boolean,
): Promise<SourcePosition> {
  let position = log.from;
  const { from, places, state } = log;
  const signal = new AbortController().signal;
  for await (const event of source.stream({ from, places, beforeImages: new Set(), signal })) {
    if (event.kind === 'table-failed') throw event.error;
    if (event.kind === 'truncate') for (const table of event.tables) state.get(table)?.clear();
    if (event.kind === 'changes') {
      for (const batch of event.changes) applyBatch(state, batch);
      position = event.boundary?.position ?? position;
    }
    if (stop(event)) break;
  }
  return position;
}

function applyBatch(state: Map<TableKey, Rows>, batch: ChangeBatch): void {
  const rows = state.get(batch.table);
  if (rows === undefined) throw new Error(`no such table: ${batch.table}`);
  const [ids, notes] = batch.columns as readonly [Vector, Vector];
  for (let row = 0; row < batch.rowCount; row++) {
    if (ids.kind !== 'i64' || notes.kind !== 'bytes') throw new Error('columns of other kinds');
    const id = bigIntAt(ids, row);
    if (isRetract(batch.kinds[row])) rows.delete(id);
    else rows.set(id, validityAt(notes, row) === NULL ? null : Buffer.from(bytesAt(notes, row)).toString('utf8'));
  }
}

function same(left: State, right: State): boolean {
  for (const [table, rows] of right) {
    const others = left.get(table);
    if (others?.size !== rows.size) return false;
    for (const [id, note] of rows) if (!others.has(id) || others.get(id) !== note) return false;
  }
  return true;
}

/** Random transactions on few keys, and the state after each. */
class Load {
  /** The state before the first transaction and after each one. */
  readonly states: State[];
  private readonly harness: SourceHarness;
  private readonly unit: () => number;

  constructor(harness: SourceHarness, seed: number) {
    this.harness = harness;
    const random = seededRandom(seed);
    this.unit = () => random.unit();
    this.states = [
      new Map<TableKey, Rows>([
        [harness.tables.a, new Map()],
        [harness.tables.b, new Map()],
      ]),
    ];
  }

  async run(transactions: number): Promise<void> {
    for (let count = 0; count < transactions; count++) {
      const state = new Map([...(this.states.at(-1) as State)].map(([table, rows]) => [table, new Map(rows)]));
      const changes = Array.from({ length: 1 + this.below(6) }, () => this.change(state));
      await this.harness.commit(changes);
      this.states.push(state);
    }
  }

  private change(state: State): ContractChange {
    const table = this.below(2) === 0 ? 'a' : 'b';
    const rows = state.get(this.harness.tables[table]) as Rows;
    const id = this.below(12);
    if (this.below(40) === 0) {
      rows.clear();
      return { kind: 'truncate', table };
    }
    const note = this.below(8) === 0 ? null : `note ${this.below(1000)} é\t\\n"`;
    if (!rows.has(BigInt(id))) {
      rows.set(BigInt(id), note);
      return { kind: 'insert', table, id, note };
    }
    const to = this.below(12);
    if (this.below(4) === 0 && !rows.has(BigInt(to))) {
      rows.set(BigInt(to), rows.get(BigInt(id)) ?? null);
      rows.delete(BigInt(id));
      return { kind: 'move', table, id, to };
    }
    if (this.below(3) === 0) {
      rows.delete(BigInt(id));
      return { kind: 'delete', table, id };
    }
    rows.set(BigInt(id), note);
    return { kind: 'update', table, id, note };
  }

  private below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }
}
