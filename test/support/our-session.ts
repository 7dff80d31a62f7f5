// Our long-lived writer on one table, opened when it is first needed; and rows of the reference's JSON for it.
import { systemClock } from '../../src/base/clock.ts';
import { builderFor } from '../../src/column/builder.ts';
import { createRowReader } from '../../src/paimon/format/row-json.ts';
import { type RowObject, rowObjects } from '../../src/paimon/format/row-objects.ts';
import { shapeOf } from '../../src/paimon/schema/data-type.ts';
import type { RowKindText } from '../../src/column/row-kind.ts';
import type { TableSchema } from '../../src/paimon/schema/table-schema.ts';
import type { Table } from '../../src/paimon/table.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import type { KindRow } from './reference.ts';

/** A session that goes on from call to call, and can be lost. */
export class OurSession {
  private readonly openTable: () => Promise<Table>;
  private opened: { readonly table: Table; readonly session: TableSession; readonly flushes: boolean } | null = null;

  constructor(openTable: () => Promise<Table>) {
    this.openTable = openTable;
  }

  /** Takes the rows; `flushes`: each few of them are in a file before the commit. */
  async write(rows: readonly KindRow[], { flushes = false } = {}): Promise<void> {
    if (this.opened !== null && this.opened.flushes !== flushes) await this.close();
    const { session, table } = await this.open(flushes);
    for (const { kind, objects } of byKind(table.schema, rows)) await session.write(objects, kind);
  }

  async commit(): Promise<void> {
    await this.opened?.session.commit();
  }

  async writeAndCommit(rows: readonly KindRow[]): Promise<void> {
    await this.write(rows);
    await this.commit();
  }

  async compact(full: boolean): Promise<void> {
    const { session } = await this.open(false);
    await session.compact({ full });
  }

  /** Ends the session; what was not committed is gone. */
  async close(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    await opened?.session.close();
  }

  /** The session is gone as if its process had been killed. */
  die(): void {
    this.opened = null;
  }

  private async open(flushes: boolean): Promise<NonNullable<OurSession['opened']>> {
    if (this.opened !== null) return this.opened;
    const table = await this.openTable();
    const bytes = flushes ? { bufferBytesMax: 1 } : {};
    const session = await TableSession.open(table, { user: 'session', clock: systemClock, ...bytes });
    this.opened = { table, session, flushes };
    return this.opened;
  }
}

/** The rows as objects; those of one kind that follow one another together. */
function byKind(
  schema: TableSchema,
  rows: readonly KindRow[],
): readonly { readonly kind: RowKindText; readonly objects: readonly RowObject[] }[] {
  const groups: { kind: RowKindText; rows: KindRow[] }[] = [];
  for (const row of rows) {
    const kind = row.kind as RowKindText;
    const last = groups.at(-1);
    if (last?.kind === kind) last.rows.push(row);
    else groups.push({ kind, rows: [row] });
  }
  return groups.map((group) => ({ kind: group.kind, objects: objectsOf(schema, group.rows) }));
}

function objectsOf({ fields }: TableSchema, rows: readonly KindRow[]): readonly RowObject[] {
  const readRow = createRowReader(fields, { unknownColumns: 'ignore' });
  const builders = fields.map((field) => builderFor(shapeOf(field.type)));
  rows.forEach(({ row }, index) => readRow(row, builders, index));
  return rowObjects({ fields, rowCount: rows.length, columns: builders.map((builder) => builder.finish(rows.length)) });
}
