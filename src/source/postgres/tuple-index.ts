// Where the values of a tuple of the log stand in its message: for messages that hold an old and a new tuple.
const TEXT = 0x74;

/** Places of the values of one tuple; filled again for each message. */
export class TupleIndex {
  /** Columns of the tuple that was read last. */
  count = 0;
  /** `t` text, `n` NULL, `u` unchanged and left out; for each column. */
  forms: Uint8Array = new Uint8Array(32);
  starts: Int32Array = new Int32Array(32);
  ends: Int32Array = new Int32Array(32);

  /** Reads the tuple at `start` of a message that ends at `limit`; returns where it ends, or -1 if it is not whole. */
  read(bytes: Buffer, start: number, limit: number): number {
    if (start + 2 > limit) return -1;
    this.count = bytes.readUInt16BE(start);
    if (this.count > this.forms.length) this.grow();
    let at = start + 2;
    for (let index = 0; index < this.count; index++) {
      if (at >= limit) return -1;
      const form = bytes[at++];
      const from = form === TEXT ? at + 4 : at;
      if (from > limit) return -1;
      const end = form === TEXT ? from + bytes.readInt32BE(at) : at;
      if (end < from || end > limit) return -1;
      this.forms[index] = form;
      this.starts[index] = from;
      this.ends[index] = end;
      at = end;
    }
    return at;
  }

  private grow(): void {
    this.forms = new Uint8Array(this.count);
    this.starts = new Int32Array(this.count);
    this.ends = new Int32Array(this.count);
  }
}
