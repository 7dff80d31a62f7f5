// A version of a table's schema, as in `schema/schema-<id>`.
import type { JsonObject } from '../../base/json-text.ts';
import type { DataField } from './data-type.ts';

/** Paimon's TableSchema, version 3. */
export interface TableSchema {
  readonly id: number;
  readonly fields: readonly DataField[];
  readonly highestFieldId: number;
  readonly partitionKeys: readonly string[];
  /** Empty for an append table; includes the partition keys. */
  readonly primaryKeys: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly comment: string | null;
  readonly timeMillis: number;
  /** What a newer version of Paimon keeps beside; written again as it was read. */
  readonly unknownKeys?: JsonObject;
}

/** The primary key without the partition keys, in primary-key order: what a bucket is sorted by. */
export function trimmedPrimaryKeys(schema: TableSchema): readonly string[] {
  return schema.primaryKeys.filter((name) => !schema.partitionKeys.includes(name));
}

/** Whether the partition of a row does not follow from its primary key, so that a key may move to another. */
export function keysMayMove({
  primaryKeys,
  partitionKeys,
}: Pick<TableSchema, 'primaryKeys' | 'partitionKeys'>): boolean {
  return primaryKeys.length > 0 && partitionKeys.some((name) => !primaryKeys.includes(name));
}
