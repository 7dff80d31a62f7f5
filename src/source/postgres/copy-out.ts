// COPY … TO STDOUT as a query of the driver, whose rows are decoded in place, and read no faster than they are wanted.
import type pg from 'pg';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { CopyDecoder } from './copy-decoder.ts';
import { type CopyDataReader, CopyFrames } from './copy-frames.ts';

/** A COPY under way; given to `client.query`. */
class CopyOut implements pg.Submittable {
  /** Resolves when the server has sent everything; rejects with its error or the driver's. */
  readonly done: Promise<void>;
  private readonly statement: string;
  private readonly read: CopyDataReader;
  private readonly finish: { readonly resolve: () => void; readonly reject: (error: Error) => void };
  private frames: CopyFrames | null = null;

  /** The server sends each row of the copy as one message. */
  constructor(statement: string, read: CopyDataReader) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.statement = statement;
    this.read = read;
    this.done = promise;
    this.finish = { resolve, reject };
  }

  submit(connection: pg.Connection): void {
    this.frames = new CopyFrames(connection, this.read);
    connection.query(this.statement);
  }

  /** The driver calls the rest. */
  handleError(error: Error): void {
    this.frames?.release();
    this.finish.reject(error);
  }

  handleReadyForQuery(): void {
    this.frames?.release();
    this.finish.resolve();
  }

  handleCommandComplete(): void {
    // `done` follows when the server is ready again.
  }
}

/** The batches of one COPY. The socket is not read while a batch waits to be taken. */
export class CopyBatches {
  private readonly stream: pg.Connection['stream'];
  private readonly decoder: CopyDecoder;
  private readonly ready: ChangeBatch[] = [];
  private failure: { readonly error: unknown } | null = null;
  private ended = false;
  private wake: (() => void) | null = null;

  /** Starts the statement. The decoder keeps what is too little for a batch at the end. */
  constructor(client: pg.Client, statement: string, decoder: CopyDecoder) {
    this.stream = client.connection.stream;
    this.decoder = decoder;
    const copy = new CopyOut(statement, (bytes, start, end) => this.decode(bytes, start, end));
    client.query(copy);
    copy.done.then(
      () => {
        this.ended = true;
        this.wakeUp();
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** The next batch; null at the end. Rejects with the decoder's error, the server's or the driver's. */
  async next(): Promise<ChangeBatch | null> {
    for (;;) {
      const batch = this.ready.shift();
      if (batch !== undefined) return batch;
      if (this.failure !== null) throw this.failure.error;
      if (this.ended) return null;
      const waiting = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.stream.resume();
      await waiting;
    }
  }

  /** Makes a waiting `next` reject. */
  giveUp(): void {
    this.fail(new Error('the copy was given up'));
  }

  private decode(bytes: Buffer, start: number, end: number): void {
    if (this.failure !== null) return;
    try {
      this.decoder.push(bytes, start, end);
      const batch = this.decoder.take(false);
      if (batch === null) return;
      this.ready.push(batch);
    } catch (error) {
      this.failure = { error };
    }
    this.stream.pause();
    this.wakeUp();
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.wakeUp();
  }

  private wakeUp(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}
