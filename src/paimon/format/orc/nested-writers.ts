// Writers of lists, maps and structs: how many elements rows have; the elements are columns of their own.
import { assert } from '../../../base/errors.ts';
import type { Vector } from '../../../column/vector.ts';
import { type ColumnSettings, ColumnWriter, directEncoding, type EndedValues } from './column-writer.ts';
import { IntegerRunWriter } from './integer-run-writer.ts';
import type { OrcColumn } from './orc-columns.ts';
import { ENCODING, STREAM } from './orc-format.ts';
import { OutputStream } from './output-stream.ts';
import type { Rows } from './value-statistics.ts';

/** ROW, and the rows themselves. */
export class StructColumnWriter extends ColumnWriter {
  private readonly fields: readonly ColumnWriter[];

  constructor(column: OrcColumn, settings: ColumnSettings, fields: readonly ColumnWriter[]) {
    super(column, settings);
    this.fields = fields;
  }

  protected get valueBytes(): number {
    return 0;
  }

  protected write(vector: Vector, rows: Rows): void {
    assert(vector.kind === 'struct', `a vector does not fit its column: column=${this.column.name}`);
    this.fields.forEach((field, index) => field.append(vector.fields[index], rows));
  }

  protected startOfValues(): readonly number[] {
    return [];
  }

  protected endValues(): EndedValues {
    return { encoding: directEncoding(ENCODING.direct), values: [] };
  }
}

/** ARRAY, MAP and MULTISET. */
export class ListColumnWriter extends ColumnWriter {
  private readonly lengths = new IntegerRunWriter(new OutputStream(this.settings.compression), false);
  private readonly children: readonly ColumnWriter[];
  private elements = new Uint32Array(0);

  /** `children` are the elements; or the keys and the values. */
  constructor(column: OrcColumn, settings: ColumnSettings, children: readonly ColumnWriter[]) {
    super(column, settings);
    this.children = children;
  }

  protected get valueBytes(): number {
    return this.lengths.stream.bufferedBytes;
  }

  protected write(vector: Vector, { rows, count }: Rows): void {
    assert(vector.kind === 'list' || vector.kind === 'map', `a vector does not fit its column: ${this.column.name}`);
    const { offsets } = vector;
    let total = 0;
    for (let index = 0; index < count; index++) total += offsets[rows[index] + 1] - offsets[rows[index]];
    if (this.elements.length < total) this.elements = new Uint32Array(total);
    let at = 0;
    for (let index = 0; index < count; index++) {
      const start = offsets[rows[index]];
      const end = offsets[rows[index] + 1];
      this.lengths.write(end - start, 0);
      for (let element = start; element < end; element++) this.elements[at++] = element;
    }
    const elements = { rows: this.elements, count: total };
    const vectors = vector.kind === 'list' ? [vector.element] : [vector.key, vector.value];
    this.children.forEach((child, index) => child.append(vectors[index], elements));
  }

  protected startOfValues(): readonly number[] {
    const positions: number[] = [];
    this.lengths.addPosition(positions);
    return positions;
  }

  protected endValues(): EndedValues {
    this.lengths.flush();
    return { encoding: directEncoding(ENCODING.directV2), values: [[STREAM.length, this.lengths.stream]] };
  }

  override clear(): void {
    super.clear();
    this.lengths.stream.clear();
  }
}
