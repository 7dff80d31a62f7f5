// Parquet files in memory, for tests.
import type { Vector } from '../../src/column/vector.ts';
import type { FileSummary } from '../../src/paimon/format/data-file.ts';
import { createParquetWriter, type ParquetWriterOptions } from '../../src/paimon/format/parquet/parquet-writer.ts';

/** Writes all rows of the columns, in order. */
export async function parquetBytes(
  options: ParquetWriterOptions,
  columns: readonly Vector[],
): Promise<{ readonly bytes: Uint8Array; readonly summary: FileSummary; readonly writes: readonly number[] }> {
  const parts: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  const writer = createParquetWriter(options, { write });
  const rowCount = columns[0].length;
  await writer.append({ rowCount, columns }, null, 0, rowCount);
  const writes = parts.map((part) => part.length);
  const summary = await writer.finish();
  return { bytes: Buffer.concat(parts), summary, writes };
}
