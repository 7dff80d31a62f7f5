// The table options of the engines that compute rows: aggregate functions of columns, sequence groups, and what a delete
// does. Source: PartialUpdateMergeFunction, AggregateMergeFunction and their factories (format notes 05 section 6).
import { didYouMean } from '../../base/did-you-mean.ts';
import { TributaryError } from '../../base/errors.ts';
import { AGGREGATE_FUNCTIONS, type Aggregate, type AggregateFunction, aggregateTypeFault } from './aggregate.ts';
import type { DataField } from './data-type.ts';
import { badOption, parseFlag } from './option-text.ts';
import { tableOptions } from './table-options.ts';
import type { TableSchema } from './table-schema.ts';

/** Columns that are updated together, by the order of their sequence fields. */
export interface SequenceGroup {
  readonly sequenceFields: readonly string[];
  readonly fields: readonly string[];
}

/** What the aggregation engine does. */
export interface AggregationOptions {
  /** By column; primary-key columns have none. */
  readonly aggregates: ReadonlyMap<string, Aggregate>;
  readonly removeRecordOnDelete: boolean;
}

/** What the partial-update engine does. */
export interface PartialUpdateOptions {
  readonly groups: readonly SequenceGroup[];
  /** By column, of columns that have one. */
  readonly aggregates: ReadonlyMap<string, Aggregate>;
  readonly ignoreDelete: boolean;
  readonly removeRecordOnDelete: boolean;
  /** Sequence fields: a -D that is the newest of their groups removes the row. */
  readonly removeRecordOn: readonly string[];
}

const PREFIX = 'fields.';
const GROUP_SUFFIX = '.sequence-group';
const DEFAULT_FUNCTION = 'default-aggregate-function';
/** The older name of a function. */
const LEGACY_FUNCTIONS: Readonly<Record<string, AggregateFunction>> = { first_not_null_value: 'first_non_null_value' };
const ROWS_MAX = 2147483647;

/** Throws `E3103` unless the options of the schema's engine fit one another and the columns. */
export function requireMergeOptions(schema: TableSchema): void {
  const { mergeEngine } = tableOptions(schema);
  requireKnownFields(schema);
  if (mergeEngine === 'aggregation') aggregationOptions(schema);
  if (mergeEngine === 'partial-update') partialUpdateOptions(schema);
}

/** The options of an aggregation table. Throws `E3103` and `E3105`. */
export function aggregationOptions(schema: TableSchema): AggregationOptions {
  const { sequenceFields } = tableOptions(schema);
  const aggregates = new Map<string, Aggregate>();
  for (const field of schema.fields) {
    if (schema.primaryKeys.includes(field.name)) continue;
    const isSequence = sequenceFields.includes(field.name);
    const name = isSequence ? 'last_value' : (functionOf(schema, field) ?? 'last_non_null_value');
    aggregates.set(field.name, aggregateOf(schema, field, name));
  }
  return { aggregates, removeRecordOnDelete: removesOnDelete(schema, 'aggregation') };
}

/** The options of a partial-update table. Throws `E3103` and `E3105`. */
export function partialUpdateOptions(schema: TableSchema): PartialUpdateOptions {
  const groups = sequenceGroups(schema);
  const removeRecordOn = names(schema.options['partial-update.remove-record-on-sequence-group']);
  const options = {
    groups,
    aggregates: groupAggregates(schema, groups),
    ignoreDelete: tableOptions(schema).ignoreDelete,
    removeRecordOnDelete: removesOnDelete(schema, 'partial-update'),
    removeRecordOn,
  };
  const { ignoreDelete, removeRecordOnDelete } = options;
  if (removeRecordOnDelete && ignoreDelete) throw conflict('partial-update.remove-record-on-delete', 'ignore-delete');
  if (removeRecordOn.length > 0 && ignoreDelete) {
    throw conflict('partial-update.remove-record-on-sequence-group', 'ignore-delete');
  }
  if (removeRecordOnDelete && groups.length > 0)
    throw conflict('partial-update.remove-record-on-delete', 'sequence-group');
  const stranger = removeRecordOn.find((name) => !groups.some((group) => group.sequenceFields.includes(name)));
  if (stranger === undefined) return options;
  throw refused(`partial-update.remove-record-on-sequence-group names no sequence field: column=${stranger}`);
}

/** Every option `fields.<columns>.…` names columns that there are. */
function requireKnownFields(schema: TableSchema): void {
  for (const option of Object.keys(schema.options)) {
    const columns = option.startsWith(PREFIX) ? option.split('.')[1] : DEFAULT_FUNCTION;
    if (columns !== DEFAULT_FUNCTION) for (const name of columns.split(',')) requireField(schema, name, option);
  }
}

