// Damage to files as disks, networks and attackers do it: cut, flipped, overwritten, repeated, and numbers made extreme.
import type { Random } from '../../src/base/random.ts';

/** A damaged copy and what was done to it. */
export interface Mutation {
  readonly bytes: Uint8Array;
  readonly what: string;
}

type Mutate = (bytes: Uint8Array, random: Random) => Mutation;

/** Lengths and counts that a careless reader would believe. */
const EXTREMES = [
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0x00, 0x00, 0x00, 0x80],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x00, 0x00, 0x00],
  // Variable-length integers of Avro, Thrift and Protocol Buffers: 2^31 - 1, 2^63 - 1, -2^63.
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
] as const;
/** Numbers of JSON that are no counts, ids or sizes. */
const JSON_NUMBERS = [
  '-1',
  '0',
  '1e308',
  '9223372036854775807',
  '9223372036854775808',
  '0.5',
  'null',
  '"x"',
  '[]',
  '{}',
];

const below = (random: Random, limit: number): number => Math.min(limit - 1, Math.floor(random.unit() * limit));

function cut(bytes: Uint8Array, random: Random): Mutation {
  const length = below(random, bytes.length);
  return { bytes: bytes.slice(0, length), what: `cut to ${length} of ${bytes.length}` };
}

function flip(bytes: Uint8Array, random: Random): Mutation {
  const copy = bytes.slice();
  const places = Array.from({ length: 1 + below(random, 3) }, () => below(random, copy.length));
  for (const place of places) copy[place] ^= 1 << below(random, 8);
  return { bytes: copy, what: `bits flipped at ${places.join(',')}` };
}

function overwrite(bytes: Uint8Array, random: Random): Mutation {
  const copy = bytes.slice();
  const place = below(random, copy.length);
  const value = EXTREMES[below(random, EXTREMES.length)] ?? [];
  copy.set(value.slice(0, copy.length - place), place);
  return { bytes: copy, what: `extreme at ${place}` };
}

function repeat(bytes: Uint8Array, random: Random): Mutation {
  const from = below(random, bytes.length);
  const to = from + below(random, Math.min(64, bytes.length - from) + 1);
  const parts = [bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)];
  return { bytes: Uint8Array.from(Buffer.concat(parts)), what: `repeated ${from} to ${to}` };
}

function remove(bytes: Uint8Array, random: Random): Mutation {
  const from = below(random, bytes.length);
  const to = from + 1 + below(random, 16);
  return {
    bytes: Uint8Array.from(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])),
    what: `removed ${from}`,
  };
}

function zero(bytes: Uint8Array, random: Random): Mutation {
  const copy = bytes.slice();
  const from = below(random, copy.length);
  copy.fill(0, from, Math.min(copy.length, from + 1 + below(random, 512)));
  return { bytes: copy, what: `zeros from ${from}` };
}

/** Puts something else in the place of a number of a JSON text. */
function otherNumber(bytes: Uint8Array, random: Random): Mutation {
  const text = new TextDecoder().decode(bytes);
  const numbers = [...text.matchAll(/-?\d+/g)];
  const chosen = numbers[below(random, Math.max(1, numbers.length))];
  if (chosen === undefined) return flip(bytes, random);
  const value = JSON_NUMBERS[below(random, JSON_NUMBERS.length)] ?? '';
  const changed = text.slice(0, chosen.index) + value + text.slice(chosen.index + chosen[0].length);
  return { bytes: new TextEncoder().encode(changed), what: `${value} instead of the number at ${chosen.index}` };
}

/** Takes a member's name away. */
function otherName(bytes: Uint8Array, random: Random): Mutation {
  const text = new TextDecoder().decode(bytes);
  const names = [...text.matchAll(/"\w+"(?=\s*:)/g)];
  const chosen = names[below(random, Math.max(1, names.length))];
  if (chosen === undefined) return flip(bytes, random);
  const changed = `${text.slice(0, chosen.index)}"other"${text.slice(chosen.index + chosen[0].length)}`;
  return { bytes: new TextEncoder().encode(changed), what: `other name instead of ${chosen[0]}` };
}

const OF_BYTES: readonly Mutate[] = [cut, flip, flip, overwrite, overwrite, repeat, remove, zero];
const OF_JSON: readonly Mutate[] = [cut, flip, otherNumber, otherNumber, otherName, remove];

/** Damages a file that is not empty. */
export function mutate(bytes: Uint8Array, random: Random): Mutation {
  const kinds = bytes[0] === 0x7b ? OF_JSON : OF_BYTES;
  return (kinds[below(random, kinds.length)] ?? flip)(bytes, random);
}
