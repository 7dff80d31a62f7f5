// Tags that a table makes by itself: which snapshot gets which name, by commit time and by watermark.
import { describe, expect, it } from 'vitest';
import { AutomaticTags } from '../../../../src/paimon/maintenance/automatic-tags.ts';
import { tagPeriod } from '../../../../src/paimon/maintenance/tag-period.ts';
import type { AutomaticTagOptions } from '../../../../src/paimon/schema/tag-options.ts';
import { tableOptions } from '../../../../src/paimon/schema/table-options.ts';
import { Table } from '../../../../src/paimon/table.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { FileSystemCatalog } from '../../../../src/paimon/catalog/file-system-catalog.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { seededRandom } from '../../../../src/base/random.ts';
import { schemaOf } from '../../../support/written-table.ts';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(`${text}Z`);

function options(given: Readonly<Record<string, string>>): AutomaticTagOptions {
  const all = { 'tag.automatic-creation': 'watermark', ...given };
  const read = tableOptions({ options: all, primaryKeys: [] }).automaticTags;
  if (read === null) throw new Error('no tags are made');
  return read;
}

describe('periods', () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, string, string])[] = [
    [{}, '2024-02-29', '2024-02-29T00:00'],
    [{ 'tag.period-formatter': 'without_dashes' }, '20240229', '2024-02-29T00:00'],
    [{ 'tag.creation-period': 'hourly' }, '2024-02-29 07', '2024-02-29T07:00'],
    [{ 'tag.creation-period': 'hourly', 'tag.period-formatter': 'without_dashes' }, '20240229 07', '2024-02-29T07:00'],
    [
      { 'tag.creation-period': 'hourly', 'tag.period-formatter': 'without_dashes_and_spaces' },
      '2024022907',
      '2024-02-29T07:00',
    ],
    [{ 'tag.creation-period': 'two-hours' }, '2024-02-29 06', '2024-02-29T06:00'],
    [{ 'tag.creation-period-duration': '5 min' }, '202402290755', '2024-02-29T07:55'],
  ];

  it.each(cases)('%j gives %s', (given, name, start) => {
    const period = tagPeriod(options(given));
    expect(period.startOf(at('2024-02-29T07:58:59.999'))).toBe(at(start));
    expect(period.nameOf(at(start))).toBe(name);
    expect(period.timeOf(name)).toBe(at(start));
  });

  it('other names, and dates that are none, are not those of a period', () => {
    const daily = tagPeriod(options({}));
    for (const name of ['v1', '2023-02-29', '2024-13-01', '20240229', '', '2024-02-2x']) {
      expect(daily.timeOf(name)).toBeNull();
    }
    expect(daily.timeOf('2024-02-29 07')).toBe(at('2024-02-29T00:00'));
    expect(tagPeriod(options({ 'tag.creation-period': 'hourly' })).timeOf('2024-02-29 24')).toBeNull();
  });
});

/** A table to which snapshots with these watermarks are committed, tags being made after each; names with snapshot ids. */
async function tagsAfter(
  given: Readonly<Record<string, string>>,
  watermarks: readonly (number | null)[],
  { reopen = false } = {},
): Promise<readonly string[]> {
  const store = new MemoryFileStore();
  const columns = { id: { kind: 'INT', nullable: false } } as const;
  const tableSchema = schemaOf({
    columns,
    primaryKeys: ['id'],
    options: { 'tag.automatic-creation': 'watermark', ...given },
  });
  await new FileSystemCatalog(store).createTable({ database: 'd', table: 't' }, tableSchema, 0);
  const table = await Table.open(store, { database: 'd', table: 't' });
  const clock = new EagerClock();
  const committer = await table.committer({ clock, random: seededRandom(1) });
  let tags = await AutomaticTags.open(await table.history(), options(given));
  for (const [index, watermark] of watermarks.entries()) {
    const request = { kind: 'APPEND', added: [], deleted: [], changelog: [], commitUser: 'u' } as const;
    const mark = watermark === null ? {} : { watermark: BigInt(watermark) };
    await committer.commit({ ...request, commitIdentifier: BigInt(index + 1), ...mark });
    if (reopen) tags = await AutomaticTags.open(await table.history(), options(given));
    await tags.run(await table.history(), clock.nowMs());
  }
  return (await table.tags()).map(({ name, snapshot }) => `${name}@${snapshot.id}`);
}

describe.each([false, true])('tags by watermark, each run in a new process: %s', (reopen) => {
  const start = at('2024-05-06T00:00');
  const hours = (...values: readonly number[]) => values.map((value) => start + value * HOUR);

  it('are those of the last period that is over', async () => {
    const given = { 'tag.creation-period': 'hourly' };
    expect(await tagsAfter(given, hours(1.5, 1.9, 2, 2.5, 5.1, 6), { reopen })).toEqual([
      '2024-05-06 00@1',
      '2024-05-06 01@3',
      '2024-05-06 04@5',
      '2024-05-06 05@6',
    ]);
  });

  it('wait for the delay, and for a watermark', async () => {
    const given = { 'tag.creation-period': 'hourly', 'tag.creation-delay': '10 min' };
    expect(await tagsAfter(given, [null, ...hours(1, 2.1, 2.2)], { reopen })).toEqual([
      '2024-05-06 00@2',
      '2024-05-06 01@4',
    ]);
  });

  it('fill gaps where the table asks for it', async () => {
    const given = { 'tag.creation-period': 'hourly', 'tag.automatic-completion': 'true' };
    expect(await tagsAfter(given, hours(1, 4, 4.1, 4.2, 4.3), { reopen })).toEqual([
      '2024-05-06 00@1',
      '2024-05-06 01@2',
      '2024-05-06 02@3',
      '2024-05-06 03@4',
    ]);
  });

  it('are of the zone that the table names, and no more than it keeps', async () => {
    const given = { 'sink.watermark-time-zone': 'Asia/Shanghai', 'tag.num-retained-max': '2' };
    expect(await tagsAfter(given, hours(1, 15.9, 16, 40, 64), { reopen })).toEqual(['2024-05-07@4', '2024-05-08@5']);
  });
});

it('a delay that is no shorter than the period is refused', async () => {
  await expect(tagsAfter({ 'tag.creation-delay': '1 d' }, [])).rejects.toMatchObject({ code: 'E3105' });
  await expect(tagsAfter({ 'sink.watermark-time-zone': 'Mars/Base' }, [1])).rejects.toMatchObject({ code: 'E3105' });
});
