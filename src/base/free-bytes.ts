// Gives memory back before the collector comes for it.

/** Shorter ones may be part of a buffer that others use, too, and are not worth it. */
const FREED_BYTES_MIN = 64 * 1024;
/** An eighth more than is used is room to spare; a part of a buffer that is shared, as Node's pool is, is at most half of it. */
const SPARE_SHIFT = 3;

/**
 * Frees the memory of bytes that have a buffer of their own and that nothing will look at any more. The collector counts
 * such memory, without seeing which of it is in use: it marks everything each time some 16 MB have come, which took a
 * fifth of a merged read's processor time. Bytes that are part of a larger buffer stay.
 */
export function freeBytes({ buffer, byteOffset, length }: Uint8Array): void {
  const isWhole = byteOffset === 0 && buffer.byteLength - length <= length >> SPARE_SHIFT;
  if (isWhole && length >= FREED_BYTES_MIN && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
