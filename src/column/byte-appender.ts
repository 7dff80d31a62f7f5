// Writes byte strings one behind the other: the copy loop under every gathered column of texts.

/** From this size on the engine's own copy is faster than a loop, in spite of the view that it needs. */
const LOOP_BYTES_MAX = 512;
const WORD_BYTES = 8;

/** A view of all bytes, for `ByteAppender.append`: one a source, not one a string. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fills an array from its start on. The caller has made it large enough. */
export class ByteAppender {
  /** Bytes written so far. */
  size = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, size = 0) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.size = size;
  }

  /**
   * Appends the bytes `start … end` of the source. Words of eight bytes, the last of which overlaps the one before it:
   * three times as fast as `set` of a subarray at 30 and at 100 bytes, and without garbage.
   */
  append(source: DataView, start: number, end: number): void {
    const { view, size } = this;
    const length = end - start;
    this.size = size + length;
    if (length < WORD_BYTES) {
      for (let index = 0; index < length; index++) view.setUint8(size + index, source.getUint8(start + index));
    } else if (length > LOOP_BYTES_MAX) {
      this.bytes.set(new Uint8Array(source.buffer, source.byteOffset + start, length), size);
    } else {
      const last = length - WORD_BYTES;
      for (let index = 0; index < last; index += WORD_BYTES) {
        view.setBigInt64(size + index, source.getBigInt64(start + index, true), true);
      }
      view.setBigInt64(size + last, source.getBigInt64(start + last, true), true);
    }
  }
}
