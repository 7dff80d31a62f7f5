// Reads rows whose columns stand in several files of the same row ids: each column from the newest file that has it, all
// files side by side, with memory for a batch of each. Source: DataEvolutionSplitRead, DataEvolutionFileReader.
import { assert, TributaryError } from '../../base/errors.ts';
import { sliceVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import { isTrackingField } from '../schema/system-fields.ts';
import { type KeyValueBatch, keylessRows } from './key-values.ts';
import type { RowGroup } from './row-id-groups.ts';
import { type BucketReader, readFile } from './section-reader.ts';
import { writtenSchema } from './written-columns.ts';

/** The columns that one of the files gives, as places in the layout. */
interface FilePart {
  readonly file: DataFileMeta;
  readonly places: number[];
}

/** The rows of a group as the layout's columns. Throws `E3353` (files of different lengths), else as `readDataFile`. */
export async function* readRowGroup(reader: BucketReader, group: RowGroup): AsyncGenerator<KeyValueBatch> {
  if (group.length === 1) {
    yield* readFile(reader, group[0]);
    return;
  }
  const { fields } = reader.layout;
  const parts = partsOf(reader, group);
  const cursors = parts.map(({ file, places }) => {
    const layout = { ...reader.layout, fields: places.map((place) => fields[place]) };
    return new BatchCursor(readFile({ ...reader, layout }, file));
  });
  try {
    for (;;) {
      const counts = await Promise.all(cursors.map((cursor) => cursor.available()));
      const rowCount = Math.min(...counts);
      if (rowCount === 0) {
        if (counts.every((count) => count === 0)) return;
        throw new TributaryError('E3353', `files of the same rows have different lengths: file=${group[0].fileName}`);
      }
      const columns: Vector[] = Array.from({ length: fields.length });
      for (const [index, cursor] of cursors.entries()) {
        for (const [at, column] of cursor.take(rowCount).entries()) columns[parts[index].places[at]] = column;
      }
      yield keylessRows(columns, rowCount);
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** Which file each column comes from; the newest file gives those that none has, and the ids of the rows. */
function partsOf({ schemas, layout }: BucketReader, group: RowGroup): readonly FilePart[] {
  const written = group.map((file) => {
    const version = schemas.get(file.schemaId);
    assert(version !== undefined, `schema version was not loaded: id=${file.schemaId}`);
    return new Set(writtenSchema(version, file).fields.map(({ id }) => id));
  });
  const parts = group.map((file): FilePart => ({ file, places: [] }));
  const sourceOf = (field: DataField): number =>
    isTrackingField(field) ? 0 : written.findIndex((ids) => ids.has(field.id));
  for (const [place, field] of layout.fields.entries()) parts[Math.max(0, sourceOf(field))].places.push(place);
  const used = parts.filter(({ places }) => places.length > 0);
  return used.length === 0 ? [parts[0]] : used;
}

/** Batches cut to any lengths. */
class BatchCursor {
  private readonly batches: AsyncGenerator<KeyValueBatch>;
  private batch: KeyValueBatch | null = null;
  private taken = 0;

  constructor(batches: AsyncGenerator<KeyValueBatch>) {
    this.batches = batches;
  }

  /** Rows that can be taken; 0 at the end. */
  async available(): Promise<number> {
    while (this.batch === null || this.taken === this.batch.rowCount) {
      const next = await this.batches.next();
      if (next.done === true) return 0;
      this.batch = next.value;
      this.taken = 0;
    }
    return this.batch.rowCount - this.taken;
  }

  /** The columns of the next rows, of which there are so many. */
  take(rowCount: number): readonly Vector[] {
    assert(this.batch !== null, 'rows are taken where there are none');
    const from = this.taken;
    this.taken += rowCount;
    return this.batch.columns.map((column) => sliceVector(column, from, from + rowCount));
  }

  async close(): Promise<void> {
    await this.batches.return(undefined);
  }
}
