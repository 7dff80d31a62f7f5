// Random options of a random table: its merge engine, changelogs, deletion vectors, buckets, files and metadata.
import type { Dice } from './dice.ts';
import { BINARY, type RandomField } from './random-types.ts';
import type { ModelEngine } from './row-model.ts';

/** What a table is made of. */
export interface RandomShape {
  /** The primary key without the partitions; of tables without a primary key columns as others. */
  readonly keys: readonly RandomField[];
  readonly partitions: readonly RandomField[];
  readonly values: readonly RandomField[];
  readonly isKeyed: boolean;
}

/** The options, and what follows from them. */
export interface DrawnOptions {
  readonly options: Readonly<Record<string, string>>;
  /** Kinds that changes may have beside +I. */
  readonly kinds: readonly string[];
  /** Null where a model of rows in memory cannot tell what the table holds. */
  readonly model: ModelEngine | null;
  /** Files may be Avro, at first or by an option that is set later. */
  readonly isAvro: boolean;
  /** Columns that options name, and which therefore stay as they are. */
  readonly named: ReadonlySet<string>;
}

type Options = Record<string, string>;

const ORDERED: ReadonlySet<string> = new Set(['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'DECIMAL', 'STRING', 'DATE']);
const SUMMED: ReadonlySet<string> = new Set(['TINYINT', 'SMALLINT', 'INT', 'BIGINT']);

/** The formats of files beside Parquet. */
interface OtherFormats {
  /** Avro is allowed. */
  readonly isAvro: boolean;
  /** It is ORC. */
  readonly isOrc: boolean;
}

/** Draws options for a table. */
export function drawOptions(dice: Dice, shape: RandomShape, { isAvro, isOrc }: OtherFormats): DrawnOptions {
  const engine = shape.isKeyed ? keyedOptions(dice, shape) : appendOptions(dice, shape);
  const options = {
    ...engine.options,
    ...(isOrc ? orcFileOptions(dice) : fileOptions(dice, isAvro)),
    ...layoutOptions(dice),
    ...indexOptions(dice, shape),
  };
  const named = new Set(shape.values.map(({ name }) => name).filter((name) => isNamed(options, name)));
  return { ...engine, options, isAvro, named };
}

function isNamed(options: Options, column: string): boolean {
  const words = Object.entries(options).flatMap(([key, value]) => [...key.split('.'), ...value.split(',')]);
  return words.includes(column);
}

type Engine = Omit<DrawnOptions, 'named' | 'isAvro'> & { readonly options: Options };

function keyedOptions(dice: Dice, shape: RandomShape): Engine {
  const engines = [deduplicate, deduplicate, partialUpdate, aggregation];
  const engine = dice.one(canLookUp(shape) ? [...engines, firstRow] : engines)(dice, shape);
  const bucket = dice.one(['1', '1', '2', '3', '-1', '-1']);
  const options: Options = { bucket, ...engine.options };
  if (bucket === '-1') options['dynamic-bucket.target-row-num'] = dice.one(['3', '20', '1000']);
  if (Number(bucket) > 1 && shape.keys.length > 1 && dice.chance(0.4)) options['bucket-key'] = shape.keys[1].name;
  if (dice.chance(0.3)) options['data-file.thin-mode'] = 'true';
  options['num-sorted-run.compaction-trigger'] = dice.one(['2', '3', '5', '20']);
  return { ...engine, options };
}

/** The reference does not look up keys with bytes in them: it cannot compare those. */
function canLookUp({ keys }: RandomShape): boolean {
  return !keys.some(({ type }) => BINARY.has(type.kind));
}

/** The changelog producer, and deletion vectors, which exclude full compaction. */
function changeOptions(dice: Dice, shape: RandomShape): Options {
  const producers = ['none', 'none', 'input', 'full-compaction', ...(canLookUp(shape) ? ['lookup'] : [])];
  const producer = dice.one(producers);
  const options: Options = producer === 'none' ? {} : { 'changelog-producer': producer };
  if (producer === 'full-compaction' || !canLookUp(shape) || dice.chance(0.6)) return options;
  options['deletion-vectors.enabled'] = 'true';
  if (dice.chance(0.5)) options['deletion-vectors.bitmap64'] = 'true';
  return options;
}

function deduplicate(dice: Dice, shape: RandomShape): Engine {
  const ordered = shape.values.filter(({ type }) => ORDERED.has(type.kind));
  const hasSequence = ordered.length > 0 && dice.chance(0.25);
  const ignores = dice.chance(0.15);
  const options: Options = changeOptions(dice, shape);
  if (hasSequence) options['sequence.field'] = dice.one(ordered).name;
  if (ignores) options['ignore-delete'] = 'true';
  return { options, kinds: ['-D', '-U', '+U'], model: modelOf(!hasSequence, 'deduplicate', ignores) };
}

function partialUpdate(dice: Dice, shape: RandomShape): Engine {
  const removal = dice.one<Options>([
    {},
    { 'ignore-delete': 'true' },
    { 'partial-update.remove-record-on-delete': 'true' },
  ]);
  const [key] = Object.keys(removal);
  const kinds = key === undefined ? ['+U'] : ['-D', '+U'];
  const options = { 'merge-engine': 'partial-update', ...removal, ...changeOptions(dice, shape) };
  // What a removed row leaves behind depends on when its files were merged.
  const isPlain = key !== 'partial-update.remove-record-on-delete';
  return { options, kinds, model: modelOf(isPlain, 'partial-update', key === 'ignore-delete') };
}

function aggregation(dice: Dice, shape: RandomShape): Engine {
  const options: Options = { 'merge-engine': 'aggregation', ...changeOptions(dice, shape) };
  for (const { name, type } of shape.values) {
    const functions = ['last_value', 'last_non_null_value', 'first_value', 'first_non_null_value'];
    if (ORDERED.has(type.kind)) functions.push('max', 'min');
    if (SUMMED.has(type.kind)) functions.push('sum');
    if (dice.chance(0.7)) options[`fields.${name}.aggregate-function`] = dice.one(functions);
  }
  return { options, kinds: ['+U'], model: null };
}

function firstRow(dice: Dice): Engine {
  const options: Options = { 'merge-engine': 'first-row', 'ignore-delete': 'true' };
  if (dice.chance(0.5)) options['changelog-producer'] = 'lookup';
  return { options, kinds: ['-D', '+U'], model: modelOf(true, 'first-row', true) };
}

function modelOf(isKnown: boolean, merge: ModelEngine['merge'], ignoresDeletes: boolean): ModelEngine | null {
  return isKnown ? { merge, ignoresDeletes } : null;
}

function appendOptions(dice: Dice, { keys }: RandomShape): Engine {
  const bucket = dice.one(['-1', '-1', '2']);
  const options: Options = { bucket, 'compaction.min.file-num': '3' };
  if (bucket !== '-1') options['bucket-key'] = keys.map(({ name }) => name).join(',');
  return { options, kinds: ['+I'], model: { merge: 'append', ignoresDeletes: false } };
}

function fileOptions(dice: Dice, isAvro: boolean): Options {
  const format = isAvro && dice.chance(0.5) ? 'avro' : 'parquet';
  const options: Options = { 'file.format': format };
  const compressions = format === 'avro' ? ['zstd', 'snappy', 'null', 'deflate'] : ['zstd', 'snappy', 'none', 'gzip'];
  if (dice.chance(0.6)) options['file.compression'] = dice.one(compressions);
  if (dice.chance(0.2)) options['target-file-size'] = '4 kb';
  if (dice.chance(0.2)) options['parquet.block.size'] = '2048';
  if (dice.chance(0.2)) options['parquet.page.size'] = '256';
  if (dice.chance(0.3)) options['parquet.enable.dictionary'] = 'false';
  return options;
}

function orcFileOptions(dice: Dice): Options {
  const options: Options = { 'file.format': 'orc' };
  if (dice.chance(0.6)) options['file.compression'] = dice.one(['zstd', 'snappy', 'none', 'zlib', 'lz4']);
  if (dice.chance(0.2)) options['target-file-size'] = '4 kb';
  if (dice.chance(0.3)) options['orc.stripe.size'] = '2048';
  if (dice.chance(0.3)) options['orc.dictionary.key.threshold'] = dice.one(['0', '1']);
  if (dice.chance(0.2)) options['file.format.per.level'] = dice.one(['0:parquet', '5:parquet']);
  return options;
}

function layoutOptions(dice: Dice): Options {
  const options: Options = {};
  const draw = (share: number, key: string, ...values: readonly string[]): void => {
    if (dice.chance(share)) options[key] = dice.one(values);
  };
  draw(0.6, 'metadata.stats-mode', 'none', 'counts', 'full', 'truncate(4)', 'truncate(1)');
  draw(0.2, 'metadata.stats-dense-store', 'false');
  draw(0.2, 'metadata.stats-keep-first-n-columns', '2');
  draw(0.3, 'manifest.merge-min-count', '2');
  draw(0.2, 'manifest.full-compaction-threshold-size', '1 b');
  draw(0.2, 'manifest.delete-file-drop-stats', 'true');
  draw(0.3, 'partition.legacy-name', 'false');
  draw(0.1, 'partition.default-name', '__NONE__');
  draw(0.2, 'file.suffix.include.compression', 'true');
  draw(0.1, 'data-file.prefix', 'd-');
  draw(0.1, 'data-file.path-directory', 'data');
  return options;
}

const INDEXES: Readonly<Record<string, ReadonlySet<string>>> = {
  'bloom-filter': new Set(['INT', 'BIGINT', 'STRING', 'DATE']),
  bitmap: new Set(['INT', 'BIGINT', 'STRING', 'DATE', 'BOOLEAN']),
  // The reference cannot index the least BIGINT.
  bsi: new Set(['INT', 'DATE']),
  'range-bitmap': new Set(['INT', 'BIGINT', 'STRING', 'DATE']),
};

function indexOptions(dice: Dice, { values }: RandomShape): Options {
  if (dice.chance(0.6)) return {};
  const kind = dice.one(Object.keys(INDEXES));
  const columns = values.filter(({ type }) => INDEXES[kind].has(type.kind)).map(({ name }) => name);
  if (columns.length === 0) return {};
  const options: Options = { [`file-index.${kind}.columns`]: columns.join(',') };
  if (kind === 'bloom-filter') options[`file-index.bloom-filter.${columns[0]}.items`] = '100';
  if (dice.chance(0.5)) options['file-index.in-manifest-threshold'] = '1 b';
  return options;
}
