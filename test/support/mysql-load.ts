// Random transactions on a MySQL database whose tables hold every type: what a mirror has to follow. Every version of a
// row has a number of its own, and a table that is not mirrored has those that were committed.
import type mysql from 'mysql2/promise';
import type { Random } from '../../src/base/random.ts';
import { below, oneOf } from './every-type.ts';
import { type TestMysql, type TestMysqlDatabase, withMysql } from './mysql-servers.ts';
import { typedColumns } from './mysql-types.ts';

/** The tables of the load, and how they are mirrored. */
export const LOAD_TABLES = ['every_type', 'documents', 'pairs'] as const;
export const LOAD_ENTRIES = `
      - { match: "{db}.every_type", buckets: 2 }
      - { match: "{db}.documents", buckets: 3, options: { changelog-producer: input } }
      - { match: "{db}.pairs", options: { changelog-producer: input } }`;

const IDS = 40;
const NO_ERROR = new Set(['ER_DUP_ENTRY', 'ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_TABLE_DEF_CHANGED']);

/** A load on one database. */
export class MysqlLoad {
  /** Versions given so far, committed or not. */
  versions = 0;
  transactions = 0;
  private readonly server: TestMysql;
  private readonly database: TestMysqlDatabase;
  private readonly random: Random;
  private readonly columns: ReturnType<typeof typedColumns>;

  constructor(server: TestMysql, database: TestMysqlDatabase, random: Random) {
    this.server = server;
    this.database = database;
    this.random = random;
    // Geometry has no text that is compared here; the matrix of values has it.
    this.columns = typedColumns(server.kind).filter(({ type }) => type !== 'point' && type !== 'geometry');
  }

  /** Makes the tables and their first rows. */
  async prepare(): Promise<void> {
    const columns = this.columns.map(({ type }, index) => `c${index} ${type}`).join(', ');
    await this.database.sql(
      `create table every_type (id bigint primary key, version bigint not null, ${columns})`,
      'create table documents (id bigint primary key, version bigint not null, title varchar(100), body longtext, scan longblob)',
      'create table pairs (a int, b varchar(20), version bigint not null, amount decimal(12,2), primary key (a, b))',
      'create table noted (version bigint primary key)',
    );
    for (let count = 0; count < IDS; count++) await this.transaction();
  }

  /** Runs until `enough` says so; goes on over a server that is killed and comes again. */
  async run(enough: () => boolean): Promise<void> {
    while (!enough()) {
      await this.transaction().catch((error: unknown) => {
        if (!(error instanceof Error) || !/closed|ECONN|lost|shutdown|EPIPE/i.test(`${error.message} ${code(error)}`))
          throw error;
      });
    }
  }

  /** The versions that were committed. */
  async noted(): Promise<ReadonlySet<string>> {
    const rows = await this.database.rows('select version from noted');
    return new Set(rows.map(([version]) => version ?? ''));
  }

  private async transaction(): Promise<void> {
    const { random } = this;
    await withMysql(this.database.url, async (connection) => {
      await connection.query(this.sessionSettings());
      if (random.unit() < 0.01) {
        await connection.query(`truncate ${oneOf(random, LOAD_TABLES)}`);
        return;
      }
      await connection.query('begin');
      for (let count = 1 + below(random, 6); count > 0; count--) await this.statements(connection);
      await connection.query(random.unit() < 0.1 ? 'rollback' : 'commit');
    });
    this.transactions++;
  }

  /** What each session may set for itself about the log. */
  private sessionSettings(): string {
    const { random } = this;
    const settings = [`binlog_row_image = ${oneOf(random, ["'FULL'", "'FULL'", "'NOBLOB'"])}`, "sql_mode = ''"];
    if (this.server.kind === 'mysql') settings.push(`binlog_transaction_compression = ${oneOf(random, ['ON', 'OFF'])}`);
    settings.push(`time_zone = ${oneOf(random, ["'+00:00'", "'-07:30'"])}`);
    return `set session ${settings.join(', ')}`;
  }

  /** A statement, at times within a savepoint that is rolled back. */
  private async statements(connection: mysql.Connection): Promise<void> {
    const undone = this.random.unit() < 0.1;
    if (undone) await connection.query('savepoint sp');
    await this.statement(connection);
    if (!undone) return;
    await connection.query('rollback to sp').catch((error: unknown) => {
      // A deadlock has ended the transaction with its savepoints.
      if (code(error) !== 'ER_SP_DOES_NOT_EXIST') throw error;
    });
  }

  private async statement(connection: mysql.Connection): Promise<void> {
    const version = ++this.versions;
    const text = oneOf(this.random, [
      () => this.everyStatement(version),
      () => this.documentStatement(version),
      () => this.pairStatement(version),
    ])();
    try {
      await connection.query(text);
    } catch (error) {
      if (!NO_ERROR.has(code(error))) throw error;
      return;
    }
    await connection.query(`insert into noted values (${version})`);
  }

  private everyStatement(version: number): string {
    const { random } = this;
    const id = below(random, IDS);
    const chance = random.unit();
    if (chance < 0.15) return `delete from every_type where id = ${id}`;
    if (chance < 0.25) return `update every_type set id = ${below(random, IDS)}, version = ${version} where id = ${id}`;
    if (chance < 0.6) {
      const column = below(random, this.columns.length);
      return `update every_type set version = ${version}, c${column} = ${this.value(column)} where id = ${id}`;
    }
    const values = this.columns.map((_, index) => this.value(index)).join(', ');
    return `replace into every_type values (${id}, ${version}, ${values})`;
  }

  private documentStatement(version: number): string {
    const { random } = this;
    const id = below(random, IDS);
    const chance = random.unit();
    if (chance < 0.15) return `delete from documents where id = ${id}`;
    if (chance < 0.3) return `update documents set id = ${below(random, IDS)}, version = ${version} where id = ${id}`;
    if (chance < 0.6) return `update documents set title = '${random.uuid()}', version = ${version} where id = ${id}`;
    const body = random.unit() < 0.1 ? 'null' : `repeat('${random.uuid()}', ${1 + below(random, 300)})`;
    return `insert into documents (id, version, title, body, scan) values (${id}, ${version}, 'title', ${body}, unhex(repeat('${random.uuid().slice(0, 8)}', 50)))
      on duplicate key update version = ${version}, title = 'again', body = values(body)`;
  }

  private pairStatement(version: number): string {
    const { random } = this;
    const [a, b] = [below(random, 6), `b${below(random, 4)}`];
    const chance = random.unit();
    if (chance < 0.2) return `delete from pairs where a = ${a} and b = '${b}'`;
    if (chance < 0.4)
      return `update pairs set b = 'B${below(random, 4)}', version = ${version} where a = ${a} and b = '${b}'`;
    return `insert into pairs (a, b, version, amount) values (${a}, '${b}', ${version}, ${below(random, 10000)}.5)
      on duplicate key update amount = amount + 1, version = ${version}`;
  }

  private value(column: number): string {
    const { random } = this;
    return random.unit() < 0.2 ? 'null' : (oneOf(random, this.columns[column].values)[0] ?? 'null');
  }
}

function code(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
