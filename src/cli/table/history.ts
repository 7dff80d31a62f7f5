// Verbs of `tributary table` for the history of a table: tag, branch, rollback, incremental, expire-changelogs.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { rowKindText } from '../../column/row-kind.ts';
import { parseDuration } from '../../config/units.ts';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import { expireChangelogs } from '../../paimon/maintenance/expire-changelogs.ts';
import { deleteConsumer, resetConsumer } from '../../paimon/maintenance/consumers.ts';
import { renameTag } from '../../paimon/maintenance/tags.ts';
import type { IncrementalMode } from '../../paimon/scan/scan.ts';
import type { Table, TagOptions } from '../../paimon/table.ts';
import { jsonText, printLine } from '../output.ts';
import { standardOutput } from '../standard-output.ts';
import { openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

type Named = TableOptions & { readonly name: string; readonly do: string; readonly branch?: string };
type TagVerbOptions = Named & { readonly to?: string; readonly fromSnapshot?: string; readonly timeRetained?: string };

/** `tributary table tag` */
export function tagVerb(): Command {
  return tableVerb('tag', 'keep a snapshot under a name')
    .requiredOption('--name <name>', 'the tag')
    .option('--do <what>', 'create, delete, rename or replace', 'create')
    .option('--from-snapshot <id>', 'the snapshot to keep; the latest unless given')
    .option('--time-retained <duration>', 'how long to keep it; for ever unless given')
    .option('--to <name>', 'new name, with --do rename')
    .option('--branch <name>', 'tag of this branch')
    .action(async (options: TagVerbOptions) => {
      const table = await openTable(options, options.branch);
      switch (options.do) {
        case 'create':
          return table.createTag(options.name, tagOptions(options));
        case 'replace':
          return table.replaceTag(options.name, tagOptions(options));
        case 'delete':
          await table.deleteTag(options.name);
          return;
        case 'rename':
          if (options.to === undefined) throw new TributaryError('E6200', 'new name is missing: option=--to');
          return renameTag(await table.history(), options.name, options.to);
        default:
          throw new TributaryError('E6200', `no such action: do=${options.do} known=create, delete, rename, replace`);
      }
    });
}

function tagOptions({ fromSnapshot, timeRetained }: TagVerbOptions): TagOptions {
  const retainedMs = timeRetained === undefined ? null : parseDuration(timeRetained);
  if (timeRetained !== undefined && retainedMs === null) {
    throw new TributaryError('E6200', `duration is not understood: time-retained=${timeRetained}`);
  }
  return {
    ...(fromSnapshot === undefined ? {} : { snapshotId: wholeNumber(fromSnapshot, 'from-snapshot') }),
    ...(retainedMs === null ? {} : { retainedMs }),
  };
}

/** `tributary table branch` */
export function branchVerb(): Command {
  return tableVerb('branch', 'another history over the same files')
    .requiredOption('--name <name>', 'the branch')
    .option('--do <what>', 'create, delete or fast-forward', 'create')
    .option('--from-tag <name>', 'begin with the state of this tag; empty unless given')
    .action(async (options: Named & { readonly fromTag?: string }) => {
      const table = await openTable(options);
      const { name, fromTag } = options;
      switch (options.do) {
        case 'create':
          return table.createBranch(name, fromTag === undefined ? {} : { fromTag });
        case 'delete':
          return table.deleteBranch(name);
        case 'fast-forward':
          return table.fastForward(name);
        default:
          throw new TributaryError('E6200', `no such action: do=${options.do} known=create, delete, fast-forward`);
      }
    });
}

/** `tributary table consumer` */
export function consumerVerb(): Command {
  return tableVerb('consumer', 'where a reader of changes goes on; what it still has to read does not expire')
    .requiredOption('--id <id>', 'the consumer')
    .option('--do <what>', 'reset or delete', 'reset')
    .option('--next <snapshot>', 'the snapshot that it reads next, with --do reset')
    .option('--branch <name>', 'consumer of this branch')
    .action(async (options: ConsumerOptions) => {
      const table = await openTable(options, options.branch);
      switch (options.do) {
        case 'reset':
          if (options.next === undefined) throw new TributaryError('E6200', 'snapshot is missing: option=--next');
          return resetConsumer(table, options.id, wholeNumber(options.next, 'next'));
        case 'delete':
          return deleteConsumer(table, options.id);
        default:
          throw new TributaryError('E6200', `no such action: do=${options.do} known=reset, delete`);
      }
    });
}

type ConsumerOptions = TableOptions & {
  readonly id: string;
  readonly do: string;
  readonly next?: string;
  readonly branch?: string;
};

/** `tributary table rollback` */
export function rollbackVerb(): Command {
  return tableVerb('rollback', 'go back to a snapshot or a tag; what came later is gone')
    .option('--snapshot <id>', 'the snapshot to go back to')
    .option('--tag <name>', 'the tag to go back to')
    .option('--branch <name>', 'roll this branch back')
    .option('--dry-run', 'remove nothing, and print the ids of the snapshots that would go')
    .action(async (options: RollbackOptions) => {
      const table = await openTable(options, options.branch);
      const { snapshot, tag } = options;
      if ((snapshot === undefined) === (tag === undefined)) {
        throw new TributaryError('E6200', 'give one of --snapshot and --tag');
      }
      const target = tag === undefined ? { snapshot: wholeNumber(String(snapshot), 'snapshot') } : { tag };
      if (options.dryRun !== true) return table.rollbackTo(target);
      const last = 'tag' in target ? (await table.tag(target.tag)).id : target.snapshot;
      for (const id of await table.snapshots.ids()) if (id > last) printLine(id.toString());
    });
}

type RollbackOptions = TableOptions & {
  readonly snapshot?: string;
  readonly tag?: string;
  readonly branch?: string;
  readonly dryRun?: boolean;
};

const MODES: Readonly<Record<string, IncrementalMode>> = {
  auto: 'auto',
  delta: 'delta',
  changelog: 'changelog',
  diff: 'diff',
};

/** `tributary table incremental` */
export function incrementalVerb(): Command {
  return tableVerb('incremental', 'print what came between two states as NDJSON of kinds and rows')
    .requiredOption('--between <from,to>', 'two snapshot ids, or two tags; the first is left out')
    .option('--scan-mode <mode>', `${Object.keys(MODES).join(', ')}`, 'auto')
    .option('--branch <name>', 'of this branch')
    .action(async (options: TableOptions & { between: string; scanMode: string; branch?: string }) => {
      const table = await openTable(options, options.branch);
      const mode = MODES[options.scanMode];
      if (mode === undefined) throw new TributaryError('E6200', `no such scan mode: scan-mode=${options.scanMode}`);
      await printIncremental(table, options.between, mode);
    });
}

async function printIncremental(table: Table, between: string, mode: IncrementalMode): Promise<void> {
  const [from = '', to = '', ...rest] = between.split(',');
  if (from === '' || to === '' || rest.length > 0) {
    throw new TributaryError('E6200', `range is not of two states: between=${between}`);
  }
  const areIds = /^\d+$/.test(from) && /^\d+$/.test(to);
  const range = areIds
    ? ({ kind: 'snapshots', after: BigInt(from), upTo: BigInt(to) } as const)
    : ({ kind: 'tags', after: from, upTo: to } as const);
  for await (const batch of table.incremental({ between: range, mode })) {
    const print = createRowPrinter(batch.fields);
    let text = '';
    for (let row = 0; row < batch.rowCount; row++) {
      text += `{"kind":"${rowKindText(batch.kinds[row])}","row":${print(batch.columns, row)}}\n`;
    }
    await standardOutput.write(text);
  }
}

/** `tributary table expire-changelogs` */
export function expireChangelogsVerb(): Command {
  return tableVerb('expire-changelogs', 'remove changelogs that have outlived their snapshots')
    .option('--changelog-retain-max <count>', 'changelogs and snapshots that stay at most', '1')
    .option('--changelog-retain-min <count>', 'changelogs and snapshots that stay at least', '1')
    .option('--retain-ms <ms>', 'those younger than this stay, up to the most', '0')
    .option('--dry-run', 'remove nothing, and print the ids of those that would go')
    .action(async (options: TableOptions & Record<string, unknown> & { readonly dryRun?: boolean }) => {
      const table = await openTable(options);
      const count = (name: 'changelogRetainMax' | 'changelogRetainMin' | 'retainMs', flag: string): number =>
        Number(wholeNumber(String(options[name]), flag));
      const ids = await expireChangelogs(await table.history(), {
        retention: {
          countMax: count('changelogRetainMax', 'changelog-retain-max'),
          countMin: count('changelogRetainMin', 'changelog-retain-min'),
          timeMs: count('retainMs', 'retain-ms'),
        },
        nowMs: systemClock.nowMs(),
        dryRun: options.dryRun === true,
      });
      printLine(jsonText({ changelogIds: ids }));
    });
}
