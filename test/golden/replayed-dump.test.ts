// Manifest entries of golden cases replayed by our verbs: of each file that both write, keys, statistics, counts, sequence
// numbers, levels and file indexes are the reference's, byte for byte.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseJson } from '../../src/base/json-text.ts';
import { dumpTable } from '../../src/paimon/maintenance/dump.ts';
import { comparableDump, type DumpedChange, flushedFiles } from '../support/comparable-dump.ts';
import { golden, goldenNames, type GoldenRow, sampleOf } from '../support/golden.ts';
import { REPLAY_SIZES_DECIDE } from '../support/golden-differences.ts';
import { replay } from '../support/golden-replay.ts';
import { openReplayed } from '../support/replayed-table.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The reference drops the statistics of DELETE entries of files that its writer has read from a manifest, we of all. */
const DROPS_STATS = 'manifest-drop-stats';

function withoutDeletedStats({ entries, ...change }: DumpedChange): DumpedChange {
  const reduced = entries.map((entry) => {
    return entry['kind'] === 'DELETE' ? { ...entry, valueStats: null, valueStatsCols: null } : entry;
  });
  return { ...change, entries: reduced };
}

/** What is compared of a case. */
function comparedOf(name: string, dump: readonly GoldenRow[]): unknown {
  const changes = comparableDump(dump);
  if (name === DROPS_STATS) return changes.map(withoutDeletedStats);
  return REPLAY_SIZES_DECIDE.has(name) ? flushedFiles(changes) : changes;
}

it.each(sampleOf(goldenNames()))('%s', async (name) => {
  const wanted = golden(name);
  const warehouse = join(tempDir(), 'warehouse');
  expect(await replay(wanted, warehouse)).toBeNull();
  const ours: GoldenRow[] = [];
  for await (const line of dumpTable(await openReplayed(warehouse))) ours.push(parseJson(line) as GoldenRow);
  const answer = wanted.expected('dump.ndjson');
  if (answer.kind === 'error') throw new Error(answer.error);
  expect(comparedOf(name, ours)).toEqual(comparedOf(name, answer.rows));
});
