// Random transactions on a database whose tables hold every type: what a mirror has to follow. Every version of a row
// has a number of its own, and the database notes in a table that is not mirrored which numbers were committed.
import type pg from 'pg';
import type { Random } from '../../src/base/random.ts';
import { below, literal, nullable, oneOf, TYPE_STATEMENTS, VALUE_COLUMNS } from './every-type.ts';

/** The tables of the load, all of the schema `public`. */
export const LOAD_TABLES = ['every_type', 'documents', 'pairs'] as const;
/** Entries of the configuration's `tables` for them: with a changelog but for `every_type`, in several buckets. */
export const LOAD_ENTRIES = `
      - { match: public.every_type, buckets: 2 }
      - { match: public.documents, buckets: 3, options: { changelog-producer: input, num-sorted-run.compaction-trigger: 4 } }
      - { match: public.pairs, options: { changelog-producer: input, num-sorted-run.compaction-trigger: 3 } }`;

const IDS = 40;
const TABLES = [
  ...TYPE_STATEMENTS,
  'create sequence versions',
  'create table noted (version bigint primary key, table_name text not null, lsn pg_lsn not null)',
  `create table every_type (id bigint primary key, version bigint not null default nextval('versions'), ${VALUE_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')})`,
  // Stored out of line: what an update does not touch is left out of the log.
  "create table documents (id bigint primary key, version bigint not null default nextval('versions'), title text, body text, scan bytea)",
  'alter table documents alter body set storage external, alter scan set storage external',
  "create table pairs (a integer, b text, version bigint not null default nextval('versions'), amount numeric(12,2), primary key (a, b))",
  `create function note_version() returns trigger language plpgsql as $$ begin
     insert into noted values (new.version, tg_table_name, pg_current_wal_insert_lsn()); return null; end $$`,
  ...LOAD_TABLES.map(
    (table) => `create trigger note after insert or update on ${table} for each row execute function note_version()`,
  ),
];

/** Statements that make the tables of the load and their first rows. */
export function loadStatements(random: Random): readonly string[] {
  const first = Array.from({ length: IDS }, (_, id) => [
    insertEvery(random, id),
    insertDocument(random, id),
    insertPair(random),
  ]);
  return [...TABLES, ...first.flat()];
}

/** SQLSTATE deadlock_detected. */
const DEADLOCK = '40P01';

/** Runs random transactions until `enough` says so, asked after each with their number. Gives that number. */
export async function runRandomLoad(
  client: pg.Client,
  random: Random,
  enough: (transactions: number) => boolean | Promise<boolean>,
): Promise<number> {
  let count = 0;
  while (!(await enough(count))) {
    await runUnlessVictim(client, transaction(random));
    count++;
  }
  return count;
}

/** A transaction that truncates two tables can meet the first copy, which reads them in an order of its own. */
async function runUnlessVictim(client: pg.Client, script: string): Promise<void> {
  try {
    await client.query(script);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === DEADLOCK)) throw error;
    await client.query('rollback');
  }
}

/** One transaction as a script: of one statement or many, with savepoints that are rolled back, or rolled back itself. */
function transaction(random: Random): string {
  const statements = Array.from({ length: 1 + below(random, 6) }, () => statement(random));
  if (random.unit() < 0.3) {
    const at = below(random, statements.length + 1);
    const undone = [
      statement(random),
      'savepoint inner_one',
      statement(random),
      'rollback to inner_one',
      statement(random),
    ];
    const kept = random.unit() < 0.3 ? 'release outer_one' : 'rollback to outer_one';
    statements.splice(at, 0, 'savepoint outer_one', ...undone, kept);
  }
  return ['begin', ...statements, random.unit() < 0.1 ? 'rollback' : 'commit'].join(';\n');
}

function statement(random: Random): string {
  const chance = random.unit();
  if (chance < 0.01) return `truncate ${oneOf(random, LOAD_TABLES)}`;
  if (chance < 0.012) return 'truncate documents, pairs';
  return oneOf(random, [everyStatement, documentStatement, pairStatement])(random);
}

function everyStatement(random: Random): string {
  const id = below(random, IDS);
  const chance = random.unit();
  if (chance < 0.4) return insertEvery(random, id);
  if (chance < 0.5) return `delete from every_type where id = ${id}`;
  if (chance < 0.6) return changeKey('every_type', id, below(random, IDS));
  const columns = Array.from({ length: 1 + below(random, 4) }, () => oneOf(random, VALUE_COLUMNS));
  const sets = [...new Set(columns)].map((column) => `${column.name} = ${nullable(column, random)}`);
  return `update every_type set version = nextval('versions'), ${sets.join(', ')} where id in (${id}, ${below(random, IDS)})`;
}

function documentStatement(random: Random): string {
  const id = below(random, IDS);
  const chance = random.unit();
  if (chance < 0.25) return insertDocument(random, id);
  if (chance < 0.35) return `delete from documents where id = ${id}`;
  if (chance < 0.5) return changeKey('documents', id, below(random, IDS));
  if (chance < 0.6)
    return `update documents set version = nextval('versions'), body = ${long(random)} where id = ${id}`;
  // The large values stay as they are.
  return `update documents set version = nextval('versions'), title = ${literal(random.uuid())} where id % 7 = ${id % 7}`;
}

function pairStatement(random: Random): string {
  const chance = random.unit();
  const a = below(random, 6);
  if (chance < 0.4) return insertPair(random);
  if (chance < 0.5) return `delete from pairs where a = ${a} and b = 'b${below(random, 4)}'`;
  if (chance < 0.7) {
    // Keys that move along within one statement, and the row before they did.
    return `update pairs p set version = nextval('versions'), b = 'b' || (100 + random() * 1000)::integer where a = ${a} and b = (select max(b) from pairs where a = ${a})
      and not exists (select 1 from pairs where a = ${a} and length(b) > 2)`;
  }
  return `update pairs set version = nextval('versions'), amount = amount + ${below(random, 100)}.25 where a = ${a}`;
}

function changeKey(table: string, from: number, to: number): string {
  return `update ${table} set id = ${to}, version = nextval('versions') where id = ${from} and not exists (select 1 from ${table} where id = ${to})`;
}

function insertEvery(random: Random, id: number): string {
  const values = VALUE_COLUMNS.map((column) => nullable(column, random));
  const sets = VALUE_COLUMNS.slice(0, 5).map(({ name }) => `${name} = excluded.${name}`);
  return `insert into every_type (id, ${VALUE_COLUMNS.map(({ name }) => name).join(', ')}) values (${id}, ${values.join(', ')})
    on conflict (id) do update set version = nextval('versions'), ${sets.join(', ')}`;
}

function insertDocument(random: Random, id: number): string {
  return `insert into documents (id, title, body, scan) values (${id}, 'document ${id}', ${long(random)}, decode(repeat(md5('${id}'), 200), 'hex'))
    on conflict (id) do update set version = nextval('versions'), title = excluded.title`;
}

function insertPair(random: Random): string {
  return `insert into pairs (a, b, amount) values (${below(random, 6)}, 'b${below(random, 4)}', ${below(random, 10000)}.5)
    on conflict (a, b) do update set version = nextval('versions'), amount = excluded.amount`;
}

/** Long enough to be stored out of line; NULL at times. */
function long(random: Random): string {
  return random.unit() < 0.1 ? 'null' : `repeat('${random.uuid()}', ${100 + below(random, 100)})`;
}
