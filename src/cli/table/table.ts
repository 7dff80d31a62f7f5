// `tributary table VERB`: one table by hand, with the verbs of the reference's command line.
import { Command } from 'commander';
import { alterVerb, createVerb, dropVerb } from './define.ts';
import { analyzeVerb } from './analyze.ts';
import { compactVerb } from './compact.ts';
import { expectVerb } from './expect.ts';
import { branchVerb, consumerVerb, expireChangelogsVerb, incrementalVerb, rollbackVerb, tagVerb } from './history.ts';
import { expireVerb, fsckVerb, removeOrphanVerb } from './maintain.ts';
import { dropPartitionVerb, expirePartitionsVerb, markDoneVerb } from './partitions.ts';
import { changelogVerb, readVerb } from './read.ts';
import { rescaleVerb } from './rescale.ts';
import { dumpVerb, systableVerb } from './system.ts';
import { writeVerb } from './write.ts';

/** `tributary table` */
export function tableCommand(): Command {
  const command = new Command('table').description('work on one table by hand');
  const verbs = [
    createVerb,
    alterVerb,
    dropVerb,
    writeVerb,
    readVerb,
    changelogVerb,
    incrementalVerb,
    systableVerb,
    dumpVerb,
    expectVerb,
    analyzeVerb,
    compactVerb,
    rescaleVerb,
    expireVerb,
    expireChangelogsVerb,
    removeOrphanVerb,
    fsckVerb,
    dropPartitionVerb,
    expirePartitionsVerb,
    markDoneVerb,
    tagVerb,
    branchVerb,
    consumerVerb,
    rollbackVerb,
  ];
  for (const verb of verbs) command.addCommand(verb());
  return command;
}
