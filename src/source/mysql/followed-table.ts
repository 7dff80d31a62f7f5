// A table that is followed in the log: its place, and the decoder of its rows as the log describes them now.
import { TributaryError } from '../../base/errors.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { Charsets } from './charsets.ts';
import type { Gtid } from './gtid.ts';
import { parsePosition } from './gtids.ts';
import type { MysqlTable } from './mysql-table.ts';
import { RowDecoder } from './row-decoder.ts';
import { type LoggedTable, readTableMap } from './table-map.ts';
import { describeMismatch } from './value-plan.ts';

/** The body of the description before which the table's number and flags stand. */
const POST_HEADER = 8;

/** One table. */
export class FollowedTable {
  readonly table: MysqlTable;
  readonly wantsBeforeImages: boolean;
  /** Null before the log has described the table, and where its description does not fit. */
  rows: RowDecoder | null = null;
  failed = false;
  /** The log has described other columns than the table had, and what they are can be known. */
  isAltered = false;
  /** In the list of tables with rows. */
  listed = false;
  private readonly place: ReturnType<typeof parsePosition>;
  private readonly charsets: Charsets;
  private mismatch = 'reason=not-described';
  /** What `rows` was made from. */
  private description: Buffer = Buffer.alloc(0);
  private columnCount = 0;
  /** The transaction that was looked up last, and whether the table's place includes it. */
  private asked: Gtid | null = null;
  private included = false;

  constructor(
    table: MysqlTable,
    options: { readonly place: SourcePosition; readonly charsets: Charsets; readonly wantsBeforeImages: boolean },
  ) {
    this.table = table;
    this.place = parsePosition(options.place);
    this.charsets = options.charsets;
    this.wantsBeforeImages = options.wantsBeforeImages;
  }

  /** Changes of the transaction are to be given. */
  wants(gtid: Gtid): boolean {
    if (this.failed) return false;
    if (this.asked !== gtid) {
      this.asked = gtid;
      this.included = this.place.has(gtid);
    }
    return !this.included;
  }

  /** Whether the description in `bytes[start … end)` is the one that the rows are read by. */
  isDescribedBy(bytes: Buffer, start: number, end: number): boolean {
    const { description } = this;
    const from = start + POST_HEADER;
    return description.length === end - from && bytes.compare(description, 0, description.length, from, end) === 0;
  }

  /** From here on rows are as the description says; rows not taken before are lost. */
  describe(bytes: Buffer, start: number, end: number): void {
    this.description = Buffer.from(bytes.subarray(start + POST_HEADER, end));
    const logged = readTableMap(bytes, { start, end }, this.place.flavor);
    this.columnCount = logged.columns.length;
    this.mismatch = this.mismatchWith(logged) ?? '';
    const rows = { columns: logged.columns, charsets: this.charsets };
    this.rows = this.mismatch === '' ? new RowDecoder(this.table, rows) : null;
    if (this.rows !== null) this.rows.beforeImages = this.wantsBeforeImages;
  }

  /** The decoder for an event with this many columns. Throws E2032 where the log's description does not fit. */
  decoder(columnCount: number, position: string): RowDecoder {
    const { rows } = this;
    if (rows !== null && columnCount === this.columnCount) return rows;
    const reason = rows === null ? this.mismatch : 'reason=column-count';
    this.isAltered ||= rows !== null;
    throw this.changed(reason, position);
  }

  /** The error for a table that is not any more what it was. */
  changed(reason: string, position: string): TributaryError {
    const message = `table changed in the source: table=${this.table.source.key} ${reason}`;
    return new TributaryError('E2032', message, { context: { position } });
  }

  private mismatchWith(logged: LoggedTable): string | null {
    this.isAltered = false;
    if (!logged.named) return 'reason=no-names fix="SET GLOBAL binlog_row_metadata = FULL"';
    const { columns } = this.table.source;
    const leftOut = new Set(this.table.leftOut);
    const added = logged.columns.find(
      ({ name }) => !leftOut.has(name) && !columns.some((column) => column.name === name),
    );
    // Columns that the server hides are named with an exclamation mark, as `!hidden!…`.
    if (added !== undefined && !added.name.startsWith('!')) {
      this.isAltered = true;
      return `reason=column-added column=${added.name}`;
    }
    const unknown = logged.columns.find((column) => column.layout === null);
    if (unknown !== undefined) return `reason=type column=${unknown.name} code=${unknown.type}`;
    this.isAltered = true;
    for (const [index, { name }] of columns.entries()) {
      const column = logged.columns.find((candidate) => candidate.name === name);
      if (column === undefined) return `reason=column-gone column=${name}`;
      const mismatch = describeMismatch(this.table.plans[index], column, this.charsets);
      if (mismatch !== null) return `${mismatch} column=${name}`;
    }
    return null;
  }
}
