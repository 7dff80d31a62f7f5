// The lookups of one flush: the wanted keys of all buckets, each in its bucket's files.
import { concatVectors } from '../../column/concat.ts';
import type { Vector } from '../../column/vector.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { FoundRows } from './fill.ts';
import type { KeyValueLayout } from './key-values.ts';
import { LiveFiles } from './live-files.ts';
import { lookUp, type LookupRequest } from './lookup.ts';
import type { LookupFile } from './lookup-file.ts';
import type { SortedRows } from './write-rows.ts';
import { keyColumns } from './write-rows.ts';

/** Opens a data file for lookups. */
export type OpenEntry = (entry: ManifestEntry) => Promise<LookupFile>;

/** What to look up for a flush. */
export interface FlushLookup {
  readonly layout: KeyValueLayout;
  readonly rows: SortedRows;
  /** The rows whose keys are wanted; no two of one key. */
  readonly wanted: Uint32Array;
  /** The columns to give, as indexes of the layout's fields. */
  readonly columns: readonly number[];
  readonly liveFiles: readonly ManifestEntry[];
  readonly openEntry: OpenEntry;
  /** As in `LookupRequest`. */
  readonly deletedRows: LookupRequest['deletedRows'];
}

/** Looks the wanted rows up, one bucket after the other. */
export async function lookUpRows(request: FlushLookup): Promise<FoundRows> {
  const { layout, rows, columns, wanted } = request;
  const found = new Int32Array(rows.rowCount).fill(-1);
  const parts: Vector[][] = layout.fields.map(() => []);
  if (wanted.length === 0 || request.liveFiles.length === 0) {
    return { rows: found, columns: layout.fields.map(() => null) };
  }
  const live = new LiveFiles(request.liveFiles);
  const keys = keyColumns(layout, rows.columns);
  let count = 0;
  for (const [group, groupRows] of sortedByPlace(rows, wanted)) {
    const { partition, bucket } = rows.places.places[group];
    const entries = new Map(live.bucket(partition, bucket).map((entry) => [entry.file, entry]));
    const result = await lookUp({
      layout,
      files: [...entries.keys()],
      keys,
      rows: groupRows,
      columns,
      deletedRows: request.deletedRows,
      openFile: (file) => request.openEntry(entries.get(file) as ManifestEntry),
    });
    for (const [index, row] of groupRows.entries())
      if (result.found[index] >= 0) found[row] = count + result.found[index];
    for (const [index, vector] of (result.columns ?? []).entries()) parts[columns[index]].push(vector);
    count += result.columns?.[0].length ?? 0;
  }
  return { rows: found, columns: parts.map((vectors) => (vectors.length === 0 ? null : concatVectors(vectors))) };
}

/** The wanted rows by place, each in key order. */
function sortedByPlace(rows: SortedRows, wanted: Uint32Array): Map<number, Uint32Array> {
  const isWanted = new Uint8Array(rows.rowCount);
  for (const row of wanted) isWanted[row] = 1;
  const lists = new Map<number, number[]>();
  for (const row of rows.order) {
    if (isWanted[row] === 0) continue;
    const group = rows.places.groups[row];
    const list = lists.get(group);
    if (list === undefined) lists.set(group, [row]);
    else list.push(row);
  }
  return new Map([...lists].map(([group, list]) => [group, Uint32Array.from(list)]));
}
