// Random columns for every merge engine, with its options and those of their aggregate functions: what the differential
// test of the LSM engine makes tables of.
import { type Dice, NULL_SHARE } from './dice.ts';
import type { GoldenRow } from './golden.ts';
import { recordedUnions } from './recorded-unions.ts';
import type { UnionKind } from './union-pairs.ts';

/** A table definition in Paimon's JSON form. */
export interface MergeTable {
  readonly fields: readonly { readonly id: number; readonly name: string; readonly type: unknown }[];
  readonly primaryKeys: readonly string[];
  readonly partitionKeys: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly comment: string;
}

type Value = GoldenRow[string];
type Draw = () => Value;

/** A column before it has a name. */
export interface Column {
  readonly type: unknown;
  readonly draw: Draw;
  /** Options `fields.<name>.<suffix>`. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A column of a table. */
export interface NamedColumn extends Column {
  readonly name: string;
}

const COLUMNS_MAX = 5;

const SMALL_TEXTS = ['', 'a', 'b', 'a,b', 'b;a', 'c,,a', ' ', 'ü', '\u{1f600}', 'prefix-long-text'];

/** Sets of 64-bit numbers: within a container, in another one, a run, and far apart. */
const BITMAPS_64 = [
  '01010000000000000004000000000000000000000000000000000001000000fe0100000001020300000001000300460001000000000000000000000000000000',
  '01010000000000000004000000000000000000000000000000000001000000fe0100000001020300000002000300ffff01000000000000000000000000000000',
  '01010000000000000004000000000000000001000000000000000001000000fe01000000010201000000000001000000000000000000000000000000',
  '01010000000000000004000000000000000000000000000000000001000000fe0100000001000800000001000000070001000000000000000000000000000000',
  '0103000000000000000003000000ff800004000000000001000000000000000000000004000000800000000000020000000000000004000000ffffffffffff010000000000000001000000fe030000000102010000000000010201000000ffff010201000000000003000000000000000000000002000000',
];

/** Sketches and bitmaps of every form, the short ones. */
const VALUES = recordedUnions()
  .filter((union) => union.every((text) => text.length < 400))
  .map(([kind, one, other]) => ({ kind, values: [one, other] }));

/** Draws the types that columns are of. */
class Types {
  private readonly dice: Dice;
  private nextId = 1000;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** A ROW of those fields, with ids of its own. */
  private row(fields: Readonly<Record<string, string>>): object {
    return { type: 'ROW', fields: Object.entries(fields).map(([name, type]) => ({ id: this.nextId++, name, type })) };
  }

  number(): Column {
    const { dice } = this;
    const small = (): number => dice.below(9) - 4;
    return dice.one<Column>([
      { type: 'INT', draw: dice.maybe(() => dice.one([small(), 2147483647, -2147483648])) },
      { type: 'TINYINT', draw: dice.maybe(() => dice.one([small(), 127, -128])) },
      { type: 'SMALLINT', draw: dice.maybe(() => dice.one([small(), 32767])) },
      {
        type: 'BIGINT',
        draw: dice.maybe(() => dice.one([String(small()), '9007199254740993', '-9223372036854775808'])),
      },
      { type: 'DECIMAL(10, 2)', draw: dice.maybe(() => dice.one(['1.10', '-0.05', '0.00', '12345678.90'])) },
      { type: 'DECIMAL(25, 3)', draw: dice.maybe(() => dice.one(['1.100', '-0.005', '1234567890123456789012.345'])) },
      { type: 'DOUBLE', draw: dice.maybe(() => dice.one([0.5, -1.25, 3, 1e10])) },
      { type: 'FLOAT', draw: dice.maybe(() => dice.one([0.5, -1.25, 3])) },
    ]);
  }

  ordered(): Column {
    const { dice } = this;
    if (dice.chance(0.4)) return this.number();
    return dice.one<Column>([
      { type: 'STRING', draw: dice.maybe(() => dice.one(SMALL_TEXTS)) },
      { type: 'DATE', draw: dice.maybe(() => dice.one(['2024-01-01', '1969-12-31', '2024-02-29'])) },
      {
        type: 'TIMESTAMP(3)',
        draw: dice.maybe(() => dice.one(['2024-01-01T00:00:00.001000', '1969-12-31T23:59:59.999000'])),
      },
      {
        type: 'TIMESTAMP(6)',
        draw: dice.maybe(() => dice.one(['2024-01-01T00:00:00.000001', '2024-01-01T00:00:00.000002'])),
      },
      { type: 'BYTES', draw: dice.maybe(() => dice.one(['', '00', 'ff', '00ff'])) },
    ]);
  }

  boolean(): Column {
    return { type: 'BOOLEAN', draw: this.dice.maybe(() => this.dice.chance(0.5)) };
  }

  any(): Column {
    return this.dice.one([() => this.ordered(), () => this.boolean(), () => this.array(), () => this.map()])();
  }

  text(): Column {
    return { type: 'STRING', draw: this.dice.maybe(() => this.dice.one(SMALL_TEXTS)) };
  }

