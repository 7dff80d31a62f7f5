// Merges windows of a compaction into the rows that it leaves and the changes that it makes: lookup changelogs, those of
// full compactions, and deletion vectors. Source: format notes 05 sections 7 and 8 (LookupChangelogMergeFunctionWrapper,
// FullChangelogMergeFunctionWrapper, FirstRowMergeFunctionWrapper).
import { rowEquality, type RowEquality } from '../../column/equal.ts';
import { interleaveVectors } from '../../column/interleave.ts';
import { DELETE, INSERT, isRetract, UPDATE_AFTER, UPDATE_BEFORE } from '../../column/row-kind.ts';
import { ofKind } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { FoundKeys, KeyLookup } from './key-lookup.ts';
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';
import { keepRows } from './live-rows.ts';
import { groupEnd, type MergeFunction, type SortedGroups } from './merge/merge-function.ts';
import { gatherMerged, type MergeWindow } from './merge/merge-window.ts';
import { countingEntries, highLevelEntries, NO_ENTRY } from './merge/newest-level.ts';
import { batchOrder } from './merge/run-cursor.ts';

/** What becomes of a window. */
export interface MergedWindow {
  /** The rows that are left, in key order. */
  readonly rows: KeyValueBatch;
  /** The changes, in key order, -U before +U; null where none are made. */
  readonly changelog: KeyValueBatch | null;
}

/** Merges one window after the other, in key order. */
export interface WindowMerge {
  (window: MergeWindow): Promise<MergedWindow>;
  /** See `MergeFunction`. */
  readonly picksRows?: boolean;
}

/** What all kinds of merges here have in common. */
export interface ChangelogMergeSettings {
  readonly layout: KeyValueLayout;
  /** Gives a row of every group, retracts too. */
  readonly merge: MergeFunction;
  readonly dropRetracts: boolean;
  /** Make changes. */
  readonly changelog: boolean;
  /** Columns that must differ for an update to be a change; null where every update is one. */
  readonly comparedColumns: readonly number[] | null;
}

/** Merges without changes. */
export function plainMerge(merge: MergeFunction): WindowMerge {
  const plain: WindowMerge = async (window) => ({
    rows: await window.gather(merge(window.groups())),
    changelog: null,
  });
  return Object.assign(plain, { picksRows: merge.picksRows ?? false });
}

/** Changes against what stood on the highest level: of compactions to that level, with all that is below. */
export function fullCompactionMerge(settings: ChangelogMergeSettings, maxLevel: number): WindowMerge {
  return async (window) => {
    const groups = window.groups();
    const before = new Before(groups.groupCount);
    for (let group = 0; group < groups.groupCount; group++) {
      const end = groupEnd(groups, group);
      // A row of the highest level that nothing has joined has not changed.
      const isAlone = end - groups.groupStarts[group] === 1;
      before.emits[group] = 1;
      for (let entry = groups.groupStarts[group]; entry < end; entry++) {
        if (groups.levels[groups.sources[entry]] !== maxLevel) continue;
        before.set(group, groups.sources[entry], groups.rows[entry]);
        if (isAlone) before.emits[group] = 0;
      }
    }
    return finishWindow(settings, { batches: window.sourceBatches, groups, before });
  };
}

/** What lookups of a compaction do beside finding rows. */
export interface LookupEffects {
  readonly lookup: KeyLookup;
  /** Takes the places of older rows that new ones replace: deletion vectors are made of them. */
  readonly replaced: (file: DataFileMeta, position: number) => void;
}

/** Changes of what level 0 brings, against the row of the lowest other level, wherever that stands. */
export function lookupMerge(settings: ChangelogMergeSettings, effects: LookupEffects | null): WindowMerge {
  return async (window) => {
    const groups = window.groups();
    const high = highLevelEntries(groups);
    const before = new Before(groups.groupCount);
    before.emitWhereLevel0(groups);
    for (let group = 0; group < groups.groupCount; group++) {
      const entry = high[group];
      if (entry !== NO_ENTRY) before.set(group, groups.sources[entry], groups.rows[entry]);
    }
    const counting = { ...countingEntries(groups, high), mergesAlone: true };
    const batches = window.sourceBatches;
    if (effects === null) return finishWindow(settings, { batches, groups: counting, before });
    const { wanted, found } = await lookUpNew(settings.layout, { batches, groups, high }, effects);
    if (found.rows === null) return finishWindow(settings, { batches, groups: counting, before });
    const all = [...batches, { ...found.rows, level: 1 }];
    const placed = placeHits({ hits: found.hits, wanted }, groups.groupCount);
    for (const [group, row] of placed.entries()) if (row >= 0) before.set(group, batches.length, row);
    const joined = insertHits(counting, placed, { batches: all, layout: settings.layout });
    return finishWindow(settings, { batches: all, groups: joined, before });
  };
}

