// Rows of a query in each of the output formats.
import { tableToIPC, type RecordBatch, type Schema, Table as ArrowTable } from 'apache-arrow';
import { TributaryError } from '../base/errors.ts';
import type { ColumnBatch } from '../column/vector.ts';
import { createParquetWriter } from '../paimon/format/parquet/parquet-writer.ts';
import { createRowPrinter, type RowJsonForm, valuePrinter } from '../paimon/format/row-json.ts';
import type { DataField } from '../paimon/schema/data-type.ts';
import { arrowSchema, toRecordBatch } from '../query/arrow.ts';
import { requireNoTerminal, type ResultOutput } from './standard-output.ts';

export const ROW_FORMATS = ['table', 'json', 'ndjson', 'csv', 'arrow', 'parquet'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

/** Takes batches of the same columns, in order. */
export interface RowOutput {
  write(batch: ColumnBatch): Promise<void>;
  /** Writes what stands after the last row. */
  end(): Promise<void>;
}

/** How rows are written. */
export interface RowOutputOptions {
  readonly format: RowFormat;
  readonly fields: readonly DataField[];
  /** How JSON holds 64-bit integers and decimals. */
  readonly numbers: Exclude<RowJsonForm, 'exact'>;
}

/** An output of that format. Throws `E6201` for binary formats on a terminal. */
export function createRowOutput(options: RowOutputOptions, output: ResultOutput): RowOutput {
  switch (options.format) {
    case 'table':
      return new TextTable(options.fields, output);
    case 'json':
      return jsonOutput(options, output);
    case 'ndjson':
      return linesOutput(createRowPrinter(options.fields, options.numbers), output);
    case 'csv':
      return csvOutput(options, output);
    case 'arrow':
      requireNoTerminal(output, 'arrow');
      return arrowOutput(options.fields, output);
    case 'parquet':
      requireNoTerminal(output, 'parquet');
      return parquetOutput(options.fields, output);
  }
}

type LinePrinter = (columns: ColumnBatch['columns'], row: number) => string;

function linesOutput(print: LinePrinter, output: ResultOutput): RowOutput {
  return {
    write: async ({ columns, rowCount }) => {
      let text = '';
      for (let row = 0; row < rowCount; row++) text += `${print(columns, row)}\n`;
      await output.write(text);
    },
    end: async () => {},
  };
}

/** One list of objects. */
function jsonOutput({ fields, numbers }: RowOutputOptions, output: ResultOutput): RowOutput {
  const print = createRowPrinter(fields, numbers);
  let before = '[\n';
  return {
    write: async ({ columns, rowCount }) => {
      let text = '';
      for (let row = 0; row < rowCount; row++) {
        text += `${before}${print(columns, row)}`;
        before = ',\n';
      }
      await output.write(text);
    },
    end: () => output.write(before === '[\n' ? '[]\n' : '\n]\n'),
  };
}

/** RFC 4180 with a header; NULL is empty, an empty text is `""`. */
function csvOutput({ fields, numbers }: RowOutputOptions, output: ResultOutput): RowOutput {
  const print = cellPrinter(fields, numbers);
  const line = (columns: ColumnBatch['columns'], row: number): string => {
    const cells = fields.map((_, index) => print(columns, index, row));
    return `${cells.map((cell) => (cell === null ? '' : quoted(cell))).join(',')}\r`;
  };
  const lines = linesOutput(line, output);
  let header = `${fields.map(({ name }) => quoted(name)).join(',')}\r\n`;
  const writeHeader = async (): Promise<void> => {
    const text = header;
    header = '';
    if (text !== '') await output.write(text);
  };
  return {
    write: async (batch) => {
      await writeHeader();
      await lines.write(batch);
    },
    end: writeHeader,
  };
}

function quoted(cell: string): string {
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Prints single values: texts as they are, nested values as JSON, NULL as null. */
function cellPrinter(fields: readonly DataField[], numbers: RowJsonForm) {
  const printers = fields.map(({ type }) => valuePrinter(type, numbers));
  return (columns: ColumnBatch['columns'], index: number, row: number): string | null => {
    const json = printers[index](columns[index], row);
    if (json === 'null') return null;
    return json.startsWith('"') ? (JSON.parse(json) as string) : json;
  };
}

/** Rows whose widths settle those of all columns. */
const WIDTH_ROWS = 1000;
const RIGHT: readonly DataField['type']['kind'][] = [
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
];

/** Aligned columns; the first rows settle the widths, so that memory holds no more than those. */
class TextTable implements RowOutput {
  private readonly fields: readonly DataField[];
  private readonly output: ResultOutput;
  private readonly print: ReturnType<typeof cellPrinter>;
  private widths: readonly number[] | null = null;
  private waiting: string[][] = [];
  private rowCount = 0;

  constructor(fields: readonly DataField[], output: ResultOutput) {
    this.fields = fields;
    this.output = output;
    this.print = cellPrinter(fields, 'display');
  }

  async write({ columns, rowCount }: ColumnBatch): Promise<void> {
    for (let row = 0; row < rowCount; row++) {
      this.waiting.push(this.fields.map((_, index) => visible(this.print(columns, index, row) ?? 'NULL')));
    }
    this.rowCount += rowCount;
    if (this.widths !== null || this.waiting.length >= WIDTH_ROWS) await this.flush();
  }

  async end(): Promise<void> {
    await this.flush();
    await this.output.write(`(${this.rowCount} ${this.rowCount === 1 ? 'row' : 'rows'})\n`);
  }

  private async flush(): Promise<void> {
    const rows = this.waiting;
    this.waiting = [];
    let header = '';
    if (this.widths === null) {
      const names = this.fields.map(({ name }) => visible(name));
      const widths = names.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index].length)));
      this.widths = widths;
      header = `${this.line(names, widths)}${this.line(
        widths.map((width) => '-'.repeat(width)),
        widths,
      )}`;
    }
    const widths = this.widths;
    await this.output.write(header + rows.map((row) => this.line(row, widths)).join(''));
  }

  private line(cells: readonly string[], widths: readonly number[]): string {
    const padded = cells.map((cell, index) =>
      RIGHT.includes(this.fields[index].type.kind) ? cell.padStart(widths[index]) : cell.padEnd(widths[index]),
    );
    return `${padded.join('  ').trimEnd()}\n`;
  }
}

