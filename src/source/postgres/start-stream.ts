// Gets hold of the slot and starts its log: waits while another process holds it, and refuses where the log has a gap.
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { StreamOptions } from '../source.ts';
import { connect, disconnect } from './connect.ts';
import { logError } from './log-error.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';
import { type PostgresTable, quoteIdentifier, quoteLiteral } from './postgres-table.ts';
import { ReplicationStream } from './replication-stream.ts';
import type { PostgresSettings } from './settings.ts';
import { field, runStatement } from './sql-session.ts';

const STATUS_MS_MAX = 10_000;
const FIRST_WAIT_MS = 100;
const WAIT_MS_MAX = 5_000;
const DEFAULT_SENDER_TIMEOUT_MS = 60_000;

/** What a stream needs. */
export interface StartStream {
  readonly settings: PostgresSettings;
  readonly components: { readonly clock: Clock; readonly logger: Logger };
  readonly tables: readonly PostgresTable[];
  readonly options: StreamOptions;
  readonly acknowledged: Lsn;
  /** As in `LogDecoderOptions`. */
  readonly onTransaction: (id: number) => void;
  /** Rejects if the log may lack changes so far. */
  readonly verify: () => Promise<void>;
}

/** A started stream; null if the signal aborted before. Throws as `PostgresSource.stream` says. */
export async function startStream(request: StartStream): Promise<ReplicationStream | null> {
  const { clock, logger } = request.components;
  const { signal } = request.options;
  const startedMs = clock.monotonicMs();
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    if (signal.aborted) return null;
    const outcome = await attempt(request);
    if (outcome instanceof ReplicationStream) return outcome;
    if (clock.monotonicMs() - startedMs > outcome.patienceMs) throw outcome.error;
    logger.info('slot is in use, waiting', { slot: request.settings.slot.name, error: outcome.error.message });
    await clock.sleep(waitMs, signal).catch(() => {
      // Aborted: seen at the top of the loop.
    });
    waitMs = Math.min(2 * waitMs, WAIT_MS_MAX);
  }
}

/** One attempt: the stream, or that the slot is in use and for how long to be patient. */
async function attempt(
  request: StartStream,
): Promise<ReplicationStream | { readonly patienceMs: number; readonly error: TributaryError }> {
  const { settings, components, options } = request;
  let stream: ReplicationStream | null = null;
  const client = await connect(settings, 'replication', (error) => stream?.fail(error));
  let senderTimeoutMs = DEFAULT_SENDER_TIMEOUT_MS;
  try {
    const [timeout] = await runStatement(
      client,
      "select setting as timeout from pg_settings where name = 'wal_sender_timeout'",
    );
    senderTimeoutMs = Number(field(timeout, 'timeout'));
    await refuseGap(request, await slotRow(client, settings.slot.name));
    const periodMs = senderTimeoutMs > 0 ? senderTimeoutMs : DEFAULT_SENDER_TIMEOUT_MS;
    const statusMs = Math.min(Math.ceil(periodMs / 3), STATUS_MS_MAX);
    stream = new ReplicationStream(client, {
      clock: components.clock,
      statusMs,
      // The server sends a keepalive after half of its timeout without an answer.
      silenceMs: 3 * Math.max(periodMs / 2, statusMs),
      acknowledged: request.acknowledged,
      tables: request.tables,
      places: options.places,
      beforeImages: options.beforeImages,
      formerColumns: options.formerColumns,
      onTransaction: request.onTransaction,
      signal: options.signal,
      verify: request.verify,
      explain: (cause) => logError(settings, cause),
    });
    await stream.start(startCommand(settings, options.from));
    return stream;
  } catch (error) {
    await stream?.close();
    await disconnect(client);
    const known = logError(settings, error);
    if (known.code !== 'E2030') throw known;
    return { patienceMs: senderTimeoutMs, error: known };
  }
}

function startCommand(settings: PostgresSettings, from: string): string {
  const names = quoteLiteral(quoteIdentifier(settings.publication.name));
  const start = formatLsn(parseLsn(from));
  return `START_REPLICATION SLOT ${quoteIdentifier(settings.slot.name)} LOGICAL ${start} (proto_version '1', publication_names ${names})`;
}

async function slotRow(client: Parameters<typeof runStatement>[0], name: string): Promise<Lsn | null> {
  const statement = `select confirmed_flush_lsn::text as confirmed from pg_replication_slots where slot_name = ${quoteLiteral(name)}`;
  const [row] = await runStatement(client, statement);
  if (row === undefined) throw new TributaryError('E2106', `the slot is missing: slot=${name}`);
  const { confirmed } = row;
  return confirmed === null || confirmed === undefined ? null : parseLsn(confirmed);
}

/** The server would silently go on from the slot's position; what lies between would be lost. */
async function refuseGap(request: StartStream, confirmed: Lsn | null): Promise<void> {
  const from = parseLsn(request.options.from);
  if (confirmed === null || confirmed <= from) return;
  const { name } = request.settings.slot;
  throw new TributaryError(
    'E2104',
    `slot is ahead of the lake: slot=${name} confirmed=${formatLsn(confirmed)} place=${formatLsn(from)}`,
  );
}
