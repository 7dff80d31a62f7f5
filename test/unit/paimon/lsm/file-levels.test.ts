// Files of each level in the format, the compression and with the statistics that the table's options give the level.
import { describe, expect, it } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { RealTable } from '../../../support/real-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const COLUMNS = { id: { kind: 'INT', nullable: false } as const, v: INT };

function tableWith(options: Readonly<Record<string, string>>): Promise<RealTable> {
  return RealTable.create({ columns: COLUMNS, primaryKeys: ['id'], options });
}

/** Level and ending of each file. */
async function files(table: RealTable): Promise<readonly string[]> {
  const entries = (await table.table.liveFiles()).entries();
  return entries.map(({ file }) => `L${file.level} ${file.fileName.replace(/^[^.]*/, '')}`);
}

describe('files of levels', () => {
  it('have the format of their level', async () => {
    const table = await tableWith({ 'file.format.per.level': '0:avro', 'file.compression.per.level': '0:snappy' });
    await table.commit([['+I', 1, 1]]);
    expect(await files(table)).toEqual(['L0 .avro']);
    await table.commit([['+I', 1, 2]]);
    await table.compact({ full: true });
    expect(await files(table)).toEqual(['L5 .parquet']);
    expect(await table.rows()).toEqual([[1, 2]]);
  });

  it('are raised as they are where nothing is looked up, and written again where keys are', async () => {
    const options = { 'file.format.per.level': '0:avro', 'target-file-size': '1 b' };
    const plain = await tableWith(options);
    const lookup = await tableWith({ ...options, 'changelog-producer': 'lookup' });
    for (const table of [plain, lookup]) {
      await table.commit([['+I', 1, 1]]);
      await table.compact({ full: true });
    }
    expect(await files(plain)).toEqual(['L5 .avro']);
    expect(await files(lookup)).toEqual(['L5 .parquet']);
  });

  it('have the statistics of their level', async () => {
    const table = await tableWith({ 'metadata.stats-mode.per.level': '0:none' });
    const statsColumns = async () => (await table.table.liveFiles()).entries().map(({ file }) => file.valueStatsCols);
    await table.commit([['+I', 1, 1]]);
    expect(await statsColumns()).toEqual([[]]);
    await table.commit([['+I', 1, 2]]);
    await table.compact({ full: true });
    expect(await statsColumns()).toEqual([null]);
  });

  it.each([
    ['file.format.per.level', '0:csv', 'E3105'],
    ['file.compression.per.level', '3:brotli', 'E3301'],
    ['file.format.per.level', '0=avro', 'E3105'],
    ['file.format.per.level', '0:avro,0:parquet', 'E3105'],
    ['file.format.per.level', 'one:avro', 'E3105'],
  ])('are refused: %s=%s', async (option, value, code) => {
    await expect(tableWith({ [option]: value }).then((table) => table.commit([['+I', 1, 1]]))).rejects.toMatchObject({
      code,
    });
  });
});
