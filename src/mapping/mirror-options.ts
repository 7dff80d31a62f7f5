// Which Paimon options are right for a mirrored table: one that is to hold what its source holds, after every commit.
// Pure; the first rule that is broken says why and what to do instead.
import { TributaryError } from '../base/errors.ts';
import type { SourceTable } from '../change/source-table.ts';
import { BUCKET_DYNAMIC, BUCKET_POSTPONE, type TableOptions, tableOptions } from '../paimon/schema/table-options.ts';
import type { BucketWish } from './lake-table.ts';

/** Paimon options of a table, verbatim. */
export type OptionTexts = Readonly<Record<string, string>>;

/** What the rules are about. */
export interface MirrorOptions {
  readonly source: SourceTable;
  readonly options: OptionTexts;
  /** What the configuration says beside `options`. */
  readonly buckets: BucketWish;
  /** Who compacts: `off` says that another engine does. */
  readonly compaction: 'inline' | 'off';
}

/** A rule that is broken. */
export interface OptionFault {
  /** The option as `name=value`. */
  readonly option: string;
  readonly reason: string;
  /** What to do instead. */
  readonly wayOut: string;
}

/** Reason and way out of a broken rule. */
type Verdict = readonly [reason: string, wayOut: string];

interface Facts extends MirrorOptions {
  readonly typed: TableOptions;
}

interface Rule {
  /** The option that the rule is about, and that a fault names. */
  readonly option: string;
  /** Null where the rule is kept. */
  readonly verdict: (facts: Facts, option: string) => Verdict | null;
}

const REMOVE = 'remove the option';

/** In the order in which faults are told: what the option by itself makes wrong, then what does so together with others. */
const RULES: readonly Rule[] = [
  { option: 'primary-key', verdict: isSet('the key is that of the source', 'use key in the configuration') },
  { option: 'partition', verdict: isSet('a mirrored table has no partitions', REMOVE) },
  { option: 'merge-engine', verdict: engineVerdict },
  {
    option: 'sequence.field',
    verdict: isSet(
      "changes are in the order of the source's log, and a delete, which has the key alone, would lose",
      REMOVE,
    ),
  },
  { option: 'rowkind.field', verdict: isSet('the kind of a change is that of the source', REMOVE) },
  {
    option: 'ignore-delete',
    verdict: ({ typed }) => (typed.ignoreDelete ? ['rows that the source deletes would stay', REMOVE] : null),
  },
  {
    option: 'ignore-update-before',
    verdict: ({ typed }) =>
      typed.ignoreUpdateBefore && typed.changelogProducer === 'input'
        ? ['the input changelog would lack the rows before updates', REMOVE]
        : null,
  },
  {
    option: 'record-level.expire-time',
    verdict: isSet('rows that the source still holds would be dropped', 'delete them in the source'),
  },
  { option: 'bucket', verdict: bucketVerdict },
  { option: 'changelog-producer', verdict: producerVerdict },
  {
    option: 'write-only',
    verdict: ({ typed, compaction }) =>
      typed.writeOnly && compaction === 'inline'
        ? ['nobody would compact the table', 'set maintenance.compaction: off where another engine does, or remove it']
        : null,
  },
  { option: 'deletion-vectors.enabled', verdict: visibilityVerdict },
];

/** The first rule that the options break; null where they are right for a mirror. Throws `E3105` for a value that cannot be read. */
export function mirrorOptionFault(of: MirrorOptions): OptionFault | null {
  const primaryKeys = of.source.keyColumns.map((index) => of.source.columns[index].name);
  const facts = { ...of, typed: tableOptions({ options: of.options, primaryKeys }) };
  for (const { option, verdict } of RULES) {
    const broken = verdict(facts, option);
    if (broken === null) continue;
    const [reason, wayOut] = broken;
    return { option: `${option}=${of.options[option] ?? 'true'}`, reason, wayOut };
  }
  return null;
}

/** Throws `E1300` where an option cannot be right for a mirror. */
export function requireMirrorOptions(of: MirrorOptions): void {
  const fault = mirrorOptionFault(of);
  if (fault === null) return;
  const { option, reason, wayOut } = fault;
  throw new TributaryError(
    'E1300',
    `table option cannot be right for a mirror: table=${of.source.key} option=${option} (${reason}; ${wayOut})`,
  );
}

/** A rule that every value of the option breaks. */
function isSet(reason: string, wayOut: string): Rule['verdict'] {
  return ({ options }, option) => (options[option] === undefined ? null : [reason, wayOut]);
}

function bucketVerdict({ typed: { bucket }, buckets }: Facts): Verdict | null {
  if (bucket === BUCKET_POSTPONE) {
    return ['rows would be seen after another compaction only', 'use a number, or buckets: auto'];
  }
  const isOther = buckets !== 'auto' && bucket !== (buckets === 'dynamic' ? BUCKET_DYNAMIC : buckets);
  return isOther ? [`the configuration has buckets: ${buckets}, too`, 'keep one of the two'] : null;
}

function engineVerdict({ typed, options, source }: Facts): Verdict | null {
  const deduplicate = 'use merge-engine=deduplicate';
  switch (typed.mergeEngine) {
    case 'deduplicate':
      return null;
    case 'first-row':
      return ['updates of the source would be passed over', deduplicate];
    case 'aggregation':
      return ['updates of the source would be added to the row instead of replacing it', deduplicate];
    case 'partial-update':
      return partialUpdateVerdict(options, source);
  }
}

/**
 * Updates in part keep what NULL does not replace, so that they give the source's rows where columns cannot be NULL; of
 * columns that the log left out of an update, they keep the value without looking it up.
 */
function partialUpdateVerdict(options: OptionTexts, source: SourceTable): Verdict | null {
  if (options['partial-update.remove-record-on-delete']?.trim().toLowerCase() !== 'true') {
    return ['deletes of the source have no rule', 'set partial-update.remove-record-on-delete=true'];
  }
  const computed = Object.keys(options).find((key) => /^fields\..*(sequence-group|aggregate-function)$/.test(key));
  if (computed !== undefined) return [`${computed} makes other rows than those of the source`, `remove ${computed}`];
  const isKey = (index: number): boolean => source.keyColumns.includes(index);
  const nullable = source.columns.find((column, index) => column.nullable && !isKey(index));
  if (nullable === undefined) return null;
  const reason = `an update to NULL would be passed over, and ${nullable.name} may be NULL`;
  return [reason, 'make the column NOT NULL in the source, or use merge-engine=deduplicate'];
}

function producerVerdict({ typed }: Facts): Verdict | null {
  if (typed.changelogProducer !== 'input' || typed.mergeEngine === 'deduplicate') return null;
  return [`with merge-engine=${typed.mergeEngine} it would lack the rows before updates`, 'use lookup'];
}

/** Reads of a table with deletion vectors pass level 0 by, so that commits are seen once that is compacted. */
function visibilityVerdict({ typed, compaction }: Facts): Verdict | null {
  if (!typed.deletionVectors || typed.deletionVectorsMergeOnRead) return null;
  const wayOut = 'set deletion-vectors.merge-on-read=true';
  if (compaction === 'off') return ['with maintenance.compaction: off, cuts would hold rows that nobody sees', wayOut];
  return typed.lookupCompactGentle
    ? ['with lookup-compact=gentle, cuts would hold rows that nobody sees', wayOut]
    : null;
}
