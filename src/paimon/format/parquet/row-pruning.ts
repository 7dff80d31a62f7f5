// Which rows of a row group may meet conditions: by the statistics of its chunks in the footer, then by those of pages.
import type { DataType } from '../../schema/data-type.ts';
import { knownOfColumn } from '../bound-cell.ts';
import { type ColumnBounds, conditionColumns, mayMeet, mayMeetAll, type PlainCondition } from '../condition.ts';
import type { RangeSource } from '../data-file.ts';
import { fetchPlaces } from '../fetch-places.ts';
import { allRows, commonRows, joinedRows, mergedRanges, type RowRanges } from '../row-ranges.ts';
import { type PagePlace, pageRows, readColumnIndex, readOffsetIndex } from './page-index.ts';
import type { ColumnChunk, LeafNode } from './parquet-format.ts';
import { storedStatistics } from './stored-bounds.ts';

/** A column of a row group, as it is to be read. */
export interface StoredColumn {
  readonly leaf: LeafNode;
  readonly type: DataType;
  readonly chunk: ColumnChunk;
}

/** A row group and its columns by name; null for nested ones, of which nothing is known. */
export interface StoredRowGroup {
  readonly rowCount: number;
  readonly column: (name: string) => StoredColumn | null;
}

/** The rows that may meet all conditions. Throws faults of `E3200`. */
export async function rowsThatMayMeet(
  source: RangeSource,
  group: StoredRowGroup,
  where: readonly PlainCondition[],
): Promise<RowRanges> {
  const mayMeetAny = mayMeetAll(where, (condition) => {
    const column = group.column(condition.column);
    return column === null || mayMeet(condition, knownOfChunk(column, group.rowCount));
  });
  if (!mayMeetAny) return [];
  const pages = await indexedPages(source, group, conditionColumns(where));
  return pages.size === 0 ? allRows(group.rowCount) : new PageTest(pages, group.rowCount).rowsOfAll(where);
}

function knownOfChunk({ leaf, type, chunk }: StoredColumn, rowCount: number): ColumnBounds {
  const statistics = chunk.statistics ?? { min: null, max: null, nullCount: null };
  return knownOfColumn(type, storedStatistics(leaf, type, statistics), rowCount);
}

/** What is known of the pages of a column. */
interface IndexedPages {
  readonly places: readonly PagePlace[];
  readonly known: readonly ColumnBounds[];
}

async function indexedPages(
  source: RangeSource,
  group: StoredRowGroup,
  names: readonly string[],
): Promise<ReadonlyMap<string, IndexedPages>> {
  const indexed = names.flatMap((name) => {
    const column = group.column(name);
    const { columnIndex, offsetIndex } = column?.chunk ?? { columnIndex: null, offsetIndex: null };
    return column === null || columnIndex === null || offsetIndex === null
      ? []
      : [{ name, column, columnIndex, offsetIndex }];
  });
  const bytes = await fetchPlaces(
    source,
    indexed.flatMap(({ columnIndex, offsetIndex }) => [columnIndex, offsetIndex]),
  );
  return new Map(
    indexed.map(({ name, column }, at) => {
      const places = readOffsetIndex(bytes[2 * at + 1], column.chunk, group.rowCount);
      return [name, { places, known: knownOfPages(column, bytes[2 * at], { places, rowCount: group.rowCount }) }];
    }),
  );
}

function knownOfPages(
  { leaf, type }: StoredColumn,
  columnIndex: Uint8Array,
  { places, rowCount }: { readonly places: readonly PagePlace[]; readonly rowCount: number },
): readonly ColumnBounds[] {
  return readColumnIndex(columnIndex, places.length).map((statistics, page) => {
    const rows = pageRows(places, page, rowCount);
    const nullCount = statistics.isNull ? rows : statistics.nullCount;
    return knownOfColumn(type, storedStatistics(leaf, type, { ...statistics, nullCount }), rows);
  });
}

class PageTest {
  private readonly pages: ReadonlyMap<string, IndexedPages>;
  private readonly rowCount: number;

  constructor(pages: ReadonlyMap<string, IndexedPages>, rowCount: number) {
    this.pages = pages;
    this.rowCount = rowCount;
  }

  rowsOfAll(conditions: readonly PlainCondition[]): RowRanges {
    return conditions.reduce((rows, condition) => commonRows(rows, this.rowsOf(condition)), allRows(this.rowCount));
  }

  private rowsOf(condition: PlainCondition): RowRanges {
    switch (condition.operator) {
      case 'and':
        return this.rowsOfAll(condition.conditions);
      case 'or':
        return condition.conditions.reduce((rows, branch) => joinedRows(rows, this.rowsOf(branch)), allRows(0));
      default: {
        const pages = this.pages.get(condition.column);
        if (pages === undefined) return allRows(this.rowCount);
        const { places, known } = pages;
        const matching = places.flatMap(({ firstRow }, page) => {
          const to = firstRow + pageRows(places, page, this.rowCount);
          return firstRow < to && mayMeet(condition, known[page]) ? [{ from: firstRow, to }] : [];
        });
        return mergedRanges(matching, 0);
      }
    }
  }
}
