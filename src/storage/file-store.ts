// Where bytes live. Paths are relative to the store's root (the warehouse), separated by `/`, without a leading `/`,
// `.` or `..`. Every store passes test/support/file-store-contract.ts.

/** A file or directory in a listing. */
export interface FileEntry {
  /** The last part of the path. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes; 0 for a directory. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** A file being written. Nothing is visible under its path, or durable, before `close` resolves. */
export interface FileSink {
  /** Appends the bytes; they may be reused once the promise resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file visible and durable, its directory entry included. */
  close(): Promise<void>;
  /** Removes what was written; also after a failed `write` or `close`. Never throws. */
  abort(): Promise<void>;
}

/** How to open the same store in a worker or child process; plain data. */
export type StoreSettings = { readonly kind: 'local'; readonly rootPath: string };

/**
 * A store of immutable files. Errors: `E3001` (path not found), `E3002` (no space left), `E3003` (read-only or
 * permission denied), `E3004` (any other failure of the store, retryable). A thrown error from `create` or `replace`
 * means that the outcome is unknown: read back to find out.
 */
export interface FileStore {
  /** The whole file. */
  read(path: string): Promise<Uint8Array>;
  /** `sizeBytes` bytes from `offset`; fewer only at the end of the file. They are the caller's own. */
  readRange(path: string, offset: number, sizeBytes: number): Promise<Uint8Array>;
  /** The file or directory, or null where there is none. */
  stat(path: string): Promise<FileEntry | null>;
  /** What a directory holds, by name; empty where there is no directory. */
  list(directory: string): Promise<readonly FileEntry[]>;
  /** Starts a new file; the path must not exist. */
  openWrite(path: string): Promise<FileSink>;
  /**
   * Creates the file atomically and durably with these bytes unless the path exists: true if created, false if it
   * existed. Of any number of concurrent callers exactly one gets true.
   */
  create(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Replaces or creates the file atomically; for hints and leases, which carry no guarantee of their own. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file; no error where there is none. */
  delete(path: string): Promise<void>;
  /**
   * Gives a directory another path, whole: false if there is something at the new one, of which nothing changes then.
   * Throws `E3001` where there is no such directory.
   */
  renameDirectory(from: string, to: string): Promise<boolean>;
  /** Removes a directory and all below it; no error where there is none. */
  deleteDirectory(directory: string): Promise<void>;
  /** The path or URI that other programs (DuckDB, Spark) open the file by. */
  location(path: string): string;
  /** How a worker opens the same store; null if only this process has it. */
  settings(): StoreSettings | null;
}

/** What reading a file of known size needs of a store. */
export type FileReads = Pick<FileStore, 'readRange'>;
