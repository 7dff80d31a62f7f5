// Reads of a table together with a branch: each partition is read where it is, first in one of the two. Source:
// FallbackReadFileStoreTable (options `scan.fallback-branch` and `scan.primary-branch`).
import { TributaryError } from '../../base/errors.ts';
import { partitionKey } from '../lsm/live-files.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { planScan, type PlanSource } from './plan.ts';
import type { ReadOptions, ScanPlan } from './scan.ts';

/** The branch that a table is read with, and whether its partitions come first; null for none. */
export function readBranchOf({ options }: TableSchema): { readonly name: string; readonly isFirst: boolean } | null {
  const named = (key: string): string | null => ((options[key] ?? '').trim() === '' ? null : options[key]);
  const [fallback, primary] = [named('scan.fallback-branch'), named('scan.primary-branch')];
  if (fallback !== null) return { name: fallback, isFirst: false };
  return primary === null ? null : { name: primary, isFirst: true };
}

/** The plan of what one has, and then of the partitions that only the other has. Throws `E3243` and what `planScan` throws. */
export async function planTogether(first: PlanSource, second: PlanSource, options: ReadOptions): Promise<ScanPlan> {
  requireSameTypes(first.schema, second.schema);
  const has = await partitionsOf(first);
  const plan = await planScan(first, options);
  const rest = await planScan({ ...second, inPartition: (partition) => !has.has(partitionKey(partition)) }, options);
  return { ...plan, next: { plan: rest, schemas: second.schemas } };
}

async function partitionsOf({ manifests, snapshot }: PlanSource): Promise<ReadonlySet<string>> {
  const entries = snapshot === null ? [] : await manifests.liveEntriesOf(snapshot);
  return new Set(entries.map(({ partition }) => partitionKey(partition)));
}

function requireSameTypes(a: TableSchema, b: TableSchema): void {
  const [types, others] = [a, b].map(({ fields }) =>
    fields.map(({ name, type }) => JSON.stringify([name, { ...type, nullable: true }])),
  );
  if (types.length === others.length && types.every((type, index) => type === others[index])) return;
  throw new TributaryError(
    'E3243',
    `table and branch have other columns: columns=${types.join(' ')} and ${others.join(' ')}`,
  );
}
