// Random options for the differential test of the LSM engine: changelogs, deletion vectors, levels, files.
import type { Dice } from './dice.ts';
import type { NamedColumn, RandomEngine } from './random-merge-table.ts';

type Options = Record<string, string>;

/** A part of a table's options with the columns that it needs. */
export interface Feature {
  readonly columns: readonly NamedColumn[];
  readonly options: Readonly<Options>;
}

const NOTHING: Feature = { columns: [], options: {} };

/** Changelog producer, deletion vectors and lookups, as far as the engine takes them. */
export function changeOptions(dice: Dice, { columns, options: engine }: RandomEngine): Options {
  const isFirstRow = engine['merge-engine'] === 'first-row';
  const isLastRow = engine['merge-engine'] === 'deduplicate' && !('sequence.field' in engine);
  const producers = isFirstRow ? ['none', 'lookup'] : ['none', 'none', 'input', 'lookup', 'lookup', 'full-compaction'];
  const producer = dice.one(producers);
  const options: Options = producer === 'none' ? {} : { 'changelog-producer': producer, ...changelogFiles(dice) };
  if ((producer === 'lookup' || producer === 'full-compaction') && dice.chance(0.4)) {
    options['changelog-producer.row-deduplicate'] = 'true';
    // To the reference, a NULL within a value is no other NULL, depending on where the values come from.
    const ignored = columns.filter(({ type }) => typeof type === 'object' || dice.chance(0.3)).map(({ name }) => name);
    if (ignored.length > 0) options['changelog-producer.row-deduplicate-ignore-fields'] = ignored.join(',');
  }
  if (!isFirstRow && producer !== 'full-compaction' && dice.chance(0.35)) {
    options['deletion-vectors.enabled'] = 'true';
    if (dice.chance(0.5)) options['deletion-vectors.bitmap64'] = 'true';
  }
  // With changes of full compactions, the reference looks nothing up and takes what it has merged for the whole.
  if ((producer !== 'full-compaction' || isLastRow) && dice.chance(0.15)) options['force-lookup'] = 'true';
  if (dice.chance(0.2)) options['lookup-compact'] = 'gentle';
  if (dice.chance(0.3)) options['lookup-compact.max-interval'] = dice.one(['1', '2', '3']);
  return options;
}

function changelogFiles(dice: Dice): Options {
  const options: Options = {};
  if (dice.chance(0.25)) options['changelog-file.format'] = dice.one(['avro', 'parquet']);
  if (dice.chance(0.25)) options['changelog-file.compression'] = 'snappy';
  if (dice.chance(0.25)) options['changelog-file.stats-mode'] = dice.one(['none', 'counts', 'full']);
  if (dice.chance(0.25)) options['changelog-file.prefix'] = 'changes-';
  return options;
}

/** Sizes do not decide which files these options merge: both implementations merge the same ones. */
export function sizelessLevels(dice: Dice): Options {
  const options: Options = {
    ...levels(dice),
    'compaction.size-ratio': dice.one(['-100', '1000000']),
    'compaction.max-size-amplification-percent': dice.one(['0', '2147483647', '2147483647']),
  };
  if (dice.chance(0.2)) options['compaction.total-size-threshold'] = dice.one(['1 b', '1 gb']);
  if (dice.chance(0.2)) options['compaction.incremental-size-threshold'] = dice.one(['1 b', '1 gb']);
  // No file is small, which would have it merged with its neighbours, and each has far less rows than the reference
  // writes before it looks whether the file is full.
  if (dice.chance(0.4)) options['target-file-size'] = '1 b';
  return options;
}

/** What files are merged depends on their sizes, too. */
export function sizedLevels(dice: Dice): Options {
  const options = levels(dice);
  if (dice.chance(0.5)) options['compaction.size-ratio'] = dice.one(['0', '20', '100']);
  if (dice.chance(0.5)) options['compaction.max-size-amplification-percent'] = dice.one(['50', '100', '400']);
  if (dice.chance(0.3)) options['target-file-size'] = dice.one(['1 b', '2 kb', '4 kb']);
  if (dice.chance(0.2)) options['compaction.total-size-threshold'] = dice.one(['2 kb', '6 kb']);
  if (dice.chance(0.2)) options['compaction.incremental-size-threshold'] = dice.one(['2 kb', '6 kb']);
  // The reference of this version takes seven tenths, whatever the option says.
  if (dice.chance(0.3)) options['compaction.small-file-ratio'] = dice.one(['0', '0.3', '1']);
  return options;
}

