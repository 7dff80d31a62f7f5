// One compaction of one bucket: merges or upgrades files to a level, and writes down what this changes where the table
// wants to know. A function of plain data, so that it runs in a worker thread. Source: format notes 05 sections 3, 7, 8.
import { assert, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND, FILE_SOURCE_COMPACT } from '../meta/data-file-meta.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import {
  type ChangelogMergeSettings,
  firstRowMerge,
  fullCompactionMerge,
  lookupMerge,
  plainMerge,
  type WindowMerge,
} from './changelog-merge.ts';
import { type CompactMode, compactModeOf, raisingOf } from './compact-mode.ts';
import type { CompactResult } from './compaction-result.ts';
import { DataFileFormat, type DataFileTarget, DataFileWriter, FileNames } from './data-file-writer.ts';
import { fileSource } from './data-file-reader.ts';
import { type DeletedRows, type DeletionFile, readDeletionVectors, unionRows } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import type { KeyRowOrder, Section } from './interval-partition.ts';
import { KeyLookup } from './key-lookup.ts';
import { tableLayout } from './key-value-file.ts';
import { openLookupFile } from './lookup-file.ts';
import { mergeFunctionOf } from './merge/merge-engine.ts';
import { planRewrite, type Raising, type RewriteStep } from './plan-rewrite.ts';
import { recordExpiryOf } from './record-expiry.ts';
import { type BucketReader, sectionWindows } from './section-reader.ts';
import { sortedRuns } from './sorted-run.ts';
import { keyRowOrder } from './key-values.ts';

/** Files of a bucket that are to be written anew: what every such task is told. */
export interface BucketTask {
  /** The table's directory. */
  readonly tablePath: string;
  /** The schema to write with: the latest. */
  readonly schema: TableSchema;
  /** The schema versions that the files were written with. */
  readonly fileSchemas: readonly TableSchema[];
  readonly partition: Uint8Array;
  readonly bucket: number;
  /** Unique within the table; part of the file names. */
  readonly fileUuid: string;
  /** Stored in the files' metadata; see `DataFileMeta.creationTimeMs`. */
  readonly creationTimeMs: number;
}

/** What is to be compacted. */
export interface CompactRequest extends BucketTask {
  readonly files: readonly DataFileMeta[];
  /** The bucket's files above the output level: keys are looked up in them where the table needs that. */
  readonly higherFiles: readonly DataFileMeta[];
  /** The bucket's deletion vectors, by data file name. */
  readonly deletionVectors: ReadonlyMap<string, DeletionFile | DeletedRows>;
  readonly outputLevel: number;
  /** The highest level of the bucket. */
  readonly maxLevel: number;
  readonly dropDeletes: boolean;
  /** Write each file again by itself. */
  readonly rewritesFiles: boolean;
  readonly nowMs: number;
}

/** Carries out a compaction; removes what it has written if it fails. Throws `E3355` if its result broke a rule. */
export async function runCompact(request: CompactRequest, store: FileStore): Promise<CompactResult> {
  const vectors = await readDeletionVectors(store, request.deletionVectors);
  const compaction = new Compaction(request, store, vectors);
  try {
    return await compaction.run();
  } catch (error) {
    await compaction.abort();
    throw error;
  }
}

class Compaction {
  private readonly request: CompactRequest;
  private readonly mode: CompactMode;
  private readonly vectors: ReadonlyMap<string, DeletedRows>;
  private readonly target: DataFileTarget;
  private readonly reader: BucketReader;
  private readonly order: KeyRowOrder;
  private readonly plain: WindowMerge;
  /** For rows that changes are made of. */
  private readonly changing: WindowMerge;
  private readonly changelog: DataFileWriter | null;
  private readonly writers: DataFileWriter[] = [];
  /** Rows of higher files that new rows replace, by file name. */
  private readonly replaced = new Map<string, number[]>();

  constructor(request: CompactRequest, store: FileStore, vectors: ReadonlyMap<string, DeletedRows>) {
    const { schema, tablePath, partition, bucket } = request;
    const paths = filePaths(tablePath, schema);
    const layout = tableLayout(schema);
    this.request = request;
    this.vectors = vectors;
    this.mode = compactModeOf(schema, request);
    const names = new FileNames(request.fileUuid);
    const { outputLevel, creationTimeMs } = request;
    const format = new DataFileFormat(schema, { content: 'data', level: outputLevel });
    const directory = paths.bucket(partition, bucket);
    this.target = { store, format, directory, names, fileSource: FILE_SOURCE_COMPACT, creationTimeMs };
    this.reader = {
      store,
      layout,
      schemas: new Map(request.fileSchemas.map((version) => [version.id, version])),
      pathOf: (file) => paths.file(partition, bucket, file),
      deletedRows: vectors,
      expiry: recordExpiryOf(schema, request.nowMs),
    };
    this.order = keyRowOrder(layout);
    this.plain = plainMerge(mergeFunctionOf(schema, { layout, dropRetracts: request.dropDeletes }));
    this.changing = this.mode.kind === 'plain' ? this.plain : this.changingMerge();
    this.changelog = this.mode.changelog ? this.changelogWriter() : null;
  }

