// ORC files in memory, for tests.
import type { Vector } from '../../src/column/vector.ts';
import type { FileSummary } from '../../src/paimon/format/data-file.ts';
import { createOrcWriter, type OrcWriterOptions } from '../../src/paimon/format/orc/orc-writer.ts';

/** Writes all rows of the columns, in order, so many at a time. */
export async function orcBytes(
  options: OrcWriterOptions,
  columns: readonly Vector[],
  appendRows = Number.MAX_SAFE_INTEGER,
): Promise<{ readonly bytes: Uint8Array; readonly summary: FileSummary }> {
  const parts: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  const writer = createOrcWriter(options, { write });
  const rowCount = columns[0].length;
  for (let from = 0; from < rowCount; from += appendRows) {
    await writer.append({ rowCount, columns }, null, from, Math.min(rowCount, from + appendRows));
  }
  const summary = await writer.finish();
  return { bytes: Buffer.concat(parts), summary };
}