function levels(dice: Dice): Options {
  const trigger = dice.one(['1', '2', '2', '3', '5']);
  const options: Options = { 'num-sorted-run.compaction-trigger': trigger };
  if (dice.chance(0.4)) options['num-levels'] = dice.one(['2', '3', '4', '7']);
  if (dice.chance(0.2)) options['num-sorted-run.stop-trigger'] = dice.one(['1', '3', '9']);
  if (dice.chance(0.15)) options['compaction.optimization-interval'] = dice.one(['1 h', '1 ms']);
  if (dice.chance(0.15)) options['compaction.force-up-level-0'] = 'true';
  if (dice.chance(0.15)) options['compaction.force-rewrite-all-files'] = 'true';
  return options;
}

/** How writers buffer and merge: the reference's spill to disk, as its buffers are small. */
export function writerOptions(dice: Dice): Options {
  const options: Options = {};
  if (dice.chance(0.2)) {
    Object.assign(options, { 'write-buffer-size': '8 kb', 'page-size': '2 kb', 'write-buffer-spillable': 'true' });
  }
  if (dice.chance(0.2)) options['sort-spill-threshold'] = '2';
  if (dice.chance(0.1)) options['write-only'] = 'true';
  return options;
}

/** Formats, compressions and statistics. */
export function fileOptions(dice: Dice): Options {
  const options: Options = {};
  if (dice.chance(0.25)) options['file.format'] = 'avro';
  // Row groups of any size are taken over as they are.
  if (dice.chance(0.4)) options['file.block-size'] = '1 b';
  if (dice.chance(0.15)) options['file.format.per.level'] = dice.one(['0:avro', '0:parquet', '1:avro,2:parquet']);
  if (dice.chance(0.2)) options['file.compression.per.level'] = '0:snappy,1:zstd';
  if (dice.chance(0.3)) options['metadata.stats-mode'] = dice.one(['none', 'counts', 'full', 'truncate(2)']);
  if (dice.chance(0.15)) options['metadata.stats-mode.per.level'] = '0:none';
  if (dice.chance(0.2)) options['data-file.thin-mode'] = 'true';
  if (dice.chance(0.1)) options['metadata.stats-dense-store'] = 'false';
  return options;
}

/** Rows that expire: all times are far in the past or in the future, so that the clock does not decide. */
export function expiry(dice: Dice): Feature {
  if (dice.chance(0.8)) return NOTHING;
  const seconds = (): number => dice.one([1_000_000_000, 1_000_003_600, 2_000_000_000, 2_100_000_000]);
  const text = (): string => new Date(seconds() * 1000).toISOString().slice(0, -1);
  const column = dice.one<Pick<NamedColumn, 'type' | 'draw'>>([
    { type: 'INT', draw: dice.maybe(seconds) },
    { type: 'BIGINT', draw: dice.maybe(() => String(seconds())) },
    { type: 'BIGINT', draw: dice.maybe(() => `${seconds()}000`) },
    { type: 'TIMESTAMP(0)', draw: dice.maybe(() => `${text()}000`) },
    { type: 'TIMESTAMP(3)', draw: dice.maybe(() => `${text()}000`) },
    { type: 'TIMESTAMP(6)', draw: dice.maybe(() => `${text()}000`) },
    { type: 'TIMESTAMP(3) WITH LOCAL TIME ZONE', draw: dice.maybe(() => `${text()}000Z`) },
    { type: 'TIMESTAMP(6) WITH LOCAL TIME ZONE', draw: dice.maybe(() => `${text()}000Z`) },
  ]);
  const options = { 'record-level.expire-time': '1 h', 'record-level.time-field': 'time' };
  return { columns: [{ ...column, name: 'time' }], options };
}

/** A column that says what kind of change a row is. */
export function kindColumn(dice: Dice, kinds: readonly string[]): Feature {
  if (dice.chance(0.9)) return NOTHING;
  const column = { name: 'kind', type: 'STRING NOT NULL', draw: () => dice.one(kinds) };
  return { columns: [column], options: { 'rowkind.field': 'kind' } };
}

/** How rows are spread: by chance, once there are as many buckets as there may be, unless it has to be repeatable. */
export function buckets(dice: Dice, isRepeatable: boolean): Options {
  const bucket = dice.one(['1', '1', '1', '2', '-1']);
  if (bucket !== '-1') return { bucket };
  const options: Options = { bucket, 'dynamic-bucket.target-row-num': dice.one(['3', '10']) };
  if (!isRepeatable && dice.chance(0.3)) options['dynamic-bucket.max-buckets'] = '2';
  return options;
}
