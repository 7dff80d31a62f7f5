// Schema changes at the start of a pipeline (docs/design/0004-schema-changes.md): first it is recorded which tables are to
// be copied anew, then their lake tables are altered. A death between the two finds the same to do at the next start.
import type { CheckpointRecord } from '../checkpoint/checkpoint-record.ts';
import { checkDefaultValue } from '../paimon/format/default-value.ts';
import { applySchemaChanges } from '../paimon/schema/apply-schema-changes.ts';
import { SchemaStore } from '../paimon/schema/schema-store.ts';
import type { LakeState } from './lake-state.ts';
import type { MirrorParts } from './parts.ts';
import { type KnownTables, recordCopies } from './record-copies.ts';

/** The record and the tables as they are to be gone on from. */
export interface Evolved {
  readonly record: CheckpointRecord | null;
  readonly states: readonly LakeState[];
}

/** Alters the lake tables whose source tables have other columns now. The caller holds the pipeline's lease. */
export async function evolveTables(states: readonly LakeState[], of: KnownTables): Promise<Evolved> {
  const evolving = states.filter(({ evolution, mismatch }) => evolution !== null && mismatch === null);
  if (evolving.length === 0) return { record: of.record, states };
  const record = await recordCopies(
    evolving.filter(({ evolution, latest }) => evolution?.copies === true && latest !== null),
    of,
  );
  return { record, states: await Promise.all(states.map((state) => altered(state, of.parts))) };
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
