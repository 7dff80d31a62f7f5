// Partitions by the texts of their values, as users name them: `dt=2024-01-01`, with one, some or all partition columns.
import { didYouMean } from '../../base/did-you-mean.ts';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { DataType } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { decodeCells } from './binary-row.ts';
import { type Cell, compareCells } from './cell.ts';
import { partitionTypes } from './partition-path.ts';
import { cellFromJson } from './row-json.ts';

/** The values that some of the partition columns must have. */
export type PartitionSpec = ReadonlyMap<string, Cell>;

/** Whether a serialized partition is meant. */
export type PartitionTest = (partition: Uint8Array) => boolean;

/** The spec of words `column=value`; the table's `partition.default-name` stands for NULL. Throws `E3312`. */
export function parsePartitionSpec(schema: TableSchema, words: readonly string[]): PartitionSpec {
  const types = partitionTypes(schema);
  const { partitionDefaultName } = tableOptions(schema);
  const spec = new Map<string, Cell>();
  for (const word of words) {
    const at = word.indexOf('=');
    const column = word.slice(0, Math.max(at, 0));
    const index = schema.partitionKeys.indexOf(column);
    if (index < 0) {
      const hint = at < 0 ? ', expected column=value' : didYouMean(column, schema.partitionKeys);
      throw new TributaryError('E3312', `no partition column is named${hint}: partition=${word}`);
    }
    const text = word.slice(at + 1);
    spec.set(column, text === partitionDefaultName ? null : cellFromText(types[index], text, column));
  }
  return spec;
}

/** Whether a partition has the values of any of the specs; an empty spec means every partition. */
export function partitionTest(schema: TableSchema, specs: readonly PartitionSpec[]): PartitionTest {
  if (specs.some((spec) => spec.size === 0)) return () => true;
  const types = partitionTypes(schema);
  return (partition) => {
    const cells = decodeCells(types, partition);
    const hasValue = ([column, wanted]: readonly [string, Cell]): boolean => {
      const cell = cells[schema.partitionKeys.indexOf(column)];
      return cell === null || wanted === null ? cell === wanted : compareCells(cell, wanted) === 0;
    };
    return specs.some((spec) => [...spec].every(hasValue));
  };
}

/** A DATE may be given as the days since the epoch, as directories of the default naming have it. */
function cellFromText(type: DataType, text: string, column: string): Cell {
  if (type.kind === 'DATE' && /^-?\d{1,7}$/.test(text)) return Number(text);
  try {
    return cellFromJson(type, text);
  } catch (error) {
    if (!isTributaryError(error)) throw error;
    throw new TributaryError(
      'E3312',
      `value does not fit its partition column: partition=${column}=${text} type=${dataTypeText(type)}`,
      { cause: error },
    );
  }
}
