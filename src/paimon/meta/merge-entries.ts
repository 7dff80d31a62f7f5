// Which files are live after a row of manifests. Source: format notes 02 section 4 (FileEntry.Identifier, mergeEntries).
import { TributaryError } from '../../base/errors.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from './manifest-entry.ts';

/**
 * What makes two entries speak of the same file: partition, bucket, level, name, extra files, embedded index and
 * external path. A file that a compaction moved to another level is another one.
 */
export function fileIdentity(entry: ManifestEntry): string {
  const { file } = entry;
  return [
    file.fileName,
    String(entry.bucket),
    String(file.level),
    latin1(entry.partition),
    file.extraFiles.join('\u0001'),
    file.embeddedFileIndex === null ? '' : latin1(file.embeddedFileIndex),
    file.externalPath ?? '',
  ].join('\u0000');
}

/**
 * Finds the live files among entries: every ADD without a DELETE of the same file, wherever among the entries that stands
 * (a file is added once and deleted once, ever).
 */
export class LiveEntries {
  readonly #added: ManifestEntry[] = [];
  /** Identities by file name, as most names stand in one entry and need no identity. */
  readonly #deleted = new Map<string, Set<string>>();

  add(entry: ManifestEntry): void {
    if (entry.kind === FILE_ADD) this.#added.push(entry);
    else if (entry.kind === FILE_DELETE) {
      const { fileName } = entry.file;
      const identities = this.#deleted.get(fileName) ?? new Set<string>();
      this.#deleted.set(fileName, identities.add(fileIdentity(entry)));
    }
  }

  /** The live files in the order of their ADDs. Throws E3454 if one was added twice. */
  live(): readonly ManifestEntry[] {
    const firsts = new Map<string, ManifestEntry>();
    const others = new Set<string>();
    return this.#added.filter((entry) => {
      const { fileName } = entry.file;
      if (this.#deleted.get(fileName)?.has(fileIdentity(entry)) === true) return false;
      const first = firsts.get(fileName);
      if (first === undefined) firsts.set(fileName, entry);
      else {
        const identity = fileIdentity(entry);
        if (others.has(identity) || fileIdentity(first) === identity) throw addedTwice(entry);
        others.add(identity);
      }
      return true;
    });
  }
}

/** The live files of entries: see `LiveEntries`. */
export function liveEntries(entries: Iterable<ManifestEntry>): readonly ManifestEntry[] {
  const found = new LiveEntries();
  for (const entry of entries) found.add(entry);
  return found.live();
}

/**
 * The entries of neighbouring manifests as fewer ones that say the same: an ADD goes together with its DELETE; a DELETE
 * whose ADD is in an earlier manifest stays. In order. Throws E3454 if a file is added twice.
 */
export function mergeEntries(entries: readonly ManifestEntry[]): readonly ManifestEntry[] {
  const merged = new Map<string, ManifestEntry>();
  for (const entry of entries) {
    const identity = fileIdentity(entry);
    if (entry.kind === FILE_ADD) {
      if (merged.has(identity)) throw addedTwice(entry);
      merged.set(identity, entry);
    } else if (merged.get(identity)?.kind === FILE_ADD) merged.delete(identity);
    else merged.set(identity, entry);
  }
  return [...merged.values()];
}

function addedTwice(entry: ManifestEntry): TributaryError {
  const { fileName, level } = entry.file;
  return new TributaryError('E3454', `file is added twice: file=${fileName} bucket=${entry.bucket} level=${level}`);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
