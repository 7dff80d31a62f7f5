// Another writer on a mirrored table: it takes rows away, changes others, and puts some into it that the source never had.
import type { Random } from '../../src/base/random.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { RowObject } from '../../src/paimon/format/row-objects.ts';
import type { Table } from '../../src/paimon/table.ts';
import { TableSession } from '../../src/paimon/table-session.ts';

/** What is done to a row. */
export interface Damage {
  /** A row of the table, changed. */
  changed(row: RowObject): RowObject;
  /** Rows that the source does not have. */
  readonly strange: readonly RowObject[];
}

/** Does it to three rows of ten, as one commit. */
export async function damageTable(
  table: Table,
  damage: Damage,
  { random, clock = systemClock }: { readonly random: Random; readonly clock?: Clock },
): Promise<void> {
  const session = await TableSession.open(table, { user: 'vandal', clock, random });
  // Where there are deletion vectors, rows that were never compacted are not seen.
  await session.compact();
  const rows: RowObject[] = [];
  for await (const row of table.rows()) rows.push(row);
  await session.delete(rows.filter(() => random.unit() < 0.3));
  await session.write(rows.filter(() => random.unit() < 0.3).map((row) => damage.changed(row)));
  await session.write(damage.strange);
  await session.commit();
  await session.close();
}
