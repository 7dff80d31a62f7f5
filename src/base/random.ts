// Randomness, as a component: the only file that draws random numbers. Tests pass a seeded one.
import { randomUUID } from 'node:crypto';

/** A source of random values. */
export interface Random {
  /** A number in [0, 1). */
  unit(): number;
  /** A lower-case UUID, version 4. */
  uuid(): string;
}

/** The machine's randomness. */
export const systemRandom: Random = {
  unit: () => Math.random(),
  uuid: () => randomUUID(),
};

/** A repeatable sequence (mulberry32); equal seeds give equal sequences. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(unit() * 16).toString(16)).join('');
  return { unit, uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}` };
}
