// Incremental reads of the golden tables, and the state that a stream of changes starts from, are what the reference
// reads.
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { IncrementalMode, ReadBatch } from '../../src/paimon/scan/scan.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { golden, type GoldenAnswer, goldenNames, type GoldenRow } from '../support/golden.ts';

const REFUSED = 'refused';

function openTable(name: string): Promise<Table> {
  return Table.open(new LocalFileStore(golden(name).warehouse), { database: 'db', table: 't' });
}

/** Kinds and rows as texts, sorted by key; those of one key stay in the order in which they came. */
function byKey(changes: readonly GoldenRow[], { primaryKeys }: Table['schema']): readonly string[] {
  const keyed = changes.map((change) => {
    const row = change['row'] as GoldenRow;
    return { text: JSON.stringify(change), key: JSON.stringify(primaryKeys.map((name) => row[name])) };
  });
  if (primaryKeys.length === 0) return keyed.map(({ text }) => text).sort();
  return keyed.sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key)).map(({ text }) => text);
}

async function changesOf(batches: AsyncIterable<ReadBatch>, snapshot?: number): Promise<readonly GoldenRow[]> {
  const changes: GoldenRow[] = [];
  for await (const { fields, columns, kinds, rowCount } of batches) {
    const print = createRowPrinter(fields);
    for (let row = 0; row < rowCount; row++) {
      const change = { kind: rowKindText(kinds[row]), row: JSON.parse(print(columns, row)) as GoldenRow };
      changes.push(snapshot === undefined ? change : { snapshot, ...change });
    }
  }
  return changes;
}

/** The changes in the order of keys, or that the read was refused with a coded error. */
async function outcomeOf(reading: Promise<readonly GoldenRow[]>, table: Table): Promise<unknown> {
  try {
    return byKey(await reading, table.schema);
  } catch (error) {
    if (isTributaryError(error)) return REFUSED;
    throw error;
  }
}

function expectedOf(answer: GoldenAnswer, table: Table): readonly string[] | string {
  return answer.kind === 'error' ? REFUSED : byKey(answer.rows, table.schema);
}

const READS = goldenNames().flatMap((name) =>
  golden(name).expectedNames.flatMap((file) => {
    const [, diff, after, upTo] = /^incremental-(diff-)?(\d+)-(\d+)\.ndjson$/.exec(file) ?? [];
    if (after === undefined || upTo === undefined) return [];
    const mode: IncrementalMode = diff === undefined ? 'auto' : 'diff';
    return [{ name, file, mode, after: BigInt(after), upTo: BigInt(upTo) }];
  }),
);

describe('incremental reads', () => {
  it.each(READS)('$name $file', async ({ name, file, mode, after, upTo }) => {
    const table = await openTable(name);
    const reading = changesOf(table.incremental({ between: { kind: 'snapshots', after, upTo }, mode }));
    const found = await outcomeOf(reading, table);
    const expected = expectedOf(golden(name).expected(file), table);
    expect(found).toEqual(expected);
  });
});

describe('the start of a stream', () => {
  it.each(goldenNames().filter((name) => golden(name).expectedNames.includes('changelog-latest-full.ndjson')))(
    '%s',
    async (name) => {
      const table = await openTable(name);
      const latest = await table.latestSnapshot();
      const found = await outcomeOf(changesOf(table.read({ beforeChanges: true }), Number(latest?.id)), table);
      const expected = expectedOf(golden(name).expected('changelog-latest-full.ndjson'), table);
      expect(found).toEqual(expected);
    },
  );
});
