// The texts of MariaDB's UUID, INET4 and INET6 from the bytes that the log has, whose trailing zeros are left out.

/** Bytes of a value of each type. */
export const ADDRESS_SIZES = { uuid: 16, inet4: 4, inet6: 16 } as const;

const GROUP_COUNT = 8;

/** A UUID in lower case. */
export function uuidText(bytes: Buffer, start: number, end: number): string {
  const digits = bytes.toString('hex', start, end).padEnd(2 * ADDRESS_SIZES.uuid, '0');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}

/** An IPv4 address. */
export function inet4Text(bytes: Buffer, start: number, end: number): string {
  return [...whole(bytes.subarray(start, end), ADDRESS_SIZES.inet4)].join('.');
}

/** An IPv6 address as the server prints it: `::` for the first of the longest runs of zeros. */
export function inet6Text(bytes: Buffer, start: number, end: number): string {
  const address = whole(bytes.subarray(start, end), ADDRESS_SIZES.inet6);
  const groups = Array.from({ length: GROUP_COUNT }, (_, index) => address.readUInt16BE(2 * index));
  const gap = longestGap(groups);
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (gap.size === 0) return hex(0, GROUP_COUNT);
  const gapEnd = gap.at + gap.size;
  // Addresses that hold an IPv4 address show it.
  const isMapped = gap.size === 5 && groups[5] === 0xffff;
  if (gap.at === 0 && (gap.size === 6 || isMapped)) return `::${isMapped ? 'ffff:' : ''}${inet4Text(address, 12, 16)}`;
  return `${hex(0, gap.at)}::${hex(gapEnd, GROUP_COUNT)}`;
}

/** Where the first of the longest runs of zero groups is. */
function longestGap(groups: readonly number[]): { readonly at: number; readonly size: number } {
  let longest = { at: 0, size: 0 };
  let size = 0;
  for (const [index, group] of groups.entries()) {
    size = group === 0 ? size + 1 : 0;
    if (size > longest.size) longest = { at: index + 1 - size, size };
  }
  return longest;
}

function whole(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}
