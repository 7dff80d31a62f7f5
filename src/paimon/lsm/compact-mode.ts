// What a table's compactions have to do beside merging: changelogs, lookups, deletion vectors, expiry of rows.
// Source: format notes 05 sections 3, 7 to 9 (LookupMergeTreeCompactRewriter, FullChangelogMergeTreeCompactRewriter).
import { TributaryError } from '../../base/errors.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { fileFormatAt } from './file-encoding.ts';
import type { Raising } from './plan-rewrite.ts';
import { holdsExpired, type RecordExpiry } from './record-expiry.ts';

/** How a compaction to a level works. */
export interface CompactMode {
  /**
   * `lookup`: what comes from level 0 meets the rows of higher levels; `full`: changes against the highest level are
   * written down; `plain`: files are merged and nothing else.
   */
  readonly kind: 'plain' | 'lookup' | 'full';
  readonly isFirstRow: boolean;
  /**
   * What meets nothing is merged all the same, and may change by it: a sequence group without a sequence is NULL then, an
   * aggregate of one value need not be that value.
   */
  readonly mergesAlone: boolean;
  /** Changes are written down. */
  readonly changelog: boolean;
  /** Columns that must differ for an update to be a change; null where every update is one. */
  readonly comparedColumns: readonly number[] | null;
  /** Keys are looked up in the levels above the output. */
  readonly looksUp: boolean;
  /** The rows found are needed, beside where they are. */
  readonly needsFoundRows: boolean;
  /** Rows found are marked as deleted. */
  readonly deletionVectors: boolean;
}

/** The mode of compactions to a level. Throws `E3371` for a column to be ignored that is not there. */
export function compactModeOf(
  schema: TableSchema,
  to: { readonly outputLevel: number; readonly maxLevel: number },
): CompactMode {
  const options = tableOptions(schema);
  const { changelogProducer, mergeEngine, deletionVectors, sequenceFields } = options;
  const isFull = changelogProducer === 'full-compaction' && to.outputLevel === to.maxLevel;
  const isFirstRow = mergeEngine === 'first-row';
  const changelog = isFull || changelogProducer === 'lookup';
  const isLastRow = mergeEngine === 'deduplicate' && sequenceFields.length === 0;
  const needsFoundRows = !isFirstRow && (changelog || !isLastRow);
  const kind = kindOf(options, isFull);
  return {
    kind,
    isFirstRow,
    mergesAlone: kind === 'lookup' && (mergeEngine === 'partial-update' || mergeEngine === 'aggregation'),
    changelog,
    comparedColumns: options.changelogRowDeduplicate ? comparedColumns(schema, options) : null,
    looksUp: options.needsLookup && (isFirstRow || deletionVectors || needsFoundRows),
    needsFoundRows,
    deletionVectors,
  };
}

function kindOf(options: TableOptions, isFull: boolean): CompactMode['kind'] {
  if (isFull) return 'full';
  // Below the highest level too, where changes are those of full compactions and `force-lookup` is set: reads take a row
  // above level 0 for the merge of all before it. The reference merges what the compaction holds alone, and loses the rest.
  return options.needsLookup ? 'lookup' : 'plain';
}

function comparedColumns(schema: TableSchema, options: TableOptions): readonly number[] {
  const ignored = options.changelogRowDeduplicateIgnoreFields;
  const unknown = ignored.find((name) => !schema.fields.some((field) => field.name === name));
  if (unknown !== undefined) {
    throw new TributaryError(
      'E3371',
      `changelog-producer.row-deduplicate-ignore-fields names a column that is not there: column=${unknown}`,
    );
  }
  return schema.fields.flatMap(({ name }, index) => (ignored.includes(name) ? [] : [index]));
}

/** What files need that are not merged with others. */
export interface RaisingRules {
  readonly mode: CompactMode;
  readonly schema: TableSchema;
  readonly fileSchemas: ReadonlyMap<number, TableSchema>;
  readonly outputLevel: number;
  readonly maxLevel: number;
  readonly dropDeletes: boolean;
  readonly expiry: RecordExpiry | null;
}

/** What is done to a file that need not be merged. */
export function raisingOf(file: DataFileMeta, rules: RaisingRules): Raising {
  const { mode, outputLevel } = rules;
  const options = tableOptions(rules.schema);
  const mayHoldDeletes = file.deleteRowCount === null || file.deleteRowCount > 0;
  const fileSchema = rules.fileSchemas.get(file.schemaId);
  const isExpired = rules.expiry !== null && fileSchema !== undefined && holdsExpired(file, fileSchema, rules.expiry);
  if (options.compactionForceRewriteAllFiles || (rules.dropDeletes && mayHoldDeletes) || isExpired) return 'rewrite';
  if (file.level === outputLevel) return 'stay';
  if (mode.kind === 'full') return 'raise-and-read';
  if (mode.kind === 'plain' || file.level !== 0) return 'raise';
  if (fileFormatAt(options, file.level) !== fileFormatAt(options, outputLevel)) return 'rewrite';
  const isLastRow = options.mergeEngine === 'deduplicate' && options.sequenceFields.length === 0;
  // Below the highest level, rows of other engines have to be merged with what is found above.
  if (outputLevel !== rules.maxLevel && !isLastRow) return 'rewrite';
  return mode.changelog || mode.deletionVectors ? 'raise-and-read' : 'raise';
}
