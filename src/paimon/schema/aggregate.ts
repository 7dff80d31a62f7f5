// The aggregate functions of columns, and which column types they take. Source: FieldAggregatorFactory and its
// implementations (format notes 05 section 6).
import { type DataField, type DataType, MAX_LENGTH } from './data-type.ts';
import { dataTypeText } from './data-type-text.ts';

/** The aggregate functions, by the reference's names. */
export const AGGREGATE_FUNCTIONS = [
  'sum',
  'product',
  'max',
  'min',
  'last_value',
  'last_non_null_value',
  'first_value',
  'first_non_null_value',
  'bool_and',
  'bool_or',
  'listagg',
  'collect',
  'merge_map',
  'merge_map_with_keytime',
  'nested_update',
  'nested_partial_update',
  'rbm32',
  'rbm64',
  'hll_sketch',
  'theta_sketch',
] as const;

export type AggregateFunction = (typeof AGGREGATE_FUNCTIONS)[number];

/** How the values of a column are aggregated. */
export interface Aggregate {
  readonly function: AggregateFunction;
  /** `ignore-retract`: retracts leave the value as it is. */
  readonly ignoreRetract: boolean;
  /** `distinct`, of `listagg` and `collect`. */
  readonly distinct: boolean;
  /** `list-agg-delimiter` */
  readonly delimiter: string;
  /** `nested-key`: fields of the rows of a nested table; empty where rows have no key. */
  readonly nestedKey: readonly string[];
  /** `count-limit`: a nested table of this many rows takes no more. */
  readonly rowsMax: number;
  /** `ts-field` of `merge_map_with_keytime`; null for the last field. */
  readonly timeField: string | null;
}

const TAKE_BACK: readonly AggregateFunction[] = [
  'sum',
  'product',
  'last_value',
  'last_non_null_value',
  'collect',
  'merge_map',
  'nested_update',
];

/** Whether values can be taken back from what the aggregate has made, or are ignored. */
export function takesBack(aggregate: Aggregate): boolean {
  return aggregate.ignoreRetract || TAKE_BACK.includes(aggregate.function);
}

const NUMBERS: readonly DataType['kind'][] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL'];
const ORDERED: readonly DataType['kind'][] = [
  ...NUMBERS,
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP_LTZ',
  'CHAR',
  'VARCHAR',
  'BINARY',
  'VARBINARY',
];

/** What is wrong with a column of the type having the aggregate; null if nothing is. */
export function aggregateTypeFault(type: DataType, aggregate: Aggregate): string | null {
  const takes = (fits: boolean, what: string): string | null =>
    fits ? null : `takes columns of ${what}, not ${dataTypeText(type)}`;
  switch (aggregate.function) {
    case 'sum':
    case 'product':
      return takes(NUMBERS.includes(type.kind), 'numbers');
    case 'max':
    case 'min':
      return takes(ORDERED.includes(type.kind), 'values with an order');
    case 'bool_and':
    case 'bool_or':
      return takes(type.kind === 'BOOLEAN', 'BOOLEAN');
    case 'listagg':
      return takes(type.kind === 'VARCHAR' && type.length === MAX_LENGTH, 'STRING');
    case 'collect':
      return takes(type.kind === 'ARRAY', 'ARRAY');
    case 'merge_map':
      return takes(type.kind === 'MAP', 'MAP');
    case 'merge_map_with_keytime':
      return takes(type.kind === 'MAP', 'MAP') ?? timedMapFault(type, aggregate.timeField);
    case 'nested_update':
    case 'nested_partial_update':
      return nestedFault(type, aggregate);
    case 'rbm32':
    case 'rbm64':
    case 'hll_sketch':
    case 'theta_sketch':
      return takes(type.kind === 'VARBINARY', 'VARBINARY');
    case 'last_value':
    case 'last_non_null_value':
    case 'first_value':
    case 'first_non_null_value':
      return null;
  }
}

/** The fields of the rows of a nested table (ARRAY of ROW); null for other types. */
export function nestedFields(type: DataType): readonly DataField[] | null {
  return type.kind === 'ARRAY' && type.element.kind === 'ROW' ? type.element.fields : null;
}

/** The place of the field that says how old a value of the map is. */
export function timeFieldIndex(fields: readonly DataField[], name: string | null): number {
  return name === null ? fields.length - 1 : fields.findIndex((field) => field.name === name);
}

function timedMapFault(type: DataType, timeField: string | null): string | null {
  if (type.kind !== 'MAP' || type.value.kind !== 'ROW') return `takes a MAP of ROW, not ${dataTypeText(type)}`;
  const { fields } = type.value;
  if (fields.length < 2) return 'takes a MAP of ROW of two fields or more';
  const field = fields[timeFieldIndex(fields, timeField)];
  if (field === undefined) return `has no such ts-field: ${timeField}`;
  return field.type.kind === 'VARCHAR' || field.type.kind === 'CHAR' ? null : `takes a ts-field of text: ${field.name}`;
}

function nestedFault(type: DataType, aggregate: Aggregate): string | null {
  const fields = nestedFields(type);
  if (fields === null) return `takes an ARRAY of ROW, not ${dataTypeText(type)}`;
  if (aggregate.function === 'nested_partial_update' && aggregate.nestedKey.length === 0) return 'needs a nested-key';
  const stranger = aggregate.nestedKey.find((name) => !fields.some((field) => field.name === name));
  return stranger === undefined ? null : `has no such nested-key: ${stranger}`;
}
