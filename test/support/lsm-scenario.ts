// Random lives of tables for the differential test of the LSM engine: a table of any merge engine with random options,
// and what happens to it, all from one seed.
import type { Random } from '../../src/base/random.ts';
import { Dice } from './dice.ts';
import type { GoldenRow } from './golden.ts';
import {
  buckets,
  changeOptions,
  expiry,
  fileOptions,
  kindColumn,
  sizedLevels,
  sizelessLevels,
  writerOptions,
} from './lsm-options.ts';
import {
  fieldOptions,
  type MergeTable,
  type NamedColumn,
  type RandomEngine,
  randomEngine,
} from './random-merge-table.ts';
import type { KindRow } from './reference.ts';

/**
 * `lock-step`: either implementation has a table of its own, and both do the same to it; which files are merged does not
 * depend on their sizes, so that all snapshots must be the same. `shared`: they do it to one table by turns.
 */
export type LifeKind = 'lock-step' | 'shared';

/** What happens to a table. */
export type LsmStep =
  | {
      readonly kind: 'write';
      readonly rows: readonly KindRow[];
      readonly writeOnly: boolean;
      /** Of ours: by a session that stays open, which may write files before the commit; or by the verb. */
      readonly by: 'verb' | 'session' | 'flushing-session';
      /** The same commit comes once more, to be left out. */
      readonly isRepeated: boolean;
    }
  | { readonly kind: 'compact'; readonly full: boolean; readonly bySession: boolean }
  /** Rows are written and not committed: the writer closes, or dies. */
  | { readonly kind: 'lose'; readonly rows: readonly KindRow[]; readonly dies: boolean };

/** A step, and whether we do it where tables are shared. */
export interface LsmTurn {
  readonly step: LsmStep;
  readonly isOurs: boolean;
}

/** A table and its life. */
export interface LsmScenario {
  readonly kind: LifeKind;
  readonly table: MergeTable;
  readonly turns: readonly LsmTurn[];
  /** Columns that are read without the others, at the end. */
  readonly columns: readonly string[];
  /** Both read both tables, and check them: of most lives, each its own is enough. */
  readonly isReadAcross: boolean;
}

const TURNS_MAX = 8;
const KEY_COUNTS = [3, 12];

/** Draws a life. */
export function drawLsmScenario(random: Random): LsmScenario {
  const dice = new Dice(random);
  const kind = dice.one<LifeKind>(['lock-step', 'lock-step', 'shared']);
  const drawn = new DrawnTable(dice, kind);
  const turns = Array.from({ length: 3 + dice.below(TURNS_MAX - 2) }, (_, index) => ({
    step: drawn.step(index === 0),
    isOurs: dice.chance(0.6),
  }));
  const last: LsmTurn = { step: { kind: 'compact', full: true, bySession: false }, isOurs: dice.chance(0.5) };
  const isReadAcross = kind === 'shared' || dice.chance(0.25);
  const { table } = drawn;
  const [first, ...others] = table.fields.map(({ name }) => name);
  const columns = [first, ...dice.some(others)];
  return { kind, table, turns: [...turns, last], columns, isReadAcross };
}

/** A random table and its changes. */
class DrawnTable {
  readonly table: MergeTable;
  private readonly dice: Dice;
  private readonly kind: LifeKind;
  private readonly columns: readonly NamedColumn[];
  private readonly kinds: readonly string[];
  private readonly keyCount: number;
  /** Keys of a commit lie near one another now and then, so that files do not overlap. */
  private readonly isNarrow: boolean;
  /** Of a commit, no two rows have a key. */
  private readonly hasDistinctKeys: boolean;
  private readonly canUseSession: boolean;

