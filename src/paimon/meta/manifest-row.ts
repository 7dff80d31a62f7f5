// The rows of a manifest as they are walked over: what a row says is decoded when it is asked for, so that a scan passes
// by the files that it does not want. Source: format notes 02 section 4.
import { TributaryError } from '../../base/errors.ts';
import { readAvroBlocks } from '../format/avro.ts';
import { parseAvroSchema } from '../format/avro/avro-schema.ts';
import { type FieldGetter, RecordFields } from '../format/avro/record-fields.ts';
import type { BinaryRowBytes, DataFileMeta, SimpleStats } from './data-file-meta.ts';
import { isFileName } from './file-name.ts';
import { type BlockSpan, blockSpans } from './manifest-blocks.ts';
import type { ManifestEntry } from './manifest-entry.ts';

const ROW_VERSION = 2;

/** What a manifest says of a data file that tells which rows it may hold. */
export type FileBounds = Pick<
  DataFileMeta,
  | 'fileName'
  | 'rowCount'
  | 'minKey'
  | 'maxKey'
  | 'keyStats'
  | 'valueStats'
  | 'valueStatsCols'
  | 'schemaId'
  | 'level'
  | 'maxSequenceNumber'
  | 'firstRowId'
  | 'writeCols'
>;

/** The row that a walk is at. It is valid until the next one, and its bytes are views of the manifest. */
export interface ManifestRow extends FileBounds {
  readonly kind: number;
  /** Lasts, and is the array of the row before where that has the same partition. */
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
  readonly totalBuckets: number;
  /** The whole row, which owns its bytes. Throws `E3110`. */
  entry(): ManifestEntry;
}

/** By the text of their schema: most manifests have the same. */
const layouts = new Map<string, EntryLayout>();

/** Takes the rows of a manifest. */
export interface ManifestVisitor {
  /** It must not walk over another manifest meanwhile. */
  visit(row: ManifestRow): void;
  /** Whether rows are wanted that a block with such ones holds. */
  hasBlock(span: BlockSpan): boolean;
}

/** Shows the visitor the rows of a manifest, in order, but for those of blocks that it does not want. Throws `E3110`. */
export function visitManifest(container: Uint8Array, visitor: ManifestVisitor): void {
  readAvroBlocks(container, ({ schemaText, metadata, rowCounts }) => {
    const layout = layouts.get(schemaText) ?? new EntryLayout(new RecordFields(parseAvroSchema(schemaText)));
    layouts.set(schemaText, layout);
    const spans = blockSpans(metadata, rowCounts);
    return {
      isWanted: (block) => spans === null || visitor.hasBlock(spans[block]),
      read: (block, rowCount) => {
        layout.fields.read(block, rowCount, () => {
          layout.checkVersion();
          visitor.visit(layout);
        });
      },
    };
  });
}

/** A visitor of all rows. */
export function everyRow(visit: (row: ManifestRow) => void): ManifestVisitor {
  return { visit, hasBlock: () => true };
}

class StatsFields {
  private readonly minValues: FieldGetter<Uint8Array>;
  private readonly maxValues: FieldGetter<Uint8Array>;
  private readonly nullCounts: FieldGetter<SimpleStats['nullCounts']>;

  constructor(fields: RecordFields, path: string) {
    this.minValues = fields.bytes(`${path}._MIN_VALUES`);
    this.maxValues = fields.bytes(`${path}._MAX_VALUES`);
    this.nullCounts = fields.optionalLongs(`${path}._NULL_COUNTS`);
  }

  get(): SimpleStats {
    return { minValues: this.minValues(), maxValues: this.maxValues(), nullCounts: this.nullCounts() };
  }
}

/** The fields of a manifest's rows by the schema of the manifest, and the row that was walked over last. */
class EntryLayout implements ManifestRow {
  readonly fields: RecordFields;
  private readonly get: ReturnType<typeof entryFields>;
  private readonly file: ReturnType<typeof fileFields>;

  constructor(fields: RecordFields) {
    this.fields = fields;
    this.get = entryFields(fields);
    this.file = fileFields(fields);
  }

  checkVersion(): void {
    const version = this.get.version();
    if (version !== ROW_VERSION) {
      throw new TributaryError('E3110', `row is of an unknown version: version=${version}`);
    }
  }

  get kind(): number {
    return this.get.kind();
  }

  get partition(): BinaryRowBytes {
    return this.get.partition();
  }

