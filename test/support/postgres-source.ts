// What tests of the PostgreSQL source share: settings for a database, a run of its log, and a plain view of batches.
import { systemClock } from '../../src/base/clock.ts';
import { type Logger, silentLogger } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { ChangeBatch } from '../../src/change/change-batch.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import type { ValueType } from '../../src/change/value-type.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import { bigIntAt, bytesAt, NULL, PRESENT, validityAt, type Vector } from '../../src/column/vector.ts';
import { PostgresSource } from '../../src/source/postgres/postgres-source.ts';
import type { PostgresSettings } from '../../src/source/postgres/settings.ts';
import { DEFAULT_VALUE_POLICIES } from '../../src/source/postgres/value-policies.ts';
import type { SourceEvent } from '../../src/source/source.ts';

/** Settings for the database of a URL: every table of `public`, slot and publication `tributary_test`. */
export function postgresSettings(url: string, changes: Partial<PostgresSettings> = {}): PostgresSettings {
  const parsed = new URL(url);
  const database = parsed.pathname.slice(1);
  const password = decodeURIComponent(parsed.password);
  return {
    host: parsed.hostname,
    port: Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    database,
    password: () => Promise.resolve(password),
    tls: { mode: 'disable', ca: null, cert: null, key: null, servername: null },
    connectTimeoutMs: 10_000,
    slot: { name: `${database}_slot`, create: 'auto', failover: 'auto' },
    publication: { name: 'tributary_test', create: 'auto', viaPartitionRoot: true },
    includes: (schema) => schema === 'public',
    tablePolicy: () => ({ key: 'auto', noKey: 'skip', types: DEFAULT_VALUE_POLICIES }),
    heartbeat: { intervalMs: 30_000, emit: 'auto' },
    onSlotLost: 'stop',
    ...changes,
  };
}

/** A source with the machine's clock; without a log unless one is given. */
export function postgresSource(settings: PostgresSettings, logger: Logger = silentLogger): PostgresSource {
  return new PostgresSource(settings, { clock: systemClock, random: systemRandom, logger });
}

/** A value of a vector as text, or null, or `<missing>`. */
function valueText(vector: Vector, row: number, type: ValueType): string | null {
  const validity = validityAt(vector, row);
  if (validity !== PRESENT) return validity === NULL ? null : '<missing>';
  switch (vector.kind) {
    case 'i32':
    case 'f64':
    case 'f32':
      return Object.is(vector.values[row], -0) ? '-0' : String(vector.values[row]);
    case 'i64':
      return String(bigIntAt(vector, row));
    case 'bytes':
      return type.kind === 'string'
        ? Buffer.from(bytesAt(vector, row)).toString('utf8')
        : Buffer.from(bytesAt(vector, row)).toString('hex');
    case 'list': {
      const element = type.kind === 'array' ? type.element : type;
      const texts: string[] = [];
      for (let at = vector.offsets[row]; at < vector.offsets[row + 1]; at++) {
        texts.push(valueText(vector.element, at, element) ?? 'NULL');
      }
      return `[${texts.join('|')}]`;
    }
    default:
      throw new Error(`no text for ${vector.kind}`);
  }
}

/** The rows of a batch: kind and values as texts. */
export function batchRows(batch: ChangeBatch, table: SourceTable): (string | null)[][] {
  return Array.from({ length: batch.rowCount }, (_, row) => [
    rowKindText(batch.kinds[row]),
    ...batch.columns.map((column, index) => valueText(column, row, (table.columns[index] as { type: ValueType }).type)),
  ]);
}

/** Reads the log from `from` until `enough` says so of the events so far. */
export async function readLog(
  source: PostgresSource,
  options: {
    readonly from: SourcePosition;
    readonly places: ReadonlyMap<TableKey, SourcePosition>;
    readonly beforeImages?: ReadonlySet<TableKey>;
    readonly enough: (events: readonly SourceEvent[]) => boolean;
  },
): Promise<readonly SourceEvent[]> {
  const abort = new AbortController();
  const events: SourceEvent[] = [];
  const { from, places, beforeImages = new Set<TableKey>(), enough } = options;
  for await (const event of source.stream({ from, places, beforeImages, signal: abort.signal })) {
    events.push(event);
    if (enough(events)) break;
  }
  return events;
}

/** True once the events reach the position. */
export function reaches(source: PostgresSource, position: SourcePosition): (events: readonly SourceEvent[]) => boolean {
  return (events) =>
    events.some((event) => {
      if (event.kind === 'progress') return source.positions.includes(event.position, position);
      return (
        event.kind === 'changes' &&
        event.boundary !== null &&
        source.positions.includes(event.boundary.position, position)
      );
    });
}

/** All rows of a table in the events, in order. */
export function rowsOf(events: readonly SourceEvent[], table: SourceTable): (string | null)[][] {
  return events.flatMap((event) =>
    event.kind === 'changes'
      ? event.changes.filter((batch) => batch.table === table.key).flatMap((batch) => batchRows(batch, table))
      : [],
  );
}
