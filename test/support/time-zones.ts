// P14: the same moments whatever the time zones of the server and of the process.
import { expect } from 'vitest';
import { compareSourceAndLake } from './compare-source-lake.ts';
import { mirrorSite } from './mirror-site.ts';
import type { TestPostgres } from './servers.ts';

const COLUMNS =
  'id int primary key, z timestamptz, t timestamp, d date, c time(3), f time, o timetz, a timestamptz[], i interval';
// Edges of daylight saving, a zone that was not at a whole hour, the ends of what is held, and before the epoch.
const MOMENTS = [
  '2024-03-10 01:59:59.999999-05',
  '2024-03-10 03:00:00-04',
  '2024-11-03 01:30:00-04',
  '2024-11-03 01:30:00-05',
  '1900-01-01 00:00:00 Asia/Shanghai',
  '1969-12-31 23:59:59.9+00',
  '0001-01-02 00:00:00+00',
  '9999-12-30 23:59:59.999999+00',
];

function insert(table: string, first: number): string {
  const rows = MOMENTS.map((moment, index) => {
    const local = `timestamptz '${moment}' at time zone 'UTC'`;
    return `(${first + index}, '${moment}', ${local}, (${local})::date, date_trunc('milliseconds', ${local})::time, (${local})::time, '12:30:00.5+05:45', array[timestamptz '${moment}', null], '1 mon 1 day 02:00')`;
  });
  return `insert into ${table} values ${rows.join(', ')}`;
}

/** Copies and streams the moments with each zone of the process, on a database of the server's zone. */
export async function timeZonesTest(
  server: TestPostgres,
  serverZone: string,
  processZones: readonly string[],
): Promise<void> {
  const site = await mirrorSite(server);
  await site.sql(`alter database ${site.database.name} set timezone = '${serverZone}'`);
  for (const [index, zone] of processZones.entries()) {
    const table = `moments_${index}`;
    await site.sql(`create table ${table} (${COLUMNS})`, insert(table, 0));
    await site.catchUp({ env: { TZ: zone } });
    await site.sql(insert(table, 100), `update ${table} set id = id + 1000 where id < 4`);
    await site.catchUp({ env: { TZ: zone } });
    const lake = await site.table(table);
    expect(await compareSourceAndLake(site.database.url, [lake]), `server ${serverZone}, process ${zone}`).toEqual([]);
  }
  await site.close();
}
