// What a table of the differential test must hold at its end, where that depends on no file: a model in memory.
import type { MergeTable } from './random-merge-table.ts';
import type { KindRow } from './reference.ts';
import { type ModelEngine, RowModel } from './row-model.ts';

/** A model that takes the changes of a table as its writers do; null where what a merge gives depends on its time. */
export function lsmModel({ options, primaryKeys }: MergeTable): LsmModel | null {
  const merge = options['merge-engine'] as ModelEngine['merge'] | 'aggregation';
  const isTimed = 'record-level.expire-time' in options || 'sequence.field' in options || merge === 'aggregation';
  const isGrouped = Object.keys(options).some(
    (key) => key.endsWith('.sequence-group') || key.includes('remove-record'),
  );
  if (isTimed || isGrouped) return null;
  const ignoresDeletes = options['ignore-delete'] === 'true';
  return new LsmModel(new RowModel({ merge, ignoresDeletes }, primaryKeys), options);
}

/** A row model behind the options that say what kind of change a row is, and which kinds count. */
export class LsmModel {
  private readonly model: RowModel;
  private readonly options: MergeTable['options'];

  constructor(model: RowModel, options: MergeTable['options']) {
    this.model = model;
    this.options = options;
  }

  apply(changes: readonly KindRow[]): void {
    const { 'rowkind.field': kindField, 'ignore-update-before': ignoresBefore } = this.options;
    const meant = changes.map(({ kind, row }) => ({
      kind: kindField === undefined ? kind : (row[kindField] as string),
      row,
    }));
    this.model.apply(meant.filter(({ kind }) => ignoresBefore !== 'true' || kind !== '-U'));
  }

  rows(): ReturnType<RowModel['rows']> {
    return this.model.rows();
  }
}