  async run(): Promise<CompactResult> {
    const { files, outputLevel, schema, rewritesFiles } = this.request;
    const { smallFileSizeBytes } = tableOptions(schema);
    const raising = (file: DataFileMeta) => this.raising(file);
    const before: DataFileMeta[] = [];
    const after: DataFileMeta[] = [];
    const written: DataFileMeta[] = [];
    for (const step of planRewrite(files, this.order, { smallFileSizeBytes, rewritesFiles, raising })) {
      if (step.kind === 'upgrade') {
        if (step.reads) await this.readChanges(step);
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
    const changelog = (await this.changelog?.finish()) ?? [];
    const gone = new Set(before.map((file) => file.fileName));
    for (const file of after) gone.delete(file.fileName);
    return { before, after, written, changelog, deletionVectors: this.vectorsWithout(gone) };
  }

  /** Removes every file written. Never throws. */
  async abort(): Promise<void> {
    for (const writer of this.writers) await writer.abort();
  }

  private changelogWriter(): DataFileWriter {
    const format = new DataFileFormat(this.request.schema, { content: 'changelog', level: this.request.outputLevel });
    return this.track(new DataFileWriter({ ...this.target, format, fileSource: FILE_SOURCE_APPEND }));
  }

  private track(writer: DataFileWriter): DataFileWriter {
    this.writers.push(writer);
    return writer;
  }

  private changingMerge(): WindowMerge {
    const { mode, request } = this;
    const { layout } = this.reader;
    const forLookup = mode.kind === 'lookup';
    const settings: ChangelogMergeSettings = {
      layout,
      merge: mergeFunctionOf(request.schema, { layout, dropRetracts: false }),
      // What a full compaction leaves is what there is.
      dropRetracts: request.dropDeletes || !forLookup,
      changelog: mode.changelog,
      comparedColumns: mode.comparedColumns,
    };
    if (mode.kind === 'full') return fullCompactionMerge(settings, request.maxLevel);
    const effects = mode.looksUp && request.higherFiles.length > 0 ? this.lookupEffects() : null;
    return mode.isFirstRow ? firstRowMerge(settings, effects) : lookupMerge(settings, effects);
  }

  private lookupEffects() {
    const { reader, vectors, order, request } = this;
    const { layout, schemas } = reader;
    const keyFields = layout.keyIndexes.map((index) => layout.fields[index]);
    const lookup = new KeyLookup({
      layout,
      runs: sortedRuns(request.higherFiles, (a, b) => order(a.minKey, b.minKey)),
      openFile: (file) => {
        const fileSchema = schemas.get(file.schemaId);
        assert(fileSchema !== undefined, `schema version was not loaded: id=${file.schemaId}`);
        return openLookupFile(reader.store, { path: reader.pathOf(file), file, fileSchema, fields: keyFields });
      },
      deletedRows: vectors,
      withRows: this.mode.needsFoundRows,
      expiry: reader.expiry ?? null,
    });
    const replaced = (file: DataFileMeta, position: number): void => {
      const rows = this.replaced.get(file.fileName);
      if (rows === undefined) this.replaced.set(file.fileName, [position]);
      else rows.push(position);
    };
    return { lookup, replaced };
  }

  private raising(file: DataFileMeta): Raising {
    const { schemas: fileSchemas, expiry = null } = this.reader;
    return raisingOf(file, { ...this.request, mode: this.mode, fileSchemas, expiry });
  }

  /** Reads a file that is raised as it is, for what that changes. */
  private async readChanges({ file }: Extract<RewriteStep, { kind: 'upgrade' }>): Promise<void> {
    for await (const window of sectionWindows(this.reader, [[[file]]], this.changing.picksRows)) {
      const { changelog } = await this.changing(window);
      if (changelog !== null) await this.changelog?.append(changelog, null, 0, changelog.rowCount);
    }
  }

  private async rewrite(sections: readonly Section[]): Promise<readonly DataFileMeta[]> {
    const changes = this.mode.kind === 'full' || sections.flat(2).some((file) => file.level === 0);
    const merge = changes ? this.changing : this.plain;
    const writer = this.track(new DataFileWriter(this.target));
    // Statistics need not say which files hold rows that have expired.
    const keepsLoneRows = (merge === this.plain || !this.mode.mergesAlone) && (this.reader.expiry ?? null) === null;
    for (const section of sections) {
      if (keepsLoneRows && (await this.copySection(section, writer))) continue;
      for await (const window of sectionWindows(this.reader, [section], merge.picksRows)) {
        const { rows, changelog } = await merge(window);
        await writer.append(rows, null, 0, rows.rowCount);
        if (changelog !== null) await this.changelog?.append(changelog, null, 0, changelog.rowCount);
      }
    }
    const output = await writer.finish();
    this.checkCounts(sections.flat(2), output);
    return output;
  }

  /**
   * Puts a file that could have been raised as it is into the output without reading its rows: it is here only because it
   * is small. False where that cannot be done.
   */
  private async copySection(section: Section, writer: DataFileWriter): Promise<boolean> {
    const only = section.length === 1 && section[0].length === 1 ? section[0][0] : null;
    if (only === null || this.request.rewritesFiles || this.vectors.has(only.fileName)) return false;
    const raising = this.raising(only);
    if (raising !== 'raise' && raising !== 'stay') return false;
    const { store, pathOf } = this.reader;
    return writer.appendFile(only, fileSource(store, { path: pathOf(only), file: only }));
  }

  /** The deletion vectors with the rows that were replaced and without files that are gone; null if nothing changed. */
  private vectorsWithout(gone: ReadonlySet<string>): ReadonlyMap<string, DeletedRows> | null {
    if (!this.mode.deletionVectors) return null;
    const left = new Map([...this.vectors].filter(([name]) => !gone.has(name)));
    const isSame = left.size === this.vectors.size && this.replaced.size === 0;
    if (isSame) return null;
    for (const [name, rows] of this.replaced) {
      left.set(name, unionRows(left.get(name) ?? new Float64Array(0), Float64Array.from(rows)));
    }
    return left;
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
