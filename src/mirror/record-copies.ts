// Records at the start of a pipeline that tables are to be copied anew, in place, before anything is done about them: a
// death in between finds the same to do (docs/design/0003-first-copies.md).
import type { CheckpointRecord, CopyingTable } from '../checkpoint/checkpoint-record.ts';
import { Table } from '../paimon/table.ts';
import type { Incarnations } from '../source/source.ts';
import type { LakeState } from './lake-state.ts';
import type { MirrorParts } from './parts.ts';
import { COPY_BEGINS } from './table-copy.ts';

/** What is known when a pipeline starts. */
export interface KnownTables {
  readonly parts: MirrorParts;
  readonly token: string;
  readonly record: CheckpointRecord | null;
  /** Of a new record. */
  readonly number: bigint;
  readonly incarnations: Incarnations;
}

/** Records the tables as to be copied anew; those that a record says so of already stay as they are. */
export async function recordCopies(
  states: readonly LakeState[],
  { parts, token, record, number, incarnations }: KnownTables,
): Promise<CheckpointRecord | null> {
  // Without a record, nothing of the lake is gone on from.
  if (record === null || states.length === 0) return record;
  const keys = states.map(({ source }) => source.key);
  const copying = await Promise.all(
    states.map(
      async (state): Promise<CopyingTable> => ({
        ...COPY_BEGINS,
        stale: await newestSequence(state, parts),
        source: state.source.key,
        table: `${state.lake.database}.${state.lake.table}`,
        place: record.position,
        incarnation: incarnations.get(state.source.key) ?? '',
      }),
    ),
  );
  const next: CheckpointRecord = {
    ...record,
    number,
    token,
    timeMs: parts.clock.nowMs(),
    tables: record.tables.filter(({ source }) => !keys.includes(source)),
    stopped: record.stopped.filter(({ source }) => !keys.includes(source)),
    copying: [...record.copying.filter(({ source }) => !keys.includes(source)), ...copying],
  };
  await parts.checkpoints.write(next);
  return next;
}

async function newestSequence({ lake }: LakeState, { store }: MirrorParts): Promise<bigint> {
  const newest = (await (await Table.open(store, lake)).liveFiles()).maxSequenceNumber();
  return newest < 0n ? 0n : newest;
}
