// Begins the transaction of a first copy together with the position that it sees.
import { TributaryError } from '../../base/errors.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import { disconnect } from './connect.ts';
import { formatPosition } from './gtids.ts';
import type { RawConnection } from './raw-connection.ts';
import { readPosition, type ServerFacts } from './server.ts';
import { field, openSession, quoteLiteral, runStatement } from './sql-session.ts';

/** A transaction that sees exactly the transactions of the position. */
export interface Snapshot {
  readonly connection: RawConnection;
  readonly position: SourcePosition;
}

const BEGIN = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY';

/** Begins it. Throws E2010 to E2013; E2013 too where running transactions keep the lock away for ten seconds. */
export async function beginSnapshot(settings: ConnectionSettings, server: ServerFacts): Promise<Snapshot> {
  const connection = await openSession(settings, () => {
    // The statement that needs the connection reports that it is gone.
  });
  try {
    await runStatement(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    const position =
      server.flavor === 'mariadb' ? await beginMariadb(connection) : await beginUnderLock(settings, connection, server);
    return { connection, position };
  } catch (error) {
    disconnect(connection);
    throw error;
  }
}

/** MariaDB tells where in its log a snapshot stands: no lock is taken. */
async function beginMariadb(connection: RawConnection): Promise<SourcePosition> {
  await runStatement(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT');
  return snapshotPosition(connection);
}

/** Where in MariaDB's log the snapshot of the connection's transaction stands. Throws E2001, E2013. */
export async function snapshotPosition(connection: RawConnection): Promise<SourcePosition> {
  const rows = await runStatement(connection, "SHOW STATUS LIKE 'binlog_snapshot_%'");
  const value = (name: string): string =>
    field(
      rows.find((row) => row['variable_name']?.toLowerCase() === name),
      'value',
    );
  const file = quoteLiteral(value('binlog_snapshot_file'));
  const offset = value('binlog_snapshot_position');
  const [row] = await runStatement(connection, `SELECT BINLOG_GTID_POS(${file}, ${offset}) AS position`);
  if (row?.['position'] == null) throw new TributaryError('E2013', `no position of the snapshot: file=${file}`);
  return formatPosition('mariadb', row['position']);
}

/** MySQL does not tell: commits are held back for the two statements between which none may come. */
async function beginUnderLock(
  settings: ConnectionSettings,
  connection: RawConnection,
  server: ServerFacts,
): Promise<SourcePosition> {
  const holder = await openSession(settings, () => {
    // The lock ends with it, and the next statement says so.
  });
  try {
    await runStatement(holder, 'FLUSH TABLES WITH READ LOCK');
    await runStatement(connection, BEGIN);
    const position = await readPosition({ query: (statement) => runStatement(holder, statement) }, server.flavor);
    await runStatement(holder, 'UNLOCK TABLES');
    return position;
  } finally {
    disconnect(holder);
  }
}
