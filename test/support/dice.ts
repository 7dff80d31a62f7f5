// Draws of a seeded random, for tests that make up tables.
import type { Random } from '../../src/base/random.ts';

/** How many of the values of a column that may be NULL are. */
export const NULL_SHARE = 0.25;

/** Draws from a seeded random. */
export class Dice {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A whole number from 0, less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.random.unit() * limit);
  }

  chance(share: number): boolean {
    return this.random.unit() < share;
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  list<T>(countMax: number, item: () => T): T[] {
    return Array.from({ length: this.below(countMax + 1) }, item);
  }

  /** Some of the items, in their order. */
  some<T>(items: readonly T[], share = 0.5): T[] {
    return items.filter(() => this.chance(share));
  }

  /** NULL now and then. */
  maybe<T>(value: () => T): () => T | null {
    return () => (this.chance(NULL_SHARE) ? null : value());
  }
}
