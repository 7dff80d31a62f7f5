// Records what real servers say and log of a table with every type, for unit tests without servers: answers to the
// source's questions, and the events of inserts, updates and deletes. `node scripts/record-mysql-fixture.ts`, after
// test/servers/setup-mysql.sh.
import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { examine } from '../src/source/mysql/check.ts';
import { dumpPayload, dumpSettings } from '../src/source/mysql/dump-command.ts';
import { RawCommand } from '../src/source/mysql/raw-connection.ts';
import { openSession, runStatement, type TextRow } from '../src/source/mysql/sql-session.ts';
import { freshMysqlDatabase, mysqlKinds, type MysqlKind, startMysql } from '../test/support/mysql-servers.ts';
import { mysqlSettings } from '../test/support/mysql-source.ts';
import { smallColumns } from '../test/support/mysql-types.ts';

const FOLDER = `${import.meta.dirname}/../test/fixtures/mysql`;
const HEARTBEATS = new Set([27, 41]);
const XID = 16;
const TRANSACTIONS = 4;

for (const kind of mysqlKinds()) {
  const fixture = await record(kind);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/${kind}.json.gz`, gzipSync(JSON.stringify(fixture), { level: 9 }));
}

async function record(kind: MysqlKind): Promise<unknown> {
  const server = await startMysql(kind);
  const database = await freshMysqlDatabase(server);
  const { definition, insert } = smallColumns(kind);
  await database.sql(`create table every_type (id bigint primary key, ${definition})`);
  const settings = mysqlSettings(database.url);
  const session = await openSession(settings, () => undefined);
  const answers: Record<string, readonly TextRow[]> = {};
  const query = async (statement: string): Promise<readonly TextRow[]> => {
    answers[statement] = await runStatement(session, statement);
    return answers[statement];
  };
  const { logEnd } = await examine({ query }, settings);
  const zone = "set session time_zone = '+08:00', sql_mode = ''";
  await database.sql(
    zone,
    insert('every_type'),
    'update every_type set c0 = 5 where id = 0',
    'update every_type set id = 7 where id = 1',
    'delete from every_type',
  );
  const events = await eventsAfter(logEnd, settings);
  session.destroy();
  await server.stop();
  return { database: database.name, position: logEnd, answers, events };
}

/** The events up to the end of the last transaction, in base 64. */
async function eventsAfter(
  from: Parameters<typeof dumpPayload>[0]['from'],
  settings: ReturnType<typeof mysqlSettings>,
) {
  const request = {
    from,
    serverId: 4_000_000_000,
    replicaUuid: '6f1c1f7a-0000-4000-8000-000000000000',
    heartbeatMs: 500,
  };
  const connection = await openSession(settings, () => undefined);
  await runStatement(connection, dumpSettings(request));
  const events: string[] = [];
  let committed = 0;
  await new Promise<void>((resolve, reject) => {
    const packet = ({ buffer, offset, end }: { buffer: Buffer; offset: number; end: number }): boolean => {
      const type = buffer[offset + 5];
      if (HEARTBEATS.has(type) || committed === TRANSACTIONS) return false;
      events.push(buffer.toString('base64', offset + 1, end));
      if (type === XID && ++committed === TRANSACTIONS) resolve();
      return false;
    };
    connection.addCommand(new RawCommand(dumpPayload(request), { packet, failed: reject }));
  });
  connection.destroy();
  return events;
}