/** The first row of each key: one that stands on a higher level stays, and nothing that comes later is seen. */
export function firstRowMerge(settings: ChangelogMergeSettings, effects: LookupEffects | null): WindowMerge {
  return async (window) => {
    const groups = window.groups();
    const batches = window.sourceBatches;
    const high = highLevelEntries(groups);
    const isNew = Uint8Array.from(high, (entry) => (entry === NO_ENTRY ? 1 : 0));
    const isKnown = new Uint8Array(groups.groupCount);
    if (effects !== null) {
      const { wanted, found } = await lookUpNew(settings.layout, { batches, groups, high }, effects);
      for (const [index, group] of wanted.entries()) if (found.hits[index] >= 0) isKnown[group] = 1;
    }
    const merged = settings.merge({ ...groups, mergesAlone: true });
    const rows = gatherMerged(batches, merged);
    const kept = keepRows(
      rows,
      Uint8Array.from(merged.groups, (group) => 1 - isKnown[group]),
    );
    if (!settings.changelog) return { rows: kept, changelog: null };
    const news = Uint8Array.from(merged.groups, (group) => isNew[group] & (1 - isKnown[group]));
    return { rows: kept, changelog: keepRows(rows, news) };
  };
}

/** Looks up the keys that have no row above level 0, and reports where older rows stand. */
async function lookUpNew(
  layout: KeyValueLayout,
  of: { readonly batches: readonly KeyValueBatch[]; readonly groups: SortedGroups; readonly high: Int32Array },
  { lookup, replaced }: LookupEffects,
): Promise<{ readonly wanted: Uint32Array; readonly found: FoundKeys }> {
  const { batches, groups, high } = of;
  const wanted = Uint32Array.from(high.keys()).filter((group) => high[group] === NO_ENTRY);
  const entries = wanted.map((group) => groups.groupStarts[group]);
  const selection = {
    sources: entries.map((entry) => groups.sources[entry]),
    rows: entries.map((entry) => groups.rows[entry]),
  };
  const key = (index: number): Vector =>
    interleaveVectors(
      batches.map((batch) => batch.columns[index]),
      selection,
    );
  const rows = Uint32Array.from(wanted.keys());
  const found = await lookup.find(layout.keyIndexes.map(key), rows);
  for (const [hit, file] of found.files.entries()) replaced(file, found.positions[hit]);
  return { wanted, found };
}

/** The row that each group had before, and whether a change of it is one of the changelog. */
class Before {
  /** The batch and row of each group; the batch is -1 where there is none. */
  readonly sources: Int32Array;
  readonly rows: Uint32Array;
  readonly emits: Uint8Array;

  constructor(groupCount: number) {
    this.sources = new Int32Array(groupCount).fill(-1);
    this.rows = new Uint32Array(groupCount);
    this.emits = new Uint8Array(groupCount);
  }

  set(group: number, source: number, row: number): void {
    this.sources[group] = source;
    this.rows[group] = row;
  }

  emitWhereLevel0(groups: SortedGroups): void {
    for (let group = 0; group < groups.groupCount; group++) {
      const end = groupEnd(groups, group);
      for (let entry = groups.groupStarts[group]; entry < end; entry++) {
        if (groups.levels[groups.sources[entry]] === 0) this.emits[group] = 1;
      }
    }
  }
}

/** For each group the row that was found of it; -1 for none. */
function placeHits(found: { readonly hits: Int32Array; readonly wanted: Uint32Array }, groupCount: number): Int32Array {
  const placed = new Int32Array(groupCount).fill(-1);
  for (const [index, group] of found.wanted.entries()) placed[group] = found.hits[index];
  return placed;
}

