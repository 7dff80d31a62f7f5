// P14 with two pairs of zones; all pairs stand in time-zones.test.ts.
import { afterAll, beforeAll, test } from 'vitest';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { timeZonesTest } from '../support/time-zones.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test('P14: a server in New York and a process in Shanghai', async () => {
  await timeZonesTest(server, 'US/Eastern', ['Asia/Shanghai']);
});
