// P14: every pair of time zones of server and process gives the same values by copy and by stream.
import { afterAll, beforeAll, test } from 'vitest';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { timeZonesTest } from '../support/time-zones.ts';

const ZONES = ['Asia/Shanghai', 'US/Eastern', 'Etc/GMT-8', 'UTC'];

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test.each(ZONES)('P14: a server in %s', async (zone) => {
  await timeZonesTest(server, zone, ZONES);
});