/** Control characters, escape sequences of terminals among them, as escapes of JSON. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const json = JSON.stringify(character).slice(1, -1);
    return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
  });
}

/** An Arrow IPC stream. */
export function arrowOutput(fields: readonly DataField[], output: ResultOutput): RowOutput {
  const schema = arrowSchema(fields);
  const stream = new ArrowStream(schema, output);
  return {
    write: (batch) => stream.write(toRecordBatch(schema, fields, batch)),
    end: () => stream.end(),
  };
}

/** What ends an IPC stream: the continuation mark and a length of 0. */
const STREAM_END = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/**
 * Writes an IPC stream batch by batch. The library's own stream writer queues without a bound; so each batch is made a
 * stream of its own, and its schema (the first message, which has no body) and its end are left out.
 */
class ArrowStream {
  private readonly schema: Schema;
  private readonly output: ResultOutput;
  private isBegun = false;

  constructor(schema: Schema, output: ResultOutput) {
    this.schema = schema;
    this.output = output;
  }

  async write(batch: RecordBatch): Promise<void> {
    const bytes = tableToIPC(new ArrowTable(this.schema, [batch]), 'stream');
    await this.begin(bytes);
    await this.output.write(bytes.subarray(schemaSize(bytes), bytes.length - STREAM_END.length));
  }

  async end(): Promise<void> {
    if (!this.isBegun) await this.begin(tableToIPC(new ArrowTable(this.schema, []), 'stream'));
    await this.output.write(STREAM_END);
  }

  private async begin(bytes: Uint8Array): Promise<void> {
    if (this.isBegun) return;
    this.isBegun = true;
    await this.output.write(bytes.subarray(0, schemaSize(bytes)));
  }
}

/** Bytes of the first message: continuation mark, length, metadata. */
function schemaSize(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getInt32(0, true) !== -1) throw new TributaryError('E9001', 'Arrow stream does not begin with a message');
  return 8 + view.getInt32(4, true);
}

function parquetOutput(fields: readonly DataField[], output: ResultOutput): RowOutput {
  const writer = createParquetWriter({ fields }, { write: (bytes) => output.write(Uint8Array.from(bytes)) });
  return {
    write: (batch) => writer.append(batch, null, 0, batch.rowCount),
    end: async () => {
      await writer.finish();
    },
  };
}
