// `tributary table VERB`: one table by hand, with the verbs of the reference's command line.
import { Command } from 'commander';
import { type CommandLoader, wantedCommands } from '../lazy-commands.ts';

/** Every verb, in the order of the help. */
const VERBS: Readonly<Record<string, CommandLoader>> = {
  create: async () => (await import('./define.ts')).createVerb(),
  alter: async () => (await import('./define.ts')).alterVerb(),
  drop: async () => (await import('./define.ts')).dropVerb(),
  write: async () => (await import('./write.ts')).writeVerb(),
  read: async () => (await import('./read.ts')).readVerb(),
  changelog: async () => (await import('./read.ts')).changelogVerb(),
  incremental: async () => (await import('./history.ts')).incrementalVerb(),
  systable: async () => (await import('./system.ts')).systableVerb(),
  dump: async () => (await import('./system.ts')).dumpVerb(),
  expect: async () => (await import('./expect.ts')).expectVerb(),
  analyze: async () => (await import('./analyze.ts')).analyzeVerb(),
  compact: async () => (await import('./compact.ts')).compactVerb(),
  rescale: async () => (await import('./rescale.ts')).rescaleVerb(),
  'expire-snapshots': async () => (await import('./maintain.ts')).expireVerb(),
  'expire-changelogs': async () => (await import('./history.ts')).expireChangelogsVerb(),
  'remove-orphan': async () => (await import('./maintain.ts')).removeOrphanVerb(),
  fsck: async () => (await import('./maintain.ts')).fsckVerb(),
  'drop-partition': async () => (await import('./partitions.ts')).dropPartitionVerb(),
  'expire-partitions': async () => (await import('./partitions.ts')).expirePartitionsVerb(),
  'mark-done': async () => (await import('./partitions.ts')).markDoneVerb(),
  tag: async () => (await import('./history.ts')).tagVerb(),
  branch: async () => (await import('./history.ts')).branchVerb(),
  consumer: async () => (await import('./history.ts')).consumerVerb(),
  rollback: async () => (await import('./history.ts')).rollbackVerb(),
};

/** `tributary table`, with the verb that the arguments begin with, or all of them. */
export async function tableCommand(args: readonly string[] = []): Promise<Command> {
  const command = new Command('table').description('work on one table by hand');
  for (const verb of await wantedCommands(VERBS, args)) command.addCommand(verb);
  return command;
}
