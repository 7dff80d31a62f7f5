// The messages of a connection while COPY data comes over it: the data goes to its reader in place, everything else to
// the driver. A row is one message, and of each message the driver would make three objects.
import { assert } from '../../base/errors.ts';

const COPY_DATA = 0x64;
/** The kind of a message and its length, which counts itself. */
const HEADER_BYTES = 5;

/** Takes the content of one CopyData message, `bytes[start … end)`; the bytes are valid during the call only. */
export type CopyDataReader = (bytes: Buffer, start: number, end: number) => void;

/** Stands between the socket of a connection and the driver, until it is released. */
export class CopyFrames {
  private readonly stream: NodeJS.ReadableStream;
  private readonly driver: (bytes: Buffer) => void;
  private readonly read: CopyDataReader;
  private readonly listener = (chunk: Buffer): void => this.take(chunk);
  /** The beginning of a message whose end has not come yet. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private released = false;

  constructor(connection: { readonly stream: NodeJS.ReadableStream }, read: CopyDataReader) {
    this.stream = connection.stream;
    this.read = read;
    const listeners = this.stream.listeners('data');
    assert(listeners.length === 1, `the driver listens to its socket once: listeners=${listeners.length}`);
    this.driver = listeners[0] as (bytes: Buffer) => void;
    this.stream.removeListener('data', this.driver);
    this.stream.on('data', this.listener);
  }

  /** The driver gets all that comes from here on. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.stream.removeListener('data', this.listener);
    this.stream.on('data', this.driver);
    const held = this.held;
    this.held = [];
    if (held.length > 0) this.driver(Buffer.concat(held));
  }

  private take(chunk: Buffer): void {
    let at = this.heldBytes === 0 ? 0 : this.complete(chunk);
    while (at + HEADER_BYTES <= chunk.length && !this.released) {
      const end = at + 1 + chunk.readUInt32BE(at + 1);
      if (end > chunk.length) break;
      this.message(chunk, at, end);
      at = end;
    }
    if (at === chunk.length) return;
    if (this.released) this.driver(chunk.subarray(at));
    else this.hold(chunk.subarray(at));
  }

  /** Adds to the message that is held what it still lacks; returns how much of the chunk that is. */
  private complete(chunk: Buffer): number {
    let used = 0;
    if (this.heldBytes < HEADER_BYTES) {
      used = Math.min(HEADER_BYTES - this.heldBytes, chunk.length);
      this.hold(chunk.subarray(0, used));
      if (this.heldBytes < HEADER_BYTES) return used;
    }
    if (this.held[0].length < HEADER_BYTES) this.held = [Buffer.concat(this.held)];
    const lacking = 1 + this.held[0].readUInt32BE(1) - this.heldBytes;
    const end = Math.min(used + lacking, chunk.length);
    if (end > used) this.hold(chunk.subarray(used, end));
    if (end - used === lacking) {
      const whole = Buffer.concat(this.held);
      this.held = [];
      this.heldBytes = 0;
      this.message(whole, 0, whole.length);
    }
    return end;
  }

  private hold(part: Buffer): void {
    this.held.push(part);
    this.heldBytes += part.length;
  }

  private message(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === COPY_DATA) this.read(bytes, start + HEADER_BYTES, end);
    else this.driver(bytes.subarray(start, end));
  }
}
