// SIGKILL at a few random moments under load: the small run of kill.test.ts.
import { afterAll, beforeAll, test } from 'vitest';
import { killTest } from '../support/kill-test.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test('P1 P5: killed 4 times under load, the lake ends equal and each change is there once', async () => {
  await killTest(server, 'kill.light', 4);
});
