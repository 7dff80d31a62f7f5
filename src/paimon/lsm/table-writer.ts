// Writes one table: buffers batches, flushes them to files that no snapshot names yet, and hands those files to the
// commit.
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { LiveFiles } from './live-files.ts';
import type { TaskRunner } from './task-runner.ts';
import type { CommitMessage, WriteBatch } from './write-batch.ts';

/** What a writer works with. */
export interface TableWriterOptions {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly tablePath: string;
  readonly schema: TableSchema;
  /** The files of the latest snapshot; shared with the compactor, updated by `committed` and `replaceFiles`. */
  readonly liveFiles: LiveFiles;
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
}

/**
 * The one writer of a table. `write` and `bufferedBytes` are synchronous; the other calls may overlap with writes, which
 * then go into a fresh memtable. After any rejected promise the writer is to be aborted and dropped.
 */
export class TableWriter {
  private constructor(_options: TableWriterOptions) {}

  static open(options: TableWriterOptions): TableWriter {
    return new TableWriter(options);
  }

  /** Bytes of rows that are buffered or being flushed. */
  get bufferedBytes(): number {
    return 0;
  }

  /** Buffers the rows; the batch belongs to the writer from here on. */
  write(_batch: WriteBatch): void {
    throw new TributaryError('E9001', 'the table writer is not there yet');
  }

  /** Makes everything written so far durable in files that no snapshot names; resolves when that is so. */
  async flush(): Promise<void> {}

  /**
   * Empties the table: without a changelog producer the next message overwrites the table's content, else a -D is
   * written for every live row. What is written afterwards stays. No other call may overlap.
   */
  async truncate(): Promise<void> {}

  /**
   * Flushes everything written before the call and hands out all files since the call before; null if there is
   * nothing. Several messages may be outstanding; they are to be committed in order.
   */
  async prepareCommit(): Promise<CommitMessage | null> {
    return null;
  }

  /** A snapshot names the message's files now; the oldest outstanding message. */
  committed(_message: CommitMessage): void {}

  /** Deletes the files of a message that is certain never to be committed. */
  async discard(_message: CommitMessage): Promise<void> {}

  /** Drops what is buffered and deletes the files that no message has named; outstanding messages are left alone. */
  async abort(): Promise<void> {}
}
