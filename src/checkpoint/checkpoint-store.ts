// The checkpoint records of one pipeline, below `_tributary/<pipeline>/` in the warehouse: written by the mirror, read
// at its start and by queries for cuts.
import { assert, isTributaryError, TributaryError } from '../base/errors.ts';
import type { PositionOrder, SourcePosition } from '../change/position.ts';
import type { FileStore } from '../storage/file-store.ts';
import { type CheckpointRecord, decodeCheckpointRecord, encodeCheckpointRecord } from './checkpoint-record.ts';

/** The directory of all pipelines' state in a warehouse. */
const PIPELINES_DIRECTORY = '_tributary';

/** How long records stay. */
export interface CheckpointRetention {
  /** Records younger than this stay. */
  readonly retainMs: number;
  /** So many of the newest stay whatever their age; at least two do. */
  readonly countMin: number;
}

/** A part of the source's log that is not in the lake, with the operator's consent (`--accept-gap`). */
export interface AcceptedGap {
  readonly from: SourcePosition;
  readonly to: SourcePosition;
  /** The first checkpoint after the gap has this number or a higher one. */
  readonly before: bigint;
  readonly timeMs: number;
}

/** Names of the pipelines that have state in the warehouse, in order. */
export async function listPipelines(store: FileStore): Promise<readonly string[]> {
  return (await store.list(PIPELINES_DIRECTORY)).filter((entry) => entry.isDirectory).map((entry) => entry.name);
}

/** The directory of a pipeline's state. */
export function pipelineDirectory(pipeline: string): string {
  assert(!/[/\\]/.test(pipeline) && pipeline !== '', `pipeline has a name that is no file name: pipeline=${pipeline}`);
  return `${PIPELINES_DIRECTORY}/${pipeline}`;
}

/** Reads and writes the records of one pipeline. */
export class CheckpointStore {
  readonly pipeline: string;
  readonly #store: FileStore;
  readonly #directory: string;

  constructor(store: FileStore, pipeline: string) {
    this.#store = store;
    this.pipeline = pipeline;
    this.#directory = pipelineDirectory(pipeline);
  }

  /**
   * Makes the record durable; resolves once it is. Writing the same record again is no error. Throws E5004 if another
   * run has written a checkpoint of that number. After another error the record may or may not be there.
   */
  async write(record: CheckpointRecord): Promise<void> {
    assert(record.pipeline === this.pipeline, `record is of another pipeline: pipeline=${record.pipeline}`);
    assert(record.number > 0n, `checkpoint number is not positive: number=${record.number}`);
    const bytes = encodeCheckpointRecord(record);
    if (await this.#create(this.#path(record.number), bytes)) return;
    const found = await this.read(record.number);
    if (found?.token !== record.token) {
      throw new TributaryError(
        'E5004',
        `checkpoint was written by another instance: pipeline=${this.pipeline} number=${record.number}`,
      );
    }
    assert(found.position === record.position, `one checkpoint has two positions: number=${record.number}`);
  }

  /**
   * Records for ever that the operator accepted to lose the log between two positions; resolves once it is durable. The
   * same gap may be recorded again.
   */
  async recordGap(gap: AcceptedGap): Promise<void> {
    const path = `${this.#directory}/accepted-gap-${gap.before}`;
    await this.#create(
      path,
      new TextEncoder().encode(`${JSON.stringify({ ...gap, before: gap.before.toString() })}\n`),
    );
  }

  /** The numbers of all records, ascending. */
  async list(): Promise<readonly bigint[]> {
    const numbers: bigint[] = [];
    for (const { name, isDirectory } of await this.#store.list(this.#directory)) {
      const number = /^checkpoint-([1-9]\d*)$/.exec(name)?.[1];
      if (number !== undefined && !isDirectory) numbers.push(BigInt(number));
    }
    return numbers.sort((a, b) => (a < b ? -1 : 1));
  }

  /** The record of that number; null where there is none. Throws E3500 if it cannot be read. */
  async read(number: bigint): Promise<CheckpointRecord | null> {
    const path = this.#path(number);
    try {
      return decodeCheckpointRecord(await this.#store.read(path), path);
    } catch (error) {
      if (isTributaryError(error, 'E3001')) return null;
      throw error;
    }
  }

  /** The newest record; null where there is none. */
  async latest(): Promise<CheckpointRecord | null> {
    return this.#newest(() => true);
  }

  /** The record of that number. Throws E3501 where there is none. */
  async cutByNumber(number: bigint): Promise<CheckpointRecord> {
    const record = await this.read(number);
    if (record !== null) return record;
    throw this.#noCut(`number=${number}`);
  }

  /** The newest cut that holds nothing after the position. Throws E3501. */
  async cutAtPosition(position: SourcePosition, order: PositionOrder): Promise<CheckpointRecord> {
    const record = await this.#newest((candidate) => order.includes(position, candidate.position));
    if (record !== null) return record;
    throw this.#noCut(`position=${position}`);
  }

  /** The newest cut that was complete at that time, in milliseconds since the epoch. Throws E3501. */
  async cutAtTime(timeMs: number): Promise<CheckpointRecord> {
    const record = await this.#newest((candidate) => candidate.timeMs <= timeMs);
    if (record !== null) return record;
    throw this.#noCut(`time_ms=${timeMs}`);
  }

  /** All records that are there, oldest first. */
  async records(): Promise<readonly CheckpointRecord[]> {
    const records: CheckpointRecord[] = [];
    for (const number of await this.list()) {
      const record = await this.read(number);
      if (record !== null) records.push(record);
    }
    return records;
  }

  /** Removes the records that the retention lets go, oldest first, and gives their numbers. */
  async removeOld(retention: CheckpointRetention, nowMs: number): Promise<readonly bigint[]> {
    const numbers = await this.list();
    const countMax = numbers.length - Math.max(2, retention.countMin);
    const removed: bigint[] = [];
    for (const number of numbers.slice(0, Math.max(0, countMax))) {
      const record = await this.read(number);
      if (record !== null && record.timeMs > nowMs - retention.retainMs) break;
      await this.#store.delete(this.#path(number));
      removed.push(number);
    }
    return removed;
  }

  #path(number: bigint): string {
    return `${this.#directory}/checkpoint-${number}`;
  }

  /** Creates the file; an answer that was lost is asked for a second time, as the outcome tells itself. */
  async #create(path: string, bytes: Uint8Array): Promise<boolean> {
    try {
      return await this.#store.create(path, bytes);
    } catch (error) {
      if (!isTributaryError(error) || error.kind !== 'retry') throw error;
      return this.#store.create(path, bytes);
    }
  }

  async #newest(matches: (record: CheckpointRecord) => boolean): Promise<CheckpointRecord | null> {
    for (const number of (await this.list()).toReversed()) {
      const record = await this.read(number);
      if (record !== null && matches(record)) return record;
    }
    return null;
  }

  #noCut(asked: string): TributaryError {
    return new TributaryError('E3501', `no cut is retained: pipeline=${this.pipeline} ${asked}`);
  }
}
