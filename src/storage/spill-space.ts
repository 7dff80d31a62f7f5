// The room that temporary files take together: where they are, and how much they may hold.
import { tmpdir } from 'node:os';
import { TributaryError } from '../base/errors.ts';
import type { FileSink } from './file-store.ts';

/** What temporary files may take. */
export interface SpillSettings {
  /** A directory that is there; the system's directory for temporary files unless given. */
  readonly directory?: string;
  /** Bytes of all files together; 20 GiB unless given. */
  readonly bytesMax?: number;
}

/** As `limits.spill.max` is unless it is set. */
const BYTES_MAX = 20 * 1024 ** 3;

/** Counts the bytes of temporary files that share it. */
export class SpillSpace {
  readonly directory: string;
  readonly bytesMax: number;
  private taken = 0;

  constructor({ directory = tmpdir(), bytesMax = BYTES_MAX }: SpillSettings = {}) {
    this.directory = directory;
    this.bytesMax = bytesMax;
  }

  /** Bytes that can be taken yet. */
  get leftBytes(): number {
    return this.bytesMax - this.taken;
  }

  /** Takes room before it is written to. Throws `E3006` where there is not so much, and takes none then. */
  take(sizeBytes: number): void {
    if (sizeBytes > this.leftBytes) {
      const [wanted, limit] = [this.taken + sizeBytes, this.bytesMax];
      throw new TributaryError(
        'E3006',
        `temporary files would be too large: directory=${this.directory} bytes=${wanted} limit=${limit}`,
      );
    }
    this.taken += sizeBytes;
  }

  /** Gives room back that was taken. */
  give(sizeBytes: number): void {
    this.taken -= sizeBytes;
  }
}

/** A sink whose bytes are taken out of the space, for good: the files go when the space does. */
export function spillSink(sink: FileSink, space: SpillSpace): FileSink {
  return {
    write: (bytes) => {
      space.take(bytes.length);
      return sink.write(bytes);
    },
    close: () => sink.close(),
    abort: () => sink.abort(),
  };
}
