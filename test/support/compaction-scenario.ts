// Random tables for the differential test of compactions: options, changes and who does what, all from one seed.
import type { Random } from '../../src/base/random.ts';
import type { KindRow } from './reference.ts';

/** What happens to the table, and who does it. */
export type ScenarioStep =
  | { readonly kind: 'write'; readonly ours: boolean; readonly rows: readonly KindRow[]; readonly writeOnly: boolean }
  | { readonly kind: 'compact'; readonly ours: boolean; readonly full: boolean };

/** A table and its life. */
export interface Scenario {
  readonly options: Readonly<Record<string, string>>;
  readonly steps: readonly ScenarioStep[];
  /** What the table holds does not depend on when it is compacted. */
  readonly isTimeless: boolean;
  /** Every change has its right before-image once everything is compacted. */
  readonly hasTrueChangelog: boolean;
}

const KEYS = 40;
const STEPS = 12;

/** Draws a scenario. */
export function drawScenario(random: Random): Scenario {
  const one = <T>(choices: readonly T[]): T => choices[Math.floor(random.unit() * choices.length)];
  const chance = (probability: number): boolean => random.unit() < probability;
  const options: Record<string, string> = {
    bucket: one(['1', '1', '2']),
    'num-sorted-run.compaction-trigger': one(['2', '3', '5']),
  };
  if (chance(0.3)) options['target-file-size'] = '4 kb';
  // Row groups of any size are taken over as they are.
  if (chance(0.4)) options['file.block-size'] = '1 b';
  if (chance(0.3)) options['num-levels'] = one(['3', '4']);
  if (chance(0.2)) options['compaction.force-rewrite-all-files'] = 'true';
  if (chance(0.2)) options['compaction.total-size-threshold'] = '3 kb';
  const engine = one(['deduplicate', 'deduplicate', 'deduplicate', 'partial-update', 'aggregation', 'first-row']);
  if (engine !== 'deduplicate') options['merge-engine'] = engine;
  const producer =
    engine === 'first-row' ? one(['none', 'lookup']) : one(['none', 'lookup', 'lookup', 'full-compaction']);
  if (producer !== 'none') options['changelog-producer'] = producer;
  if (producer !== 'none' && chance(0.3)) options['changelog-producer.row-deduplicate'] = 'true';
  if (engine !== 'first-row' && producer !== 'full-compaction' && chance(0.5)) {
    options['deletion-vectors.enabled'] = 'true';
    if (chance(0.4)) options['deletion-vectors.bitmap64'] = 'true';
  }
  if (chance(0.15)) options['lookup-compact'] = 'gentle';
  if (chance(0.15)) options['compaction.force-up-level-0'] = 'true';
  const hasSequence = engine !== 'first-row' && chance(0.3);
  if (hasSequence) options['sequence.field'] = 'w';
  if (engine === 'aggregation') {
    options['fields.v.aggregate-function'] = 'sum';
    options['fields.s.aggregate-function'] = one(['max', 'last_non_null_value', 'listagg']);
  }
  if (engine === 'first-row') options['ignore-delete'] = 'true';
  if (engine === 'partial-update') options[one(['ignore-delete', 'partial-update.remove-record-on-delete'])] = 'true';
  const kinds = ['+I', '+I', '+I', '+U', ...(engine === 'aggregation' ? [] : ['-D', ...(chance(0.3) ? ['-U'] : [])])];
  const isGentle = options['lookup-compact'] === 'gentle';
  return {
    options,
    steps: Array.from({ length: STEPS }, (_, step) => drawStep(random, { kinds, isFirst: step === 0 })),
    // A -D that a compaction has dropped no longer stands against an older row.
    isTimeless: !isGentle && (!hasSequence || engine === 'aggregation') && engine !== 'partial-update',
    hasTrueChangelog: producer === 'lookup' || producer === 'full-compaction',
  };
}

function drawStep(random: Random, of: { readonly kinds: readonly string[]; readonly isFirst: boolean }): ScenarioStep {
  const ours = random.unit() < 0.6;
  const draw = random.unit();
  if (!of.isFirst && draw < 0.12) return { kind: 'compact', ours, full: random.unit() < 0.5 };
  const count = of.isFirst ? 60 : 1 + Math.floor(random.unit() * (random.unit() < 0.3 ? 80 : 8));
  const rows = Array.from({ length: count }, () => drawRow(random, of.kinds));
  return { kind: 'write', ours, rows, writeOnly: draw > 0.9 };
}

function drawRow(random: Random, kinds: readonly string[]): KindRow {
  const below = (bound: number): number => Math.floor(random.unit() * bound);
  const kind = kinds[below(kinds.length)];
  const orNull = (value: string | number): string | number | null => (random.unit() < 0.15 ? null : value);
  const id = below(KEYS);
  // Deletes of partial updates leave their values behind, which come back if they are not NULL.
  if (kind === '-D') return { kind, row: { id, v: null, w: null, s: null } };
  return { kind, row: { id, v: orNull(below(100)), w: orNull(String(below(50))), s: orNull(`s${below(9)}`) } };
}

/** The columns of every such table. */
export const SCENARIO_FIELDS = [
  { id: 0, name: 'id', type: 'INT NOT NULL' },
  { id: 1, name: 'v', type: 'INT' },
  { id: 2, name: 'w', type: 'BIGINT' },
  { id: 3, name: 's', type: 'STRING' },
];
