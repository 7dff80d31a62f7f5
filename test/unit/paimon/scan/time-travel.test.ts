// Points in a table's history: by watermark, by version, and by the options that engines give.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { FileSystemCatalog } from '../../../../src/paimon/catalog/file-system-catalog.ts';
import type { ReadPoint } from '../../../../src/paimon/scan/scan.ts';
import { pointOfOptions } from '../../../../src/paimon/scan/scan-options.ts';
import { Table } from '../../../../src/paimon/table.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { schemaOf } from '../../../support/written-table.ts';

/** A table with a snapshot for each watermark. */
async function tableWith(watermarks: readonly (bigint | null)[]): Promise<Table> {
  const store = new MemoryFileStore();
  const schema = schemaOf({ columns: { id: { kind: 'INT', nullable: false } }, primaryKeys: ['id'] });
  await new FileSystemCatalog(store).createTable({ database: 'd', table: 't' }, schema, 0);
  const table = await Table.open(store, { database: 'd', table: 't' });
  const committer = await table.committer({ clock: new EagerClock(), random: seededRandom(1) });
  for (const [index, watermark] of watermarks.entries()) {
    const mark = watermark === null ? {} : { watermark };
    const request = { kind: 'APPEND', added: [], deleted: [], changelog: [], commitUser: 'u', ...mark } as const;
    await committer.commit({ ...request, commitIdentifier: BigInt(index + 1) });
  }
  return table;
}

async function idAt(table: Table, point: ReadPoint): Promise<bigint | null> {
  return (await table.snapshotAt(point))?.id ?? null;
}

describe('a watermark', () => {
  const at = (watermark: bigint): ReadPoint => ({ kind: 'watermark', watermark });

  it('is that of the first snapshot that has come so far', async () => {
    const table = await tableWith([null, 10n, 20n, 30n, 40n, 50n]);
    const found: readonly (readonly [bigint, bigint])[] = [
      [-5n, 2n],
      [10n, 2n],
      [11n, 3n],
      [30n, 4n],
      [31n, 5n],
      [50n, 6n],
    ];
    for (const [watermark, id] of found) expect(await idAt(table, at(watermark))).toBe(id);
    await expect(table.snapshotAt(at(51n))).rejects.toMatchObject({ code: 'E3455' });
  });

  it('is not there where no snapshot has one', async () => {
    await expect((await tableWith([])).snapshotAt(at(1n))).rejects.toMatchObject({ code: 'E3455' });
    await expect((await tableWith([null, null])).snapshotAt(at(1n))).rejects.toMatchObject({ code: 'E3455' });
  });
});

it('a version is a tag before it is anything else', async () => {
  const table = await tableWith([10n, 20n, 30n]);
  await table.createTag('two', { snapshotId: 2n });
  await table.createTag('3', { snapshotId: 1n });
  const at = (version: string): Promise<bigint | null> => idAt(table, { kind: 'version', version });
  expect(await at('two')).toBe(2n);
  expect(await at('3')).toBe(1n);
  expect(await at('2')).toBe(2n);
  expect(await at('watermark-15')).toBe(2n);
  await expect(at('four')).rejects.toMatchObject({ code: 'E3242' });
  await expect(at('watermark-x')).rejects.toMatchObject({ code: 'E3242' });
  await expect(at('9')).rejects.toMatchObject({ code: 'E3455' });
});

it('options name one point', () => {
  expect(pointOfOptions({})).toEqual({ kind: 'latest' });
  expect(pointOfOptions({ 'scan.snapshot-id': '7' })).toEqual({ kind: 'snapshot', id: 7n });
  expect(pointOfOptions({ 'scan.tag-name': 't' })).toEqual({ kind: 'tag', name: 't' });
  expect(pointOfOptions({ 'scan.watermark': '-3' })).toEqual({ kind: 'watermark', watermark: -3n });
  expect(pointOfOptions({ 'scan.version': '3' })).toEqual({ kind: 'version', version: '3' });
  expect(pointOfOptions({ 'scan.timestamp-millis': '5' })).toEqual({ kind: 'timestamp', timestampMs: 5 });
  const local = new Date(2024, 1, 29, 13, 5, 6, 789).getTime();
  expect(pointOfOptions({ 'scan.timestamp': '2024-02-29 13:05:06.789' })).toEqual({
    kind: 'timestamp',
    timestampMs: local,
  });
  expect(pointOfOptions({ 'scan.timestamp': '2024-02-29' })).toMatchObject({
    timestampMs: new Date(2024, 1, 29).getTime(),
  });
  for (const options of [
    { 'scan.timestamp': 'yesterday' },
    { 'scan.snapshot-id': 'x' },
    { 'merge-engine': 'first-row' },
    { 'scan.snapshot-id': '1', 'scan.tag-name': 't' },
  ]) {
    expect(() => pointOfOptions(options)).toThrow(expect.objectContaining({ code: 'E3105' }));
  }
});
