// Memory for pages and column chunks that is used again. A file needs a few buffers a column for the time of its writing;
// made anew for each file they were most of what made the garbage collector run (half of its work, by measurement).

const LEAST_POWER = 12;
/** What is kept at most while no file needs it. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024;

/** Buffers by the power of two that is their size. */
const kept = new Map<number, ArrayBuffer[]>();
let keptBytes = 0;

/** A buffer of at least so many bytes, of any content: the next power of two, 4 KiB or more. */
export function takeBuffer(sizeBytes: number): ArrayBuffer {
  const power = Math.max(LEAST_POWER, Math.ceil(Math.log2(sizeBytes)));
  const found = kept.get(power)?.pop();
  if (found === undefined) return new ArrayBuffer(2 ** power);
  keptBytes -= found.byteLength;
  return found;
}

/** Gives a buffer of `takeBuffer` back: nobody may use it any more. Others are left to the garbage collector. */
export function giveBuffer(buffer: ArrayBuffer): void {
  const power = Math.log2(buffer.byteLength);
  if (power < LEAST_POWER || !Number.isInteger(power) || keptBytes + buffer.byteLength > KEPT_BYTES_MAX) return;
  const others = kept.get(power);
  if (others === undefined) kept.set(power, [buffer]);
  else others.push(buffer);
  keptBytes += buffer.byteLength;
}
