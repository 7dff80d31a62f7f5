// Fetches small parts of a file, those that are near each other at once.
import type { RangeSource } from './data-file.ts';
import { corrupt } from './file-fault.ts';
import type { FilePlace } from './file-place.ts';

/** Parts so near to each other are fetched at once: what is between them costs less than another request. */
export const NEAR_BYTES: number = 64 * 1024;

/** The bytes of each place, in the order of the places. Throws faults of `E3200` for what is not in the file. */
export async function fetchPlaces(source: RangeSource, places: readonly FilePlace[]): Promise<readonly Uint8Array[]> {
  const found = new Map<FilePlace, Uint8Array>();
  for (const group of neighbours(places)) {
    const start = group[0].offset;
    const end = Math.max(...group.map(endOf));
    const bytes = await fetchExactly(source, start, end - start);
    for (const place of group) found.set(place, bytes.subarray(place.offset - start, endOf(place) - start));
  }
  return places.map((place) => found.get(place) ?? new Uint8Array(0));
}

/** A range of the file, which must be there. */
export async function fetchExactly(source: RangeSource, offset: number, sizeBytes: number): Promise<Uint8Array> {
  if (offset + sizeBytes > source.sizeBytes) throw corrupt('a part of the file stands outside of it');
  const bytes = await source.readRange(offset, sizeBytes);
  if (bytes.length !== sizeBytes) throw corrupt('the file is shorter than its size says');
  return bytes;
}

function endOf({ offset, sizeBytes }: FilePlace): number {
  return offset + sizeBytes;
}

function neighbours(places: readonly FilePlace[]): readonly FilePlace[][] {
  const groups: FilePlace[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const place of [...places].sort((a, b) => a.offset - b.offset)) {
    if (place.offset - end <= NEAR_BYTES) groups.at(-1)?.push(place);
    else groups.push([place]);
    end = Math.max(end, endOf(place));
  }
  return groups;
}