function sequenceGroups(schema: TableSchema): readonly SequenceGroup[] {
  const groups: SequenceGroup[] = [];
  const taken = new Set<string>();
  for (const [option, value] of Object.entries(schema.options)) {
    if (!option.startsWith(PREFIX) || !option.endsWith(GROUP_SUFFIX)) continue;
    const sequenceFields = names(option.slice(PREFIX.length, -GROUP_SUFFIX.length));
    const fields = names(value);
    for (const name of [...sequenceFields, ...fields]) {
      requireField(schema, name, option);
      if (schema.primaryKeys.includes(name)) throw refused(`primary-key column is in a sequence group: column=${name}`);
      if (taken.has(name)) throw refused(`column is in two sequence groups: column=${name}`);
      taken.add(name);
    }
    groups.push({ sequenceFields, fields });
  }
  return groups;
}

function groupAggregates(schema: TableSchema, groups: readonly SequenceGroup[]): ReadonlyMap<string, Aggregate> {
  const aggregates = new Map<string, Aggregate>();
  for (const field of schema.fields) {
    const { name } = field;
    if (schema.primaryKeys.includes(name) || groups.some((group) => group.sequenceFields.includes(name))) continue;
    const found = functionOf(schema, field);
    if (found === null) continue;
    if (found !== 'last_non_null_value' && !groups.some((group) => group.fields.includes(name))) {
      throw refused(`aggregate function outside of a sequence group: column=${name} function=${found}`);
    }
    aggregates.set(name, aggregateOf(schema, field, found));
  }
  return aggregates;
}

/** The function that the options give the column, or all columns. */
function functionOf(schema: TableSchema, field: DataField): AggregateFunction | null {
  const text = fieldOption(schema, field, 'aggregate-function') ?? schema.options[PREFIX + DEFAULT_FUNCTION];
  if (text === undefined) return null;
  const found = LEGACY_FUNCTIONS[text] ?? AGGREGATE_FUNCTIONS.find((name) => name === text);
  if (found !== undefined) return found;
  const hint = didYouMean(text, AGGREGATE_FUNCTIONS);
  throw refused(`aggregate function is not known${hint}: column=${field.name} function=${text}`);
}

function aggregateOf(schema: TableSchema, field: DataField, name: AggregateFunction): Aggregate {
  const limit = fieldOption(schema, field, 'count-limit');
  if (limit !== undefined && !/^\d{1,10}$/.test(limit)) throw badOption(`${PREFIX}${field.name}.count-limit`, limit);
  const aggregate: Aggregate = {
    function: name,
    ignoreRetract: fieldFlag(schema, field, 'ignore-retract'),
    distinct: fieldFlag(schema, field, 'distinct'),
    delimiter: fieldOption(schema, field, 'list-agg-delimiter') ?? ',',
    nestedKey: names(fieldOption(schema, field, 'nested-key')),
    rowsMax: limit === undefined ? ROWS_MAX : Number(limit),
    timeField: fieldOption(schema, field, 'ts-field') ?? null,
  };
  if (aggregate.ignoreRetract && removesOnDelete(schema, 'aggregation')) {
    throw conflict('aggregation.remove-record-on-delete', `${PREFIX}${field.name}.ignore-retract`);
  }
  const fault = aggregateTypeFault(field.type, aggregate);
  if (fault !== null) throw refused(`aggregate function ${name} ${fault}: column=${field.name}`);
  return aggregate;
}

function removesOnDelete(schema: TableSchema, engine: 'aggregation' | 'partial-update'): boolean {
  const option = `${engine}.remove-record-on-delete`;
  return flag(option, schema.options[option]);
}

function fieldOption(schema: TableSchema, field: DataField, suffix: string): string | undefined {
  return schema.options[`${PREFIX}${field.name}.${suffix}`];
}

function fieldFlag(schema: TableSchema, field: DataField, suffix: string): boolean {
  return flag(`${PREFIX}${field.name}.${suffix}`, fieldOption(schema, field, suffix));
}

function flag(option: string, text: string | undefined): boolean {
  return text !== undefined && parseFlag(text, option);
}

function names(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').map((name) => name.trim());
}

function requireField(schema: TableSchema, name: string, option: string): void {
  const known = schema.fields.map((field) => field.name);
  if (known.includes(name)) return;
  throw refused(`option names a column that is not there${didYouMean(name, known)}: option=${option} column=${name}`);
}

function conflict(option: string, other: string): TributaryError {
  return refused(`options contradict each other: ${option}, ${other}`);
}

function refused(rule: string): TributaryError {
  return new TributaryError('E3103', `schema is refused: ${rule}`);
}
