// Sees what happens to partitions beside the log: the rows of one that is attached, detached or emptied by itself are
// not told by the log of the partitioned table.
import type { Logger } from '../../base/log.ts';
import type { PostgresTable } from './postgres-table.ts';
import { field, isTrue, type SqlRunner, type TextRow } from './sql-session.ts';

// A partition that was made as one has an entry of inheritance as old as its row type; an attached one has not.
// Emptying gives a table a new file without pages; so does a rewrite, which other checks see.
const PARTITIONS = `
select r.oid::text as root, c.oid::text as oid, c.oid::regclass::text as name, c.relfilenode::text as file,
  (c.relpages = 0)::text as fresh, (coalesce(pg_relation_size(c.oid), 0) > 0)::text as has_rows,
  exists (select 1 from pg_partition_ancestors(c.oid) a join pg_inherits i on i.inhrelid = a.relid
    join pg_class p on p.oid = a.relid join pg_type y on y.oid = p.reltype
    where a.relid <> r.oid and i.xmin <> y.xmin)::text as attached
from unnest($1::oid[]) r(oid) cross join lateral pg_partition_tree(r.oid) t join pg_class c on c.oid = t.relid
where t.isleaf and t.relid <> r.oid`;

/** Watches the partitions of the followed tables from its first look on. */
export class PartitionWatch {
  private readonly sql: SqlRunner;
  private readonly logger: Logger;
  private readonly roots: ReadonlyMap<string, PostgresTable>;
  private known: ReadonlyMap<string, TextRow> | null = null;

  constructor(sql: SqlRunner, logger: Logger, tables: readonly PostgresTable[]) {
    this.sql = sql;
    this.logger = logger;
    this.roots = new Map(tables.filter((table) => table.partitioned).map((table) => [String(table.oid), table]));
  }

  /** Warns of everything since the look before that makes the lake differ from the source. Throws E2010 to E2013. */
  async look(): Promise<void> {
    if (this.roots.size === 0) return;
    const rows = await this.sql.query(PARTITIONS, [[...this.roots.keys()]]);
    const now = new Map(rows.map((row) => [`${field(row, 'root')}/${field(row, 'oid')}`, row]));
    const { known } = this;
    this.known = now;
    if (known === null) return;
    for (const [id, row] of now) this.compare(known.get(id), row);
    for (const [id, row] of known) {
      if (!now.has(id)) this.warn(row, 'partition was detached or dropped: its rows stay in the lake');
    }
  }

  private compare(before: TextRow | undefined, row: TextRow): void {
    if (before === undefined) {
      if (isTrue(row, 'attached') && isTrue(row, 'has_rows'))
        this.warn(row, 'partition was attached: rows that it had before are not in the lake');
    } else if (before['file'] !== row['file'] && isTrue(row, 'fresh')) {
      this.warn(row, 'partition was truncated: unless all of the table was, its rows stay in the lake');
    }
  }

  private warn(row: TextRow, message: string): void {
    const table = this.roots.get(field(row, 'root'))?.source.key ?? '';
    const hint = 'drop the lake table to have it copied anew';
    this.logger.warn(message, { table, partition: field(row, 'name'), hint });
  }
}
