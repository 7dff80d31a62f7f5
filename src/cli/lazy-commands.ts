// Commands that are loaded when they are wanted: what one of them needs takes memory and time that the others do without.
import type { Command } from 'commander';

/** Makes a command; `args` are those behind its name. */
export type CommandLoader = (args: readonly string[]) => Promise<Command>;

/** The command that the arguments begin with; all of them, in their order, where they begin with something else. */
export async function wantedCommands(
  loaders: Readonly<Record<string, CommandLoader>>,
  args: readonly string[],
): Promise<readonly Command[]> {
  const [first, ...others] = args;
  if (first !== undefined && Object.hasOwn(loaders, first)) return [await loaders[first](others)];
  return Promise.all(Object.values(loaders).map((load) => load([])));
}
