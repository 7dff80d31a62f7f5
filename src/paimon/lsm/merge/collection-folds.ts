// `collect`, `merge_map` and `merge_map_with_keytime`. Source: FieldCollectAgg, FieldMergeMapAgg,
// FieldMergeMapWithKeyTimeAgg.
import type { VectorBuilder } from '../../../column/builder.ts';
import { appendCell, type Cell } from '../../format/cell.ts';
import { type Aggregate, timeFieldIndex } from '../../schema/aggregate.ts';
import type { DataType } from '../../schema/data-type.ts';
import type { ColumnFold, FoldInput } from './column-fold.ts';
import { HashOrdered, type HashRule, hashRule } from '../../format/hash-order.ts';
import { StateFold } from './state-fold.ts';

type Cells = readonly Cell[];

/** A collection as a list, and as a set or map once something was put into it. */
interface Collection {
  list: Cell[];
  hashed: HashOrdered<Cell> | null;
}

function elementsOf(cell: Cell): Cells {
  return Array.isArray(cell) ? (cell as Cells) : [];
}

function elementType(type: DataType): DataType {
  return type.kind === 'ARRAY' ? type.element : type;
}

abstract class CollectionFold extends StateFold<Collection> {
  protected open(entry: number): Collection {
    return { list: [...elementsOf(this.cell(entry))], hashed: null };
  }

  protected write(builder: VectorBuilder, row: number, { list, hashed }: Collection): void {
    appendCell(this.input.field.type, builder, row, hashed === null ? list : hashed.items());
  }
}

/** `collect`: the elements one after the other. */
class Collect extends CollectionFold {
  protected readonly rule: HashRule;
  private readonly addsBefore: boolean;

  constructor(input: FoldInput, aggregate: Aggregate) {
    super(input);
    // An older row's elements come behind as well, unless `ignore-retract` stands between (FieldIgnoreRetractAgg).
    this.addsBefore = aggregate.ignoreRetract;
    this.rule = hashRule(elementType(input.field.type));
  }

  protected override get takesBack(): boolean {
    return true;
  }

  protected add(state: Collection, entry: number, isBefore: boolean): Collection {
    const added = elementsOf(this.cell(entry));
    if (isBefore && this.addsBefore) return { list: [...added, ...this.listOf(state)], hashed: null };
    for (const element of added) state.list.push(element);
    return state;
  }

  /** Each element that is taken back takes one equal one with it. */
  protected override retract(state: Collection, entry: number): Collection {
    const counts = new Map<string, number>();
    const retracted = elementsOf(this.cell(entry));
    if (retracted.length === 0) return state;
    for (const element of retracted) {
      const key = this.rule.keyOf(element);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const list = this.listOf(state).filter((element) => {
      const key = this.rule.keyOf(element);
      const left = counts.get(key) ?? 0;
      if (left > 0) counts.set(key, left - 1);
      return left === 0;
    });
    return { list, hashed: null };
  }

  protected listOf({ list, hashed }: Collection): Cell[] {
    return hashed === null ? list : [...hashed.items()];
  }
}

/** `collect` with `distinct`: a set. Elements that are collections or rows keep their order. */
class CollectDistinct extends Collect {
  protected override meetNull(open: () => Collection): Collection {
    return this.hash(open());
  }

  protected override add(state: Collection, entry: number): Collection {
    const hashed = this.hash(state);
    for (const element of elementsOf(this.cell(entry))) this.put(hashed.hashed, element);
    return hashed;
  }

  private hash(state: Collection): Collection & { readonly hashed: HashOrdered<Cell> } {
    const hashed = state.hashed ?? new HashOrdered<Cell>();
    if (state.hashed === null) for (const element of state.list) this.put(hashed, element);
    return { list: [], hashed };
  }

  private put(set: HashOrdered<Cell>, element: Cell): void {
    const key = this.rule.keyOf(element);
    if (!set.has(key)) set.put(key, this.rule.hashOf(element), element);
  }
}

function pairOf(entry: Cell): readonly [Cell, Cell] {
  const [key, value] = elementsOf(entry);
  return [key, value];
}

/** A map: entries are pairs of key and value. */
abstract class MapFold extends CollectionFold {
  protected readonly rule: HashRule;