/** The groups with the rows of the last batch put in where they belong by their sequence. */
function insertHits(
  groups: SortedGroups,
  placed: Int32Array,
  { batches, layout }: { readonly batches: readonly KeyValueBatch[]; readonly layout: KeyValueLayout },
): SortedGroups {
  const { groupCount } = groups;
  const hitSource = batches.length - 1;
  const orders = batches.map((batch) => batchOrder(batches[hitSource], batch, layout).bySequence);
  const groupStarts = new Uint32Array(groupCount);
  const sources = new Uint32Array(groups.rowCount + batches[hitSource].rowCount);
  const rows = new Uint32Array(sources.length);
  let count = 0;
  for (let group = 0; group < groupCount; group++) {
    groupStarts[group] = count;
    const end = groupEnd(groups, group);
    let hit = placed[group];
    for (let entry = groups.groupStarts[group]; entry <= end; entry++) {
      const source = groups.sources[entry];
      if (hit >= 0 && (entry === end || orders[source](hit, groups.rows[entry]) < 0)) {
        sources[count] = hitSource;
        rows[count++] = hit;
        hit = -1;
      }
      if (entry === end) break;
      sources[count] = source;
      rows[count++] = groups.rows[entry];
    }
  }
  return {
    ...groups,
    rowCount: count,
    groupStarts,
    sources,
    rows,
    kinds: batches.map((batch) => batch.kinds),
    columns: batches.map((batch) => batch.columns),
    levels: batches.map((batch) => batch.level ?? 0),
  };
}

interface PreparedWindow {
  readonly batches: readonly KeyValueBatch[];
  readonly groups: SortedGroups;
  readonly before: Before;
}

function finishWindow(settings: ChangelogMergeSettings, { batches, groups, before }: PreparedWindow): MergedWindow {
  const merged = settings.merge(groups);
  const rows = gatherMerged(batches, merged);
  const changelog = settings.changelog ? changesOf({ settings, batches, rows, before, groups: merged.groups }) : null;
  if (!settings.dropRetracts) return { rows, changelog };
  return {
    rows: keepRows(
      rows,
      Uint8Array.from(rows.kinds, (kind) => (isRetract(kind) ? 0 : 1)),
    ),
    changelog,
  };
}

interface Change {
  readonly settings: ChangelogMergeSettings;
  readonly batches: readonly KeyValueBatch[];
  /** What each group is now. */
  readonly rows: KeyValueBatch;
  /** The group of each row. */
  readonly groups: Uint32Array;
  readonly before: Before;
}

/** +I, -D, or -U and +U for every group that has changed; each with its own sequence number. */
function changesOf({ settings, batches, rows, groups, before }: Change): KeyValueBatch {
  const changes = new ChangeRows(2 * rows.rowCount);
  const nowSource = batches.length;
  const isSame = equality(settings.comparedColumns, batches, rows);
  for (let row = 0; row < rows.rowCount; row++) {
    const group = groups[row];
    if (before.emits[group] === 0) continue;
    const source = before.sources[group];
    const old = before.rows[group];
    const existed = source >= 0 && !isRetract(batches[source].kinds[old]);
    const exists = !isRetract(rows.kinds[row]);
    if (!existed) {
      if (exists) changes.add(INSERT, nowSource, row);
    } else if (!exists) changes.add(DELETE, source, old);
    else if (!isSame(source, old, row)) {
      changes.add(UPDATE_BEFORE, source, old);
      changes.add(UPDATE_AFTER, nowSource, row);
    }
  }
  return changes.gather([...batches, rows]);
}

/** Whether a row of a batch has the compared values of a row of `rows`. */
function equality(
  columns: readonly number[] | null,
  batches: readonly KeyValueBatch[],
  rows: KeyValueBatch,
): (source: number, old: number, row: number) => boolean {
  if (columns === null) return () => false;
  const pick = (batch: KeyValueBatch): Vector[] => columns.map((index) => batch.columns[index]);
  const now = pick(rows);
  const known: (RowEquality | undefined)[] = [];
  return (source, old, row) => {
    known[source] ??= rowEquality(pick(batches[source]), now);
    return known[source](old, row);
  };
}

class ChangeRows {
  private readonly kinds: Uint8Array;
  private readonly sources: Uint32Array;
  private readonly rows: Uint32Array;
  private count = 0;

  constructor(countMax: number) {
    this.kinds = new Uint8Array(countMax);
    this.sources = new Uint32Array(countMax);
    this.rows = new Uint32Array(countMax);
  }

  add(kind: number, source: number, row: number): void {
    this.kinds[this.count] = kind;
    this.sources[this.count] = source;
    this.rows[this.count++] = row;
  }

  gather(batches: readonly KeyValueBatch[]): KeyValueBatch {
    const { count } = this;
    const selection = { sources: this.sources.subarray(0, count), rows: this.rows.subarray(0, count) };
    const gather = (vectors: readonly Vector[]): Vector => interleaveVectors(vectors, selection);
    return {
      rowCount: count,
      columns: batches[0].columns.map((_, index) => gather(batches.map((batch) => batch.columns[index]))),
      sequence: ofKind(gather(batches.map((batch) => batch.sequence)), 'i64'),
      kinds: this.kinds.slice(0, count),
    };
  }
}