  array(): Column {
    const element = this.dice.one([() => this.ordered(), () => this.boolean()])();
    // Java tells byte arrays apart by identity: the order of a set of them is not repeatable.
    if (element.type === 'BYTES') return this.array();
    const draw = this.dice.maybe(() => this.dice.list(3, element.draw) as Value);
    return { type: { type: 'ARRAY', element: element.type }, draw };
  }

  map(): Column {
    const { dice } = this;
    const draw = dice.maybe(() => {
      const keys = new Set(dice.list(3, () => dice.one(['a', 'b', 'cc', 'ü', 'key-5', 'key-17'])));
      return [...keys].map((key) => [key, dice.chance(NULL_SHARE) ? null : dice.below(9)]) as Value;
    });
    return { type: { type: 'MAP', key: 'STRING NOT NULL', value: 'INT' }, draw };
  }

  timedMap(): Column {
    const { dice } = this;
    const row = (): Value => ({ v: dice.below(9), ts: dice.one([null, '1', '10', '2', 'é']) });
    const draw = dice.maybe(() => {
      const keys = new Set(dice.list(3, () => dice.one(['a', 'b', 'cc', 'key-17'])));
      return [...keys].map((key) => [key, dice.chance(NULL_SHARE) ? null : row()]) as Value;
    });
    return { type: { type: 'MAP', key: 'STRING NOT NULL', value: this.row({ v: 'INT', ts: 'STRING' }) }, draw };
  }

  nested(): Column {
    const { dice } = this;
    const row = (): Value => ({
      k: dice.one([null, 1, 2, 3]),
      k2: dice.one([null, 'x', 'y', 'longer than seven']),
      v: dice.one([null, '1', '2']),
    });
    return {
      type: { type: 'ARRAY', element: this.row({ k: 'INT', k2: 'STRING', v: 'BIGINT' }) },
      draw: dice.maybe(() => dice.list(3, row) as Value),
    };
  }

  bitmap64(): Column {
    return { type: 'BYTES', draw: this.dice.maybe(() => this.dice.one(BITMAPS_64)) };
  }

  bitmap(): Column {
    // {1}, {2, 3}, and as runs {7, 8, 9} and 0 to 999: an array of three takes as many bytes as their run.
    const bitmaps = [
      '3a3000000100000000000000100000000100',
      '3a30000001000000000001001000000002000300',
      '3b300000010000020001000700' + '0200',
      '3b3000000100' + '00e70301000000e703',
    ];
    const { dice } = this;
    const recorded = this.recorded('rbm32');
    return { type: 'BYTES', draw: () => (dice.chance(0.5) ? recorded.draw() : dice.one(bitmaps)) };
  }

