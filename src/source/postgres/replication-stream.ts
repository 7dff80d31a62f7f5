// Reads the log of a slot: the socket, keepalives, acknowledgements, back-pressure and liveness around the decoder.
import type pg from 'pg';
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { SourceEvent } from '../source.ts';
import { disconnect } from './connect.ts';
import { CopyFrames } from './copy-frames.ts';
import { LogDecoder, type LogDecoderOptions } from './log-decoder.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { standbyStatus } from './standby-status.ts';
import { VerifiedAcknowledgements } from './verified-acknowledgements.ts';

const XLOG_DATA = 0x77;
const KEEPALIVE = 0x6b;
/** Message kind, start, end, time. */
const XLOG_HEADER = 25;
/** How long finished transactions may wait for more before they are given. */
const LINGER_MS = 5;
const PROGRESS_MS = 1000;
const GOODBYE_MS = 1000;

/** The driver's connection with what its types leave out. */
type CopyConnection = pg.Connection & {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

/** What a stream is started with. */
export interface ReplicationStreamOptions extends LogDecoderOptions {
  readonly clock: Clock;
  /** How often a status is sent, and after how much silence the connection counts as dead. */
  readonly statusMs: number;
  readonly silenceMs: number;
  readonly acknowledged: Lsn;
  readonly signal: AbortSignal;
  /** Rejects if the log may lack changes so far: asked before each acknowledgement is sent. */
  readonly verify: () => Promise<void>;
  /** The coded error for one of the server or the driver. */
  readonly explain: (error: unknown) => TributaryError;
}

/** One replication connection, from START_REPLICATION to its end. */
export class ReplicationStream {
  private readonly client: pg.Client;
  private readonly connection: CopyConnection;
  private readonly options: ReplicationStreamOptions;
  private readonly decoder: LogDecoder;
  private readonly timers: (() => void)[] = [];
  private readonly acknowledgements: VerifiedAcknowledgements;
  private acknowledged: Lsn;
  private progressGiven: Lsn = 0n;
  private lastReceivedMs: number;
  private lastProgressMs = Number.NEGATIVE_INFINITY;
  private cancelLinger: (() => void) | null = null;
  private cancelProgress: (() => void) | null = null;
  private paused = false;
  private ended = false;
  private closing: Promise<void> | null = null;
  private failure: TributaryError | null = null;
  private wake: (() => void) | null = null;
  private finished: Promise<void> = Promise.resolve();

  constructor(client: pg.Client, options: ReplicationStreamOptions) {
    this.client = client;
    this.connection = client.connection as CopyConnection;
    this.options = options;
    this.decoder = new LogDecoder(options);
    this.acknowledged = options.acknowledged;
    this.acknowledgements = new VerifiedAcknowledgements(
      {
        clock: options.clock,
        verify: options.verify,
        confirmed: (position) => {
          this.acknowledged = position;
          this.sendStatus();
        },
        failed: (error) => this.fail(options.explain(error)),
      },
      options.acknowledged,
    );
    this.lastReceivedMs = options.clock.monotonicMs();
  }

  /** Starts the log with the command; rejects with the driver's error if the server refuses. */
  async start(command: string): Promise<void> {
    const { connection } = this;
    // The driver would hand each message on to the query, which does nothing with it.
    connection.removeAllListeners('copyData');
    let started: () => void = () => undefined;
    const streaming = new Promise<void>((resolve) => {
      started = resolve;
    });
    this.client.connection.once('replicationStart', () => started());
    new CopyFrames(connection, (bytes, start, end) => this.received(bytes, start, end));
    connection.stream.on('data', () => this.settle());
    const refused = this.client.query(command).then(() => {
      throw new TributaryError('E2001', 'the server ended the log');
    });
    this.finished = refused.then(
      () => undefined,
      (error: unknown) => this.fail(this.options.explain(error)),
    );
    // A route that lets nothing through must not hold up the start for ever (requirement P27).
    const { clock, silenceMs } = this.options;
    const cancel = clock.after(silenceMs, () => connection.stream.destroy());
    await Promise.race([streaming, refused]).finally(cancel);
    this.timers.push(this.options.clock.every(this.options.statusMs, () => this.tick()));
    this.sendStatus();
  }

  /** The events, in order; ends when the signal aborts, and throws what ended the connection. Closes it at its end. */
  async *events(): AsyncGenerator<SourceEvent, void, undefined> {
    const { signal } = this.options;
    const onAbort = (): void => this.wakeUp();
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        const event = await this.next();
        if (event === null) return;
        yield event;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.close();
    }
  }

  /** Everything up to here is durable; told to the server within about a second, if nothing may lack of it. */
  acknowledge(position: Lsn): void {
    this.acknowledgements.add(position);
  }

  /** The table is not followed any more. */
  failTable(table: TableKey, error: TributaryError): void {
    this.decoder.failTable(table, error);
    this.wakeUp();
  }

  /** The connection was lost, or what came over it cannot be read. What was decoded before is still given. */
  fail(error: TributaryError): void {
    this.failure ??= error;
    this.acknowledgements.stop();
    this.wakeUp();
  }

  private async next(): Promise<SourceEvent | null> {
    for (;;) {
      if (this.options.signal.aborted) return null;
      const event = this.decoder.events.shift();
      if (event !== undefined) return event;
      if (this.failure !== null) throw this.failure;
      this.resume();
      this.lingerIfReady();
      // What a keepalive said while changes were waiting counts now that they are given.
      this.offerProgress();
      if (this.decoder.events.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  private received(bytes: Buffer, start: number, end: number): void {
    if (this.failure !== null || this.ended) return;
    if (bytes[start] === XLOG_DATA) {
      try {
        this.decoder.message(bytes, start + XLOG_HEADER, end);
      } catch (error) {
        const known = error instanceof TributaryError ? error : null;
        this.fail(known ?? new TributaryError('E2033', 'message of the log is not whole', { cause: error }));
      }
    } else if (bytes[start] === KEEPALIVE) this.keepalive(bytes.subarray(start, end));
  }

  private keepalive(chunk: Buffer): void {
    this.decoder.reached(chunk.readBigUInt64BE(1));
    if (chunk[17] === 1) {
      this.sendStatus();
      this.lastProgressMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** After all messages of what the socket gave are decoded. */
  private settle(): void {
    this.lastReceivedMs = this.options.clock.monotonicMs();
    if (this.failure !== null || this.ended) return;
    this.offerProgress();
    if (this.decoder.events.length === 0) {
      this.lingerIfReady();
      return;
    }
    if (this.wake === null) this.pause();
    else this.wakeUp();
  }

  private lingerIfReady(): void {
    if (!this.decoder.ready || this.cancelLinger !== null) return;
    this.cancelLinger = this.options.clock.after(LINGER_MS, () => {
      this.cancelLinger = null;
      this.decoder.flush();
      if (this.decoder.events.length > 0) this.wakeUp();
    });
  }

  /** Tells where an idle log stands, at most once a second. */
  private offerProgress(): void {
    if (this.cancelProgress !== null || this.decoder.takeProgress(this.progressGiven) === null) return;
    const { clock } = this.options;
    const waitMs = this.lastProgressMs + PROGRESS_MS - clock.monotonicMs();
    if (waitMs <= 0) this.giveProgress();
    else {
      this.cancelProgress = clock.after(waitMs, () => {
        this.cancelProgress = null;
        this.giveProgress();
      });
    }
  }

  private giveProgress(): void {
    const position = this.decoder.takeProgress(this.progressGiven);
    if (position === null || this.ended) return;
    this.progressGiven = position;
    this.lastProgressMs = this.options.clock.monotonicMs();
    this.decoder.events.push({ kind: 'progress', position: formatLsn(position) });
    this.wakeUp();
  }

  private tick(): void {
    const silentMs = this.options.clock.monotonicMs() - this.lastReceivedMs;
    if (!this.paused && silentMs > this.options.silenceMs) {
      this.fail(new TributaryError('E2031', `the server is silent: silentMs=${Math.round(silentMs)}`));
      return;
    }
    const { waitingSinceMs } = this.acknowledgements;
    if (waitingSinceMs !== null && this.options.clock.monotonicMs() - waitingSinceMs > this.options.silenceMs) {
      this.fail(new TributaryError('E2031', 'the server does not answer what the publication is'));
      return;
    }
    this.sendStatus();
    this.offerProgress();
  }

  /**
   * Sends the acknowledged position as written, flushed and applied: nothing else, so that nothing can be taken for
   * durable that is not. Asks for an answer where the server has been quiet, which proves the connection.
   */
  private sendStatus(): void {
    if (this.ended || this.failure !== null) return;
    const { clock, statusMs } = this.options;
    const nowMs = clock.monotonicMs();
    const quiet = !this.paused && nowMs - this.lastReceivedMs >= statusMs;
    this.connection.sendCopyFromChunk(standbyStatus(this.acknowledged, clock.nowMs(), quiet));
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.connection.stream.pause();
  }

  private resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.lastReceivedMs = this.options.clock.monotonicMs();
    this.connection.stream.resume();
  }

  /** Says goodbye in the protocol's way, so that the slot is free at once; cuts the connection if that takes long. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    if (this.failure === null) await this.acknowledgements.finish();
    this.acknowledgements.stop();
    this.ended = true;
    for (const stop of this.timers) stop();
    this.cancelLinger?.();
    this.cancelProgress?.();
    if (this.failure === null) {
      this.connection.endCopyFrom();
      this.connection.stream.resume();
      const cancel = this.options.clock.after(GOODBYE_MS, () => this.connection.stream.destroy());
      await this.finished;
      cancel();
    }
    this.connection.stream.destroy();
    await disconnect(this.client);
  }
}
