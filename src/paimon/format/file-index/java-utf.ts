// Texts as Java's `DataOutput.writeUTF` writes them: a 16-bit length, then UTF-8 of each UTF-16 unit by itself, with two
// bytes for U+0000.
import { damagedIndex } from './index-fault.ts';

/** The text at an offset and the offset behind it. Throws `E3230`, or RangeError where the bytes end early. */
export function readJavaUtf(view: DataView, at: number): { readonly text: string; readonly end: number } {
  const end = at + 2 + view.getUint16(at);
  let text = '';
  for (let next = at + 2; next < end; ) {
    const first = view.getUint8(next);
    if (first < 0x80) {
      text += String.fromCharCode(first);
      next++;
    } else if ((first & 0xe0) === 0xc0) {
      text += String.fromCharCode(((first & 0x1f) << 6) | (view.getUint8(next + 1) & 0x3f));
      next += 2;
    } else if ((first & 0xf0) === 0xe0) {
      const middle = view.getUint8(next + 1) & 0x3f;
      text += String.fromCharCode(((first & 0x0f) << 12) | (middle << 6) | (view.getUint8(next + 2) & 0x3f));
      next += 3;
    } else throw damagedIndex(`text is not UTF-8: byte=${first}`);
  }
  return { text, end };
}

/** The bytes of a text with its length. */
export function writeJavaUtf(text: string): Uint8Array {
  const bytes = [0, 0];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0 && unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  const length = bytes.length - 2;
  bytes[0] = length >> 8;
  bytes[1] = length & 0xff;
  return Uint8Array.from(bytes);
}
