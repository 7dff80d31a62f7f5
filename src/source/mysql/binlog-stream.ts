// Reads the log of a server: the connection, back-pressure and liveness around the decoder.
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { SourceEvent } from '../source.ts';
import { BinlogDecoder, type BinlogDecoderOptions } from './binlog-decoder.ts';
import { disconnect } from './connect.ts';
import { dumpPayload, type DumpRequest, dumpSettings } from './dump-command.ts';
import { logError } from './log-error.ts';
import { isEnd, RawCommand, type RawConnection, type RawPacket, serverError } from './raw-connection.ts';
import { openSession, runStatement } from './sql-session.ts';
import type { MysqlSettings } from './settings.ts';

/** How long finished transactions may wait for more before they are given. */
const LINGER_MS = 5;
const PROGRESS_MS = 1000;
/** Heartbeats that may fail to come before the connection counts as dead. */
const SILENT_PERIODS = 3;

/** What a stream is started with. */
export interface BinlogStreamOptions {
  readonly settings: MysqlSettings;
  readonly clock: Clock;
  readonly decoder: BinlogDecoderOptions;
  readonly dump: DumpRequest;
  readonly signal: AbortSignal;
}

/** One connection that the server sends its log over. */
export class BinlogStream {
  private readonly options: BinlogStreamOptions;
  private readonly decoder: BinlogDecoder;
  private connection: RawConnection | null = null;
  private stopTicks: () => void = () => undefined;
  private cancelLinger: (() => void) | null = null;
  private lastReceivedMs = 0;
  private lastProgressMs = Number.NEGATIVE_INFINITY;
  private cancelProgress: (() => void) | null = null;
  private paused = false;
  private ended = false;
  private failure: TributaryError | null = null;
  private wake: (() => void) | null = null;

  constructor(options: BinlogStreamOptions) {
    this.options = options;
    this.decoder = new BinlogDecoder(options.decoder);
  }

  /**
   * The events, in order; ends when the signal aborts, and throws what ended the connection. Closes it at its end.
   */
  async *events(): AsyncGenerator<SourceEvent, void, undefined> {
    const { signal } = this.options;
    const onAbort = (): void => this.wakeUp();
    signal.addEventListener('abort', onAbort);
    try {
      if (!signal.aborted) await this.start();
      for (;;) {
        const event = await this.next();
        if (event === null) return;
        yield event;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.close();
    }
  }

  /** At least all transactions of which anything was given. */
  get seen(): SourcePosition {
    return this.decoder.seen;
  }

  /** Ends the connection. */
  close(): void {
    this.ended = true;
    this.stopTicks();
    this.cancelLinger?.();
    this.cancelProgress?.();
    if (this.connection !== null) disconnect(this.connection);
    this.wakeUp();
  }

  private async start(): Promise<void> {
    const { settings, clock, dump } = this.options;
    const connection = await openSession(settings, (error) => this.fail(error));
    this.connection = connection;
    await runStatement(connection, dumpSettings(dump));
    this.lastReceivedMs = clock.monotonicMs();
    connection.addCommand(
      new RawCommand(dumpPayload(dump), {
        packet: (packet) => this.received(packet),
        failed: (error) => this.fail(logError(error, dump.serverId)),
      }),
    );
    connection.stream.on('data', () => this.settle());
    connection.stream.once('close', () => this.fail(new TributaryError('E2001', 'the log was lost')));
    this.stopTicks = clock.every(settings.heartbeatMs, () => this.tick());
  }

  /** The connection was lost, or what came over it cannot be read. What was decoded before is still given. */
  private fail(error: TributaryError): void {
    if (this.ended) return;
    this.failure ??= error;
    this.wakeUp();
  }

  private async next(): Promise<SourceEvent | null> {
    for (;;) {
      if (this.options.signal.aborted || this.ended) return null;
      const event = this.decoder.events.shift();
      if (event !== undefined) return event;
      if (this.failure !== null) throw this.failure;
      this.resume();
      this.lingerIfReady();
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

  /** A packet of the log: a zero, then an event. True when it is the last. */
  private received(packet: RawPacket): boolean {
    if (this.failure !== null || this.ended) return false;
    const { serverId } = this.options.dump;
    const error = serverError(packet);
    if (error !== null || isEnd(packet)) {
      this.fail(error === null ? new TributaryError('E2001', 'the server ended the log') : logError(error, serverId));
      return true;
    }
    try {
      this.decoder.event(packet.buffer, packet.offset + 1, packet.end);
    } catch (cause) {
      const known = cause instanceof TributaryError ? cause : null;
      this.fail(known ?? new TributaryError('E2033', 'event of the log is not whole', { cause }));
    }
    return false;
  }

  /** After all events of what the socket gave are decoded. */
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

  /** Tells where a log without anything of ours stands, at most once a second. */
  private offerProgress(): void {
    if (this.cancelProgress !== null) return;
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
    const position = this.ended ? null : this.decoder.takeProgress();
    if (position === null) return;
    this.lastProgressMs = this.options.clock.monotonicMs();
    this.decoder.events.push({ kind: 'progress', position });
    this.wakeUp();
  }

  private tick(): void {
    const silentMs = this.options.clock.monotonicMs() - this.lastReceivedMs;
    if (this.paused || silentMs <= SILENT_PERIODS * this.options.settings.heartbeatMs) return;
    this.fail(new TributaryError('E2031', `the server is silent: silentMs=${Math.round(silentMs)}`));
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.connection?.stream.pause();
  }

  private resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.lastReceivedMs = this.options.clock.monotonicMs();
    this.connection?.stream.resume();
  }
}
