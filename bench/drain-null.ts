// Reads a slot's log up to a position and drops the decoded changes: the source alone. Prints JSON.
// Run: node bench/drain-null.ts CONFIG SLOT FROM TO
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { systemRandom } from '../src/base/random.ts';
import { loadConfigFile } from '../src/config/load-config.ts';
import { postgresSettings, sourceNames } from '../src/config/to-settings.ts';
import type { SourcePosition } from '../src/change/position.ts';
import { PostgresSource } from '../src/source/postgres/postgres-source.ts';

const [configFile, slotName, ...range] = process.argv.slice(2);
const [from, to] = range as SourcePosition[];
const loaded = loadConfigFile(configFile);
const settings = postgresSettings(loaded, sourceNames(loaded)[0]);
const source = new PostgresSource(
  { ...settings, slot: { ...settings.slot, name: slotName } },
  { clock: systemClock, random: systemRandom, logger: silentLogger },
);
const description = await source.open();
const places = new Map(description.tables.map((table) => [table.key, from]));
const ended = new AbortController();
let reached: SourcePosition | null = null;
const counts = { rows: 0, batches: 0, bytes: 0 };
const startMs = systemClock.monotonicMs();
for await (const event of source.stream({ from, places, beforeImages: new Set(), signal: ended.signal })) {
  if (event.kind === 'changes') {
    for (const batch of event.changes) {
      counts.rows += batch.rowCount;
      counts.batches++;
      counts.bytes += batch.sizeBytes;
    }
    reached = event.boundary?.position ?? null;
  } else if (event.kind === 'progress') reached = event.position;
  if (reached !== null && source.positions.includes(reached, to)) break;
}
const seconds = (systemClock.monotonicMs() - startMs) / 1000;
await source.close();
process.stdout.write(JSON.stringify({ ...counts, seconds }));
