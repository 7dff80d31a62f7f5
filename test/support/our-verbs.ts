// Our verbs on one table, as a user of the command line runs them, with refusals as their codes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTributaryError } from '../../src/base/errors.ts';
import { filterConditions } from '../../src/cli/table/filter.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { ReadOptions } from '../../src/paimon/scan/scan.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import type { GoldenRow } from './golden.ts';
import type { KindRow, TableAt } from './reference.ts';

/** How the verb `write` writes. */
interface VerbWrite {
  readonly writeOnly?: boolean;
  readonly commitUser?: string;
  readonly commitId?: number;
  readonly filterCommitted?: boolean;
}

/** Verbs resolve to the code of the refusal, or null. */
export class OurVerbs {
  private readonly at: TableAt;

  constructor(at: TableAt) {
    this.at = at;
  }

  create(definition: object): Promise<string | null> {
    return this.run(['create', '--schema', this.file('schema.json', JSON.stringify(definition))]);
  }

  alter(changes: readonly object[]): Promise<string | null> {
    return this.run(['alter', '--changes', this.file('changes.json', JSON.stringify(changes))]);
  }

  write(rows: readonly KindRow[], options: VerbWrite = {}): Promise<string | null> {
    const content = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const flags = [
      ...(options.writeOnly === true ? ['--write-only'] : []),
      ...(options.commitUser === undefined ? [] : ['--commit-user', options.commitUser]),
      ...(options.commitId === undefined ? [] : ['--commit-id', String(options.commitId)]),
      ...(options.filterCommitted === true ? ['--filter-committed'] : []),
    ];
    return this.run(['write', '--rows', this.file('rows.ndjson', content), ...flags]);
  }

  compact({ full }: { readonly full: boolean }): Promise<string | null> {
    return this.run(['compact', ...(full ? ['--full'] : [])]);
  }

  /** Any verb but for where the table is. */
  async run([verb, ...args]: readonly string[]): Promise<string | null> {
    try {
      const at = ['--warehouse', this.at.warehouse, '--table', this.at.table];
      await (await tableCommand()).parseAsync([verb, ...at, ...args], { from: 'user' });
      return null;
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      return error.code;
    }
  }

  /** The rows in the reference's JSON; `filter` is that of the verb `read`. */
  async read(options: ReadOptions & { readonly filter?: readonly string[] } = {}): Promise<readonly GoldenRow[]> {
    const table = await this.open();
    const snapshot = await table.snapshotAt(options.at ?? { kind: 'latest' });
    const isPast = snapshot !== null && options.at !== undefined && options.at.kind !== 'latest';
    const { fields } = isPast ? await table.schemas.read(snapshot.schemaId) : table.schema;
    const where = options.filter === undefined ? (options.where ?? []) : filterConditions(options.filter, fields);
    const rows: GoldenRow[] = [];
    for await (const batch of table.read({ ...options, where })) {
      const print = createRowPrinter(batch.fields);
      for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
    }
    return rows;
  }

  open(): Promise<Table> {
    const [database = '', table = ''] = this.at.table.split('.');
    return Table.open(new LocalFileStore(this.at.warehouse), { database, table });
  }

  private file(name: string, content: string): string {
    const path = join(this.at.warehouse, `input-${name}`);
    writeFileSync(path, content);
    return path;
  }
}
