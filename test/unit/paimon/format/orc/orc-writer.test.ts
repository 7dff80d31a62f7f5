// ORC files that are written: what they say of themselves, what they refuse, and whose clocks they go by.
import { describe, expect, it } from 'vitest';
import { type Cell, cellAt, vectorOf } from '../../../../../src/paimon/format/cell.ts';
import type { Literal, PlainCondition } from '../../../../../src/paimon/format/condition.ts';
import { readPostScript } from '../../../../../src/paimon/format/orc/footer-reader.ts';
import { openOrc } from '../../../../../src/paimon/format/orc/orc-reader.ts';
import { OrcStream } from '../../../../../src/paimon/format/orc/orc-stream.ts';
import type { OrcWriterOptions } from '../../../../../src/paimon/format/orc/orc-writer.ts';
import { ProtobufMessage } from '../../../../../src/paimon/format/orc/protobuf-reader.ts';
import { WriterZone } from '../../../../../src/paimon/format/orc/writer-zone.ts';
import { bytesSource } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import type { DataType } from '../../../../../src/paimon/schema/data-type.ts';
import { orcFixture } from '../../../../support/orc-fixtures.ts';
import { orcBytes } from '../../../../support/orc-bytes.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
const FLOAT: DataType = { kind: 'DOUBLE', nullable: true };
const stamp = (precision: number, kind: 'TIMESTAMP' | 'TIMESTAMP_LTZ' = 'TIMESTAMP'): DataType => {
  return { kind, precision, nullable: true };
};
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const row = (type: DataType) => [{ id: 7, name: 'c', type }];

function write(type: DataType, cells: readonly Cell[], options: Omit<OrcWriterOptions, 'fields'> = {}) {
  return orcBytes({ ...options, fields: row(type) }, [vectorOf(type, cells)]);
}

async function readBack(bytes: Uint8Array, type: DataType, isLocalInstant = true): Promise<readonly Cell[]> {
  const file = await openOrc(bytesSource('f.orc', bytes), isLocalInstant);
  const cells: Cell[] = [];
  for (const index of file.rowGroups.keys()) {
    const batch = await file.openRowGroup(index, row(type)).next(10_000);
    for (let at = 0; at < (batch?.rowCount ?? 0); at++) cells.push(cellAt(type, batch?.columns[0] as never, at));
  }
  return cells;
}

/** The footer of a file, all of which is in its tail. */
function footerOf(bytes: Uint8Array): ProtobufMessage {
  const scriptAt = bytes.length - 1 - bytes[bytes.length - 1];
  const { footerSize, compression } = readPostScript(bytes.subarray(scriptAt, bytes.length - 1));
  return new ProtobufMessage(new OrcStream(bytes.subarray(scriptAt - footerSize, scriptAt), compression).rest());
}

