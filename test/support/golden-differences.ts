// Golden cases that our verbs replay otherwise than the reference made them.

/**
 * Cases where the sizes of files, which differ, decide what is compacted: the same after each commit, not in each snapshot.
 */
export const REPLAY_SIZES_DECIDE: ReadonlySet<string> = new Set(['dedup-multilevel', 'dv-basic']);

/**
 * Texts of reads of the reference's own files that it does not read from ours, with what it reads instead: its ORC writer
 * shifts timestamps before 1582 by the Julian calendar, ours does not.
 */
export const REPLAY_CORRECTED: ReadonlyMap<string, readonly [theirs: string, ours: string]> = new Map([
  ['types-primitive-orc', ['0000-12-30T', '0001-01-01T']],
]);
