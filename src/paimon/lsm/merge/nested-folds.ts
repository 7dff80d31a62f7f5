// `nested_update` and `nested_partial_update`: an ARRAY of ROW as a table in a column. Source: FieldNestedUpdateAgg,
// FieldNestedPartialUpdateAgg.
import type { VectorBuilder } from '../../../column/builder.ts';
import { encodeCells } from '../../format/binary-row.ts';
import { appendCell, type Cell } from '../../format/cell.ts';
import { hashBytes } from '../../format/murmur.ts';
import { type Aggregate, nestedFields } from '../../schema/aggregate.ts';
import type { DataField } from '../../schema/data-type.ts';
import type { ColumnFold, FoldInput } from './column-fold.ts';
import { cellKey, HashOrdered } from '../../format/hash-order.ts';
import { StateFold } from './state-fold.ts';

type Row = readonly Cell[];

const ARITY_SIZE = 4;

/** The key of the rows of a nested table. */
class NestedKey {
  private readonly indexes: readonly number[];
  private readonly types: readonly DataField['type'][];

  constructor(fields: readonly DataField[], names: readonly string[]) {
    this.indexes = names.map((name) => fields.findIndex((field) => field.name === name));
    this.types = this.indexes.map((index) => fields[index].type);
  }

  /** The row's key as a binary row, by which the reference hashes it. */
  of(row: Row): { readonly text: string; readonly hash: number } {
    const cells = this.indexes.map((index) => row[index]);
    const bytes = encodeCells(this.types, cells).subarray(ARITY_SIZE);
    return { text: Buffer.from(bytes).toString('latin1'), hash: hashBytes(bytes) };
  }
}

abstract class NestedFold extends StateFold<readonly Row[]> {
  /** Null where the rows have no key. */
  protected readonly key: NestedKey | null;

  constructor(input: FoldInput, aggregate: Aggregate) {
    super(input);
    const fields = nestedFields(input.field.type) ?? [];
    this.key = aggregate.nestedKey.length === 0 ? null : new NestedKey(fields, aggregate.nestedKey);
  }

  protected open(entry: number): readonly Row[] {
    return this.rowsOf(entry);
  }

  protected add(state: readonly Row[], entry: number, isBefore: boolean): readonly Row[] {
    const own = this.rowsOf(entry);
    return isBefore ? this.join(own, state) : this.join(state, own);
  }

  /** The rows with others added. */
  protected abstract join(rows: readonly Row[], added: readonly Row[]): readonly Row[];

  protected write(builder: VectorBuilder, row: number, state: readonly Row[]): void {
    appendCell(this.input.field.type, builder, row, state);
  }

  /** The rows of an entry; those that are NULL count, for `count-limit`. */
  private rowsOf(entry: number): readonly Row[] {
    return this.cell(entry) as readonly Row[];
  }
}

function present(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => row !== null);
}

class NestedUpdate extends NestedFold {
  private readonly rowsMax: number;

  constructor(input: FoldInput, aggregate: Aggregate) {
    super(input, aggregate);
    this.rowsMax = aggregate.rowsMax;
  }

  protected override get takesBack(): boolean {
    return true;
  }

  protected join(rows: readonly Row[], added: readonly Row[]): readonly Row[] {
    if (rows.length >= this.rowsMax) return rows;
    const all = [...present(rows), ...present(added).slice(0, this.rowsMax - rows.length)];
    return this.key === null ? all : byKey(this.key, all).items();
  }

  protected override retract(state: readonly Row[], entry: number): readonly Row[] {
    const rows = present(state);
    const retracted = present(this.open(entry));
    if (this.key === null) {
      const gone = new Set(retracted.map(cellKey));
      return rows.filter((row) => !gone.has(cellKey(row)));
    }
    const left = byKey(this.key, rows);
    for (const row of retracted) left.delete(this.key.of(row).text);
    return left.items();
  }
}

/** Rows by key, the last of each. */
function byKey(key: NestedKey, rows: readonly Row[]): HashOrdered<Row> {
  const found = new HashOrdered<Row>();
  for (const row of rows) {
    const { text, hash } = key.of(row);
    found.put(text, hash, row);
  }
  return found;
}

/** Rows of one key are joined, what is not NULL over what was there. */
class NestedPartialUpdate extends NestedFold {
  protected join(rows: readonly Row[], added: readonly Row[]): readonly Row[] {
    const found = new HashOrdered<Row>();
    for (const row of [...present(rows), ...present(added)]) {
      const { text, hash } = this.key?.of(row) ?? { text: '', hash: 0 };
      const before = found.get(text);
      found.putLate(text, hash, before === undefined ? row : row.map((cell, index) => cell ?? before[index]));
    }
    return found.itemsLastFirst();
  }
}

/** The fold of `nested_update`; the column is an ARRAY of ROW. */
export function nestedUpdateFold(input: FoldInput, aggregate: Aggregate): ColumnFold {
  return new NestedUpdate(input, aggregate);
}

/** The fold of `nested_partial_update`; the column is an ARRAY of ROW. */
export function nestedPartialUpdateFold(input: FoldInput, aggregate: Aggregate): ColumnFold {
  return new NestedPartialUpdate(input, aggregate);
}