describe('a file', () => {
  it('without rows is one', async () => {
    const { bytes, summary } = await write(INT, []);
    expect(await readBack(bytes, INT)).toEqual([]);
    expect(summary).toEqual({
      sizeBytes: bytes.length,
      rowCount: 0,
      columns: [{ name: 'c', nullCount: 0, bounds: null }],
    });
  });

  it('names its writer, calendar and columns where the reference does', async () => {
    const ours = footerOf((await write(STRING, [text('a')])).bytes);
    const theirs = footerOf(orcFixture('none.orc'));
    for (const footer of [ours, theirs]) {
      expect([footer.number(8), footer.number(9), footer.number(11)]).toEqual([10_000, 0, 1]);
      const [, column] = footer.messages(4);
      expect(column.messages(7).map((attribute) => attribute.text(1))).toEqual(['paimon.id']);
    }
    expect([ours.text(12), theirs.text(12)]).toEqual(['tributary 0.1.0', expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });

  it('has as many stripes as its rows and bytes ask for', async () => {
    const cells = Array.from({ length: 10 }, (_, index) => text(`text ${index}`));
    const stripes = async (options: Omit<OrcWriterOptions, 'fields'>): Promise<readonly number[]> => {
      const file = await openOrc(bytesSource('f.orc', (await write(STRING, cells, options)).bytes));
      return file.rowGroups.map(({ rowCount }) => rowCount);
    };
    expect(await stripes({})).toEqual([10]);
    expect(await stripes({ stripeRows: 4 })).toEqual([4, 4, 2]);
    expect(await stripes({ stripeRows: 4, rowIndexStride: -1 })).toEqual([4, 4, 2]);
    expect(await stripes({ stripeBytes: 1 })).toEqual(cells.map(() => 1));
  });

  it('tells the manifest the least and the greatest value, and how many are NULL', async () => {
    const told = async (type: DataType, cells: readonly Cell[]) => (await write(type, cells)).summary.columns[0];
    expect(await told(INT, [3, null, -4])).toEqual({ name: 'c', nullCount: 1, bounds: { min: -4, max: 3 } });
    expect(await told(FLOAT, [0, -0, Number.NaN])).toMatchObject({ bounds: { min: -0, max: Number.NaN } });
    expect(await told(stamp(9), [5n, -7_000_000_000n])).toMatchObject({ bounds: { min: -7_000_000_000n, max: 5n } });
    expect(await told({ kind: 'ARRAY', element: INT, nullable: true }, [[1], null])).toEqual({
      name: 'c',
      nullCount: 1,
      bounds: null,
    });
  });

  it.each<[DataType, readonly Cell[], Literal, boolean]>([
    [INT, [5, 9], 4, false],
    [INT, [5, 9], 7, true],
    [STRING, [text('b'), text('d'.repeat(3000))], text('a'), false],
    [STRING, [text('b'), text('d'.repeat(3000))], text('d'.repeat(2999)), true],
    [STRING, [text('b'), text('d'.repeat(3000))], text('e'), false],
    [FLOAT, [1, Number.NaN], 7, true],
    [FLOAT, [1, 2], 7, false],
    [{ kind: 'DECIMAL', precision: 30, scale: 2, nullable: true }, [-150n, 250n], -151n, false],
    [{ kind: 'DECIMAL', precision: 9, scale: 2, nullable: true }, [-150n, 250n], 0n, true],
    [{ kind: 'DATE', nullable: true }, [-5, -3], -4, true],
    [{ kind: 'DATE', nullable: true }, [-5, -3], 0, false],
    [{ kind: 'BOOLEAN', nullable: true }, [true, true], false, false],
  ])('of %o with %o tells whether %o can be in it', async (type, cells, literal, isFound) => {
    const { bytes } = await write(type, cells);
    const file = await openOrc(bytesSource('f.orc', bytes));
    const where: readonly PlainCondition[] = [{ column: 'c', operator: '=', literal }];
    expect((await file.rowsThatMayMeet(0, { where, columns: row(type) })).length > 0).toBe(isFound);
  });
});

describe('values that ORC cannot hold are refused', () => {
  it.each<[DataType, Cell, string]>([
    [{ kind: 'VARIANT', nullable: true }, null, 'E3210'],
    [{ ...INT, nullable: false }, null, 'E3204'],
    [{ kind: 'CHAR', length: 2, nullable: true }, text('éàü'), 'E3204'],
    [{ kind: 'VARCHAR', length: 2, nullable: true }, text('abc'), 'E3204'],
    [{ kind: 'DECIMAL', precision: 3, scale: 0, nullable: true }, 1000n, 'E3204'],
    [{ kind: 'DECIMAL', precision: 20, scale: 0, nullable: true }, -(10n ** 20n), 'E3204'],
    [stamp(3), -1n, 'E3204'],
    [stamp(6), -999_000n, 'E3204'],
    [stamp(6), 2n ** 63n - 1n, 'E3204'],
  ])('%o: %o', async (type, cell, code) => {
    await expect(write(type, [cell])).rejects.toMatchObject({ code });
  });
});

describe('times', () => {
  const times = [0n, -1_000_000n, -999_999n, -1_000_001n, -86_400_000_000n, 1_710_037_800_000_000n - 3_600_000_000n];

  it('are those that were written, before 1970 too', async () => {
    const { bytes } = await write(stamp(6), times);
    expect(await readBack(bytes, stamp(6))).toEqual(times);
  });

  it.each(['America/New_York', 'Asia/Kathmandu', 'UTC'])(
    'of instants are what clocks show in %s',
    async (instantZone) => {
      const instants = stamp(6, 'TIMESTAMP_LTZ');
      const { bytes } = await write(instants, times, { instantZone });
      expect(await readBack(bytes, instants)).toEqual(times);
      const offset = BigInt(-new WriterZone(instantZone).instantOf(0)) * 1_000_000n;
      expect((await readBack(bytes, instants, false))[0]).toBe(-offset);
    },
  );

  it('of instants are in order where clocks show them twice', () => {
    const zone = new WriterZone('America/New_York');
    const shown = Date.UTC(2024, 10, 3, 1) / 1000;
    const instants = [-1, 0, 1799, 3599, 3600].map((seconds) => zone.instantOf(shown + seconds) - shown);
    expect(instants).toEqual([4 * 3600 - 1, 4 * 3600, 4 * 3600 + 1799, 4 * 3600 + 3599, 6 * 3600]);
  });

  it('that clocks skip are refused', async () => {
    const skipped = BigInt(Date.UTC(2024, 2, 10, 2, 30)) * 1000n;
    const instants = stamp(6, 'TIMESTAMP_LTZ');
    await expect(write(instants, [skipped], { instantZone: 'America/New_York' })).rejects.toMatchObject({
      code: 'E3204',
    });
    expect(await readBack((await write(instants, [skipped])).bytes, instants)).toEqual([skipped]);
  });
});
