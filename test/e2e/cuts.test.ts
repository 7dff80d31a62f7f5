// Every retained cut is one moment of the source: with transfers between two tables under load and kills, the sum of
// all balances is the same at each.
import { afterAll, beforeAll, test } from 'vitest';
import { cutsTest } from '../support/cuts-test.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test('all cuts are retained', async () => {
  await cutsTest(server, { name: 'cuts', kills: 10, retention: '{ retain: 1d, min: 1000000 }' });
});

test('cuts expire all the time', async () => {
  await cutsTest(server, { name: 'expiring cuts', kills: 10, retention: '{ retain: 1s, min: 3 }' });
});
