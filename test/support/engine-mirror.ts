// Tables of the mirror for other engines to read: a random load of every type, copied and followed by the daemon.
import { seededRandom } from '../../src/base/random.ts';
import { type EngineTable, MIRRORED } from './engine-tables.ts';
import { mirrorSite } from './mirror-site.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from './random-load.ts';
import { postgres, withClient } from './servers.ts';

const SEED = 4;
const TRANSACTIONS = 80;

/** Mirrors into the database `public` of a warehouse; the source is gone afterwards. */
export async function writeMirroredTables(warehouse: string): Promise<readonly EngineTable[]> {
  const random = seededRandom(SEED);
  const server = await postgres({ settings: { fsync: 'off' } });
  const site = await mirrorSite(server, {
    settings: { warehouse, tables: LOAD_ENTRIES, rest: 'maintenance: { snapshots: { retain: 1d, min: 1000000 } }' },
    statements: loadStatements(random),
  });
  const daemon = site.start();
  await site.caughtUp();
  await withClient(site.database.url, (sql) => runRandomLoad(sql, random, (count) => count === TRANSACTIONS));
  await site.caughtUp();
  await daemon.kill();
  await site.close();
  await server.stop();
  return LOAD_TABLES.map((name) => ({ table: `public.${name}`, kind: MIRRORED, golden: null }));
}
