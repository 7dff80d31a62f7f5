// Reading the log of a MySQL source in tests: the copy of all its tables, then the events that come after.
import type { SourcePosition } from '../../src/change/position.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import type { ChangeSource, SourceEvent } from '../../src/source/source.ts';
import { type ShownChange, shownRows } from './shown-rows.ts';

/** What a source has after its copy. */
export interface CopiedSource {
  readonly source: ChangeSource;
  readonly rows: ReadonlyMap<TableKey, readonly ShownChange[]>;
  readonly position: SourcePosition;
  readonly tables: readonly SourceTable[];
}

/** Opens the source and copies all of its tables. */
export async function copySource(source: ChangeSource): Promise<CopiedSource> {
  const { tables } = await source.open();
  const signal = new AbortController().signal;
  const copy = await source.beginCopy(
    tables.map(({ key }) => key),
    signal,
  );
  const rows = new Map<TableKey, ShownChange[]>();
  for (const table of tables) {
    const own: ShownChange[] = [];
    for await (const batch of copy.rows(table.key, signal)) own.push(...shownRows(batch, table));
    rows.set(table.key, own);
  }
  await copy.close();
  return { source, rows, position: copy.position, tables };
}

/** The events after the copy until `enough` says so, asked after each. */
export async function eventsUntil(
  { source, position, tables }: CopiedSource,
  enough: (events: readonly SourceEvent[]) => boolean,
): Promise<readonly SourceEvent[]> {
  const events: SourceEvent[] = [];
  const places = new Map(tables.map(({ key }) => [key, position]));
  const signal = new AbortController().signal;
  const beforeImages = new Set(places.keys());
  for await (const event of source.stream({ from: position, places, beforeImages, signal })) {
    events.push(event);
    if (enough(events)) break;
  }
  return events;
}

/** The changes in events, of all tables. */
export function changesIn(events: readonly SourceEvent[], tables: readonly SourceTable[]): readonly ShownChange[] {
  return events.flatMap((event) => {
    if (event.kind !== 'changes') return [];
    return event.changes.flatMap((batch) =>
      shownRows(batch, tables.find(({ key }) => key === batch.table) as SourceTable),
    );
  });
}

/** The changes after the copy until so many came. Throws why a table failed, where one does. */
export async function streamed(start: CopiedSource, count: number): Promise<readonly ShownChange[]> {
  const events = await eventsUntil(start, (so) => {
    const last = so.at(-1);
    if (last?.kind === 'table-failed') throw last.error;
    return changesIn(so, start.tables).length >= count;
  });
  return changesIn(events, start.tables);
}
