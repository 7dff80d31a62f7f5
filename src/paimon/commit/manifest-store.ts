// The files below `manifest/` of one table: manifests, manifest lists and index manifests, read and written.
import { assert, TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { AvroCodec, AvroWriteOptions } from '../format/avro.ts';
import { partitionTypes } from '../format/partition-path.ts';
import { decodeIndexManifest, encodeIndexManifest } from '../meta/index-manifest.ts';
import {
  FILE_DELETE,
  type IndexManifestEntry,
  type ManifestEntry,
  type ManifestFileMeta,
} from '../meta/manifest-entry.ts';
import type { BlockSpan } from '../meta/manifest-blocks.ts';
import { decodeManifest, encodeManifest } from '../meta/manifest-file.ts';
import { decodeManifestList, describeManifest, encodeManifestList } from '../meta/manifest-list.ts';
import { everyRow, type ManifestRow, type ManifestVisitor, visitManifest } from '../meta/manifest-row.ts';
import { LiveEntries } from '../meta/merge-entries.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { DataType } from '../schema/data-type.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** A written file of the directory. */
export interface WrittenFile {
  readonly fileName: string;
  readonly fileSize: number;
}

/** Which entries of manifests are wanted. Each test may say true for what is not wanted. */
export interface EntrySelection {
  /** By what a block of a manifest spans. */
  hasBlock(span: BlockSpan): boolean;
  /** By partition, bucket and level alone, which a file's ADD and DELETE have in common. */
  hasPlace(row: ManifestRow): boolean;
  /** By all else that is known of a file that is added. */
  hasFile(row: ManifestRow): boolean;
}

const ALL_ENTRIES: EntrySelection = { hasBlock: () => true, hasPlace: () => true, hasFile: () => true };

/** Manifests that are read at a time. */
const READS_MAX = 8;

/** Reads and writes the manifests of a table. Throws E3110 for a file that cannot be read. */
export class ManifestStore {
  readonly directory: string;
  readonly partitionTypes: readonly DataType[];
  readonly #store: FileStore;
  readonly #random: Random;
  readonly #avro: AvroWriteOptions;
  readonly #targetSizeBytes: number;

  /** `tablePath` is the table's directory, also for a branch. */
  constructor(parts: {
    readonly store: FileStore;
    readonly tablePath: string;
    readonly schema: TableSchema;
    readonly random: Random;
  }) {
    const options = tableOptions(parts.schema);
    this.#store = parts.store;
    this.#random = parts.random;
    this.directory = `${parts.tablePath}/manifest`;
    this.partitionTypes = partitionTypes(parts.schema);
    this.#avro = { codec: avroCodec(options.manifestCompression), zstdLevel: options.zstdLevel };
    this.#targetSizeBytes = options.manifestTargetFileSizeBytes;
  }

  /** The entries of a manifest, in order. */
  async readManifest(fileName: string): Promise<readonly ManifestEntry[]> {
    return decodeManifest(await this.#store.read(this.path(fileName)));
  }

  /** The entries of several manifests, in order. */
  async readManifests(manifests: readonly ManifestFileMeta[]): Promise<readonly ManifestEntry[]> {
    const entries: ManifestEntry[] = [];
    await this.visit(
      manifests,
      everyRow((row) => entries.push(row.entry())),
    );
    return entries;
  }

  /** The rows of a manifest list, in the order in which they apply. */
  async readList(fileName: string): Promise<readonly ManifestFileMeta[]> {
    return decodeManifestList(await this.#store.read(this.path(fileName)));
  }

  /** The manifests of a snapshot's state: those before it, then its own. */
  async manifestsOf(snapshot: Snapshot): Promise<readonly ManifestFileMeta[]> {
    const [base, delta] = await Promise.all([
      this.readList(snapshot.baseManifestList),
      this.readList(snapshot.deltaManifestList),
    ]);
    return [...base, ...delta];
  }

  /** The live files of a snapshot. */
  async liveEntriesOf(snapshot: Snapshot): Promise<readonly ManifestEntry[]> {
    return this.liveEntriesIn(await this.manifestsOf(snapshot));
  }

  /** The live files that manifests of one state name, or those of them that are wanted. */
  async liveEntriesIn(
    manifests: readonly ManifestFileMeta[],
    wanted: EntrySelection = ALL_ENTRIES,
  ): Promise<readonly ManifestEntry[]> {
    const found = new LiveEntries();
    await this.visit(manifests, {
      hasBlock: (span) => wanted.hasBlock(span),
      visit: (row) => {
        if (wanted.hasPlace(row) && (row.kind === FILE_DELETE || wanted.hasFile(row))) found.add(row.entry());
      },
    });
    return found.live();
  }

  /** Shows the visitor the rows of the manifests, in order: see `visitManifest`. */
  async visit(manifests: readonly ManifestFileMeta[], visitor: ManifestVisitor): Promise<void> {
    for (let index = 0; index < manifests.length; index += READS_MAX) {
      const group = manifests.slice(index, index + READS_MAX);
      const contents = await Promise.all(group.map(({ fileName }) => this.#store.read(this.path(fileName))));
      for (const bytes of contents) visitManifest(bytes, visitor);
    }
  }

  /** The entries of a snapshot's own manifests, in order. */
  async deltaEntriesOf(snapshot: Snapshot): Promise<readonly ManifestEntry[]> {
    return this.readManifests(await this.readList(snapshot.deltaManifestList));
  }

  /** The entries of a snapshot's changelog manifests, in order; none without a changelog. */
  async changelogEntriesOf(snapshot: Snapshot): Promise<readonly ManifestEntry[]> {
    if (snapshot.changelogManifestList === null) return [];
    return this.readManifests(await this.readList(snapshot.changelogManifestList));
  }

  /** Writes entries to as many manifests as their size asks for; none for no entries. */
  async writeManifests(entries: readonly ManifestEntry[], written: string[]): Promise<readonly ManifestFileMeta[]> {
    if (entries.length === 0) return [];
    const bytes = encodeManifest(entries, this.#avro);
    if (bytes.length > this.#targetSizeBytes && entries.length > 1) {
      const count = Math.max(1, Math.floor((entries.length * this.#targetSizeBytes) / bytes.length));
      const manifests: ManifestFileMeta[] = [];
      for (let index = 0; index < entries.length; index += count) {
        manifests.push(await this.#writeManifest(entries.slice(index, index + count), written));
      }
      return manifests;
    }
    return [await this.#writeEncoded(entries, bytes, written)];
  }

  /** Writes a manifest list. The file's name is put into `written` before the file is. */
  async writeList(manifests: readonly ManifestFileMeta[], written: string[]): Promise<WrittenFile> {
    return this.#write('manifest-list', encodeManifestList(manifests, this.#avro), written);
  }

  /** The index files of a snapshot; none of no snapshot. */
  async indexEntriesOf(snapshot: Pick<Snapshot, 'indexManifest'> | null): Promise<readonly IndexManifestEntry[]> {
    const fileName = snapshot?.indexManifest ?? null;
    return fileName === null ? [] : this.readIndex(fileName);
  }

  /** The entries of an index manifest: the whole state of a snapshot. */
  async readIndex(fileName: string): Promise<readonly IndexManifestEntry[]> {
    return decodeIndexManifest(await this.#store.read(this.path(fileName)));
  }

  /** Writes an index manifest. The file's name is put into `written` before the file is. */
  async writeIndex(entries: readonly IndexManifestEntry[], written: string[]): Promise<WrittenFile> {
    return this.#write('index-manifest', encodeIndexManifest(entries, this.#avro), written);
  }

  /** Removes files; one that cannot be removed stays as an orphan. */
  async deleteQuietly(fileNames: Iterable<string>): Promise<void> {
    await Promise.all([...fileNames].map((name) => this.#store.delete(this.path(name)).catch(() => {})));
  }

  path(fileName: string): string {
    return `${this.directory}/${fileName}`;
  }

  async #writeManifest(entries: readonly ManifestEntry[], written: string[]): Promise<ManifestFileMeta> {
    return this.#writeEncoded(entries, encodeManifest(entries, this.#avro), written);
  }

  async #writeEncoded(
    entries: readonly ManifestEntry[],
    bytes: Uint8Array,
    written: string[],
  ): Promise<ManifestFileMeta> {
    const file = await this.#write('manifest', bytes, written);
    return describeManifest(file, entries, this.partitionTypes);
  }

  async #write(prefix: string, bytes: Uint8Array, written: string[]): Promise<WrittenFile> {
    const fileName = `${prefix}-${this.#random.uuid()}-0`;
    written.push(fileName);
    const created = await this.#store.create(this.path(fileName), bytes);
    assert(created, `file of a fresh name exists already: ${this.path(fileName)}`);
    return { fileName, fileSize: bytes.length };
  }
}

/** The Avro name of `manifest.compression`. Snappy is read, not written: deflate is what every reader has too. */
function avroCodec(compression: string): AvroCodec {
  switch (compression.toLowerCase()) {
    case 'zstd':
    case 'zstandard':
      return 'zstandard';
    case 'deflate':
    case 'snappy':
      return 'deflate';
    case 'none':
    case 'null':
      return 'null';
    default:
      throw new TributaryError('E3105', `manifest.compression cannot be written: value=${compression}`);
  }
}