  constructor(input: FoldInput) {
    super(input);
    const { type } = input.field;
    this.rule = hashRule(type.kind === 'MAP' ? type.key : type);
  }

  protected put(map: HashOrdered<Cell>, entry: Cell): void {
    const [key] = pairOf(entry);
    map.put(this.rule.keyOf(key), this.rule.hashOf(key), entry);
  }

  protected mapOf(state: Collection): HashOrdered<Cell> {
    if (state.hashed !== null) return state.hashed;
    const map = new HashOrdered<Cell>();
    for (const entry of state.list) this.put(map, entry);
    return map;
  }
}

/** `merge_map`: the newer value of a key stays. */
class MergeMap extends MapFold {
  protected override get takesBack(): boolean {
    return true;
  }

  protected add(state: Collection, entry: number, isBefore: boolean): Collection {
    const added = elementsOf(this.cell(entry));
    const map = isBefore ? this.mapOf({ list: [...added], hashed: null }) : this.mapOf(state);
    for (const pair of isBefore ? (state.hashed?.items() ?? state.list) : added) this.put(map, pair);
    return { list: [], hashed: map };
  }

  protected override retract(state: Collection, entry: number): Collection {
    const retracted = elementsOf(this.cell(entry));
    if (retracted.length === 0) return state;
    const keys = new Set(retracted.map((pair) => this.rule.keyOf(pairOf(pair)[0])));
    const list = (state.hashed?.items() ?? state.list).filter((pair) => !keys.has(this.rule.keyOf(pairOf(pair)[0])));
    return { list: [], hashed: this.mapOf({ list, hashed: null }) };
  }
}

/** `merge_map_with_keytime`: the value with the largest time stays; NULL takes a key away. */
class MergeTimedMap extends MapFold {
  private readonly timeIndex: number;

  constructor(input: FoldInput, aggregate: Aggregate) {
    super(input);
    const { type } = input.field;
    const fields = type.kind === 'MAP' && type.value.kind === 'ROW' ? type.value.fields : [];
    this.timeIndex = timeFieldIndex(fields, aggregate.timeField);
  }

  protected add(state: Collection, entry: number, isBefore: boolean): Collection {
    const own = elementsOf(this.cell(entry));
    const before = state.hashed?.items() ?? state.list;
    const map = this.mapOf(isBefore ? { list: [...own], hashed: null } : { list: [...before], hashed: null });
    for (const pair of isBefore ? before : own) this.merge(map, pair);
    return { list: [], hashed: map };
  }

  private merge(map: HashOrdered<Cell>, pair: Cell): void {
    const [key, value] = pairOf(pair);
    const text = this.rule.keyOf(key);
    if (value === null) return map.delete(text);
    const time = this.timeOf(value);
    if (time === null) return;
    const known = this.timeOf(pairOf(map.get(text) ?? [])[1] ?? null);
    if (known === null || compareTexts(time, known) > 0) this.put(map, pair);
  }

  private timeOf(value: Cell): Uint8Array | null {
    const time = elementsOf(value)[this.timeIndex] ?? null;
    return time instanceof Uint8Array ? time : null;
  }
}

/** As Java compares strings: by UTF-16 units. */
function compareTexts(a: Uint8Array, b: Uint8Array): number {
  const [left, right] = [Buffer.from(a).toString(), Buffer.from(b).toString()];
  return left < right ? -1 : Number(left > right);
}

/** The fold of `collect`; the column is an ARRAY. */
export function collectFold(input: FoldInput, aggregate: Aggregate): ColumnFold {
  return aggregate.distinct ? new CollectDistinct(input, aggregate) : new Collect(input, aggregate);
}

/** The fold of `merge_map`; the column is a MAP. */
export function mergeMapFold(input: FoldInput): ColumnFold {
  return new MergeMap(input);
}

/** The fold of `merge_map_with_keytime`; the column is a MAP of ROW. */
export function mergeTimedMapFold(input: FoldInput, aggregate: Aggregate): ColumnFold {
  return new MergeTimedMap(input, aggregate);
}
