// SIGKILL at random moments under load, 50 of them or KILLS: what the next life finds is enough to go on exactly once.
import { afterAll, beforeAll, test } from 'vitest';
import { killTest } from '../support/kill-test.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';

const kills = Number(process.env['KILLS'] ?? '50');
let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test('P1 P5: killed again and again under load, the lake ends equal and each change is there once', async () => {
  await killTest(server, 'kill', kills);
});
