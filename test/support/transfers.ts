// Transfers between the rows of two account tables: whatever is read at one position of the source has the same sum.
import type pg from 'pg';
import type { Random } from '../../src/base/random.ts';
import type { Table } from '../../src/paimon/table.ts';
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import { lakeRows } from './compare-source-lake.ts';
import { below } from './every-type.ts';

export const ACCOUNT_TABLES = ['savings', 'checking'] as const;

const ACCOUNTS = 50;
const FIRST_BALANCE = 1000;
/** What all balances together always are. */
const TOTAL = 2 * ACCOUNTS * FIRST_BALANCE;

/** Statements that make both tables. */
export const ACCOUNT_STATEMENTS: readonly string[] = ACCOUNT_TABLES.flatMap((table) => [
  `create table ${table} (id int primary key, balance bigint not null)`,
  `insert into ${table} select n, ${FIRST_BALANCE} from generate_series(0, ${ACCOUNTS - 1}) n`,
]);

/** One transaction: transfers within and between the tables, now and then rows that move from one to the other. */
export async function transfer(client: pg.Client, random: Random): Promise<void> {
  const statements: string[] = [];
  for (let count = 1 + below(random, 4); count > 0; count--) {
    const amount = below(random, 100);
    const [from, to] = random.unit() < 0.5 ? ACCOUNT_TABLES : [...ACCOUNT_TABLES].reverse();
    const [payer, payee] = [below(random, ACCOUNTS), below(random, ACCOUNTS)];
    statements.push(
      random.unit() < 0.1
        ? `with gone as (delete from ${from} where id = (select max(id) from ${from}) returning balance)
             insert into ${to} select (select coalesce(max(id), 0) + 1 from ${to}), balance from gone`
        : `with taken as (update ${from} set balance = balance - ${amount} where id = ${payer} and exists (select 1 from ${to}) returning 1)
             update ${to} set balance = balance + ${amount} * (select count(*) from taken)
             where id = coalesce((select id from ${to} where id = ${payee}), (select min(id) from ${to}))`,
    );
  }
  const end = random.unit() < 0.1 ? 'rollback' : 'commit';
  await client.query(['begin', ...statements, end].join(';\n'));
}

/** The sum at every cut, but for the right ones. Empty where all are right. */
export async function wrongSums(
  records: readonly CheckpointRecord[],
  tables: readonly Table[],
): Promise<readonly string[]> {
  const known = new Map<string, bigint>();
  const wrong: string[] = [];
  // Before both are copied, no cut has both.
  for (const record of records.filter(({ copying }) => copying.length === 0)) {
    let sum = 0n;
    for (const table of tables) {
      const id = record.tables.find((entry) => entry.table === table.path.replace('.db/', '.'))?.snapshotId ?? null;
      const key = `${table.path} ${id}`;
      const part = known.get(key) ?? (id === null ? 0n : await balanceOf(table, id));
      known.set(key, part);
      sum += part;
    }
    if (sum !== BigInt(TOTAL)) wrong.push(`cut ${record.number} at ${record.position}: ${sum}`);
  }
  return wrong;
}

async function balanceOf(table: Table, snapshotId: bigint): Promise<bigint> {
  let sum = 0n;
  for (const text of (await lakeRows(table, snapshotId)).values())
    sum += BigInt((JSON.parse(text) as [string, string])[1]);
  return sum;
}
