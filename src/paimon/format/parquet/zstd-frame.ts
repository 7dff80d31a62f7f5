// The header of a zstd frame (RFC 8878, section 3.1.1.1). Writers that stream, as the reference does, leave out how long
// the content is; where it is known from elsewhere and told, the decoder writes straight to where the content goes.
const HEADER_BYTES = 6;
const MAGIC = 0xfd2fb528;
/** "Frame_Content_Size_flag" 0, "Single_Segment_flag" 0, "Dictionary_ID_flag" 0: a window descriptor follows, and no size. */
const SIZE_LEFT_OUT = 0b1110_0011;
/** "Frame_Content_Size_flag" 2: a size of four bytes. */
const SIZE_OF_FOUR_BYTES = 0b1000_0000;

/**
 * The frame with the size of its content in its header, as a copy; null where it has one already, or has a dictionary, or
 * is no frame. It cannot be decoded if the size is wrong, or if it is several frames.
 */
export function frameWithSize(frame: Uint8Array, sizeBytes: number): Uint8Array | null {
  if (frame.length < HEADER_BYTES) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC || (frame[4] & SIZE_LEFT_OUT) !== 0) return null;
  const sized = new Uint8Array(frame.length + 4);
  sized.set(frame.subarray(0, HEADER_BYTES));
  sized[4] |= SIZE_OF_FOUR_BYTES;
  new DataView(sized.buffer).setUint32(HEADER_BYTES, sizeBytes, true);
  sized.set(frame.subarray(HEADER_BYTES), HEADER_BYTES + 4);
  return sized;
}
