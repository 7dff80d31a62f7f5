// What the demo prints at its end, for its tests.

/** Rows and checksums of both sides, source before lake, of the tables that are equal. */
export function comparison(output: string): ReadonlyMap<string, readonly string[]> {
  const lines = [...output.matchAll(/^(\w+) +(\d+) +(\d+) +(\d+) +(\d+) +equal$/gm)];
  return new Map(lines.map(([, table, ...sums]) => [table, sums]));
}
