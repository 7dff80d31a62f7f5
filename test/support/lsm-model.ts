// What a table of the differential test must hold at its end, where that depends on no file: a model in memory.
import assert from 'node:assert/strict';
import { canonicalRows, type GoldenRow, type GoldenValue } from './golden.ts';
import type { MergeTable } from './random-merge-table.ts';
import type { KindRow } from './reference.ts';
import { type ModelEngine, RowModel } from './row-model.ts';

/** A model that takes the changes of a table as its writers do; null where what a merge gives depends on its time. */
export function lsmModel({ fields, options, primaryKeys }: MergeTable): LsmModel | null {
  const merge = options['merge-engine'] as ModelEngine['merge'] | 'aggregation';
  const isTimed = 'record-level.expire-time' in options || 'sequence.field' in options || merge === 'aggregation';
  const isGrouped = Object.keys(options).some(
    (key) => key.endsWith('.sequence-group') || key.includes('remove-record'),
  );
  if (isTimed || isGrouped) return null;
  const ignoresDeletes = options['ignore-delete'] === 'true';
  const maps = fields.filter(({ type }) => isMap(type)).map(({ name }) => name);
  return new LsmModel(new RowModel({ merge, ignoresDeletes }, primaryKeys), { options, maps });
}

/** A row model behind the options that say what kind of change a row is, and which kinds count. */
export class LsmModel {
  private readonly model: RowModel;
  private readonly options: MergeTable['options'];
  private readonly maps: readonly string[];

  constructor(model: RowModel, of: { readonly options: MergeTable['options']; readonly maps: readonly string[] }) {
    this.model = model;
    this.options = of.options;
    this.maps = of.maps;
  }

  apply(changes: readonly KindRow[]): void {
    const { 'rowkind.field': kindField, 'ignore-update-before': ignoresBefore } = this.options;
    const meant = changes.map(({ kind, row }) => ({
      kind: kindField === undefined ? kind : (row[kindField] as string),
      row,
    }));
    this.model.apply(meant.filter(({ kind }) => ignoresBefore !== 'true' || kind !== '-U'));
  }

  /** Throws where the rows are other ones. */
  requireSame(rows: readonly GoldenRow[]): void {
    const wanted = this.model.rows().map((row) => this.sorted(row));
    assert.deepEqual(canonicalRows(rows.map((row) => this.sorted(row))), canonicalRows(wanted), 'what was written');
  }

  /** The entries of maps have no order that lasts. */
  private sorted(row: GoldenRow): GoldenRow {
    const entries = Object.entries(row).map(([name, value]): [string, GoldenValue] => {
      if (!this.maps.includes(name) || !Array.isArray(value)) return [name, value];
      return [name, value.map((entry) => JSON.stringify(entry)).sort()];
    });
    return Object.fromEntries(entries);
  }
}

function isMap(type: unknown): boolean {
  return typeof type === 'object' && type !== null && 'type' in type && type.type === 'MAP';
}
