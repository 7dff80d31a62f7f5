// One compaction of one bucket: merges or upgrades files to a level. A function of plain data, so that it runs in a
// worker thread. Source: format notes 05 section 3.
import { assert, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { compareBinaryRows } from '../format/binary-row.ts';
import { type DataFileMeta, FILE_SOURCE_COMPACT } from '../meta/data-file-meta.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { DataFileFormat, type DataFileTarget, DataFileWriter, FileNames } from './data-file-writer.ts';
import { filePaths } from './file-paths.ts';
import type { KeyRowOrder, Section } from './interval-partition.ts';
import type { CompactResult } from './compaction-result.ts';
import { tableLayout } from './key-value-file.ts';
import { mergeFunctionOf } from './merge/merge-engine.ts';
import { planRewrite } from './plan-rewrite.ts';
import { type BucketReader, readSections } from './section-reader.ts';

/** What is to be compacted. */
export interface CompactRequest {
  /** The table's directory. */
  readonly tablePath: string;
  /** The schema to write with: the latest. */
  readonly schema: TableSchema;
  /** The schema versions that the files were written with. */
  readonly fileSchemas: readonly TableSchema[];
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly files: readonly DataFileMeta[];
  readonly outputLevel: number;
  readonly dropDeletes: boolean;
  /** Write each file again by itself. */
  readonly rewritesFiles: boolean;
  /** Unique within the table; part of the file names. */
  readonly fileUuid: string;
  /** Stored in the files' metadata; see `DataFileMeta.creationTimeMs`. */
  readonly creationTimeMs: number;
}

/** Carries out a compaction; removes what it has written if it fails. Throws `E3355` if its result broke a rule. */
export async function runCompact(request: CompactRequest, store: FileStore): Promise<CompactResult> {
  const compaction = new Compaction(request, store);
  try {
    return await compaction.run();
  } catch (error) {
    await compaction.abort();
    throw error;
  }
}

class Compaction {
  private readonly request: CompactRequest;
  private readonly target: DataFileTarget;
  private readonly reader: BucketReader;
  private readonly order: KeyRowOrder;
  private readonly writers: DataFileWriter[] = [];

  constructor(request: CompactRequest, store: FileStore) {
    const { schema, tablePath, partition, bucket } = request;
    const paths = filePaths(tablePath, schema);
    const layout = tableLayout(schema);
    this.request = request;
    this.target = {
      store,
      format: new DataFileFormat(schema, 'data'),
      directory: paths.bucket(partition, bucket),
      names: new FileNames(request.fileUuid),
      level: request.outputLevel,
      fileSource: FILE_SOURCE_COMPACT,
      creationTimeMs: request.creationTimeMs,
    };
    this.reader = {
      store,
      layout,
      schemas: new Map(request.fileSchemas.map((version) => [version.id, version])),
      pathOf: (file) => paths.file(partition, bucket, file),
    };
    const keyTypes = layout.keyIndexes.map((index) => layout.fields[index].type);
    this.order = (a, b) => compareBinaryRows(keyTypes, a, b);
  }

  async run(): Promise<CompactResult> {
    const { files, outputLevel, dropDeletes, schema } = this.request;
    const options = tableOptions(schema);
    const steps = planRewrite(files, this.order, {
      outputLevel,
      dropDeletes,
      smallFileSizeBytes: options.smallFileSizeBytes,
      rewriteAll: options.compactionForceRewriteAllFiles,
      rewritesFiles: this.request.rewritesFiles,
    });
    const before: DataFileMeta[] = [];
    const after: DataFileMeta[] = [];
    const written: DataFileMeta[] = [];
    for (const step of steps) {
      if (step.kind === 'upgrade') {
        before.push(step.file);
        after.push({ ...step.file, level: outputLevel });
      } else {
        const output = await this.rewrite(step.sections);
        before.push(...step.sections.flat(2));
        after.push(...output);
        written.push(...output);
      }
    }
    this.checkLevel(before, after);
    return { before, after, written, changelog: [], deletionVectors: null };
  }

  /** Removes every file written. Never throws. */
  async abort(): Promise<void> {
    for (const writer of this.writers) await writer.abort();
  }

  private async rewrite(sections: readonly Section[]): Promise<readonly DataFileMeta[]> {
    const { schema, dropDeletes } = this.request;
    const merge = mergeFunctionOf(schema, { layout: this.reader.layout, dropRetracts: dropDeletes });
    const writer = new DataFileWriter(this.target);
    this.writers.push(writer);
    for await (const batch of readSections(this.reader, sections, merge)) {
      await writer.append(batch, null, 0, batch.rowCount);
    }
    const output = await writer.finish();
    this.checkCounts(sections.flat(2), output);
    return output;
  }

  /** A merge never makes rows. */
  private checkCounts(input: readonly DataFileMeta[], output: readonly DataFileMeta[]): void {
    const sum = (files: readonly DataFileMeta[]): number => files.reduce((total, file) => total + file.rowCount, 0);
    const deletes = output.some((file) => file.deleteRowCount !== 0);
    if (sum(output) > sum(input)) throw broken(this.request, `rows in=${sum(input)} out=${sum(output)}`);
    if (this.request.dropDeletes && deletes) throw broken(this.request, 'retracts were to be dropped');
  }

  /** The files that stand on the output level afterwards must not touch one another. */
  private checkLevel(before: readonly DataFileMeta[], after: readonly DataFileMeta[]): void {
    const { files, outputLevel } = this.request;
    assert(outputLevel > 0, 'compaction to level 0');
    const gone = new Set(before.map((file) => `${file.level}/${file.fileName}`));
    const stay = files.filter((file) => file.level === outputLevel && !gone.has(`${file.level}/${file.fileName}`));
    const level = [...stay, ...after].sort((a, b) => this.order(a.minKey, b.minKey));
    for (const [index, file] of level.entries()) {
      const next = level[index + 1];
      if (this.order(file.minKey, file.maxKey) > 0) throw broken(this.request, `keys reversed: file=${file.fileName}`);
      if (next !== undefined && this.order(file.maxKey, next.minKey) >= 0) {
        throw broken(this.request, `keys overlap: files=${file.fileName},${next.fileName}`);
      }
    }
  }
}

function broken(request: CompactRequest, what: string): TributaryError {
  const { tablePath, bucket, outputLevel } = request;
  return new TributaryError(
    'E3355',
    `compaction broke a rule: ${what} table=${tablePath} bucket=${bucket} level=${outputLevel}`,
  );
}