  recorded(kind: UnionKind): Column {
    const images = VALUES.filter((recorded) => recorded.kind === kind).flatMap(({ values }) => values);
    return { type: 'BYTES', draw: this.dice.maybe(() => this.dice.one(images)) };
  }
}

/** A column with an aggregate function that fits it. */
function aggregated(dice: Dice, types: Types): Column {
  const of = (column: Column, name: string, options: Record<string, string> = {}): Column => ({
    ...column,
    options: { 'aggregate-function': name, ...options },
  });
  return dice.one<() => Column>([
    () => of(types.number(), 'sum'),
    () => of(types.number(), 'product'),
    () => of(types.ordered(), dice.one(['max', 'min'])),
    () => of(types.any(), dice.one(['last_value', 'last_non_null_value', 'first_value', 'first_non_null_value'])),
    () => of(types.any(), 'first_not_null_value'),
    () => of(types.boolean(), dice.one(['bool_and', 'bool_or'])),
    () => of(types.text(), 'listagg', dice.one([{}, { 'list-agg-delimiter': ';' }, { distinct: 'true' }])),
    () => of(types.array(), 'collect', dice.one([{}, { distinct: 'true' }])),
    () => of(types.map(), 'merge_map'),
    () => of(types.timedMap(), 'merge_map_with_keytime', dice.one([{}, { 'ts-field': 'ts' }])),
    () =>
      of(
        types.nested(),
        'nested_update',
        dice.one([{}, { 'nested-key': 'k' }, { 'nested-key': 'k2,k', 'count-limit': '3' }]),
      ),
    () => of(types.nested(), 'nested_update', { 'count-limit': '2' }),
    () => of(types.nested(), 'nested_partial_update', { 'nested-key': dice.one(['k', 'k,k2']) }),
    () => of(types.bitmap(), 'rbm32'),
    () => of(types.bitmap64(), 'rbm64'),
    () => of(types.recorded('hll_sketch'), 'hll_sketch'),
    () => of(types.recorded('theta_sketch'), 'theta_sketch'),
  ])();
}

/** Some of the columns as a sequence for the whole table. */
function sequenceOptions(dice: Dice, names: readonly string[]): Record<string, string> {
  if (names.length === 0 || dice.chance(0.5)) return {};
  const order = dice.one(['ascending', 'descending']);
  return { 'sequence.field': names.slice(0, 1 + dice.below(2)).join(','), 'sequence.field.sort-order': order };
}

function sequenceColumn(dice: Dice): Column {
  return dice.one<Column>([
    { type: 'INT', draw: dice.maybe(() => dice.below(4)) },
    { type: 'BIGINT', draw: dice.maybe(() => String(dice.below(4))) },
    { type: 'STRING', draw: dice.maybe(() => dice.one(['a', 'b', 'é'])) },
    { type: 'DECIMAL(25, 3)', draw: dice.maybe(() => dice.one(['-1.000', '1.500'])) },
  ]);
}

/** A merge engine: the columns beside the key, and the table options. */
export interface RandomEngine {
  readonly columns: readonly NamedColumn[];
  readonly options: Readonly<Record<string, string>>;
}

function named(prefix: string, columns: readonly Column[]): readonly NamedColumn[] {
  return columns.map((column, index) => ({ ...column, name: `${prefix}${index}` }));
}

function deduplicateEngine(dice: Dice, types: Types): RandomEngine {
  const sequence = named('s', [sequenceColumn(dice), sequenceColumn(dice)]);
  const columns = [
    ...named(
      'c',
      dice.list(COLUMNS_MAX, () => types.any()),
    ),
    ...sequence,
  ];
  const ignoring = dice.one([{}, { 'ignore-delete': 'true' }, { 'ignore-update-before': 'true' }]);
  const names = sequence.map((column) => column.name);
  return { columns, options: { 'merge-engine': 'deduplicate', ...ignoring, ...sequenceOptions(dice, names) } };
}

function aggregationEngine(dice: Dice, types: Types): RandomEngine {
  const sequence = named('s', [sequenceColumn(dice), sequenceColumn(dice)]);
  const removes = dice.chance(0.3);
  const aggregates = dice
    .list(COLUMNS_MAX, () => aggregated(dice, types))
    .map((column) => {
      const ignores = !removes && dice.chance(0.6);
      return ignores ? { ...column, options: { ...column.options, 'ignore-retract': 'true' } } : column;
    });
  const columns = [...named('c', aggregates), ...named('d', [types.any()]), ...sequence];
  const removing = removes ? { 'aggregation.remove-record-on-delete': 'true' } : {};
  const names = sequence.map((column) => column.name);
  return { columns, options: { 'merge-engine': 'aggregation', ...removing, ...sequenceOptions(dice, names) } };
}

function partialUpdateEngine(dice: Dice, types: Types): RandomEngine {
  const free = named('c', [types.any(), ...dice.list(2, () => types.any())]);
  const groupCount = dice.below(3);
  const groups = Array.from({ length: groupCount }, (_, group) => {
    const sequence = named(`g${group}s`, [sequenceColumn(dice), ...dice.list(1, () => sequenceColumn(dice))]);
    const draw = (): Column => (dice.chance(0.5) ? aggregated(dice, types) : types.any());
    return { sequence, fields: named(`g${group}f`, [draw(), ...dice.list(2, draw)]) };
  });
  const options: Record<string, string> = { 'merge-engine': 'partial-update' };
  for (const { sequence, fields } of groups) {
    const list = (columns: readonly NamedColumn[]): string => columns.map((column) => column.name).join(',');
    options[`fields.${list(sequence)}.sequence-group`] = list(fields);
  }
  const [first] = groups;
  const removing: Record<string, string> =
    first === undefined
      ? { 'partial-update.remove-record-on-delete': 'true' }
      : { 'partial-update.remove-record-on-sequence-group': first.sequence[0]?.name ?? '' };
  const drawn = dice.one<Record<string, string>>([{}, { 'ignore-delete': 'true' }, removing]);
  const columns = [...groups.flatMap(({ sequence, fields }) => [...fields, ...sequence]), ...free];
  // The reference takes values back from the columns before the sequence first, and so divides by a zero of a row that goes.
  const divides = columns.some((column) => column.options?.['aggregate-function'] === 'product');
  const retracts = divides && first !== undefined && drawn === removing ? {} : drawn;
  return { columns: dice.chance(0.5) ? columns : columns.toReversed(), options: { ...options, ...retracts } };
}

function firstRowEngine(dice: Dice, types: Types): RandomEngine {
  const columns = named('c', [types.any(), ...dice.list(COLUMNS_MAX, () => types.any())]);
  const ignoring = dice.chance(0.7) ? { 'ignore-delete': 'true' } : {};
  return { columns, options: { 'merge-engine': 'first-row', ...ignoring } };
}

/** Any merge engine. */
export function randomEngine(dice: Dice): RandomEngine {
  const engines = [deduplicateEngine, aggregationEngine, partialUpdateEngine, partialUpdateEngine, firstRowEngine];
  return dice.one(engines)(dice, new Types(dice));
}

/** The options `fields.<name>.…` of columns. */
export function fieldOptions(columns: readonly NamedColumn[]): Record<string, string> {
  return Object.fromEntries(
    columns.flatMap(({ name, options = {} }) =>
      Object.entries(options).map(([suffix, value]) => [`fields.${name}.${suffix}`, value]),
    ),
  );
}
