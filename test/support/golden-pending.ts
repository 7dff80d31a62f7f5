// Golden cases whose steps our verbs cannot replay, with the code of the refusal. A case that is not listed must be
// replayed, and one that is listed must be refused, so that the list cannot go stale.

/** By case: the code that stops the replay. ORC files are read and not written. */
export const REPLAY_REFUSED: ReadonlyMap<string, string> = new Map([
  ['orc-basic', 'E3301'],
  ['types-primitive-orc', 'E3301'],
]);

/**
 * Cases where the sizes of files, which differ, decide what is compacted: the same after each commit, not in each snapshot.
 */
export const REPLAY_SIZES_DECIDE: ReadonlySet<string> = new Set(['dedup-multilevel', 'dv-basic']);
