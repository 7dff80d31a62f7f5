// Looks at everything that must hold before a source can be mirrored, and changes nothing.
import type { CheckResult } from '../check-result.ts';
import { readTables, readTypes } from './catalog.ts';
import { describeTables } from './describe.ts';
import type { Lsn } from './lsn.ts';
import type { PostgresTable } from './postgres-table.ts';
import { type PublicationMark, readMark } from './publication-mark.ts';
import { quoteIdentifier } from './postgres-table.ts';
import { checkPublication, checkPublishRights, readPublication } from './publication.ts';
import type { PostgresSettings } from './settings.ts';
import { readLogEnd, readSlot, type SlotState } from './slot.ts';
import { field, isTrue, type SqlRunner, type TextRow } from './sql-session.ts';

/** What is known of the server after looking. */
export interface Examination {
  readonly results: readonly CheckResult[];
  readonly tables: readonly PostgresTable[];
  readonly slot: SlotState | null;
  /** As `server_version_num`: 180004 is 18.4. */
  readonly versionNumber: number;
  /** A standby cannot tell which transactions have begun. */
  readonly isStandby: boolean;
  readonly systemIdentifier: string;
  readonly timeline: string;
  /** End of what is durable of the log. */
  readonly logEnd: Lsn;
  /** The publication with the tables. */
  readonly mark: PublicationMark;
}

const OLDEST_VERSION = 130_000;
// Amazon's servers give no REPLICATION attribute, but a role of theirs to be a member of.
const SERVER = `
select current_setting('server_version_num') as version, current_setting('wal_level') as wal_level,
  current_setting('max_replication_slots') as slots_max, current_setting('server_encoding') as encoding,
  current_database() as database, current_user as user_name, (r.rolsuper or r.rolreplication or exists (
    select 1 from pg_roles g where g.rolname = 'rds_replication' and pg_has_role(g.oid, 'MEMBER')))::text as may_replicate,
  has_database_privilege(current_database(), 'CREATE')::text as may_create, pg_is_in_recovery()::text as standby,
  (select count(*) from pg_replication_slots)::text as slots_used,
  (select system_identifier from pg_control_system())::text as system_identifier,
  case when pg_is_in_recovery() then (select timeline_id from pg_control_checkpoint())
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end::text as timeline
from pg_roles r where r.rolname = current_user`;

/** Looks. Throws E2010 to E2013 if the server cannot be asked; everything else is in the results. */
export async function examine(sql: SqlRunner, settings: PostgresSettings): Promise<Examination> {
  const [server] = await sql.query(SERVER);
  const versionNumber = Number(field(server, 'version'));
  const slot = await readSlot(sql, settings.slot.name);
  const results = [...checkServer(server, settings), ...checkSlot(slot, server, settings)];
  const catalog = await readTables(sql, settings.includes);
  const types = await readTypes(
    sql,
    new Set(catalog.flatMap((table) => table.columns.map((column) => column.typeOid))),
  );
  const validateUtf8 = field(server, 'encoding') === 'SQL_ASCII';
  const described = describeTables({ tables: catalog, types, validateUtf8, settings });
  const publication = await readPublication(sql, settings.publication.name, versionNumber);
  const mark = await readMark(sql, settings.publication.name, { tables: described.tables, versionNumber });
  const logEnd = await readLogEnd(sql);
  const rights = checkPublishRights(publication, described.tables, {
    settings,
    mayCreate: isTrue(server, 'may_create'),
  });
  results.push(
    ...described.results,
    ...(rights.length > 0 ? rights : checkPublication(publication, described.tables, settings)),
  );
  return {
    results,
    tables: described.tables,
    slot,
    versionNumber,
    isStandby: isTrue(server, 'standby'),
    systemIdentifier: field(server, 'system_identifier'),
    timeline: field(server, 'timeline'),
    logEnd,
    mark,
  };
}

function checkServer(server: TextRow, settings: PostgresSettings): readonly CheckResult[] {
  const results: CheckResult[] = [];
  const version = Number(server['version']);
  const judge = (good: boolean, bad: Omit<CheckResult, 'status'>, message: string): void => {
    results.push(
      good ? { subject: bad.subject, status: 'ok', code: null, message, fix: null } : { ...bad, status: 'fail' },
    );
  };
  judge(
    version >= OLDEST_VERSION,
    { subject: 'version', code: 'E2021', message: `is too old: version=${version}`, fix: null },
    `server_version_num is ${version}`,
  );
  judge(
    server['wal_level'] === 'logical',
    {
      subject: 'wal_level',
      code: 'E2020',
      message: `is not logical: wal_level=${server['wal_level'] ?? ''}`,
      fix: 'ALTER SYSTEM SET wal_level = logical; -- then restart the server',
    },
    'wal_level is logical',
  );
  const user = quoteIdentifier(settings.user);
  judge(
    isTrue(server, 'may_replicate'),
    { subject: 'user', code: 'E2022', message: 'may not replicate', fix: `ALTER ROLE ${user} REPLICATION;` },
    'may replicate',
  );
  return results;
}

function checkSlot(slot: SlotState | null, server: TextRow, settings: PostgresSettings): readonly CheckResult[] {
  const subject = `slot ${settings.slot.name}`;
  const fail = (code: 'E2024' | 'E2028' | 'E2100', message: string, fix: string | null): readonly CheckResult[] => [
    { subject, status: 'fail', code, message, fix },
  ];
  const ok = (message: string): readonly CheckResult[] => [{ subject, status: 'ok', code: null, message, fix: null }];
  const literal = settings.slot.name.replaceAll("'", "''");
  if (slot === null) {
    if (settings.slot.create === 'never') {
      const fix = `SELECT pg_create_logical_replication_slot('${literal}', 'pgoutput');`;
      return fail('E2024', 'does not exist', fix);
    }
    if (Number(server['slots_used']) >= Number(server['slots_max'])) {
      const fix = 'ALTER SYSTEM SET max_replication_slots = 20; -- then restart the server';
      return fail('E2028', `all slots are in use: max_replication_slots=${server['slots_max'] ?? ''}`, fix);
    }
    return ok('is created at the first start');
  }
  if (slot.plugin !== 'pgoutput') return fail('E2024', `has another plugin: plugin=${slot.plugin ?? 'none'}`, null);
  if (slot.database !== server['database']) {
    return fail('E2024', `belongs to another database: database=${slot.database ?? 'none'}`, null);
  }
  if (slot.walStatus === 'lost' && settings.onSlotLost === 'resync') {
    const message = 'is lost: it is made anew, and every table is copied anew, in place';
    return [{ subject, status: 'warn', code: 'E2100', message, fix: null }];
  }
  if (slot.walStatus === 'lost') {
    return fail(
      'E2100',
      'is lost: the server has removed log it needed',
      `SELECT pg_drop_replication_slot('${literal}');`,
    );
  }
  return ok('exists');
}
