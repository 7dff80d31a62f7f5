// A flush: the whole memtable to level-0 files and, where the table has an input changelog, changelog files. A function
// of plain data, so that it runs in a worker thread.
import { TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { WriteBatch } from './write-batch.ts';

/** What a flush is made of. */
export interface FlushRequest {
  /** The table's directory. */
  readonly tablePath: string;
  readonly schema: TableSchema;
  /** The memtable in write order. */
  readonly batches: readonly WriteBatch[];
  /** The sequence number of the first row. */
  readonly firstSequence: bigint;
  /** The files that hold the table's present content, for lookups: committed and flushed ones. */
  readonly liveFiles: readonly ManifestEntry[];
  /** Unique within the table; part of the file names. */
  readonly fileUuid: string;
  /** Wall clock in milliseconds, stored in the files' metadata. */
  readonly creationTimeMs: number;
}

/** What a flush has written: durable files that no snapshot names. */
export interface FlushResult {
  readonly added: readonly ManifestEntry[];
  readonly changelog: readonly ManifestEntry[];
  /** The first sequence number that the flush has not used. */
  readonly nextSequence: bigint;
}

/** Writes the memtable to files; removes what it has written if it fails. */
export async function runFlush(request: FlushRequest, _store: FileStore): Promise<FlushResult> {
  throw new TributaryError('E9001', `flush is not there yet: table=${request.tablePath}`);
}
