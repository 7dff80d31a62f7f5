// `tributary table read` and `tributary table changelog`: rows and changes in the exact JSON of the reference.
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { rowKindText } from '../../column/row-kind.ts';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import type { SnapshotId } from '../../paimon/meta/snapshot.ts';
import type { Condition, ReadOptions, ReadPoint } from '../../paimon/scan/scan.ts';
import type { DataField } from '../../paimon/schema/data-type.ts';
import { fieldNamed, literalOf } from '../../query/conditions.ts';
import { changeLines } from '../change-output.ts';
import { standardOutput } from '../standard-output.ts';
import { openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

type Options = TableOptions & {
  readonly snapshot?: string;
  readonly tag?: string;
  readonly branch?: string;
  readonly filter?: readonly string[];
  readonly kinds?: boolean;
};

const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='] as const;

/** `tributary table read` */
export function readVerb(): Command {
  return tableVerb('read', 'print the rows of one state of a table as NDJSON')
    .option('--snapshot <id>', 'state of this snapshot')
    .option('--tag <name>', 'state that this tag keeps')
    .option('--branch <name>', 'latest state of this branch')
    .option('--filter <words...>', 'column, operator and value, any number of times: = != < <= > >= isnull notnull in')
    .option('--kinds', 'print {"kind":…,"row":…}')
    .action(runRead);
}

async function runRead(options: Options): Promise<void> {
  const table = await openTable(options, options.branch);
  const at = pointOf(options);
  const snapshot = await table.snapshotAt(at);
  const schema = snapshot === null || at.kind === 'latest' ? table.schema : await table.schemas.read(snapshot.schemaId);
  const read: ReadOptions = { at, where: conditionsOf(options.filter ?? [], schema.fields) };
  for await (const batch of table.read(read)) {
    const print = createRowPrinter(batch.fields);
    let text = '';
    for (let row = 0; row < batch.rowCount; row++) {
      const json = print(batch.columns, row);
      text += options.kinds === true ? `{"kind":"${rowKindText(batch.kinds[row])}","row":${json}}\n` : `${json}\n`;
    }
    await standardOutput.write(text);
  }
}

function pointOf({ snapshot, tag }: Options): ReadPoint {
  if (snapshot !== undefined && tag !== undefined)
    throw new TributaryError('E6200', 'give --snapshot or --tag, not both');
  if (snapshot !== undefined) return { kind: 'snapshot', id: wholeNumber(snapshot, 'snapshot') as SnapshotId };
  return tag === undefined ? { kind: 'latest' } : { kind: 'tag', name: tag };
}

/** Conditions of words in threes: column, operator, value. Throws `E6011`, `E6200`. */
function conditionsOf(words: readonly string[], fields: readonly DataField[]): readonly Condition[] {
  if (words.length % 3 !== 0) {
    throw new TributaryError('E6200', `filter is not of column, operator and value: words=${words.length}`);
  }
  const conditions: Condition[] = [];
  for (let at = 0; at < words.length; at += 3) conditions.push(conditionOf(words.slice(at, at + 3), fields));
  return conditions;
}

function conditionOf([column, operator, value]: readonly string[], fields: readonly DataField[]): Condition {
  const field = fieldNamed(column, fields);
  if (operator === 'isnull') return { column, operator: 'is null' };
  if (operator === 'notnull') return { column, operator: 'is not null' };
  if (operator === 'in') {
    return { column, operator, literals: value.split(',').map((word) => literalOf(field, word)) };
  }
  const comparison = COMPARISONS.find((known) => known === operator);
  if (comparison === undefined) throw new TributaryError('E6200', `operator is not known: operator=${operator}`);
  return { column, operator: comparison, literal: literalOf(field, value) };
}

/** `tributary table changelog` */
export function changelogVerb(): Command {
  return tableVerb('changelog', 'print the changes of a table as NDJSON, as its files hold them')
    .option('--from-snapshot <id>', 'first snapshot; the oldest that is left unless given')
    .action(async (options: TableOptions & { readonly fromSnapshot?: string }) => {
      const table = await openTable(options);
      const latest = await table.latestSnapshot();
      const from = options.fromSnapshot;
      const first = from === undefined ? ((await table.earliestChanges()) ?? 1n) : wholeNumber(from, 'from-snapshot');
      if (latest === null) return;
      for await (const changes of table.changes({ after: first - 1n, upTo: latest.id })) {
        await standardOutput.write(changeLines(changes, 'exact'));
      }
    });
}

/** `tributary table systable` */
export function systableVerb(): Command {
  return tableVerb('systable', "print a system table as NDJSON: --table 'db.t$snapshots'").action(
    async (options: TableOptions) => {
      const dollar = options.table.lastIndexOf('$');
      if (dollar < 0)
        throw new TributaryError('E6200', `table is no system table: table=${options.table} expected=db.t$name`);
      const table = await openTable({ ...options, table: options.table.slice(0, dollar) });
      for await (const { fields, columns, rowCount } of table.systemTable(options.table.slice(dollar + 1))) {
        const print = createRowPrinter(fields);
        let text = '';
        for (let row = 0; row < rowCount; row++) text += `${print(columns, row)}\n`;
        await standardOutput.write(text);
      }
    },
  );
}
