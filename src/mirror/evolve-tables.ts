// Schema changes at the start of a pipeline (docs/design/0004-schema-changes.md): first it is recorded which tables are to
// be copied anew, then their lake tables are altered. A death between the two finds the same to do at the next start.
import type { CheckpointRecord, CopyingTable } from '../checkpoint/checkpoint-record.ts';
import { checkDefaultValue } from '../paimon/format/default-value.ts';
import { applySchemaChanges } from '../paimon/schema/apply-schema-changes.ts';
import { SchemaStore } from '../paimon/schema/schema-store.ts';
import { Table } from '../paimon/table.ts';
import type { Incarnations } from '../source/source.ts';
import type { LakeState } from './lake-state.ts';
import type { MirrorParts } from './parts.ts';
import { COPY_BEGINS } from './table-copy.ts';

/** The record and the tables as they are to be gone on from. */
export interface Evolved {
  readonly record: CheckpointRecord | null;
  readonly states: readonly LakeState[];
}

/** What `evolveTables` works on. */
interface EvolvingTables {
  readonly parts: MirrorParts;
  readonly token: string;
  readonly record: CheckpointRecord | null;
  /** Of a new record. */
  readonly number: bigint;
  readonly incarnations: Incarnations;
}

/** Alters the lake tables whose source tables have other columns now. The caller holds the pipeline's lease. */
export async function evolveTables(states: readonly LakeState[], of: EvolvingTables): Promise<Evolved> {
  const evolving = states.filter(({ evolution, mismatch }) => evolution !== null && mismatch === null);
  if (evolving.length === 0) return { record: of.record, states };
  const record = await recordCopies(
    evolving.filter(({ evolution, latest }) => evolution?.copies === true && latest !== null),
    of,
  );
  return { record, states: await Promise.all(states.map((state) => altered(state, of.parts))) };
}

/** Records the tables as to be copied anew; those that a record says so of already stay as they are. */
async function recordCopies(
  states: readonly LakeState[],
  { parts, token, record, number, incarnations }: EvolvingTables,
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

async function altered(state: LakeState, { store, clock, log }: MirrorParts): Promise<LakeState> {
  const { evolution, mismatch, source, tablePath, schema, latest } = state;
  if (evolution === null || mismatch !== null || schema === null || evolution.changes.length === 0) return state;
  const context = { hasSnapshots: latest !== null, timeMillis: clock.nowMs(), checkDefaultValue };
  const next = await new SchemaStore(store, tablePath).update((now) =>
    applySchemaChanges(now, evolution.changes, context),
  );
  log.info('lake table follows the columns of its source', {
    table: source.key,
    changes: evolution.told.join('; '),
    copied: evolution.copies,
  });
  return { ...state, schema: next };
}