  constructor(dice: Dice, kind: LifeKind) {
    this.dice = dice;
    this.kind = kind;
    this.keyCount = dice.one(KEY_COUNTS);
    const engine = randomEngine(dice);
    this.kinds = kindsOf(dice, engine);
    const changes = changeOptions(dice, engine);
    // The reference does not find expired rows when it looks keys up to mark them as deleted, and a key is there twice.
    const canExpire = kind === 'shared' || changes['deletion-vectors.enabled'] === undefined;
    const features = [engine, ...(canExpire ? [expiry(dice)] : []), kindColumn(dice, this.kinds)];
    const partition: readonly NamedColumn[] = dice.chance(0.7)
      ? []
      : [{ name: 'p', type: 'STRING NOT NULL', draw: () => dice.one(['a', 'b']) }];
    const keys: readonly NamedColumn[] = [
      { name: 'id', type: 'INT NOT NULL', draw: () => dice.below(this.keyCount) },
      ...(dice.chance(0.8) ? [] : [{ name: 'k', type: 'STRING NOT NULL', draw: () => dice.one(['', 'ä']) }]),
    ];
    const values = features.flatMap(({ columns }) => columns);
    const place = dice.below(values.length + 1);
    this.columns = [...values.slice(0, place), ...partition, ...keys, ...values.slice(place)];
    const options: Record<string, string> = {
      ...bucketsOf(dice, kind, engine),
      ...(kind === 'lock-step' ? sizelessLevels(dice) : sizedLevels(dice)),
      ...fileOptions(dice),
      ...writerOptions(dice),
      ...Object.fromEntries(features.flatMap((feature) => Object.entries(feature.options))),
      ...changes,
      ...fieldOptions(engine.columns),
    };
    const nameOf = ({ name }: NamedColumn): string => name;
    this.table = {
      fields: this.columns.map(({ name, type }, id) => ({ id, name, type })),
      primaryKeys: [...partition, ...keys].map(nameOf),
      partitionKeys: partition.map(nameOf),
      options,
      comment: '',
    };
    this.isNarrow = dice.chance(0.3);
    // The reference of this version sorts what it buffers in ascending order whatever the table says.
    this.hasDistinctKeys = options['sequence.field.sort-order'] === 'descending';
    this.canUseSession = kind === 'shared' || sessionsDoTheSame(options);
  }

  step(isFirst: boolean): LsmStep {
    const { dice } = this;
    const draw = dice.below(100);
    const bySession = this.canUseSession && dice.chance(0.5);
    if (isFirst || draw < 75) {
      const session = this.kind === 'shared' && dice.chance(0.4) ? 'flushing-session' : 'session';
      // The reference merges a commit that comes again before it leaves it out, and may refuse to take rows back twice.
      const canRepeat = !bySession && !this.kinds.includes('-D');
      return {
        kind: 'write',
        rows: this.rows(),
        writeOnly: !bySession && dice.chance(0.2),
        by: bySession ? session : 'verb',
        isRepeated: canRepeat && dice.chance(0.2),
      };
    }
    if (draw < 92) {
      const full = dice.chance(0.5);
      // The reference and the verb decide twice, and publish one snapshot.
      return { kind: 'compact', full, bySession: bySession && (full || this.kind === 'shared') };
    }
    return { kind: 'lose', rows: this.rows(), dies: dice.chance(0.5) };
  }

  private rows(): readonly KindRow[] {
    const { dice } = this;
    const first = dice.below(this.keyCount);
    const rows = [this.row(), ...dice.list(dice.chance(0.1) ? 60 : 8, () => this.row())].map(({ kind, row }) => ({
      kind,
      row: this.isNarrow ? { ...row, id: first + dice.below(2) } : row,
    }));
    if (!this.hasDistinctKeys) return rows;
    const byKey = rows.map((change) => [this.keyOf(change), change] as const);
    return [...new Map(byKey).values()];
  }

  private row(): KindRow {
    const row: GoldenRow = Object.fromEntries(this.columns.map(({ name, draw }) => [name, draw()]));
    return { kind: this.dice.one(this.kinds), row };
  }

  private keyOf({ row }: KindRow): string {
    return JSON.stringify(this.table.primaryKeys.map((name) => row[name]));
  }
}

function bucketsOf(dice: Dice, kind: LifeKind, { options }: RandomEngine): Readonly<Record<string, string>> {
  if (kind === 'shared') return buckets(dice, false);
  // The reference forgets the bucket of a key of which it has ignored all changes; we keep it.
  const isIgnoring = Object.keys(options).some((key) => key.startsWith('ignore-'));
  return isIgnoring ? { bucket: dice.one(['1', '2']) } : buckets(dice, true);
}

/** What a commit of a session does is what the verb does, which begins anew each time. */
function sessionsDoTheSame(options: Readonly<Record<string, string>>): boolean {
  // It remembers when it compacted last, and completes changes; the reference's writer is a new one each time.
  const isForgetful = options['lookup-compact'] !== 'gentle' && !('compaction.optimization-interval' in options);
  return isForgetful && options['changelog-producer'] !== 'input';
}

/** Kinds of changes; those that the engine refuses end a life, so there are few. */
function kindsOf(dice: Dice, { options, columns }: RandomEngine): readonly string[] {
  const takes = {
    deduplicate: true,
    'first-row': options['ignore-delete'] === 'true',
    aggregation:
      options['aggregation.remove-record-on-delete'] === 'true' ||
      columns.every((column) => column.options?.['ignore-retract'] === 'true'),
    'partial-update': Object.keys(options).some((key) => key === 'ignore-delete' || key.includes('remove-record')),
  }[options['merge-engine'] as 'deduplicate'];
  const inserts = ['+I', '+I', '+I', '+U', '+U'];
  return takes || dice.chance(0.1) ? [...inserts, '-D', dice.one(['-D', '-U'])] : inserts;
}
