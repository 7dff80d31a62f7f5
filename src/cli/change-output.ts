// Changes of a table in each of the output formats of `changelog`.
import { TributaryError } from '../base/errors.ts';
import { DELETE, INSERT, rowKindText, UPDATE_AFTER, UPDATE_BEFORE } from '../column/row-kind.ts';
import type { Vector } from '../column/vector.ts';
import { vectorOf } from '../paimon/format/cell.ts';
import { createRowPrinter, type RowJsonForm } from '../paimon/format/row-json.ts';
import type { SnapshotChanges } from '../paimon/scan/scan.ts';
import { type DataField, type DataType, MAX_LENGTH } from '../paimon/schema/data-type.ts';
import { arrowOutput, type RowOutput } from './row-output.ts';
import { requireNoTerminal, type ResultOutput } from './standard-output.ts';

export const CHANGE_FORMATS = ['ndjson', 'debezium', 'arrow'] as const;
export type ChangeFormat = (typeof CHANGE_FORMATS)[number];

/** Takes the changes of snapshot after snapshot. */
export interface ChangeOutput {
  write(changes: SnapshotChanges): Promise<void>;
  end(): Promise<void>;
}

/** How changes are written. */
export interface ChangeOutputOptions {
  readonly format: ChangeFormat;
  /** `database.table` */
  readonly table: string;
  readonly fields: readonly DataField[];
  /** How JSON holds 64-bit integers and decimals. */
  readonly numbers: RowJsonForm;
}

/** An output of that format. Throws `E6201` for binary formats on a terminal. */
export function createChangeOutput(options: ChangeOutputOptions, output: ResultOutput): ChangeOutput {
  switch (options.format) {
    case 'ndjson':
      return { write: (changes) => output.write(changeLines(changes, options.numbers)), end: async () => {} };
    case 'debezium':
      return new DebeziumOutput(options, output);
    case 'arrow':
      requireNoTerminal(output, 'arrow');
      return new ArrowChanges(options.fields, output);
  }
}

/** One object a change: `{"snapshot":3,"kind":"+U","row":{…}}`. */
export function changeLines(
  { snapshotId, fields, columns, kinds, rowCount }: SnapshotChanges,
  form: RowJsonForm,
): string {
  const print = createRowPrinter(fields, form);
  let text = '';
  for (let row = 0; row < rowCount; row++) {
    text += `{"snapshot":${snapshotId},"kind":"${rowKindText(kinds[row])}","row":${print(columns, row)}}\n`;
  }
  return text;
}

/** Debezium's envelope; a -U and the +U that follows it are one change. */
class DebeziumOutput implements ChangeOutput {
  private readonly source: string;
  private readonly numbers: RowJsonForm;
  private readonly output: ResultOutput;
  /** A -U whose +U has not come yet. */
  private before: { readonly json: string; readonly snapshotId: bigint } | null = null;

  constructor({ table, numbers }: ChangeOutputOptions, output: ResultOutput) {
    const point = table.indexOf('.');
    const [database, name] = [table.slice(0, point), table.slice(point + 1)];
    this.source = `"connector":"tributary","db":${JSON.stringify(database)},"table":${JSON.stringify(name)}`;
    this.numbers = numbers;
    this.output = output;
  }

  async write({ snapshotId, fields, columns, kinds, rowCount }: SnapshotChanges): Promise<void> {
    const print = createRowPrinter(fields, this.numbers);
    let text = this.before === null || this.before.snapshotId === snapshotId ? '' : this.takeBefore();
    for (let row = 0; row < rowCount; row++) text += this.change(kinds[row], print(columns, row), snapshotId);
    await this.output.write(text);
  }

  async end(): Promise<void> {
    await this.output.write(this.takeBefore());
  }

  private change(kind: number, json: string, snapshotId: bigint): string {
    if (kind === UPDATE_AFTER) {
      const before = this.before?.json ?? 'null';
      this.before = null;
      return this.envelope('u', { before, after: json, snapshotId });
    }
    const pending = this.takeBefore();
    if (kind === UPDATE_BEFORE) {
      this.before = { json, snapshotId };
      return pending;
    }
    if (kind === INSERT) return pending + this.envelope('c', { before: 'null', after: json, snapshotId });
    if (kind === DELETE) return pending + this.envelope('d', { before: json, after: 'null', snapshotId });
    throw new TributaryError('E9001', `row kind is none: kind=${kind}`);
  }

  /** A -U alone takes its row away. */
  private takeBefore(): string {
    if (this.before === null) return '';
    const { json, snapshotId } = this.before;
    this.before = null;
    return this.envelope('d', { before: json, after: 'null', snapshotId });
  }

  private envelope(
    op: string,
    row: { readonly before: string; readonly after: string; readonly snapshotId: bigint },
  ): string {
    const source = `{${this.source},"snapshot_id":${row.snapshotId}}`;
    return `{"before":${row.before},"after":${row.after},"source":${source},"op":"${op}"}\n`;
  }
}

const BIGINT: DataType = { kind: 'BIGINT', nullable: false };
const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: false };
const CHANGE_FIELDS: readonly DataField[] = [
  { id: 0, name: '_snapshot_id', type: BIGINT },
  { id: 1, name: '_row_kind', type: STRING },
];
const KIND_TEXTS = [INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE].map((kind) => Buffer.from(rowKindText(kind)));

/** An IPC stream of the columns after `_snapshot_id` and `_row_kind`; its columns cannot change on the way. */
class ArrowChanges implements ChangeOutput {
  private readonly fields: readonly DataField[];
  private readonly rows: RowOutput;

  constructor(fields: readonly DataField[], output: ResultOutput) {
    this.fields = fields;
    this.rows = arrowOutput([...CHANGE_FIELDS, ...fields], output);
  }

  async write({ snapshotId, fields, columns, kinds, rowCount }: SnapshotChanges): Promise<void> {
    const changed =
      fields.length !== this.fields.length || fields.some((field, at) => !sameColumn(field, this.fields[at]));
    if (changed) {
      throw new TributaryError('E6200', `columns have changed, an Arrow stream cannot go on: snapshot=${snapshotId}`);
    }
    const snapshots: Vector = vectorOf(
      BIGINT,
      Array.from(kinds, () => snapshotId),
    );
    const texts: Vector = vectorOf(
      STRING,
      Array.from(kinds, (kind) => KIND_TEXTS[kind]),
    );
    await this.rows.write({ rowCount, columns: [snapshots, texts, ...columns] });
  }

  end(): Promise<void> {
    return this.rows.end();
  }
}

function sameColumn(a: DataField, b: DataField): boolean {
  return a.name === b.name && JSON.stringify(a.type) === JSON.stringify(b.type);
}