  get bucket(): number {
    return this.get.bucket();
  }

  get totalBuckets(): number {
    return this.get.totalBuckets();
  }

  get fileName(): string {
    return this.file.fileName();
  }

  get maxSequenceNumber(): bigint {
    return this.file.maxSequenceNumber();
  }

  get firstRowId(): bigint | null {
    return this.file.firstRowId();
  }

  get writeCols(): readonly string[] | null {
    return this.file.writeCols();
  }

  get rowCount(): number {
    return this.file.rowCount();
  }

  get minKey(): BinaryRowBytes {
    return this.file.minKey();
  }

  get maxKey(): BinaryRowBytes {
    return this.file.maxKey();
  }

  get keyStats(): SimpleStats {
    return this.file.keyStats.get();
  }

  get valueStats(): SimpleStats {
    return this.file.valueStats.get();
  }

  get valueStatsCols(): readonly string[] | null {
    return this.file.valueStatsCols();
  }

  get schemaId(): number {
    return this.file.schemaId();
  }

  get level(): number {
    return this.file.level();
  }

  entry(): ManifestEntry {
    this.fields.keep();
    const { kind, partition, bucket, totalBuckets } = this;
    return { kind, partition, bucket, totalBuckets, file: this.fileMeta() };
  }

  private fileMeta(): DataFileMeta {
    const { file } = this;
    return {
      fileName: checkedName(file.fileName()),
      fileSize: file.fileSize(),
      rowCount: file.rowCount(),
      minKey: file.minKey(),
      maxKey: file.maxKey(),
      keyStats: file.keyStats.get(),
      valueStats: file.valueStats.get(),
      minSequenceNumber: file.minSequenceNumber(),
      maxSequenceNumber: file.maxSequenceNumber(),
      schemaId: file.schemaId(),
      level: file.level(),
      extraFiles: file.extraFiles().map(checkedName),
      creationTimeMs: file.creationTimeMs(),
      deleteRowCount: file.deleteRowCount(),
      embeddedFileIndex: file.embeddedFileIndex(),
      fileSource: file.fileSource(),
      valueStatsCols: file.valueStatsCols(),
      externalPath: file.externalPath(),
      firstRowId: file.firstRowId(),
      writeCols: file.writeCols(),
    };
  }
}

function entryFields(fields: RecordFields) {
  return {
    version: fields.number('_VERSION'),
    kind: fields.number('_KIND'),
    partition: fields.repeatedBytes('_PARTITION'),
    bucket: fields.number('_BUCKET'),
    totalBuckets: fields.number('_TOTAL_BUCKETS'),
  };
}

function fileFields(fields: RecordFields) {
  return {
    fileName: fields.text('_FILE._FILE_NAME'),
    fileSize: fields.number('_FILE._FILE_SIZE'),
    rowCount: fields.number('_FILE._ROW_COUNT'),
    minKey: fields.bytes('_FILE._MIN_KEY'),
    maxKey: fields.bytes('_FILE._MAX_KEY'),
    keyStats: new StatsFields(fields, '_FILE._KEY_STATS'),
    valueStats: new StatsFields(fields, '_FILE._VALUE_STATS'),
    minSequenceNumber: fields.long('_FILE._MIN_SEQUENCE_NUMBER'),
    maxSequenceNumber: fields.long('_FILE._MAX_SEQUENCE_NUMBER'),
    schemaId: fields.number('_FILE._SCHEMA_ID'),
    level: fields.number('_FILE._LEVEL'),
    extraFiles: fields.texts('_FILE._EXTRA_FILES'),
    creationTimeMs: fields.optionalNumber('_FILE._CREATION_TIME'),
    deleteRowCount: fields.optionalNumber('_FILE._DELETE_ROW_COUNT'),
    embeddedFileIndex: fields.optionalBytes('_FILE._EMBEDDED_FILE_INDEX'),
    fileSource: fields.optionalNumber('_FILE._FILE_SOURCE'),
    valueStatsCols: fields.optionalTexts('_FILE._VALUE_STATS_COLS'),
    externalPath: fields.optionalText('_FILE._EXTERNAL_PATH'),
    firstRowId: fields.optionalLong('_FILE._FIRST_ROW_ID'),
    writeCols: fields.optionalTexts('_FILE._WRITE_COLS'),
  };
}

function checkedName(name: string): string {
  if (isFileName(name)) return name;
  throw new TributaryError('E3110', 'field is not what it should be: field=_FILE_NAME');
}
