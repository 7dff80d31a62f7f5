// Changes as audit log and binlog, however they are cut into batches.
import { describe, expect, test } from 'vitest';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../../../../src/column/row-kind.ts';
import { vectorOf } from '../../../../../src/paimon/format/cell.ts';
import { createRowPrinter } from '../../../../../src/paimon/format/row-json.ts';
import type { SnapshotId } from '../../../../../src/paimon/meta/snapshot.ts';
import type { SnapshotChanges } from '../../../../../src/paimon/scan/scan.ts';
import { auditChanges, binlogChanges } from '../../../../../src/paimon/scan/system/row-tables.ts';
import type { DataType } from '../../../../../src/paimon/schema/data-type.ts';

const INT: DataType = { kind: 'INT', nullable: true };
type Change = readonly [kind: number, value: number | null];

function batch(snapshot: bigint, changes: readonly Change[]): SnapshotChanges {
  return {
    snapshotId: snapshot as SnapshotId,
    fields: [{ id: 0, name: 'v', type: INT }],
    rowCount: changes.length,
    columns: [
      vectorOf(
        INT,
        changes.map(([, value]) => value),
      ),
    ],
    kinds: Uint8Array.from(changes, ([kind]) => kind),
  };
}

async function* stream(batches: readonly SnapshotChanges[]): AsyncGenerator<SnapshotChanges> {
  yield* batches;
}

async function lines(changes: AsyncIterable<SnapshotChanges>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { snapshotId, fields, columns, rowCount } of changes) {
    const print = createRowPrinter(fields);
    for (let row = 0; row < rowCount; row++) found.push(`${snapshotId} ${print(columns, row)}`);
  }
  return found;
}

const CHANGES: readonly Change[] = [
  [INSERT, 1],
  [UPDATE_BEFORE, 1],
  [UPDATE_AFTER, null],
  [UPDATE_BEFORE, null],
  [UPDATE_AFTER, 3],
  [DELETE, 3],
];

describe('binlog', () => {
  const WHOLE = [
    '1 {"rowkind":"+I","v":[1]}',
    '1 {"rowkind":"+U","v":[1,null]}',
    '1 {"rowkind":"+U","v":[null,3]}',
    '1 {"rowkind":"-D","v":[3]}',
  ];

  test.each([0, 1, 2, 3, 4, 5, 6])('a batch that is cut after %i changes gives the same rows', async (cut) => {
    const batches = [batch(1n, CHANGES.slice(0, cut)), batch(1n, CHANGES.slice(cut))];
    expect(await lines(binlogChanges(stream(batches)))).toEqual(WHOLE);
  });

  test('changes one by one give the same rows', async () => {
    expect(await lines(binlogChanges(stream(CHANGES.map((change) => batch(1n, [change])))))).toEqual(WHOLE);
  });

  test('a -U without a +U stands alone, also across snapshots', async () => {
    const batches = [
      batch(1n, [
        [UPDATE_BEFORE, 1],
        [DELETE, 2],
        [UPDATE_BEFORE, 3],
      ]),
      batch(2n, [[UPDATE_AFTER, 4]]),
      batch(2n, [[UPDATE_BEFORE, 5]]),
    ];
    expect(await lines(binlogChanges(stream(batches)))).toEqual([
      '1 {"rowkind":"-U","v":[1]}',
      '1 {"rowkind":"-D","v":[2]}',
      '1 {"rowkind":"-U","v":[3]}',
      '2 {"rowkind":"+U","v":[4]}',
      '2 {"rowkind":"-U","v":[5]}',
    ]);
  });
});

test('the audit log has each change with its kind', async () => {
  expect(await lines(auditChanges(stream([batch(3n, CHANGES.slice(1, 3))])))).toEqual([
    '3 {"rowkind":"-U","v":1}',
    '3 {"rowkind":"+U","v":null}',
  ]);
});
